//! The daemon's event stream as it is delivered, beside the ledger's own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One event of a container.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) action: String,
    /// By the daemon, in time since 1970.
    pub(crate) at: Duration,
    /// From then until our end of the stream had the line.
    pub(crate) delivery: Duration,
}

/// Follows the events of containers on a thread of its own, which ends with the daemon.
pub(crate) fn follow(socket: &Path) -> Receiver<Told> {
    let mut stream = UnixStream::connect(socket).expect("the daemon listens");
    stream
        .write_all(b"GET /events?filters=%7B%22type%22:%5B%22container%22%5D%7D HTTP/1.0\r\nHost: d\r\n\r\n")
        .expect("the daemon reads");
    let (sender, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let now = since_1970();
            let Ok(event) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
            let (Some(action), Some(nanos)) = (event["Action"].as_str(), event["timeNano"].as_u64()) else { continue };
            let at = Duration::from_nanos(nanos);
            if sender.send(Told { action: action.to_owned(), at, delivery: now.saturating_sub(at) }).is_err() {
                return;
            }
        }
    });
    told
}

pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}
