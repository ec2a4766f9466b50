//! Hooks: whoever knows a secret gets a pass, and whoever does not learns nothing.

use std::net::TcpListener;
use std::time::Duration;

use dockledger::model::Trigger;
use dockledger::simulation::{NewContainer, SimulatedDaemon, World};
use dockledger::store::NewParent;

use super::served::{BOUND, Served, ask};
use crate::cli::daemon::Service;
use crate::cli::program::Program;
use crate::whole::ledger::{BEGIN, Case};

/// A served ledger with a site that no container is of yet, and its secret.
async fn with_a_secret() -> (Served, String, String) {
    let case = Case::with_shop(1).await;
    let registered = case.store().add_site(&NewParent::named("docs")).expect("a fresh site");
    let (secret, workload) = (registered.webhook_secret.clone(), registered.workload_id.to_string());
    (Served::over(case).await, secret, workload)
}

#[tokio::test]
async fn a_hook_answers_before_the_pass_or_with_its_report() {
    let (served, secret, workload) = with_a_secret().await;
    let accepted = served.post(&format!("/hooks/{secret}"), &[]).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert_eq!(accepted.json(), serde_json::json!({ "workload_id": workload, "overdue": false }));
    for (path, header) in [
        (format!("/hooks/{secret}?wait"), ("X-Other", "x".to_owned())),
        ("/hooks?wait=true".to_owned(), ("X-Dockledger-Secret", secret.clone())),
        ("/hooks?wait".to_owned(), ("Authorization", format!("Bearer {secret}"))),
    ] {
        let name = format!("c{}", path.len());
        let container = NewContainer::new(name.as_str(), "busybox").compose("shop", &name, 1);
        served.case.daemon.with(|world| world.run(container)).expect("a fresh name");
        let reported = served.post(&path, &[(header.0, &header.1)]).await;
        assert_eq!(reported.status, 200, "{reported:?}");
        let report = reported.json();
        assert_eq!((&report["outcome"], &report["workload_id"]), (&"committed".into(), &workload.clone().into()));
        let row = format!("shop:{name}");
        let is_there = served.case.rows().iter().any(|stored| stored.observed.name.as_ref() == name);
        assert!(is_there, "{row} was seen by the pass that was reported: {report}");
        assert!(!reported.body.contains(&name), "what is another's is not told: {report}");
    }
    served.ledger.stop().await;
}

/// B28: no secret, an empty, a wrong, a malformed and a huge one are told the same, and none makes a pass.
#[tokio::test]
async fn b28_whoever_does_not_know_a_secret_learns_nothing() {
    let (served, secret, workload) = with_a_secret().await;
    // Those of the start come when they come.
    let passes = || {
        let passes = served.ledger.status().tally.passes;
        passes.iter().filter(|((trigger, _), _)| *trigger == Trigger::Request).map(|(_, count)| count).sum::<u64>()
    };
    let before = passes();
    let wrong = served.post("/hooks/wrong", &[]).await;
    assert_eq!(wrong.status, 404);
    let huge = "a".repeat(20_000);
    let cut = &secret[..63];
    for path in [
        "",
        "/%20",
        "/%00",
        "/'%20OR%201=1--",
        "/sha256:x",
        &format!("/{workload}"),
        &format!("/{huge}"),
        &format!("/{cut}"),
    ] {
        let answer = served.post(&format!("/hooks{path}"), &[]).await;
        assert_eq!((answer.status, &answer.body), (404, &wrong.body), "{path}");
    }
    for header in [
        ("X-Dockledger-Secret", ""),
        ("X-Dockledger-Secret", cut),
        ("Authorization", "Bearer"),
        ("Authorization", &huge),
    ] {
        let answer = served.post("/hooks", &[header]).await;
        assert_eq!((answer.status, &answer.body), (404, &wrong.body), "{header:?}");
    }
    let mebibyte = "a".repeat(1 << 20);
    // Its head is cut off before any route is looked for.
    if let Ok(answer) = served.ask("POST", "/hooks", &[("X-Dockledger-Secret", &mebibyte)]).await {
        assert_eq!(answer.status, 431, "{answer:?}");
    }
    assert_eq!(served.ask("GET", &format!("/hooks/{secret}"), &[]).await.expect("it answers").status, 405);
    assert_eq!(passes(), before, "no pass ran");
    served.ledger.stop().await;
}

#[tokio::test]
async fn a_hook_that_is_called_too_often_is_told_when_to_call_again() {
    let (served, secret, _) = with_a_secret().await;
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(served.post("/hooks", &[("X-Dockledger-Secret", &secret)]).await);
    }
    assert!(answers[..20].iter().all(|answer| answer.status == 202), "a burst passes");
    let refused = answers.iter().find(|answer| answer.status == 429).expect("more than a burst does not");
    assert!(refused.head.contains("retry-after: "), "{refused:?}");
    assert_eq!(refused.json()["code"], "too_many_requests");
    served.ledger.stop().await;
}

#[tokio::test]
async fn a_secret_is_in_no_log_no_error_and_no_metric() {
    let daemon = SimulatedDaemon::start(World::new(1, BEGIN)).expect("a simulated daemon");
    let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let program = Program::new()
        .variable("DOCKER_HOST", &daemon.docker_host())
        .variable("DOCKLEDGER_HTTP_LISTEN", &address.to_string());
    program.run(&["migrate", "up"]);
    let registered = program.run(&["site", "add", "docs", "--json"]).json();
    let (secret, workload) = (&registered["webhook_secret"], &registered["workload_id"]);
    let (secret, workload) = (secret.as_str().expect("a text"), workload.as_str().expect("a text"));
    let mut service = Service::start_as(&program, &["run", "-vv"]);
    service.tells("READY=1");
    // The address may be bound a moment later.
    let bound = async {
        while ask(address, "GET", "/healthz", &[]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(BOUND, bound).await.expect("it is served soon");
    let mut told = String::new();
    for (method, path) in [
        ("POST", format!("/hooks/{secret}")),
        ("POST", format!("/hooks/{secret}?wait")),
        ("POST", format!("/hooks/{secret}/more")),
        ("GET", format!("/hooks/{secret}")),
        ("POST", format!("/hooks/x{secret}")),
        ("GET", "/metrics".to_owned()),
    ] {
        let answer = ask(address, method, &path, &[("X-Dockledger-Secret", secret)]).await;
        told.push_str(&answer.expect("it answers").body);
    }
    service.signal("TERM");
    let logged = service.ends().stderr;
    assert!(told.contains("route=\"/hooks/{secret}\""), "{told}");
    assert!(logged.contains(workload), "who asked for the pass is logged: {logged}");
    assert!(!told.contains(secret) && !logged.contains(secret), "{told}\n{logged}");
}
