//! When a child begins its next life, and when the supervisor gives up. Pure: time and chance are given.

use std::collections::VecDeque;
use std::time::Duration;

use crate::telemetry::RestartCause;

/// The first wait after a second death in a row.
const BACKOFF_BASE: Duration = Duration::from_millis(20);
/// Nobody waits longer than one tick for a child.
const BACKOFF_CAP: Duration = Duration::from_secs(30);
/// A child that lived this long has recovered: its next death is a first one.
const STEADY_AFTER: Duration = Duration::from_secs(60);

/// How often one child died in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    deaths_in_a_row: u32,
}

impl Backoff {
    /// The wait before the next life: none after a first death, then doubling with up to a quarter of jitter, so that
    /// many processes that fail alike do not come back in step. `chance` is any random number.
    ///
    /// None either after a kill of ours: a deadline had to pass before it, a new life calls nobody by itself, and a
    /// daemon that answers again after hours finds every worker alive.
    pub(super) fn after_death(&mut self, cause: RestartCause, lived: Duration, chance: u32) -> Duration {
        if cause.is_surroundings() {
            return Duration::ZERO;
        }
        if lived >= STEADY_AFTER {
            self.deaths_in_a_row = 0;
        }
        let exponent = self.deaths_in_a_row;
        self.deaths_in_a_row = self.deaths_in_a_row.saturating_add(1);
        if exponent == 0 {
            return Duration::ZERO;
        }
        let wait =
            BACKOFF_BASE.saturating_mul(1_u32.checked_shl(exponent.min(16)).unwrap_or(u32::MAX)).min(BACKOFF_CAP);
        wait.mul_f64(1.0 - f64::from(chance % 1000) / 4000.0)
    }
}

/// How many faults of our own are too many.
#[derive(Debug)]
pub(super) struct Intensity {
    allowed: usize,
    window: Duration,
    faults: VecDeque<Duration>,
}

impl Intensity {
    pub(super) fn new(allowed: u32, window: Duration) -> Self {
        Self { allowed: allowed as usize, window, faults: VecDeque::new() }
    }

    /// Counts the end of a life; whether the supervisor gives up now.
    pub(super) fn is_exceeded_by(&mut self, cause: RestartCause, now: Duration) -> bool {
        if !cause.is_own_fault() {
            return false;
        }
        self.faults.push_back(now);
        while self.faults.front().is_some_and(|fault| now.saturating_sub(*fault) > self.window) {
            self.faults.pop_front();
        }
        self.faults.len() > self.allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn trouble_of_the_surroundings_never_exceeds_the_intensity() {
        let mut intensity = Intensity::new(5, 30 * SECOND);
        for n in 0..10_000 {
            for cause in [RestartCause::Deadline, RestartCause::Orphaned, RestartCause::Killed] {
                assert!(!intensity.is_exceeded_by(cause, SECOND * n));
            }
        }
    }

    #[test]
    fn the_sixth_fault_within_the_window_is_one_too_many() {
        let mut intensity = Intensity::new(5, 30 * SECOND);
        let faults = [RestartCause::Panicked, RestartCause::Failed, RestartCause::Wedged];
        for (n, cause) in (0..5).zip(faults.into_iter().cycle()) {
            assert!(!intensity.is_exceeded_by(cause, SECOND * n));
        }
        assert!(intensity.is_exceeded_by(RestartCause::Wedged, SECOND * 5));
    }

    #[test]
    fn faults_outside_the_window_do_not_count() {
        let mut intensity = Intensity::new(5, 30 * SECOND);
        for n in 0..100 {
            assert!(!intensity.is_exceeded_by(RestartCause::Panicked, SECOND * 7 * n));
        }
    }

    #[test]
    fn the_first_death_costs_no_time_and_the_wait_is_bounded() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.after_death(RestartCause::Panicked, SECOND, 0), Duration::ZERO);
        assert_eq!(backoff.after_death(RestartCause::Panicked, SECOND, 0), BACKOFF_BASE * 2);
        for _ in 0..100 {
            assert!(backoff.after_death(RestartCause::Panicked, SECOND, 999) <= BACKOFF_CAP);
        }
        assert_eq!(backoff.after_death(RestartCause::Panicked, STEADY_AFTER, 0), Duration::ZERO, "it had recovered");
    }

    /// A daemon that hung for hours costs one kill a tick: when it answers again, no worker may be waiting out a backoff.
    #[test]
    fn what_we_kill_for_its_surroundings_lives_again_at_once() {
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            assert_eq!(backoff.after_death(RestartCause::Deadline, 10 * SECOND, 0), Duration::ZERO);
        }
        assert_eq!(backoff.after_death(RestartCause::Panicked, SECOND, 0), Duration::ZERO, "its first death in a row");
    }
}
