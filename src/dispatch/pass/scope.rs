//! What is different in a pass over some containers: which rows it needs, and when it has to look at the whole host.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Pass;
use super::protocol::{Ask, Effect, Moment};
use crate::dispatch::rules::{Assignment, Verdict};
use crate::model::{ContainerId, ContainerState, LedgerRow, Scope};
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
        (!containers.is_empty()).then(|| self.ask(Ask::Settle(containers)))
    }

    /// The owners of these rows are not looked up yet: a row whose workload nobody knows could be taken by nobody.
    pub(super) fn on_rows_read(&mut self, result: Result<Vec<LedgerRow>, StoreError>, now: Moment) -> Vec<Effect> {
        match (result, &mut self.opened) {
            (Ok(rows), _) if rows.is_empty() => self.decide(now),
            (Ok(rows), Some(opened)) => {
                Arc::make_mut(&mut opened.rows).extend(rows);
                self.go_on(now)
            }
            (Ok(_), None) => Vec::new(),
            (Err(error), _) => self.fail_by_store(&error, now),
        }
    }

    /// Whether a row that a container in scope claims is bound to one outside, or a row in question has another claimant
    /// outside: then both have to be seen.
    pub(super) fn outgrows_its_scope(&self, rows: &[LedgerRow], assignment: &Assignment) -> bool {
        let Scope::Containers(scope) = &self.scope else { return false };
        let contested = rows.iter().any(|row| self.knowledge.has_rival_beyond(&row.id, scope));
        let contested_anew = assignment.verdicts.iter().any(|verdict| match verdict {
            Verdict::Makes { row, .. } => self.knowledge.has_rival_beyond(row, scope),
            _ => false,
        });
        contested || contested_anew || rows.iter().any(|row| is_bound_beyond(row, scope))
    }

    /// Begins again with the whole host; what images and inspects said stays true.
    pub(super) fn grow(&mut self) -> Vec<Effect> {
        self.scope = Scope::Host;
        self.has_snapshot = false;
        self.opened = None;
        self.listed = None;
        self.directory = None;
        vec![self.open()]
    }
}

/// A row that is missing has no container that could be seen.
fn is_bound_beyond(row: &LedgerRow, scope: &BTreeSet<ContainerId>) -> bool {
    let bound = row.binding.container_id.as_ref();
    row.observed.state != ContainerState::Missing && bound.is_some_and(|container| !scope.contains(container))
}
