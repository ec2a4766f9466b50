//! When rows that moved while a pass ran are looked at again. Pure.

use std::time::Duration;

/// From the begin of the first pass that met a moved row to the next look.
const FIRST_DISTANCE: Duration = Duration::from_millis(50);
/// A row that moves in each pass costs no more than one pass in this time, and is true within it once it rests.
const LONGEST_DISTANCE: Duration = Duration::from_secs(5);

/// Looks in a row that met moved rows, and when the next one is due.
#[derive(Debug)]
pub(super) struct Moved {
    in_a_row: u32,
    due: Option<Duration>,
}

impl Moved {
    pub(super) const fn new() -> Self {
        Self { in_a_row: 0, due: None }
    }

    /// The pass that began then met rows that had moved.
    pub(super) fn again(&mut self, begin: Duration) {
        let factor = 1_u32.checked_shl(self.in_a_row).unwrap_or(u32::MAX);
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.due = Some(begin + FIRST_DISTANCE.saturating_mul(factor).min(LONGEST_DISTANCE));
    }

    /// A whole pass met no row that had moved.
    pub(super) const fn settled(&mut self) {
        self.in_a_row = 0;
    }

    /// A whole pass begins: it looks at all of them.
    pub(super) const fn is_looked_at(&mut self) {
        self.due = None;
    }

    pub(super) const fn due(&self) -> Option<Duration> {
        self.due
    }
}
