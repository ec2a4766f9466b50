//! What can go wrong with one request. Pure.

use std::time::Duration;

use super::reply::Reply;

/// How a request is treated. "Body" is what follows the head of the answer, as it is on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is never answered, as by a frozen daemon: until the faults change.
    Silent,
    /// So many bytes of the body, then nothing until the faults change.
    StallAfter(usize),
    /// So many bytes of the body, then the connection ends.
    CutAfter(usize),
    /// The connection ends without an answer.
    HangUp,
    /// The body comes in pieces of so many bytes, a pause before each.
    Drip {
        /// Length of one piece.
        bytes: usize,
        /// The pause.
        every: Duration,
    },
    /// Another answer than the daemon's.
    Answer(Reply),
}

impl Fault {
    /// Only for requests whose path begins so.
    #[must_use]
    pub fn on(self, path_prefix: &str) -> Injection {
        Injection { fault: self, path_prefix: path_prefix.to_owned(), remaining: None }
    }

    /// Only for the next so many requests.
    #[must_use]
    pub fn times(self, requests: usize) -> Injection {
        self.on("").times(requests)
    }
}

/// A fault, and which requests meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    pub(super) fault: Fault,
    path_prefix: String,
    remaining: Option<usize>,
}

impl Injection {
    /// Only for the next so many requests that fit.
    #[must_use]
    pub fn times(self, requests: usize) -> Self {
        Self { remaining: Some(requests), ..self }
    }

    /// Whether a request for this path meets it.
    pub(super) fn fits(&self, path: &str) -> bool {
        path.starts_with(&self.path_prefix) && self.remaining != Some(0)
    }

    /// One request met it: whether it was the last.
    pub(super) fn use_up(&mut self) -> bool {
        self.remaining = self.remaining.map(|remaining| remaining - 1);
        self.remaining == Some(0)
    }
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        fault.on("")
    }
}
