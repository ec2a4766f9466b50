//! The report of a pass, put together from what its phases left. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::dispatch::PassOrder;
use crate::dispatch::diff::Difference;
use crate::dispatch::rules::Assignment;
use crate::docker::Listed;
use crate::model::{
    ChangeCause, Completeness, ContainerId, FailureKind, HostName, Listing, PassFailure, PassOutcome, PassReport,
    RowId, Scope, Timestamp, Unassigned, whole_millis,
};
use crate::store::{CommitReport, RowWrite};

/// What a pass remembers for its report alone.
#[derive(Debug, Default)]
pub(super) struct ReportDraft {
    pub(super) list_tries: u32,
    pub(super) commit: CommitReport,
    pub(super) failure: Option<PassFailure>,
    /// Why the listing failed, if single inspects stood in for it.
    pub(super) degraded: Option<PassFailure>,
    /// Why it is not known whether the daemon is this host's.
    pub(super) doubt: Option<String>,
    /// Containers whose single inspect did not answer.
    pub(super) hanging: Vec<ContainerId>,
}

/// What each phase of a pass left, as far as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phases<'a> {
    pub(super) host: &'a HostName,
    pub(super) order: &'a PassOrder,
    pub(super) scope: &'a Scope,
    pub(super) started_at: Timestamp,
    pub(super) duration: Duration,
    pub(super) listed: Option<&'a Listed>,
    pub(super) assignment: Option<&'a Assignment>,
    pub(super) difference: Option<&'a Difference>,
}

impl ReportDraft {
    /// Rows that were planned and are not written.
    pub(super) fn left_out(&self) -> impl Iterator<Item = &RowId> {
        let refused = self.commit.refused.iter().map(|(row, _)| row);
        self.commit.moved.iter().chain(&self.commit.ownerless).chain(refused)
    }

    /// What a commit did whose answer was lost, as it was planned.
    pub(super) fn commit_of(rows: &[&RowWrite]) -> CommitReport {
        let told = || rows.iter().filter(|write| !write.is_silent);
        let count = |cause| told().filter(|write| write.cause == cause).count();
        let inserted = count(ChangeCause::Inserted);
        let removed = told().filter(|write| write.removes()).count();
        CommitReport {
            inserted,
            updated: told().count() - inserted - removed,
            scaled: removed + told().filter(|write| write.leaves.is_some()).count(),
            missing: count(ChangeCause::Missing),
            returned: count(ChangeCause::Returned),
            rebound: count(ChangeCause::Rebound),
            ..CommitReport::default()
        }
    }

    pub(super) fn report(&self, phases: &Phases<'_>) -> PassReport {
        let Phases { host, order, scope, started_at, duration, listed, assignment, difference } = *phases;
        let listing = listed.map(|listed| &listed.listing);
        let completeness = listing.map_or(Completeness::Failed, |listing| listing.completeness);
        let committed = difference.filter(|_| self.failure.is_none());
        let unassigned_containers = difference.map(|d| d.unassigned.clone()).unwrap_or_default();
        let mut unassigned = BTreeMap::new();
        for container in &unassigned_containers {
            *unassigned.entry(container.reason).or_default() += 1;
        }
        PassReport {
            pass_id: order.pass.clone(),
            host: host.clone(),
            trigger: order.trigger,
            scope: scope.clone(),
            completeness,
            outcome: self.outcome(completeness),
            started_at,
            duration_ms: whole_millis(duration),
            list_ms: listed.map_or(0, |listed| whole_millis(listed.duration)),
            list_bytes: listed.map_or(0, |listed| listed.body_bytes),
            commit_ms: self.commit.commit_ms,
            list_tries: self.list_tries,
            listed: listing.map_or(0, |listing| listing.containers.len() + listing.quarantined.len()),
            assigned: difference.map_or(0, |difference| difference.assigned),
            unassigned,
            inserted: self.commit.inserted,
            updated: self.commit.updated,
            unchanged: committed.map_or(0, |difference| difference.unchanged),
            missing: self.commit.missing,
            returned: self.commit.returned,
            rebound: self.commit.rebound,
            scaled: self.commit.scaled,
            moved: self.commit.moved.len(),
            unverified: difference.map_or(0, |difference| difference.unverified.len()),
            refused: self.commit.refused.len(),
            quarantined: listing.map(|listing| listing.quarantined.clone()).unwrap_or_default(),
            unreadable: listing.map(|listing| listing.unreadable.clone()).unwrap_or_default(),
            hanging: self.hanging.clone(),
            disputed: assignment.map(|assignment| assignment.disputed.clone()).unwrap_or_default(),
            warnings: Vec::new(),
            doubt: self.doubt.clone(),
            revision: self.commit.revision,
            error: self.failure.clone().or_else(|| self.degraded.clone()),
            seen_assigned: seen_assigned(listing, &unassigned_containers),
            unassigned_containers,
            moved_rows: self.commit.moved.clone(),
        }
    }

    fn outcome(&self, completeness: Completeness) -> PassOutcome {
        match (&self.failure, completeness) {
            (Some(failure), _) if failure.kind == FailureKind::WrongDaemon => PassOutcome::WrongDaemon,
            (Some(_), _) | (None, Completeness::Failed) => PassOutcome::Failed,
            (None, _) if self.degraded.is_some() => PassOutcome::Degraded,
            (None, Completeness::Partial) => PassOutcome::Partial,
            (None, Completeness::Complete) if self.doubt.is_some() => PassOutcome::Partial,
            (None, Completeness::Complete) => PassOutcome::Committed,
        }
    }
}

/// Of a partial listing, what it shows to have a row: it says nothing of what it does not show.
fn seen_assigned(listing: Option<&Arc<Listing>>, unassigned: &[Unassigned]) -> BTreeSet<ContainerId> {
    let Some(listing) = listing.filter(|listing| listing.completeness == Completeness::Partial) else {
        return BTreeSet::new();
    };
    let unassigned: BTreeSet<&ContainerId> = unassigned.iter().map(|container| &container.container_id).collect();
    let seen = listing.containers.iter().map(|container| &container.id);
    seen.filter(|container| !unassigned.contains(container)).cloned().collect()
}
