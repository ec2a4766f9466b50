//! What is different in a pass over some containers: which rows it needs, and when it has to look at the whole host.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Pass;
use super::protocol::{Ask, Effect, Moment};
use crate::dispatch::rules::{Assignment, Verdict};
use crate::model::{ContainerId, Inspected, LedgerRow, RowId, Scope};
use crate::store::StoreError;

impl Pass {
    pub(super) fn open(&mut self) -> Effect {
        self.ask(Ask::Open(self.scope.clone()))
    }

    pub(super) fn list(&mut self) -> Effect {
        self.ask(Ask::List(self.scope.clone()))
    }

    /// The daemon tells of an end or a pause while it still works on it, and its list shows it only then; an inspect waits
    /// for that. So the containers in scope are inspected before they are listed, as long as rows are read anyway.
    pub(super) fn settle(&mut self) -> Option<Effect> {
        let containers = self.scope.containers();
        if self.cache.inspects_refused.is_some() {
            return None;
        }
        (!containers.is_empty()).then(|| self.ask(Ask::Settle(containers)))
    }

    /// The owners of these rows are not looked up yet: a row whose workload nobody knows could be taken by nobody.
    pub(super) fn on_rows_read(&mut self, result: Result<Vec<LedgerRow>, StoreError>, now: Moment) -> Vec<Effect> {
        match (result, &mut self.opened) {
            (Ok(mut rows), Some(opened)) => {
                // An owner's rows are asked for with those that are known already, which came from the snapshot.
                let known: BTreeSet<&RowId> = opened.rows.iter().map(|row| &row.id).collect();
                rows.retain(|row| !known.contains(&row.id));
                if rows.is_empty() {
                    return self.decide(now);
                }
                Arc::make_mut(&mut opened.rows).extend(rows);
                self.go_on(now)
            }
            (Ok(_), None) => Vec::new(),
            (Err(error), _) => self.fail_by_store(&error, now),
        }
    }

    /// Whether a row in question has another claimant outside: then both have to be seen. Rows that were read for their
    /// owner alone are in question where a verdict names them.
    pub(super) fn outgrows_its_scope(&self, rows: &[LedgerRow], assignment: &Assignment) -> bool {
        let Scope::Containers(scope) = &self.scope else { return false };
        let rivals_beyond = |row: &RowId| self.cache.has_rival_beyond(row, scope);
        let contested_anew = assignment.verdicts.iter().any(|verdict| match verdict {
            Verdict::Makes { row, .. } => rivals_beyond(row),
            Verdict::Takes(row) => rivals_beyond(&rows[*row].id),
            _ => false,
        });
        let is_in_scope = |row: &LedgerRow| row.binding.container_id.as_ref().is_some_and(|one| scope.contains(one));
        let of_its_owner = |row: &LedgerRow| self.rows_asked.workloads.contains(&row.binding.workload_id);
        let mut in_question = rows.iter().filter(|row| is_in_scope(row) || !of_its_owner(row));
        contested_anew || in_question.any(|row| rivals_beyond(&row.id))
    }

    /// Whether a row that a label may claim has lost its container: what takes its place may be there already, told by an event
    /// that came after those of this pass, and the list of these containers alone does not show it.
    pub(super) fn may_have_a_successor(&self, rows: &[LedgerRow], assignment: &Assignment) -> bool {
        let is_gone = |container: &ContainerId| matches!(self.verified.get(container), Some(Inspected::Gone));
        let is_taken = |index: usize| {
            let takes = |verdict: &Verdict| match verdict {
                Verdict::Takes(row) | Verdict::Moves { to: row, .. } => *row == index,
                _ => false,
            };
            assignment.verdicts.iter().any(takes)
        };
        assignment.absent.iter().any(|&index| {
            let binding = &rows[index].binding;
            binding.workload_kind.binding_is_ours()
                && binding.container_id.as_ref().is_some_and(is_gone)
                && !is_taken(index)
        })
    }

    /// Begins again with the whole host; what images and inspects said stays true.
    pub(super) fn grow(&mut self) -> Vec<Effect> {
        self.begin_again_over(Scope::Host)
    }

    /// Begins again with these containers too; beyond the limit of a scope it is the whole host.
    pub(super) fn grow_by(&mut self, containers: BTreeSet<ContainerId>) -> Vec<Effect> {
        let mut scope = self.scope.clone();
        scope.join(Scope::Containers(containers), self.settings.config.scope_limit as usize);
        self.begin_again_over(scope)
    }

    fn begin_again_over(&mut self, scope: Scope) -> Vec<Effect> {
        self.scope = scope;
        self.has_snapshot = false;
        self.opened = None;
        self.listed = None;
        self.directory = None;
        self.names_are_asked = false;
        vec![self.open()]
    }
}
