//! What a request may cost, over real connections.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::http::Served;
use crate::whole::ledger::Case;

pub(super) const BOUND: Duration = Duration::from_secs(30);

/// Sends bytes as they are, and reads until the other end closes.
pub(super) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    exchange(TcpStream::connect(address).await.expect("connected"), bytes).await
}

/// As [`raw`], over a stream of any kind.
pub(super) async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> String {
    let exchange = async {
        // A server that refuses by the head may close before it has read all.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    timeout(BOUND, exchange).await.expect("it is answered, or closed")
}

/// Sends bytes as they are, and reads until what came after a word holds an end.
pub(super) async fn until(address: SocketAddr, bytes: &[u8], end: &str, word: &str) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(bytes).await.expect("taken");
        let (mut read, mut buffer) = (String::new(), [0; 4_096]);
        loop {
            let count = stream.read(&mut buffer).await.expect("it goes on");
            read.push_str(&String::from_utf8_lossy(&buffer[..count]));
            let is_there = read.split_once(word).is_some_and(|(_, rest)| rest.contains(end));
            if is_there || count == 0 {
                return read;
            }
        }
    };
    timeout(BOUND, exchange).await.expect("it is answered")
}

/// B31: a thousand heads that never end take no place from anybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_slow_connections_harm_nobody() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let mut slow = Vec::new();
    for _ in 0..1_000 {
        let mut stream = TcpStream::connect(served.address).await.expect("connected");
        stream.write_all(b"GET /api/v1/containers HTTP/1.1\r\nHost: local").await.expect("taken");
        slow.push(stream);
    }
    let mut answered = 0;
    for _ in 0..50 {
        let rows = timeout(BOUND, served.get("/api/v1/containers")).await.expect("answered meanwhile").json(200);
        answered += rows["items"].as_array().map_or(0, Vec::len);
    }
    assert_eq!((answered, slow.len()), (50, 1_000), "each of 50 requests was answered beside 1,000 slow ones");
    assert_eq!(served.ledger.reconcile().await.error, None, "and so was a pass");
    served.ledger.stop().await;
}

/// B32: 10,000 requests at once, over 200 connections that send all of theirs before they read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_at_once_are_all_answered() {
    const CONNECTIONS: usize = 200;
    const EACH: usize = 50;
    let case = Case::new();
    let served = Served::start(&case.config).await;
    let last = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(EACH - 1) + last;
    let asking: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, request) = (served.address, request.clone());
            tokio::spawn(async move { raw(address, request.as_bytes()).await.matches("HTTP/1.1 200 OK").count() })
        })
        .collect();
    let mut answered = 0;
    for one in asking {
        answered += one.await.expect("no panic");
    }
    assert_eq!(answered, CONNECTIONS * EACH);
    served.ledger.stop().await;
}

/// B33: refused by its head; nobody waits for the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_of_100_mb_is_refused_before_it_is_read() {
    let case = Case::new();
    let served = Served::start(&case.config).await;
    let head = "POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let answer = raw(served.address, format!("{head}Content-Length: 100000000\r\n\r\n{{").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("\"code\":\"too_large\""), "{answer}");
    served.ledger.stop().await;
}

/// B36.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_leaves_the_page_finds_nothing() {
    let case = Case::new();
    let served = Served::start(&case.config).await;
    let up = [
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..\\..\\etc\\passwd",
        "/etc/passwd",
    ];
    for path in up.iter().flat_map(|up| ["/", "/static/", "/assets/", "/login/"].map(|begin| format!("{begin}{up}"))) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = raw(served.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
        assert!(!answer.contains("root:"), "{path}: {answer}");
    }
    served.ledger.stop().await;
}

/// B37: after a body whose end two programs could see at two places nothing is a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_smuggled_and_http_1_0_is_answered() {
    let case = Case::new();
    let served = Served::start(&case.config).await;
    let old = raw(served.address, b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200"), "{old}");
    let nameless = raw(served.address, b"GET /api/v1/hosts HTTP/1.0\r\n\r\n").await;
    assert!(nameless.starts_with("HTTP/1.0 400"), "{nameless}");
    let hidden = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for lengths in [
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
    ] {
        let request = format!("POST /api/v1/passes HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n\r\n0\r\n\r\n{hidden}");
        let answer = raw(served.address, request.as_bytes()).await;
        // By RFC 9112, 6.3, the chunks count where both are there, and the connection is closed.
        let is_both = lengths.contains("Length") && lengths.contains("chunked");
        let allowed: &[&str] = if is_both { &["401"] } else { &["400", "501"] };
        assert!(allowed.contains(&&answer[9..12]), "{lengths}: {answer}");
        assert_eq!(answer.matches("HTTP/1.").count(), 1, "{lengths}: what follows is no request: {answer}");
    }
    served.ledger.stop().await;
}
