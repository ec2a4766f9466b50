//! Health checks as load balancers, orchestrators and proxies send them.

use dockledger::simulation::FaultProxy;

use super::guard::guarded;
use super::limits::raw;
use crate::support::http::Served;
use crate::whole::ledger::Case;

/// As each of them is sent; the last header is `Connection: close`, so that the answer has an end.
const CHECKS: [&str; 14] = [
    // HAProxy: `option httpchk` alone, with a path, with a version, and with a `Host` that is empty.
    "OPTIONS / HTTP/1.0\r\n",
    "OPTIONS /healthz HTTP/1.0\r\n",
    "OPTIONS /readyz HTTP/1.1\r\nhost: ledger.example\r\n",
    "GET /healthz HTTP/1.1\r\nhost: \r\n",
    "HEAD /readyz HTTP/1.0\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: ledger.example\r\n",
    // Kubernetes, AWS, Google and Traefik ask by the address of the pod or of the machine.
    "GET /readyz HTTP/1.1\r\nHost: 10.244.1.7:7878\r\nUser-Agent: kube-probe/1.31\r\nAccept: */*\r\n",
    "GET /healthz HTTP/1.1\r\nHost: 10.0.0.9:7878\r\nUser-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n",
    "GET /healthz HTTP/1.1\r\nHost: 10.128.0.5\r\nUser-Agent: GoogleHC/1.0\r\n",
    "HEAD /healthz HTTP/1.1\r\nHost: backend\r\n",
    // Varnish, and a proxy that names the whole target.
    "GET /healthz?from=varnish HTTP/1.1\r\nHost: 0.0.0.0\r\n",
    "GET http://balancer.example/healthz HTTP/1.1\r\nHost: balancer.example\r\n",
    "OPTIONS /readyz HTTP/1.1\r\nHost: _\r\nContent-Length: 0\r\n",
    "OPTIONS /healthz HTTP/1.1\r\nHost: backend\r\nOrigin: https://status.example\r\nSec-Fetch-Site: cross-site\r\n",
];

async fn check(served: &Served, head: &str) -> String {
    raw(served.address, format!("{head}Connection: close\r\n\r\n").as_bytes()).await
}

/// F23.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f23_a_balancer_is_told_the_health_however_it_asks() {
    for with_tokens in [false, true] {
        let mut case = Case::with_shop(1).await;
        let served = if with_tokens { guarded(&mut case).await.0 } else { Served::start(&case.config).await };
        for head in CHECKS {
            let answer = check(&served, head).await;
            assert_eq!(&answer[9..12], "200", "{head}: {answer}");
            if head.starts_with("HEAD") {
                assert!(answer.ends_with("\r\n\r\n"), "{head}: {answer}");
            }
        }
        served.ledger.stop().await;
    }
}

/// F23: what asks by another method than GET is told the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f23_what_is_not_ready_is_not_ready_by_any_method() {
    let mut case = Case::new();
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a proxy");
    proxy.refuse();
    case.config.docker_host = Some(proxy.docker_host());
    let served = Served::start(&case.config).await;
    for method in ["GET", "HEAD", "OPTIONS"] {
        let answer = check(&served, &format!("{method} /readyz HTTP/1.1\r\nHost: x\r\n")).await;
        assert_eq!(&answer[9..12], "503", "{method}: {answer}");
        let answer = check(&served, &format!("{method} /healthz HTTP/1.1\r\nHost: x\r\n")).await;
        assert_eq!(&answer[9..12], "200", "{method}: {answer}");
    }
    served.ledger.stop().await;
}

/// F23: the health paths alone are open to any name, and to no method that changes something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f23_nothing_but_the_health_is_told_under_a_foreign_name() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    for head in ["OPTIONS /api/v1/containers", "OPTIONS /hosts", "GET /", "HEAD /", "GET /metrics", "GET /healthz/"] {
        let answer = check(&served, &format!("{head} HTTP/1.1\r\nHost: evil.example\r\n")).await;
        assert_eq!(&answer[9..12], "421", "{head}: {answer}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let answer = check(&served, &format!("{method} /healthz HTTP/1.1\r\nHost: localhost\r\n")).await;
        assert_eq!(&answer[9..12], "405", "{method}: {answer}");
        assert!(answer.to_lowercase().contains("\r\nallow: get,head,options"), "{answer}");
    }
    served.ledger.stop().await;
}
