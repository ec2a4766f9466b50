//! The floor: the list call's body, read from the socket and thrown away.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// One request on a connection of its own, read to its end. How many bytes came, and how long it took.
pub(crate) fn read_and_throw_away(socket: &Path) -> (usize, Duration) {
    let begin = Instant::now();
    let mut stream = UnixStream::connect(socket).expect("the daemon listens");
    stream
        .write_all(b"GET /containers/json?all=true HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
        .expect("the daemon reads");
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        match stream.read(&mut buffer).expect("the daemon writes") {
            0 => return (bytes, begin.elapsed()),
            count => bytes += count,
        }
    }
}
