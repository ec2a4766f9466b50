//! The pulse of a child that never awaits I/O: it stamps a shared moment each second, and the supervisor looks at it.
//!
//! A handler that hangs in synchronous code stops the stamping, and nothing else does: such a child has no deadline of
//! its own that anybody could keep for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ractor::ActorRef;
use tokio::time::Instant;

use crate::model::whole_millis;

/// Between two stamps, and between two looks at them.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// Without a stamp for this long a child is wedged: five beats, so that a busy machine does not look like one.
pub(super) const SILENCE: Duration = Duration::from_secs(5);

/// A look that comes this much late says that the whole process was stopped or starved: nobody's silence counts then.
const LATE: Duration = Duration::from_secs(2);

/// When a child last said that its loop turns. Its clock is the runtime's, so that a paused clock drives it. Cheap to
/// clone.
#[derive(Clone, Debug)]
pub struct Pulse {
    born: Instant,
    /// Since `born`.
    stamped_ms: Arc<AtomicU64>,
}

impl Pulse {
    /// The pulse of a child that is born now.
    pub(crate) fn new() -> Self {
        Self { born: Instant::now(), stamped_ms: Arc::default() }
    }

    /// Stamps it, and has the actor do so again a beat later: called at birth and for each such message.
    pub(crate) fn beat<M: ractor::Message>(&self, myself: &ActorRef<M>, again: impl FnOnce() -> M + Send + 'static) {
        self.stamped_ms.store(whole_millis(self.born.elapsed()), Ordering::Relaxed);
        // The timer of a dead actor ends within a beat and reaches nobody.
        drop(myself.send_after(BEAT, again));
    }

    /// The last stamp; the birth if there is none.
    pub(super) fn stamped(&self) -> Instant {
        self.born + Duration::from_millis(self.stamped_ms.load(Ordering::Relaxed))
    }
}

/// The supervisor's watch over all pulses.
#[derive(Debug)]
pub(super) struct Vigil {
    looked: Instant,
    /// Silence before this moment does not count.
    counted_from: Instant,
}

impl Vigil {
    pub(super) const fn new(now: Instant) -> Self {
        Self { looked: now, counted_from: now }
    }

    /// Begins a look. One that is late itself starts the count anew: who was stopped along with the supervisor is not
    /// to be killed for it.
    pub(super) fn look(&mut self, now: Instant) {
        if now.saturating_duration_since(self.looked) > BEAT + LATE {
            self.counted_from = now;
        }
        self.looked = now;
    }

    /// Whether a child that stamped last at that moment is wedged.
    pub(super) fn is_wedged(&self, stamped: Instant) -> bool {
        self.looked.saturating_duration_since(stamped.max(self.counted_from)) >= SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moments of looks, each with the verdict on a child that stamped at 0 s only.
    fn verdicts(looks_ms: &[u64]) -> Vec<bool> {
        let born = Instant::now();
        let mut vigil = Vigil::new(born);
        let look = |ms: &u64| {
            vigil.look(born + Duration::from_millis(*ms));
            vigil.is_wedged(born)
        };
        looks_ms.iter().map(look).collect()
    }

    #[test]
    fn a_child_without_a_stamp_for_five_seconds_is_wedged() {
        assert_eq!(verdicts(&[1_000, 2_000, 3_000, 4_000, 4_900, 5_000]), [false, false, false, false, false, true]);
    }

    #[test]
    fn a_process_that_was_stopped_starts_the_count_anew() {
        assert_eq!(verdicts(&[1_000, 60_000, 61_000, 64_000, 65_000]), [false, false, false, false, true]);
    }

    #[test]
    fn a_look_that_is_a_little_late_changes_nothing() {
        assert_eq!(verdicts(&[2_900, 5_000]), [false, true]);
    }

    #[test]
    fn a_stamp_ends_the_silence() {
        let born = Instant::now();
        let mut vigil = Vigil::new(born);
        vigil.look(born + Duration::from_secs(2));
        vigil.look(born + Duration::from_secs(4));
        vigil.look(born + Duration::from_secs(6));
        assert!(vigil.is_wedged(born));
        assert!(!vigil.is_wedged(born + Duration::from_secs(2)));
    }
}
