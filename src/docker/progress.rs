//! How far a call came, readable while it runs and after it was dropped.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The list call, as errors name it.
pub(super) const LIST_CALL: &str = "GET /containers/json";

/// Written by one call in flight. Whoever cancels the call by killing the actor that awaits it reads here how far it had
/// come, since the kill drops all that the call knew.
#[derive(Debug, Default)]
pub struct CallProgress {
    answered: AtomicBool,
    bytes: AtomicU64,
}

impl CallProgress {
    /// A call begins: nothing came yet.
    pub fn begin(&self) {
        self.answered.store(false, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// The head of the answer came.
    pub fn got_head(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// So many more bytes of the body came.
    pub fn got_bytes(&self, count: usize) {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Whether the head of the answer came.
    #[must_use]
    pub fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Bytes of the body so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
