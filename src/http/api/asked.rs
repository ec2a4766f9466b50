//! What several resources are asked alike: words with commas between them, and moments.

use crate::http::problem::Problem;
use crate::model::Timestamp;

/// Words with commas between them; empty ones count as absent.
pub(super) fn words<T: std::fmt::Display>(
    parameter: &str,
    given: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    all: &[T],
) -> Result<Vec<T>, Problem> {
    let words = given.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let allowed = || all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    words
        .map(|word| parse(word).ok_or_else(|| Problem::invalid(format!("{parameter} is one or more of {}", allowed()))))
        .collect()
}

/// A moment as RFC 3339 writes it.
pub(super) fn moment(parameter: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let wrong = || Problem::invalid(format!("{parameter} is a moment like 2026-01-31T12:00:00Z"));
    text.map(|text| Timestamp::parse_any(text).ok_or_else(wrong)).transpose()
}
