//! One connection of a client: request after request, each with the fault that it meets.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::sleep;

use super::fault::Fault;
use super::reply::Reply;
use super::shared::{Shared, Upstream};

/// Longest head that is read; the clients in question send a few hundred bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Serves a connection until either side ends it. How it ends is the client's own business.
pub(super) async fn serve(stream: UnixStream, shared: &Shared) {
    let mut client = Client { stream, received: Vec::new() };
    while let Ok(Some(request)) = client.next_request().await {
        shared.count(&request.path);
        if !matches!(answer(&mut client, &request, shared).await, Ok(Next::Request)) {
            return;
        }
    }
}

/// What follows an answer.
enum Next {
    Request,
    Close,
}

struct Request {
    /// As it came, to its empty line.
    head: Vec<u8>,
    /// Without the API's version and the query.
    path: String,
}

struct Client {
    stream: UnixStream,
    received: Vec<u8>,
}

impl Client {
    /// The head of the next request; `None` at the connection's end. Requests have no bodies.
    async fn next_request(&mut self) -> io::Result<Option<Request>> {
        loop {
            if let Some(end) = head_end(&self.received) {
                let rest = self.received.split_off(end);
                let head = std::mem::replace(&mut self.received, rest);
                let path = path_of(&head);
                return Ok(Some(Request { head, path }));
            }
            if self.received.len() > MAX_HEAD_BYTES || self.stream.read_buf(&mut self.received).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Returns when the client is gone.
    async fn gone(&mut self) {
        while matches!(self.stream.read_buf(&mut self.received).await, Ok(read) if read > 0) {}
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }
}

/// Where an answer's bytes come from.
enum Source {
    Played(Option<Vec<u8>>),
    Upstream(UnixStream),
}

struct Answer {
    head: Vec<u8>,
    /// What came of the body together with the head.
    begin: Vec<u8>,
    source: Source,
    framing: Framing,
}

/// What tells the client where the body ends.
enum Framing {
    /// So many bytes are left, or there is no body.
    Length(u64),
    /// The last bytes that came.
    Chunks(Vec<u8>),
    /// The connection's end.
    Connection,
}

/// The last chunk, as both daemons end a body.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

impl Framing {
    fn of(head: &[u8]) -> Self {
        if has_header(head, "transfer-encoding") {
            return Self::Chunks(Vec::new());
        }
        match header_lines(head).find(|line| is_header(line, "content-length")) {
            Some(line) => {
                let text = String::from_utf8_lossy(line);
                // A length that is none is the client's to judge, and the connection ends.
                text.split_once(':')
                    .and_then(|(_, length)| length.trim().parse().ok())
                    .map_or(Self::Connection, Self::Length)
            }
            None if matches!(status_of(head), Some("204" | "304")) => Self::Length(0),
            None => Self::Connection,
        }
    }

    fn passed(&mut self, piece: &[u8]) {
        match self {
            Self::Length(left) => *left = left.saturating_sub(piece.len() as u64),
            Self::Chunks(last) => {
                last.extend_from_slice(&piece[piece.len().saturating_sub(LAST_CHUNK.len())..]);
                last.drain(..last.len().saturating_sub(LAST_CHUNK.len()));
            }
            Self::Connection => {}
        }
    }

    /// Whether the client knows that the body has ended. A daemon that cuts its answer cuts the client's too.
    fn is_ended(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunks(last) => last == LAST_CHUNK,
            Self::Connection => false,
        }
    }
}

impl Answer {
    /// The next bytes of the body; none at its end.
    async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if !self.begin.is_empty() {
            return Ok(Some(std::mem::take(&mut self.begin)));
        }
        match &mut self.source {
            Source::Played(body) => Ok(body.take()),
            Source::Upstream(stream) => {
                let mut piece = Vec::with_capacity(64 * 1024);
                let read = stream.read_buf(&mut piece).await?;
                self.framing.passed(&piece);
                Ok((read > 0).then_some(piece))
            }
        }
    }
}

async fn answer(client: &mut Client, request: &Request, shared: &Shared) -> io::Result<Next> {
    let Some((fault, version)) = fault_past_silence(client, request, shared).await else { return Ok(Next::Close) };
    let mut answer = match (&fault, &shared.upstream) {
        (Some(Fault::HangUp), _) => return Ok(Next::Close),
        (Some(Fault::Answer(reply)), _) => played(reply),
        (_, Upstream::Replies(replies)) => {
            let known = replies.iter().find(|(path, _)| request.path.starts_with(path));
            played(known.map_or(&unknown(), |(_, reply)| reply))
        }
        (_, Upstream::Socket(_)) => {
            tokio::select! {
                answer = forwarded(&request.head, shared) => answer?,
                () = client.gone() => return Ok(Next::Close),
            }
        }
    };
    client.send(&answer.head).await?;
    match fault {
        Some(Fault::StallAfter(bytes)) => {
            let more = send_body(client, &mut answer, Some(bytes)).await?;
            if more && !until_changed(client, shared, version).await {
                return Ok(Next::Close);
            }
            send_body(client, &mut answer, None).await?;
        }
        Some(Fault::CutAfter(bytes)) => {
            send_body(client, &mut answer, Some(bytes)).await?;
            return Ok(Next::Close);
        }
        Some(Fault::Drip { bytes, every }) => drip(client, &mut answer, bytes, every).await?,
        _ => {
            send_body(client, &mut answer, None).await?;
        }
    }
    let closes = asks_to_close(&request.head) || !answer.framing.is_ended();
    Ok(if closes { Next::Close } else { Next::Request })
}

/// The fault that the request meets, with the version of the faults. While that is silence, hangs until the faults
/// change. `None`: the client is gone.
async fn fault_past_silence(client: &mut Client, request: &Request, shared: &Shared) -> Option<(Option<Fault>, u64)> {
    loop {
        match shared.take_fault(&request.path) {
            (Some(Fault::Silent), version) => {
                if !until_changed(client, shared, version).await {
                    return None;
                }
            }
            other => return Some(other),
        }
    }
}

/// Hangs until the faults have another version than this; false if the client went first.
async fn until_changed(client: &mut Client, shared: &Shared, version: u64) -> bool {
    let mut switches = shared.switches.subscribe();
    tokio::select! {
        changed = switches.wait_for(|switches| switches.version != version) => changed.is_ok(),
        () = client.gone() => false,
    }
}

/// Sends the body, or so many bytes of it. Whether there is more.
async fn send_body(client: &mut Client, answer: &mut Answer, most: Option<usize>) -> io::Result<bool> {
    let mut left = most.unwrap_or(usize::MAX);
    while left > 0 {
        let piece = tokio::select! {
            piece = answer.next() => piece?,
            () = client.gone() => return Err(io::ErrorKind::BrokenPipe.into()),
        };
        let Some(mut piece) = piece else { return Ok(false) };
        if piece.len() > left {
            answer.begin = piece.split_off(left);
        }
        left -= piece.len();
        client.send(&piece).await?;
    }
    Ok(true)
}

async fn drip(client: &mut Client, answer: &mut Answer, bytes: usize, every: std::time::Duration) -> io::Result<()> {
    loop {
        tokio::select! {
            () = sleep(every) => {}
            () = client.gone() => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        if !send_body(client, answer, Some(bytes)).await? {
            return Ok(());
        }
    }
}

fn played(reply: &Reply) -> Answer {
    Answer {
        head: reply.head(),
        begin: Vec::new(),
        source: Source::Played(Some(reply.body().to_vec())),
        framing: if reply.keeps_connection() { Framing::Length(0) } else { Framing::Connection },
    }
}

fn unknown() -> Reply {
    Reply::new(404, r#"{"message":"page not found"}"#)
}

/// Asks the daemon over a connection of its own, which ends with the answer: so the body's end is seen without reading
/// its framing, which goes to the client as it is.
async fn forwarded(head: &[u8], shared: &Shared) -> io::Result<Answer> {
    let Upstream::Socket(socket) = &shared.upstream else { unreachable!("only a daemon is forwarded to") };
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(&with_connection_close(head)).await?;
    let mut received = Vec::new();
    let end = loop {
        if let Some(end) = head_end(&received) {
            break end;
        }
        if received.len() > MAX_HEAD_BYTES || stream.read_buf(&mut received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let begin = received.split_off(end);
    let head = without_header(&received, "connection");
    let mut framing = Framing::of(&head);
    framing.passed(&begin);
    Ok(Answer { head, begin, source: Source::Upstream(stream), framing })
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// The path of a request line, without a `/v1.41` before it and a query behind it.
fn path_of(head: &[u8]) -> String {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let target = line.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let version_end = path.strip_prefix("/v1.").and_then(|rest| rest.find('/')).map_or(0, |at| at + "/v1.".len());
    path[version_end..].to_owned()
}

fn header_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head[..head.len() - 2].split_inclusive(|byte| *byte == b'\n').skip(1)
}

fn is_header(line: &[u8], name: &str) -> bool {
    line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name.as_bytes()))
        && line.get(name.len()) == Some(&b':')
}

fn has_header(head: &[u8], name: &str) -> bool {
    header_lines(head).any(|line| is_header(line, name))
}

fn asks_to_close(head: &[u8]) -> bool {
    header_lines(head).any(|line| is_header(line, "connection") && line.to_ascii_lowercase().ends_with(b" close\r\n"))
}

fn without_header(head: &[u8], name: &str) -> Vec<u8> {
    let first = head.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let kept = header_lines(head).filter(|line| !is_header(line, name));
    let mut kept = std::iter::once(first).chain(kept).collect::<Vec<_>>().concat();
    kept.extend_from_slice(b"\r\n");
    kept
}

fn with_connection_close(head: &[u8]) -> Vec<u8> {
    let mut head = without_header(head, "connection");
    head.truncate(head.len() - 2);
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    head
}

fn status_of(head: &[u8]) -> Option<&str> {
    std::str::from_utf8(head.get(9..12)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_version_and_query() {
        for (line, expected) in [
            ("GET /containers/json?all=1 HTTP/1.1", "/containers/json"),
            ("GET /v1.41/containers/json HTTP/1.1", "/containers/json"),
            ("GET /_ping HTTP/1.1", "/_ping"),
            ("GET /v1. HTTP/1.1", "/v1."),
            ("nonsense", ""),
        ] {
            assert_eq!(path_of(format!("{line}\r\nHost: x\r\n\r\n").as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn the_connection_header_is_replaced_and_nothing_else() {
        let head = b"HTTP/1.1 200 OK\r\nA: b\r\nconnection: keep-alive\r\nConnections: 7\r\n\r\n";
        assert_eq!(without_header(head, "connection"), b"HTTP/1.1 200 OK\r\nA: b\r\nConnections: 7\r\n\r\n");
        let closing = with_connection_close(head);
        assert_eq!(closing, b"HTTP/1.1 200 OK\r\nA: b\r\nConnections: 7\r\nConnection: close\r\n\r\n");
        assert!(has_header(head, "a") && !has_header(head, "b"));
        assert_eq!(status_of(head), Some("200"));
        assert!(asks_to_close(&closing) && !asks_to_close(head));
    }
}
