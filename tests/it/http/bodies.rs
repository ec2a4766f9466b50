//! Bodies as other people's programs send them: webhooks of some megabytes, and bodies in pieces.

use dockledger::store::NewParent;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::limits::{BOUND, exchange, raw};
use crate::support::http::Served;
use crate::whole::ledger::Case;

const MIB: usize = 1024 * 1024;

/// A served ledger with a site, and the secret of its hook.
async fn with_a_hook() -> (Case, Served, String) {
    let case = Case::with_shop(1).await;
    let secret = case.store().add_site(&NewParent::named("docs")).expect("fresh").webhook_secret;
    let served = Served::start(&case.config).await;
    (case, served, secret)
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

/// The answer to a whole request that is told to be the last of its connection.
async fn answered(served: &Served, head: &str, body: &[u8]) -> String {
    let mut request = format!("{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n").into_bytes();
    request.extend_from_slice(body);
    raw(served.address, &request).await
}

fn passes(served: &Served) -> u64 {
    served.passes_asked_for()
}

/// Reads on until what was read ends so.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while !read.ends_with(end.as_bytes()) {
            read.push(stream.read_u8().await.unwrap_or_else(|error| panic!("{error} before {end:?}")));
        }
    };
    timeout(BOUND, reading).await.expect("it is answered");
    String::from_utf8(read).expect("text")
}

/// F7: forges send what they know of a push, up to 25 MiB, in several forms. None of it is looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_webhook_of_some_megabytes_is_taken_whatever_it_holds() {
    let (_case, served, secret) = with_a_hook().await;
    let json = "Content-Type: application/json";
    let form = "Content-Type: application/x-www-form-urlencoded\r\nX-GitHub-Event: push";
    let zipped = "Content-Type: application/json\r\nContent-Encoding: gzip";
    for (size, headers) in [
        (0, json),
        (176 * 1024, json),
        (176 * 1024, form),
        (176 * 1024, zipped),
        (MIB, "Content-Type: text/plain"),
        (5 * MIB, "Content-Type: multipart/form-data; boundary=x"),
        (25 * MIB, json),
    ] {
        let head = format!("POST /hooks/{secret} HTTP/1.1\r\n{headers}\r\nContent-Length: {size}");
        let answer = answered(&served, &head, &vec![0xff; size]).await;
        assert_eq!(status(&answer), "202", "{size} bytes, {headers}: {answer}");
    }
    let body = vec![b'x'; 2 * MIB];
    let head = format!("POST /hooks?wait HTTP/1.1\r\nX-Dockledger-Secret: {secret}\r\nContent-Length: {}", body.len());
    let answer = answered(&served, &head, &body).await;
    assert!(status(&answer) == "200" && answer.contains("\"outcome\":\"committed\""), "{answer}");
    served.ledger.stop().await;
}

/// F7: what is larger is refused by its head or where it grows too large, and runs no pass; so is whoever knows no secret.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_webhook_beyond_its_bound_or_without_a_secret_runs_no_pass() {
    let (_case, served, secret) = with_a_hook().await;
    let before = passes(&served);
    let head = format!("POST /hooks/{secret} HTTP/1.1\r\nContent-Length: {}", 25 * MIB + 1);
    let answer = answered(&served, &head, b"{").await;
    assert!(status(&answer) == "413" && answer.contains("\"code\":\"too_large\""), "{answer}");
    let head = format!("POST /hooks/{secret} HTTP/1.1\r\nTransfer-Encoding: chunked");
    let piece = [b"100000\r\n".as_slice(), &vec![b'x'; MIB], b"\r\n"].concat();
    let answer = answered(&served, &head, &piece.repeat(26)).await;
    assert!(status(&answer) == "413" && answer.contains("\"code\":\"too_large\""), "{answer}");
    let head = format!("POST /hooks/wrong HTTP/1.1\r\nContent-Length: {MIB}");
    let answer = answered(&served, &head, &vec![b'x'; MIB]).await;
    assert_eq!(status(&answer), "404", "{answer}");
    let head = format!("POST /api/v1/passes HTTP/1.1\r\nContent-Length: {MIB}");
    let answer = answered(&served, &head, &vec![b'x'; MIB]).await;
    assert_eq!(status(&answer), "413", "other bodies keep their bound: {answer}");
    assert_eq!(passes(&served), before);
    served.ledger.stop().await;
}

/// F7: a length that lies runs no pass where it is too long; where it is too short, what is beyond it is no request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_webhook_whose_length_lies_harms_nobody() {
    let (_case, served, secret) = with_a_hook().await;
    let before = passes(&served);
    let head = format!("POST /hooks/{secret} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{{}}");
    let mut stream = TcpStream::connect(served.address).await.expect("connected");
    stream.write_all(head.as_bytes()).await.expect("taken");
    stream.shutdown().await.expect("half closed");
    let mut answer = String::new();
    timeout(BOUND, stream.read_to_string(&mut answer)).await.expect("in time").expect("no reset");
    assert!(matches!(status(&answer), "400" | "none"), "{answer}");
    assert_eq!(passes(&served), before);
    let head = format!("POST /hooks/{secret} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}");
    let answer = raw(served.address, format!("{head}\"and\":\"more\"\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 202") && answer.contains("HTTP/1.1 400"), "{answer}");
    served.ledger.stop().await;
}

/// F7: curl sends a large body only once it is told to go on; a refusal comes instead of that word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_who_waits_to_be_told_to_go_on_is_told() {
    let (_case, served, secret) = with_a_hook().await;
    let mut stream = TcpStream::connect(served.address).await.expect("connected");
    let head = |path: &str, size: usize| {
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {size}\r\n\r\n")
    };
    let hook = format!("/hooks/{secret}");
    stream.write_all(head(&hook, MIB).as_bytes()).await.expect("taken");
    assert_eq!(read_until(&mut stream, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&vec![b'x'; MIB]).await.expect("taken");
    let answer = read_until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    stream.write_all(head(&hook, 26 * MIB).as_bytes()).await.expect("the connection goes on");
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let answer = raw(served.address, head("/api/v1/projects", 10).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "who may not is not told to go on: {answer}");
    served.ledger.stop().await;
}

/// F7: what a sender or a browser asks of a hook by another method tells how it is called, and runs no pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_hook_that_is_asked_for_by_get_says_how_it_is_called() {
    let (_case, served, secret) = with_a_hook().await;
    let before = passes(&served);
    for method in ["GET", "HEAD", "PUT", "OPTIONS"] {
        let answer = answered(&served, &format!("{method} /hooks/{secret} HTTP/1.1"), b"").await;
        assert_eq!(status(&answer), "405", "{method}: {answer}");
        assert!(answer.to_lowercase().contains("\r\nallow: post\r\n"), "{method}: {answer}");
    }
    let asked = served.get(&format!("/hooks/{secret}")).await;
    assert!(asked.body.contains("POST") && !asked.body.contains(&secret), "{asked:?}");
    assert_eq!(passes(&served), before);
    served.ledger.stop().await;
}

/// `{}` in pieces, as each proxy may cut it.
const PIECES: [&str; 5] = [
    "2\r\n{}\r\n0\r\n\r\n",
    "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    "002\r\n{}\r\n000\r\n\r\n",
    "2;name=\"x\";y\r\n{}\r\n0;last\r\n\r\n",
    "2\r\n{}\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n",
];

/// F8: Cloudflare's tunnel and Envoy send every request in pieces, a GET with none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_a_body_in_pieces_is_taken_and_the_connection_goes_on() {
    let (_case, served, secret) = with_a_hook().await;
    let mut stream = TcpStream::connect(served.address).await.expect("connected");
    let chunked = "Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    for path in ["/healthz", "/readyz", "/api/v1/containers", "/", "/healthz"] {
        let head = if path == "/" { "HEAD" } else { "GET" };
        stream.write_all(format!("{head} {path} HTTP/1.1\r\n{chunked}0\r\n\r\n").as_bytes()).await.expect("taken");
        let answer = read_until(&mut stream, if path == "/" { "\r\n\r\n" } else { "}" }).await;
        assert_eq!(status(&answer), "200", "{path}: {answer}");
        // A list of rows ends beyond its first brace.
        if path.contains("containers") {
            stream = TcpStream::connect(served.address).await.expect("connected");
        }
    }
    for pieces in PIECES {
        let request = format!("POST /hooks/{secret} HTTP/1.1\r\n{chunked}{pieces}");
        stream.write_all(request.as_bytes()).await.expect("taken");
        let answer = read_until(&mut stream, "}").await;
        assert!(answer.starts_with("HTTP/1.1 202"), "{pieces:?}: {answer}");
    }
    // A proxy may send the head first and each byte later.
    stream.write_all(format!("POST /hooks/{secret} HTTP/1.1\r\n{chunked}").as_bytes()).await.expect("taken");
    for byte in PIECES[4].bytes() {
        stream.write_all(&[byte]).await.expect("taken");
        stream.flush().await.expect("sent");
        tokio::task::yield_now().await;
    }
    let answer = read_until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    served.ledger.stop().await;
}

/// F8: what changes the ledger takes pieces as it takes a length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_a_write_in_pieces_is_a_write() {
    let (_case, served, _) = with_a_hook().await;
    let order = async |head: &str, pieces: &str| {
        let stream = UnixStream::connect(&served.control).await.expect("connected");
        let head = format!("{head} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close");
        exchange(stream, format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{pieces}").as_bytes()).await
    };
    let made = order("POST /api/v1/projects", "8\r\n{\"name\":\r\n6;a=b\r\n\"web\"}\r\n0\r\nA: b\r\n\r\n").await;
    assert!(status(&made) == "201" && made.contains("\"name\":\"web\""), "{made}");
    for pieces in PIECES {
        let ran = order("POST /api/v1/passes", pieces).await;
        assert!(status(&ran) == "200" && ran.contains("\"committed\""), "{pieces:?}: {ran}");
    }
    let rotated = order("POST /api/v1/workloads/project%2Fweb/rotate-secret", "0\r\n\r\n").await;
    assert_eq!(status(&rotated), "200", "{rotated}");
    let removed = order("DELETE /api/v1/projects/web", "0\r\n\r\n").await;
    assert_eq!(status(&removed), "200", "{removed}");
    served.ledger.stop().await;
}

/// F8: pieces have the bounds of a length, whatever they say of themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_pieces_without_end_or_sense_are_bounded() {
    let (_case, served, secret) = with_a_hook().await;
    let before = passes(&served);
    let order = async |path: &str, pieces: &[u8]| {
        let stream = UnixStream::connect(&served.control).await.expect("connected");
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json");
        let request = [format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n").as_bytes(), pieces].concat();
        exchange(stream, &request).await
    };
    let endless = format!("2000\r\n{}\r\n", "x".repeat(0x2000)).repeat(9);
    let answer = order("/api/v1/projects", endless.as_bytes()).await;
    assert!(status(&answer) == "413" && answer.contains("\"code\":\"too_large\""), "{answer}");
    for senseless in [
        "xyz\r\n{}\r\n0\r\n\r\n".to_owned(),
        "-2\r\n{}\r\n0\r\n\r\n".to_owned(),
        "FFFFFFFFFFFFFFFFFF\r\n{}".to_owned(),
        "2\r\n{}}}\r\n0\r\n\r\n".to_owned(),
        format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(20_000)),
        format!("2\r\n{{}}\r\n0\r\nX: {}\r\n\r\n", "x".repeat(100_000)),
    ] {
        for path in [format!("/hooks/{secret}"), "/api/v1/projects".to_owned()] {
            let answer = order(&path, senseless.as_bytes()).await;
            let begin: String = senseless.chars().take(40).collect();
            assert!(matches!(status(&answer), "400" | "413"), "{path} {begin:?}: {answer}");
        }
    }
    assert_eq!(passes(&served), before, "none of them ran a pass");
    // A GET has no use for a body: it is answered, and the connection ends.
    let get =
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{}", endless.repeat(9));
    let answer = raw(served.address, get.as_bytes()).await;
    assert_eq!((status(&answer), answer.matches("HTTP/1.1").count()), ("200", 1), "{answer}");
    served.ledger.stop().await;
}
