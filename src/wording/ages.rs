//! Times and durations as people say them.

use std::time::Duration;

#[cfg(feature = "cli")]
use crate::model::Timestamp;

/// A unit of time that people say ages in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Up to two minutes.
    Second,
    /// Up to two hours.
    Minute,
    /// Up to two days.
    Hour,
    /// Beyond.
    Day,
}

/// An age in the largest unit that says enough.
pub(crate) const fn largest_unit(age: Duration) -> (u64, Unit) {
    let seconds = age.as_secs();
    match seconds {
        0..=119 => (seconds, Unit::Second),
        120..=7_199 => (seconds / 60, Unit::Minute),
        7_200..=172_799 => (seconds / 3_600, Unit::Hour),
        _ => (seconds / 86_400, Unit::Day),
    }
}

/// How long ago, in the largest unit that fits: `12 s`, `3 min`, `5 h`, `4 d`.
#[cfg(feature = "cli")]
pub(crate) fn age_text(age: Duration) -> String {
    let (number, unit) = largest_unit(age);
    let unit = match unit {
        Unit::Second => "s",
        Unit::Minute => "min",
        Unit::Hour => "h",
        Unit::Day => "d",
    };
    format!("{number} {unit}")
}

/// How long ago a moment was, `-` without one.
#[cfg(feature = "cli")]
pub(crate) fn since(moment: Option<Timestamp>, now: Timestamp) -> String {
    moment.map_or_else(|| "-".into(), |moment| age_text(moment.age(now)))
}

/// A measured time: `850 ms`, `2.40 s`.
#[cfg(feature = "cli")]
pub(crate) fn millis_text(millis: u64) -> String {
    if millis < 1_000 { format!("{millis} ms") } else { format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10) }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn ages_use_the_largest_unit_that_says_enough() {
        for (seconds, text) in
            [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "119 min"), (7_200, "2 h"), (172_800, "2 d")]
        {
            assert_eq!(age_text(Duration::from_secs(seconds)), text);
        }
        assert_eq!(since(None, Timestamp::from_millis(0)), "-");
        assert_eq!(since(Some(Timestamp::from_millis(5_000)), Timestamp::from_millis(0)), "0 s");
    }

    #[test]
    fn measured_times_keep_two_decimals() {
        for (millis, text) in [(0, "0 ms"), (999, "999 ms"), (1_000, "1.00 s"), (2_405, "2.40 s")] {
            assert_eq!(millis_text(millis), text);
        }
    }
}
