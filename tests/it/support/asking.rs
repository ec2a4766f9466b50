//! A client that follows nothing, keeps nothing and runs no script.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::showroom::Showroom;

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Asks on a connection of its own; each of `headers` ends its line.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    send(address, method, path, headers, "")
}

/// As [`ask`], with a body.
pub(crate) fn send(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it is served");
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{length}{headers}\r\n");
    stream.write_all((head + body).as_bytes()).expect("sent");
    let mut text = Vec::new();
    stream.read_to_end(&mut text).expect("an answer");
    let text = String::from_utf8_lossy(&text);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// Asks as anybody on this machine may.
pub(crate) fn get(room: &Showroom, path: &str) -> Answer {
    ask(room.address, "GET", path, "")
}

/// An answer to who reads gzip.
pub(crate) struct Compressed {
    pub(crate) status: u16,
    /// Whether it came compressed.
    pub(crate) is_compressed: bool,
    /// Of the body, on its way.
    pub(crate) bytes: usize,
    /// The body as it is read.
    pub(crate) body: String,
}

/// Asks as a browser does that reads gzip.
pub(crate) fn ask_compressed(room: &Showroom, path: &str, headers: &str) -> Compressed {
    let mut stream = TcpStream::connect(room.address).expect("it is served");
    // In HTTP/1.0 a body is not cut into pieces.
    let head = format!("GET {path} HTTP/1.0\r\nHost: {}\r\nAccept-Encoding: gzip\r\n{headers}\r\n", room.address);
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let (head, coded) = (String::from_utf8_lossy(&answer[..end]).to_lowercase(), &answer[end + 4..]);
    let is_compressed = head.contains("content-encoding: gzip");
    let mut body = String::new();
    if is_compressed {
        flate2::read::GzDecoder::new(coded).read_to_string(&mut body).expect("whole");
    } else {
        body = String::from_utf8_lossy(coded).into_owned();
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Compressed { status, is_compressed, bytes: coded.len(), body }
}
