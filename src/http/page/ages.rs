//! Moments as the page shows them: an age that the page's clock keeps true, and the moment itself.

use std::time::Duration;

use super::texts::Texts;
use crate::model::Timestamp;
use crate::wording::{Unit, largest_unit};

/// A moment in the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Milliseconds since 1970, for the page's clock.
    pub(super) millis: i64,
    /// RFC 3339.
    pub(super) iso: String,
    /// `2026-11-29 14:01:18 UTC`.
    pub(super) plain: String,
    /// `12 s` or `12 s ago`, in the language.
    pub(super) text: String,
    /// Whether the text says `ago`.
    pub(super) is_ago: bool,
}

impl Moment {
    /// As a time span: `12 s`.
    pub(super) fn span(at: Timestamp, now: Timestamp, t: &Texts) -> Self {
        let iso = at.to_string();
        let plain = plain(&iso);
        Self { millis: at.as_millis(), iso, plain, text: age_text(at.age(now), t), is_ago: false }
    }

    /// As a moment: `12 s ago`.
    pub(super) fn ago(at: Timestamp, now: Timestamp, t: &Texts) -> Self {
        let text = t.ago.replace("{age}", &age_text(at.age(now), t));
        Self { text, is_ago: true, ..Self::span(at, now, t) }
    }
}

/// To the second, as people write it.
fn plain(iso: &str) -> String {
    match iso.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.split(['.', 'Z']).next().unwrap_or_default()),
        None => iso.to_owned(),
    }
}

/// An age with its unit in the language.
pub(super) fn age_text(age: Duration, t: &Texts) -> String {
    let (number, unit) = largest_unit(age);
    let index = match unit {
        Unit::Second => 0,
        Unit::Minute => 1,
        Unit::Hour => 2,
        Unit::Day => 3,
    };
    format!("{number} {}", t.units.split(' ').nth(index).unwrap_or_default())
}

/// A measured time: `850 ms`, `2.40 s`.
pub(super) fn millis_text(millis: i64, t: &Texts) -> String {
    if millis < 1_000 {
        format!("{millis} {}", t.unit_ms)
    } else {
        format!("{}.{:02} {}", millis / 1_000, millis % 1_000 / 10, t.units.split(' ').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::texts::{ENGLISH, RUSSIAN};

    #[test]
    fn an_age_is_told_in_its_language() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        assert_eq!(Moment::ago(at(100), at(112), &ENGLISH).text, "12 s ago");
        assert_eq!(Moment::ago(at(100), at(112), &RUSSIAN).text, "12 с назад");
        assert_eq!(Moment::span(at(0), at(7_200), &RUSSIAN).text, "2 ч");
        assert_eq!(Moment::span(at(10), at(0), &ENGLISH).text, "0 s", "a clock that went back");
        assert_eq!(Moment::ago(at(100), at(112), &ENGLISH).plain, "1970-01-01 00:01:40 UTC");
        assert_eq!(millis_text(2_405, &RUSSIAN), "2.40 с");
    }
}
