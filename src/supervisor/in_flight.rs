//! The call to the daemon that a pass waits for now: written by DispatchActor, read by whoever asks for the status.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::OpId;

/// A call that has not been answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallInFlight {
    /// What was asked: `list`, `settle`, `examine`, `images`, `verify`.
    pub what: &'static str,
    since: Instant,
}

impl CallInFlight {
    /// How long it has been waited for.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }
}

/// Where the call is kept. A pass makes one at a time. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Mutex<Option<(OpId, CallInFlight)>>>);

impl InFlight {
    /// A call is on its way.
    pub(crate) fn begin(&self, op: OpId, what: &'static str) {
        self.set(Some((op, CallInFlight { what, since: Instant::now() })));
    }

    /// It was answered, or is given up; another one is left alone.
    pub(crate) fn end(&self, op: OpId) {
        if self.get().is_some_and(|(flying, _)| flying == op) {
            self.clear();
        }
    }

    /// Nobody waits for any call.
    pub(crate) fn clear(&self) {
        self.set(None);
    }

    /// The call in flight.
    pub(super) fn now(&self) -> Option<CallInFlight> {
        self.get().map(|(_, call)| call)
    }

    // A value that is replaced whole is never half written, so that a panic elsewhere does not spoil it.
    fn get(&self) -> Option<(OpId, CallInFlight)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, call: Option<(OpId, CallInFlight)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = call;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_ends_no_other_call() {
        let in_flight = InFlight::default();
        in_flight.begin(OpId(1), "list");
        in_flight.begin(OpId(2), "verify");
        in_flight.end(OpId(1));
        assert_eq!(in_flight.now().map(|call| call.what), Some("verify"));
        in_flight.end(OpId(2));
        assert_eq!(in_flight.now(), None);
    }
}
