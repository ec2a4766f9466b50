//! How a pass ends: its plan, its failures, its report.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Pass;
use super::cache::PassCache;
use super::protocol::{Ask, AttentionChange, Effect, Finished, Moment};
use super::report::{Phases, ReportDraft};
use crate::docker::DaemonError;
use crate::model::{
    Completeness, ContainerId, FailureKind, HostStatus, PassFailure, PassOutcome, RowId, attention_between,
    whole_millis,
};
use crate::store::{CommitPlan, HostStamp, PassStamp, RowWrite, StoreError};

impl Pass {
    pub(super) fn plan(&self, now: Moment) -> CommitPlan {
        let degraded = self.draft.degraded.as_ref().map(|failure| failure.message.clone());
        let complete = self.completeness() == Completeness::Complete;
        let doubt = self.draft.doubt.clone();
        // What is in doubt was not seen: neither the rows nor the moment of the last complete pass are moved by it.
        let complete = complete && doubt.is_none();
        let (outcome, status) = match (&degraded, complete) {
            (Some(_), _) => (PassOutcome::Degraded, HostStatus::Degraded),
            (None, true) => (PassOutcome::Committed, HostStatus::Fresh),
            (None, false) => (PassOutcome::Partial, HostStatus::Stale),
        };
        // What a scoped pass saw says nothing of the others: only a failure of the daemon is the whole host's.
        let tells_of_the_host = self.scope.is_whole() || degraded.is_some();
        CommitPlan {
            pass: self.stamp(outcome, degraded.or(doubt), now),
            host: HostStamp {
                endpoint: self.settings.endpoint.clone(),
                identity: self.who.as_ref().filter(|_| self.is_ours()).and_then(|who| who.identity.clone()),
                uses_confirmation: self.confirmed,
                status: tells_of_the_host.then_some(status),
                complete: complete && self.scope.is_whole(),
                interval: self.settings.config.interval,
                refusals: None,
            },
            rows: Arc::clone(&self.planned),
            row_by_row: self.row_by_row,
        }
    }

    pub(super) fn completeness(&self) -> Completeness {
        self.listed.as_ref().map_or(Completeness::Failed, |listed| listed.listing.completeness)
    }

    pub(super) fn stamp(&self, outcome: PassOutcome, error: Option<String>, now: Moment) -> PassStamp {
        PassStamp {
            id: self.order.pass.clone(),
            trigger: self.order.trigger,
            scope: self.scope.clone(),
            completeness: self.completeness(),
            outcome,
            started_at: self.began.wall,
            listed_at: self.listed_at,
            list_ms: self.listed.as_ref().map_or(0, |listed| whole_millis(listed.duration)),
            elapsed_ms: whole_millis(now.monotonic.saturating_sub(self.began.monotonic)),
            listed: self.listed.as_ref().map_or(0, |l| l.listing.containers.len() + l.listing.quarantined.len()),
            error,
        }
    }

    pub(super) fn fail_by_store(&mut self, error: &StoreError, now: Moment) -> Vec<Effect> {
        let kind = match error {
            StoreError::LeaseHeld { .. } => FailureKind::LeaseLost,
            StoreError::IdentityTaken { .. } => FailureKind::IdentityTaken,
            _ => FailureKind::StoreFailed,
        };
        self.fail_unrecorded(PassFailure { kind, message: error.to_string() }, now)
    }

    pub(super) fn fail_unrecorded(&mut self, mut failure: PassFailure, now: Moment) -> Vec<Effect> {
        if self.commit_unknown && !self.is_failing() {
            failure.message.push_str("; whether this pass was committed is not known");
        }
        self.draft.failure = Some(failure);
        self.finish(now)
    }

    /// The failure goes into the host's line: its rows stay, its status tells.
    pub(super) fn fail_and_record(&mut self, failure: PassFailure, now: Moment) -> Vec<Effect> {
        let (outcome, status) = match failure.kind {
            FailureKind::WrongDaemon => (PassOutcome::WrongDaemon, HostStatus::WrongDaemon),
            FailureKind::DaemonUnreachable => (PassOutcome::Failed, HostStatus::Unreachable),
            _ => (PassOutcome::Failed, HostStatus::Stale),
        };
        let plan = CommitPlan {
            pass: self.stamp(outcome, Some(failure.message.clone()), now),
            host: HostStamp {
                endpoint: self.settings.endpoint.clone(),
                identity: None,
                uses_confirmation: false,
                status: Some(status),
                complete: false,
                interval: self.settings.config.interval,
                refusals: None,
            },
            rows: Arc::default(),
            row_by_row: false,
        };
        self.draft.failure = Some(failure);
        vec![self.ask(Ask::Commit(Box::new(plan)))]
    }

    /// The commit is in and its answer was lost: what it did is what was planned. A row whose binding is not the planned
    /// one was left out, or has moved since.
    pub(super) fn finish_from_plan(&mut self, now: Moment) -> Vec<Effect> {
        let stored = self.opened.as_ref().map_or(&[][..], |opened| &opened.rows);
        let bindings: HashMap<&RowId, Option<&ContainerId>> =
            stored.iter().map(|row| (&row.id, row.binding.container_id.as_ref())).collect();
        let (written, moved): (Vec<&RowWrite>, Vec<&RowWrite>) =
            self.planned.iter().partition(|write| match bindings.get(&write.id) {
                Some(bound) => !write.removes() && *bound == write.binding.container_id.as_ref(),
                None => write.removes(),
            });
        self.draft.commit = ReportDraft::commit_of(&written);
        self.draft.commit.moved = moved.into_iter().map(|write| write.id.clone()).collect();
        self.finish(now)
    }

    pub(super) fn finish(&mut self, now: Moment) -> Vec<Effect> {
        self.awaited.clear();
        let report = self.draft.report(&Phases {
            host: &self.settings.config.host,
            order: &self.order,
            scope: &self.scope,
            started_at: self.began.wall,
            duration: now.monotonic.saturating_sub(self.began.monotonic),
            listed: self.listed.as_ref(),
            assignment: self.assignment.as_ref(),
            difference: self.difference.as_ref(),
        });
        let committed = !self.is_failing();
        let (new_pending, old_pending) = if committed { self.pending() } else { (Vec::new(), Vec::new()) };
        let renewed_id = self.renewed_id().filter(|_| committed).and_then(|before| {
            let now = self.who.as_ref()?.identity.as_ref()?.shown()?.to_owned();
            Some((before, now))
        });
        let attention_changes = if committed { self.attention_changes() } else { Vec::new() };
        let daemon_error = self.list_failure.take();
        let cache = self.knowledge_after(committed);
        let finished =
            Finished { report, new_pending, old_pending, cache, daemon_error, renewed_id, attention_changes };
        vec![Effect::Finished(Box::new(finished))]
    }

    fn attention_changes(&self) -> Vec<AttentionChange> {
        let left_out: BTreeSet<&RowId> = self.draft.left_out().collect();
        let written = self.planned.iter().filter(|write| !left_out.contains(&write.id));
        let change = |write: &RowWrite| {
            let (begun, ended) = attention_between(&write.differences);
            (!begun.is_empty() || !ended.is_empty()).then(|| AttentionChange {
                row: write.id.clone(),
                role: write.binding.role.clone(),
                name: write.observed.name.clone(),
                begun,
                ended,
            })
        };
        written.filter_map(change).collect()
    }

    fn knowledge_after(&mut self, committed: bool) -> PassCache {
        let mut cache = std::mem::take(&mut self.cache);
        cache.forget_what_may_change();
        if let (true, Some(assignment)) = (committed, &self.assignment) {
            cache.note_rivals(&self.scope, self.completeness(), &assignment.rivals);
        }
        let is_settled = committed && self.is_ours() && self.scope.is_whole() && self.planned.is_empty();
        if let (true, Some(opened), Some(listed)) = (is_settled, &self.opened, &self.listed)
            && let (Some(assignment), Some(difference)) = (self.assignment.take(), self.difference.take())
        {
            cache.settle(opened, listed, assignment, difference);
        }
        cache
    }

    /// What is owed now: since this pass, and from before.
    fn pending(&self) -> (Vec<Debt>, Vec<Debt>) {
        let writes = &*self.planned;
        let left_out: BTreeSet<&RowId> = self.draft.left_out().collect();
        let mut made: Vec<Debt> = writes
            .iter()
            .filter(|write| write.details_owed && !left_out.contains(&write.id))
            .filter_map(|write| Some((write.id.clone(), write.binding.container_id.clone()?)))
            .collect();
        let written: BTreeSet<&RowId> =
            writes.iter().flat_map(|write| std::iter::once(&write.id).chain(&write.leaves)).collect();
        let stored = self.opened.as_ref().map_or(&[][..], |opened| &opened.rows);
        let owed = stored
            .iter()
            .filter(|row| row.details_owed && !written.contains(&row.id))
            .filter_map(|row| Some((row.id.clone(), row.binding.container_id.clone()?)));
        // What an event tells of now is owed anew, also where nothing was paid yet.
        let (told, older): (Vec<Debt>, Vec<Debt>) =
            owed.partition(|(_, container)| self.order.news.details.contains(container));
        made.extend(told);
        (made, older)
    }
}

type Debt = (RowId, ContainerId);

/// An unreachable daemon and one that answers nonsense end with different exit codes.
pub(super) const fn kind_of(error: &DaemonError) -> FailureKind {
    if error.is_unreachable() { FailureKind::DaemonUnreachable } else { FailureKind::DaemonFailed }
}
