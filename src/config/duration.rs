//! Durations as people write them: a whole number and its unit.

use std::time::Duration;

/// Why a text is no duration; for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// `30`: of what?
    #[error("a duration needs its unit: ms, s, min, h or d, as in 30s")]
    NoUnit,
    /// `30 fortnights`.
    #[error("a duration is a whole number and a unit: ms, s, min, h or d, as in 30s or 5min")]
    NotADuration,
    /// More than fits.
    #[error("the duration is longer than a thousand years")]
    TooLong,
}

/// The units, the longest first, in milliseconds. `m` is read as minutes and never written.
const UNITS: [(&str, u64); 6] =
    [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A thousand years: no key means more, and every sum of two such durations fits.
const LONGEST_MILLIS: u64 = 365_250 * 86_400_000;

/// Reads `500ms`, `30s`, `5min`, `2h` or `30d`. What is below zero reads as zero, with or without a unit, because every
/// unit says the same of it; each key decides whether zero is allowed.
///
/// # Errors
///
/// A bare number, an unknown unit, a fraction, or a duration beyond a thousand years.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = unsigned.find(|c: char| !c.is_ascii_digit()).unwrap_or(unsigned.len());
    let (number, unit) = (&unsigned[..digits], unsigned[digits..].trim_start());
    if number.is_empty() {
        return Err(DurationError::NotADuration);
    }
    let zero_or_less = negative || number.bytes().all(|digit| digit == b'0');
    if unit.is_empty() {
        return if zero_or_less { Ok(Duration::ZERO) } else { Err(DurationError::NoUnit) };
    }
    let (_, unit_millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(DurationError::NotADuration)?;
    if zero_or_less {
        return Ok(Duration::ZERO);
    }
    let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*unit_millis));
    match millis {
        Some(millis) if millis <= LONGEST_MILLIS => Ok(Duration::from_millis(millis)),
        _ => Err(DurationError::TooLong),
    }
}

/// Writes a duration in the longest unit that divides it: `30s`, `5min`, `1500ms`.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let millis = duration.as_millis();
    let unit = UNITS
        .iter()
        .filter(|(name, _)| *name != "m")
        .find(|(_, unit)| millis != 0 && millis.is_multiple_of(u128::from(*unit)));
    match unit {
        Some((name, unit)) => format!("{}{name}", millis / u128::from(*unit)),
        None => "0s".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        for (text, millis) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("5min", 300_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("30d", 2_592_000_000),
            (" 30 s ", 30_000),
            ("0s", 0),
            ("0", 0),
            ("-1", 0),
            ("-5min", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_what_is_missing() {
        for (text, error) in [
            ("30", DurationError::NoUnit),
            ("", DurationError::NotADuration),
            ("s", DurationError::NotADuration),
            ("1.5s", DurationError::NotADuration),
            ("30 fortnights", DurationError::NotADuration),
            ("1h30min", DurationError::NotADuration),
            ("+5s", DurationError::NotADuration),
            ("-5 parsecs", DurationError::NotADuration),
            ("99999999999d", DurationError::TooLong),
            ("99999999999999999999999s", DurationError::TooLong),
        ] {
            assert_eq!(parse_duration(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_duration_reads_back_as_it_is_shown() {
        for text in ["50ms", "1500ms", "30s", "90s", "5min", "1h", "30d"] {
            assert_eq!(duration_text(parse_duration(text).expect(text)), text);
        }
        assert_eq!(duration_text(Duration::ZERO), "0s");
        assert_eq!(duration_text(Duration::from_secs(3600 * 48)), "2d");
    }
}
