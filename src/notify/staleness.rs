//! When it is told that the rows of the host are not kept true, and that they are again: each once. Pure.
//!
//! It is no change of a row, so it is in no history: what was told of it is kept with the receiver's place. The moment is
//! stored before it is told, so that it has one id however often it is tried and whoever tries it.

use std::time::Duration;

use crate::model::{HostStatus, Timestamp};
use crate::store::NotificationPlace;

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing is to be told.
    Rest,
    /// The host was not fresh for long enough: that is to be told, as of this moment.
    Begin(Timestamp),
    /// It is told that the host is not fresh, as of this moment.
    TellStale(Timestamp),
    /// It is told that the host is fresh again; it was not, as of this moment.
    TellFresh(Timestamp),
}

/// What to do with that status, which is not fresh for `unfresh_for` if it is not.
pub(super) fn step(
    place: &NotificationPlace,
    status: Option<HostStatus>,
    unfresh_for: Duration,
    stale_after: Duration,
    now: Timestamp,
) -> Step {
    match (place.stale_since, status) {
        // Before the first pass nothing is known.
        (_, None) | (None, Some(HostStatus::Fresh)) => Step::Rest,
        (None, Some(_)) if unfresh_for < stale_after => Step::Rest,
        (None, Some(_)) => Step::Begin(now.minus(unfresh_for)),
        // Also where the host has recovered meanwhile: a receiver hears of an end after its begin.
        (Some(since), Some(_)) if !place.stale_is_told => Step::TellStale(since),
        (Some(since), Some(HostStatus::Fresh)) => Step::TellFresh(since),
        (Some(_), Some(_)) => Step::Rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Revision;

    #[test]
    fn each_spell_is_told_once_and_its_end_after_its_begin() {
        let (since, now) = (Timestamp::from_millis(5_000), Timestamp::from_millis(70_000));
        let (short, long) = (Duration::from_secs(9), Duration::from_secs(60));
        use HostStatus as H;
        for (stale_since, stale_is_told, status, unfresh_for, expected) in [
            (None, false, None, Duration::ZERO, Step::Rest),
            (None, false, Some(H::Fresh), Duration::ZERO, Step::Rest),
            (None, false, Some(H::Unreachable), short, Step::Rest),
            (None, false, Some(H::Unreachable), long, Step::Begin(Timestamp::from_millis(10_000))),
            (Some(since), false, Some(H::Stale), long, Step::TellStale(since)),
            (Some(since), false, Some(H::Fresh), Duration::ZERO, Step::TellStale(since)),
            (Some(since), true, Some(H::Degraded), long, Step::Rest),
            (Some(since), true, None, Duration::ZERO, Step::Rest),
            (Some(since), true, Some(H::Fresh), Duration::ZERO, Step::TellFresh(since)),
        ] {
            let place = NotificationPlace { revision: Revision(0), stale_since, stale_is_told };
            assert_eq!(step(&place, status, unfresh_for, long, now), expected, "{place:?} {status:?}");
        }
    }
}
