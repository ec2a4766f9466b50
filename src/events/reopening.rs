//! When a lost stream is opened again, and what is told of it. Pure: chance is given.

use std::time::Duration;

/// The first wait: a daemon that restarts is there again in a second or ten.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// One tick: a daemon that is away for days is asked no more often.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A stream that was open for so long, or gave an event, is no failure in a row.
const STEADY_AFTER: Duration = Duration::from_secs(10);

/// How often the stream was lost in a row.
#[derive(Debug, Default)]
pub(super) struct Reopening {
    losses_in_a_row: u32,
    is_told: bool,
}

/// What follows a loss.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// Until the next opening.
    pub(super) wait: Duration,
    /// Whether people are to hear of it: once, and not of a stream that is back at the first attempt, as behind a proxy
    /// that cuts it every ten minutes (D22).
    pub(super) is_news: bool,
}

impl Reopening {
    /// The stream was lost after it had been open for so long; `None` if it could not be opened. The wait has up to a
    /// quarter of jitter, so that many processes do not come back in step. `chance` is any random number.
    pub(super) fn after_loss(&mut self, lived: Option<Duration>, gave_event: bool, chance: u32) -> Next {
        if gave_event || lived.is_some_and(|lived| lived >= STEADY_AFTER) {
            self.losses_in_a_row = 0;
        }
        let factor = 1_u32.checked_shl(self.losses_in_a_row).unwrap_or(u32::MAX);
        self.losses_in_a_row = self.losses_in_a_row.saturating_add(1);
        let wait = FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT);
        let is_news = self.losses_in_a_row == 2;
        self.is_told |= is_news;
        Next { wait: wait.mul_f64(1.0 - f64::from(chance % 1000) / 4000.0), is_news }
    }

    /// The stream is open; whether people are to hear of it, since they heard of its loss.
    pub(super) const fn is_back(&mut self) -> bool {
        std::mem::replace(&mut self.is_told, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_tick_and_begin_anew_after_a_stream_that_was_steady_or_gave_an_event() {
        let mut reopening = Reopening::default();
        let mut wait = |lived, gave_event| reopening.after_loss(lived, gave_event, 0).wait;
        assert_eq!(wait(None, false), FIRST_WAIT);
        assert_eq!(wait(None, false), FIRST_WAIT * 2);
        assert_eq!(wait(Some(Duration::from_secs(1)), false), FIRST_WAIT * 4, "it opens and ends at once");
        assert_eq!(wait(Some(Duration::from_secs(1)), true), FIRST_WAIT);
        for _ in 0..100 {
            wait(None, false);
        }
        assert_eq!(wait(None, false), LONGEST_WAIT);
        assert_eq!(wait(Some(STEADY_AFTER), false), FIRST_WAIT);
    }

    #[test]
    fn jitter_takes_at_most_a_quarter() {
        for chance in [0, 1, 999, 1000, u32::MAX] {
            let wait = Reopening::default().after_loss(None, false, chance).wait;
            assert!(wait <= FIRST_WAIT && wait >= FIRST_WAIT * 3 / 4, "{wait:?}");
        }
    }

    /// D22: a proxy that ends the stream every ten minutes is no news.
    #[test]
    fn a_loss_is_told_once_and_only_if_the_next_attempt_fails_too() {
        let mut reopening = Reopening::default();
        for _ in 0..3 {
            assert!(!reopening.after_loss(Some(STEADY_AFTER), true, 0).is_news);
            assert!(!reopening.is_back());
        }
        let told = (0..5).filter(|_| reopening.after_loss(None, false, 0).is_news).count();
        assert_eq!(told, 1);
        assert!(reopening.is_back());
        assert!(!reopening.is_back());
    }
}
