//! The clock that retention goes by: the wall clock, unless that has just leapt ahead. Pure.
//!
//! A wall clock that is set ten years ahead makes everything look beyond its time, and what is removed does not come
//! back when the clock does.

use std::time::{Duration, Instant};

use crate::model::Timestamp;

/// A moment that was believed, by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RetentionClock {
    wall: Timestamp,
    /// Nobody sets this one.
    monotonic: Instant,
}

/// How far ahead of its expected place the wall clock is believed at once: clocks drift, and machines sleep for a while.
const BELIEVED_AT_ONCE: Duration = Duration::from_secs(60 * 60);

/// How long a clock that leapt must stay where it is: within a day somebody has noticed one that is wrong.
const BELIEVED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl RetentionClock {
    /// Begins at the last moment that the ledger knows.
    pub(super) const fn new(last_known: Timestamp, monotonic: Instant) -> Self {
        Self { wall: last_known, monotonic }
    }

    /// The moment that ages are counted from; never later than `wall`.
    pub(super) fn now(&mut self, wall: Timestamp, monotonic: Instant) -> Timestamp {
        let passed = monotonic.saturating_duration_since(self.monotonic);
        let expected = self.wall.plus(passed);
        if wall <= expected.plus(BELIEVED_AT_ONCE) || passed >= BELIEVED_AFTER {
            *self = Self { wall, monotonic };
            wall
        } else {
            expected
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    const BEGAN: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn a_clock_that_walks_is_believed() {
        let born = Instant::now();
        let mut clock = RetentionClock::new(BEGAN, born);
        for hours in 1..100 {
            let wall = BEGAN.plus(HOUR * hours);
            assert_eq!(clock.now(wall, born + HOUR * hours), wall);
        }
    }

    #[test]
    fn s11_a_clock_that_leaps_ahead_is_believed_after_a_day() {
        let born = Instant::now();
        let mut clock = RetentionClock::new(BEGAN, born);
        for hours in 1..24 {
            let wall = BEGAN.plus(TEN_YEARS + HOUR * hours);
            assert_eq!(clock.now(wall, born + HOUR * hours), BEGAN.plus(HOUR * hours));
        }
        let wall = BEGAN.plus(TEN_YEARS + HOUR * 24);
        assert_eq!(clock.now(wall, born + HOUR * 24), wall);
    }

    #[test]
    fn s11_a_clock_that_is_set_back_is_believed_and_may_come_again() {
        let born = Instant::now();
        let mut clock = RetentionClock::new(BEGAN, born);
        assert_eq!(clock.now(BEGAN.minus(HOUR / 2), born + HOUR), BEGAN.minus(HOUR / 2));
        assert_eq!(clock.now(BEGAN.plus(HOUR), born + HOUR * 2), BEGAN.plus(HOUR), "that far is no leap");
    }
}
