//! What passes came to since the tree was spawned, for whoever measures it. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Completeness, PassOutcome, PassReport, Trigger};

/// Counts that only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passes by why they ran and what came of them.
    pub passes: BTreeMap<(Trigger, PassOutcome), u64>,
    /// How long list calls that were answered took.
    pub list: Histogram,
    /// How long transactions of passes took.
    pub commit: Histogram,
    /// How long passes took, from their begin to their end.
    pub whole: Histogram,
    /// Passes that wrote rows or the line of the host.
    pub commits: u64,
    /// Bytes of listings.
    pub list_bytes: u64,
    /// Rows that passes wrote.
    pub written: RowsWritten,
}

/// Rows that passes wrote, by what was done to them. Those that went missing, returned or were re-bound were updated too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsWritten {
    /// Made.
    pub inserted: u64,
    /// Written that existed.
    pub updated: u64,
    /// Gone missing.
    pub missing: u64,
    /// Back.
    pub returned: u64,
    /// Gone over to another container.
    pub rebound: u64,
    /// Removed by scaling.
    pub scaled: u64,
}

/// The upper bounds of the buckets, in milliseconds: from a steady pass over a few containers to the bound of a pass.
pub const BUCKETS_MS: [u64; 15] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000];

/// Durations by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many fell in each bucket of [`BUCKETS_MS`] and in none before it.
    buckets: [u64; BUCKETS_MS.len()],
    /// How many there were.
    pub count: u64,
    /// All of them together.
    pub sum: Duration,
}

impl Histogram {
    /// How many took at most as long as each bound of [`BUCKETS_MS`].
    pub fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> {
        let mut below = 0;
        BUCKETS_MS.iter().zip(self.buckets).map(move |(bound, count)| {
            below += count;
            (Duration::from_millis(*bound), below)
        })
    }

    fn observe(&mut self, millis: u64) {
        if let Some(bucket) = BUCKETS_MS.iter().position(|bound| millis <= *bound) {
            self.buckets[bucket] += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(Duration::from_millis(millis));
    }
}

impl Tally {
    pub(super) fn note(&mut self, report: &PassReport) {
        *self.passes.entry((report.trigger, report.outcome)).or_default() += 1;
        self.whole.observe(report.duration_ms);
        if report.completeness != Completeness::Failed {
            self.list.observe(report.list_ms);
            self.list_bytes = self.list_bytes.saturating_add(report.list_bytes);
        }
        if has_written(report) {
            self.commits += 1;
            self.commit.observe(report.commit_ms);
        }
        let written = &mut self.written;
        for (count, more) in [
            (&mut written.inserted, report.inserted),
            (&mut written.updated, report.updated),
            (&mut written.missing, report.missing),
            (&mut written.returned, report.returned),
            (&mut written.rebound, report.rebound),
            (&mut written.scaled, report.scaled),
        ] {
            *count = count.saturating_add(more as u64);
        }
    }
}

/// A scoped pass that finds nothing writes nothing.
fn has_written(report: &PassReport) -> bool {
    let is_in = matches!(report.outcome, PassOutcome::Committed | PassOutcome::Partial | PassOutcome::Degraded);
    is_in && (report.scope.is_whole() || report.revision.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContainerId, FailureKind, HostName, Revision, Scope};

    fn report(outcome: PassOutcome) -> PassReport {
        let mut report = PassReport::failed(&HostName::new("local"), FailureKind::Internal, "");
        report.outcome = outcome;
        report.scope = Scope::Host;
        report.completeness =
            if outcome == PassOutcome::Failed { Completeness::Failed } else { Completeness::Complete };
        report
    }

    #[test]
    fn a_duration_falls_in_its_bucket_and_in_all_above_it() {
        let mut histogram = Histogram::default();
        for millis in [0, 1, 2, 40_000, 40_001] {
            histogram.observe(millis);
        }
        let cumulative: Vec<u64> = histogram.cumulative().map(|(_, count)| count).collect();
        assert_eq!((cumulative[0], cumulative[1], cumulative[13], cumulative[14]), (2, 3, 3, 4));
        assert_eq!((histogram.count, histogram.sum), (5, Duration::from_millis(80_004)));
    }

    #[test]
    fn what_was_not_answered_or_not_written_has_no_duration() {
        let mut tally = Tally::default();
        tally.note(&report(PassOutcome::Failed));
        assert_eq!((tally.whole.count, tally.list.count, tally.commit.count, tally.commits), (1, 0, 0, 0));
        let mut scoped = report(PassOutcome::Committed);
        scoped.scope = Scope::Containers([ContainerId::new("a")].into());
        tally.note(&scoped);
        assert_eq!((tally.list.count, tally.commits), (1, 0), "it found nothing");
        scoped.revision = Some(Revision(7));
        tally.note(&scoped);
        assert_eq!((tally.list.count, tally.commits), (2, 1));
    }
}
