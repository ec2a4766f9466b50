//! The pass that runs now, and the call to the daemon that it waits for: written by DispatchActor, read by whoever asks for
//! the status or lets a pass go first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
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

/// Where both are kept. One pass runs at a time, and makes one call at a time. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct InFlight {
    call: Arc<Mutex<Option<(OpId, CallInFlight)>>>,
    pass_runs: Arc<watch::Sender<bool>>,
}

impl InFlight {
    /// A pass has begun.
    pub(crate) fn begin_pass(&self) {
        self.pass_runs.send_replace(true);
    }

    /// Lets a pass that runs go first, for so long at most: whoever only reads can wait a moment, and on a machine whose
    /// cores are all taken each of many readers would else take as much of them as the pass.
    #[cfg(feature = "http")]
    pub(crate) async fn let_a_pass_go_first(&self, at_most: Duration) {
        let mut pass_runs = self.pass_runs.subscribe();
        // One that takes longer waits for the daemon, most of the time.
        let _ = tokio::time::timeout(at_most, pass_runs.wait_for(|runs| !runs)).await;
    }

    /// A call is on its way.
    pub(crate) fn begin(&self, op: OpId, what: &'static str) {
        self.set(Some((op, CallInFlight { what, since: Instant::now() })));
    }

    /// It was answered, or is given up; another one is left alone.
    pub(crate) fn end(&self, op: OpId) {
        if self.get().is_some_and(|(flying, _)| flying == op) {
            self.set(None);
        }
    }

    /// No pass runs, and nobody waits for any call.
    pub(crate) fn clear(&self) {
        self.set(None);
        self.pass_runs.send_replace(false);
    }

    /// The call in flight.
    pub(super) fn now(&self) -> Option<CallInFlight> {
        self.get().map(|(_, call)| call)
    }

    // A value that is replaced whole is never half written, so that a panic elsewhere does not spoil it.
    fn get(&self) -> Option<(OpId, CallInFlight)> {
        *self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, call: Option<(OpId, CallInFlight)>) {
        *self.call.lock().unwrap_or_else(PoisonError::into_inner) = call;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "http")]
    #[tokio::test(start_paused = true)]
    async fn a_reader_waits_for_the_end_of_a_pass_and_no_longer_than_it_wants() {
        let in_flight = InFlight::default();
        let begun = Instant::now();
        in_flight.let_a_pass_go_first(Duration::from_secs(1)).await;
        assert_eq!(begun.elapsed(), Duration::ZERO, "none runs");
        in_flight.begin_pass();
        in_flight.let_a_pass_go_first(Duration::from_secs(1)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(1), "it runs on");
        let ends = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            in_flight.clear();
        };
        tokio::join!(in_flight.let_a_pass_go_first(Duration::from_secs(1)), ends);
        assert_eq!(begun.elapsed(), Duration::from_millis(1_005));
    }

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
