//! When a receiver that did not take a notification is told again, and when that is given up. Pure.

use std::time::Duration;

/// Before the second try: a receiver that is restarted is often back by then.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Between two later tries: a receiver that is back after a night hears within this.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// However old something is, it is tried for so long: a service that comes back after days tells what happened meanwhile.
const SHORTEST_TRYING: Duration = Duration::from_secs(60);

/// What follows a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is tried again.
    After(Duration),
    /// It is told no more, so that those behind it are.
    GiveUp,
}

/// After so many tries that failed, the first one `tried_for` ago. `chance` is any random number: many services whose
/// receiver was gone are not to come back in step.
pub(super) fn next(failures: u32, tried_for: Duration, age: Duration, give_up_after: Duration, chance: u32) -> Next {
    if age > give_up_after && tried_for >= SHORTEST_TRYING {
        return Next::GiveUp;
    }
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16));
    Next::After(doubled.min(LONGEST_WAIT).mul_f64(1.0 - f64::from(chance % 1000) / 4000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn waits_double_up_to_a_bound_and_are_spread() {
        let wait = |failures, chance| next(failures, DAY, DAY, 3 * DAY, chance);
        assert_eq!(wait(1, 0), Next::After(FIRST_WAIT));
        assert_eq!(wait(4, 0), Next::After(8 * FIRST_WAIT));
        assert_eq!(wait(10, 0), Next::After(LONGEST_WAIT));
        assert_eq!(wait(u32::MAX, 0), Next::After(LONGEST_WAIT), "without end");
        let Next::After(spread) = wait(10, 999) else { panic!("it is not given up") };
        assert!(spread < LONGEST_WAIT && spread > LONGEST_WAIT / 2);
    }

    #[test]
    fn what_is_too_old_is_given_up_after_it_was_tried() {
        let minute = Duration::from_secs(60);
        assert_eq!(next(9, minute, 3 * DAY + minute, 3 * DAY, 0), Next::GiveUp);
        assert_ne!(next(9, minute, 3 * DAY, 3 * DAY, 0), Next::GiveUp, "not too old");
        assert_ne!(next(1, Duration::ZERO, 9 * DAY, 3 * DAY, 0), Next::GiveUp, "tried once");
    }
}
