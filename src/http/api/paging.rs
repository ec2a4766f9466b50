//! How much of a long list one answer holds.

use crate::http::problem::Problem;

/// Where nothing is asked for.
const USUAL: u32 = 100;

/// The most that one answer holds.
const MOST: u32 = 1_000;

/// The asked number of entries, within its bounds.
pub(super) fn bounded(limit: Option<u32>) -> Result<usize, Problem> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(usize::try_from(limit).expect("it is at most a thousand")),
        _ => Err(Problem::invalid(format!("limit is a whole number from 1 to {MOST}"))),
    }
}
