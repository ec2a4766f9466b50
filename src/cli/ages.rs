//! Times and durations as people say them.

use std::time::Duration;

use crate::model::Timestamp;

/// How long ago, in the largest unit that fits: `12 s`, `3 min`, `5 h`, `4 d`.
pub(crate) fn age_text(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago a moment was, `-` without one.
pub(crate) fn since(moment: Option<Timestamp>, now: Timestamp) -> String {
    moment.map_or_else(|| "-".into(), |moment| age_text(moment.age(now)))
}

/// A measured time: `850 ms`, `2.40 s`.
pub(crate) fn millis_text(millis: u64) -> String {
    if millis < 1_000 { format!("{millis} ms") } else { format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10) }
}

#[cfg(test)]
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
