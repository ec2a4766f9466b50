//! The supervisor's watch over the pulses of its children.

use std::time::Duration;

use tokio::time::Instant;

use crate::telemetry::BEAT;

/// Without a stamp for this long a child is wedged: five beats, so that a busy machine does not look like one.
pub(super) const SILENCE: Duration = Duration::from_secs(5);

/// A look that comes this much late says that the whole process was stopped or starved: nobody's silence counts then.
const LATE: Duration = Duration::from_secs(2);

/// The supervisor's watch over all pulses.
#[derive(Debug)]
pub(super) struct Watchdog {
    looked: Instant,
    /// Silence before this moment does not count.
    counted_from: Instant,
}

impl Watchdog {
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
        let mut watchdog = Watchdog::new(born);
        let look = |ms: &u64| {
            watchdog.look(born + Duration::from_millis(*ms));
            watchdog.is_wedged(born)
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
        let mut watchdog = Watchdog::new(born);
        watchdog.look(born + Duration::from_secs(2));
        watchdog.look(born + Duration::from_secs(4));
        watchdog.look(born + Duration::from_secs(6));
        assert!(watchdog.is_wedged(born));
        assert!(!watchdog.is_wedged(born + Duration::from_secs(2)));
    }
}
