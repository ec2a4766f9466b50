use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::*;

/// Longer than anything here takes; a test that waits for it fails.
const BOUND: Duration = Duration::from_secs(10);

fn player() -> FaultProxy {
    FaultProxy::playing([("/a", Reply::new(200, "0123456789")), ("/b", Reply::new(500, "no"))]).unwrap()
}

async fn connected(proxy: &FaultProxy) -> UnixStream {
    UnixStream::connect(proxy.socket()).await.unwrap()
}

async fn ask(stream: &mut UnixStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
}

/// Reads to the end of what `body` is the end of.
async fn read_to(stream: &mut UnixStream, body: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(body.as_bytes()) {
        let count = timeout(BOUND, stream.read_buf(&mut read)).await.expect("an answer").unwrap();
        assert!(count > 0, "ended after {:?}", String::from_utf8_lossy(&read));
    }
    String::from_utf8(read).unwrap()
}

async fn read_all(stream: &mut UnixStream) -> String {
    let mut read = Vec::new();
    timeout(BOUND, stream.read_to_end(&mut read)).await.expect("an end").unwrap();
    String::from_utf8(read).unwrap()
}

async fn wait_for(proxy: &FaultProxy, condition: impl FnMut(&Traffic) -> bool) -> Traffic {
    timeout(BOUND, proxy.traffic().wait_for(condition)).await.expect("the traffic").unwrap().clone()
}

#[tokio::test]
async fn one_connection_carries_many_requests_and_each_is_counted() {
    let proxy = player();
    let mut stream = connected(&proxy).await;
    ask(&mut stream, "/v1.41/a?x=1").await;
    assert!(read_to(&mut stream, "0123456789").await.starts_with("HTTP/1.1 200 "));
    ask(&mut stream, "/b").await;
    assert!(read_to(&mut stream, "\r\n\r\nno").await.starts_with("HTTP/1.1 500 "));
    ask(&mut stream, "/c").await;
    assert!(read_to(&mut stream, "}").await.starts_with("HTTP/1.1 404 "));
    let traffic = proxy.traffic().borrow().clone();
    assert_eq!((traffic.connections, traffic.requests_for("/a"), traffic.requests_for("/b")), (1, 1, 1));
    drop(stream);
    wait_for(&proxy, |traffic| traffic.open == 0).await;
}

#[tokio::test]
async fn a_proxy_before_another_passes_answers_on_and_keeps_the_connection() {
    let behind = player();
    let proxy = FaultProxy::before(behind.socket()).unwrap();
    let mut stream = connected(&proxy).await;
    for _ in 0..3 {
        ask(&mut stream, "/a").await;
        read_to(&mut stream, "0123456789").await;
    }
    assert_eq!(proxy.traffic().borrow().connections, 1);
    assert_eq!(behind.traffic().borrow().requests_for("/a"), 3);
}

#[tokio::test]
async fn a_silent_proxy_answers_what_waits_when_it_heals() {
    let proxy = player();
    proxy.inject(Fault::Silent.on("/a"));
    let (mut hung, mut other) = (connected(&proxy).await, connected(&proxy).await);
    ask(&mut hung, "/a").await;
    ask(&mut other, "/b").await;
    read_to(&mut other, "no").await;
    wait_for(&proxy, |traffic| traffic.requests_for("/a") == 1).await;
    proxy.heal();
    read_to(&mut hung, "0123456789").await;
}

#[tokio::test]
async fn a_fault_for_one_request_spares_the_next() {
    let proxy = player();
    proxy.inject(Fault::HangUp.on("/a").times(1));
    let mut first = connected(&proxy).await;
    ask(&mut first, "/a").await;
    assert_eq!(read_all(&mut first).await, "");
    let mut second = connected(&proxy).await;
    ask(&mut second, "/a").await;
    read_to(&mut second, "0123456789").await;
}

#[tokio::test]
async fn a_body_is_stalled_cut_and_dripped_at_the_byte() {
    let proxy = player();
    proxy.inject(Fault::StallAfter(4));
    let mut stalled = connected(&proxy).await;
    ask(&mut stalled, "/a").await;
    read_to(&mut stalled, "\r\n\r\n0123").await;
    proxy.heal();
    assert_eq!(read_to(&mut stalled, "9").await, "456789");

    proxy.inject(Fault::CutAfter(4));
    let mut cut = connected(&proxy).await;
    ask(&mut cut, "/a").await;
    assert!(read_all(&mut cut).await.ends_with("\r\n\r\n0123"));

    proxy.inject(Fault::Drip { bytes: 3, every: Duration::from_millis(1) });
    let mut dripped = connected(&proxy).await;
    ask(&mut dripped, "/a").await;
    read_to(&mut dripped, "0123456789").await;
}

#[tokio::test]
async fn refusing_closes_what_is_open_and_heals_on_the_same_path() {
    let proxy = player();
    let mut open = connected(&proxy).await;
    ask(&mut open, "/a").await;
    read_to(&mut open, "0123456789").await;
    proxy.refuse();
    assert_eq!(read_all(&mut open).await, "");
    wait_for(&proxy, |traffic| traffic.open == 0 && !traffic.listening).await;
    let refused = UnixStream::connect(proxy.socket()).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    proxy.heal();
    wait_for(&proxy, |traffic| traffic.listening).await;
    let mut again = connected(&proxy).await;
    ask(&mut again, "/a").await;
    read_to(&mut again, "0123456789").await;
}

#[test]
fn dropping_it_removes_its_socket() {
    let proxy = player();
    let socket = proxy.socket();
    assert!(socket.exists());
    drop(proxy);
    assert!(!socket.exists());
}
