//! How long things are kept.

use std::time::Duration;

/// Each kind by its age, and by count where there may be many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// A missing row whose deployer columns are all empty.
    pub missing: Duration,
    /// Changes and the audit, each by age …
    pub changes: Duration,
    /// … and by count.
    pub changes_count: u64,
    /// Passes, by age …
    pub passes: Duration,
    /// … and by count.
    pub passes_count: u64,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { missing: 30 * DAY, changes: 30 * DAY, changes_count: 1_000_000, passes: 7 * DAY, passes_count: 20_000 }
    }
}
