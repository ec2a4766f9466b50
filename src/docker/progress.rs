//! How far a call came, readable while it runs and after it was dropped.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::fault::Call;
use super::message::DaemonError;

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

    /// What a list call comes to that is cancelled now, at its deadline.
    #[must_use]
    pub fn overdue(&self, endpoint: &str, deadline: Duration) -> DaemonError {
        Call { endpoint: endpoint.to_owned(), call: LIST_CALL }.timed_out(deadline, false, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_list_is_silent_before_its_head_and_stalled_after_it() {
        let progress = CallProgress::default();
        let overdue = || progress.overdue("unix:///x", Duration::from_secs(1));
        assert!(matches!(overdue(), DaemonError::Silent { .. }));
        progress.got_head();
        progress.got_bytes(3);
        progress.got_bytes(4);
        assert!(matches!(overdue(), DaemonError::Stalled { bytes: 7, .. }));
        progress.begin();
        assert!(matches!(overdue(), DaemonError::Silent { .. }));
    }
}
