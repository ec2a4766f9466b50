//! Rows whose container was removed as somebody asked for, with all of their workload: nobody has to look.
//!
//! `compose down` removes one container after the other. The first ones are missing as long as others are up, and no more
//! once all are gone.

use std::collections::{BTreeSet, HashMap};

use super::{DiffInput, Difference, rewrite};
use crate::model::{Attention, AttentionSet, ChangeCause, ContainerState, LedgerRow, RowId, WorkloadId};
use crate::store::RowWrite;

/// Decides on what went missing in this pass, and on what was missing before of the same workloads.
pub(super) fn attend(input: &DiffInput<'_>, difference: &mut Difference) {
    let asked: BTreeSet<WorkloadId> = difference
        .rows
        .iter()
        .filter(|write| is_lost(write) && write.observed.ended_by_request == Some(true))
        .map(|write| write.binding.workload_id.clone())
        .collect();
    if asked.is_empty() {
        return;
    }
    let gone = gone(input, asked, &difference.rows);
    let is_gone = |workload: &WorkloadId| gone.contains(workload);
    for write in difference.rows.iter_mut().filter(|write| is_gone(&write.binding.workload_id)) {
        let is_asked_for = write.observed.ended_by_request == Some(true);
        if is_asked_for && (is_lost(write) || is_only_dated(write)) {
            *write = without_alarm(write.clone());
        }
    }
    let written: BTreeSet<&RowId> = difference.rows.iter().map(|write| &write.id).collect();
    let earlier: Vec<RowWrite> = input
        .facts
        .rows
        .iter()
        .filter(|row| is_gone(&row.binding.workload_id) && !written.contains(&row.id) && waits(row))
        .map(|row| without_alarm(rewrite(row, row.observed.clone(), ChangeCause::Removed, input.now)))
        .collect();
    difference.rows.extend(earlier);
}

/// A row that this pass found missing, or of which it tells that its removal was asked for. What scaling wrote alarms nobody
/// anyway.
fn is_lost(write: &RowWrite) -> bool {
    let is_told = matches!(write.cause, ChangeCause::Missing | ChangeCause::Observed);
    write.observed.state == ContainerState::Missing && is_told && !write.is_silent
}

/// A row that was missing before, of which this pass only tells better since when.
fn is_only_dated(write: &RowWrite) -> bool {
    write.is_silent && write.observed.attention.contains(Attention::Missing)
}

/// A row whose container was removed as asked for while others of its workload were still there.
fn waits(row: &LedgerRow) -> bool {
    let observed = &row.observed;
    observed.ended_by_request == Some(true) && observed.attention.contains(Attention::Missing)
}

fn without_alarm(write: RowWrite) -> RowWrite {
    let observed = write.observed.with_attention(AttentionSet::NONE);
    RowWrite { observed, cause: ChangeCause::Removed, is_silent: false, ..write }
}

/// Which of these workloads have no container left, as rows and writes tell. In a scoped pass, only where all rows of the
/// workload were read.
fn gone(input: &DiffInput<'_>, mut workloads: BTreeSet<WorkloadId>, writes: &[RowWrite]) -> BTreeSet<WorkloadId> {
    if let Some(scoped) = &input.facts.scoped {
        workloads.retain(|workload| scoped.rows_asked.workloads.contains(workload));
    }
    let is_away = |state: &ContainerState| matches!(state, ContainerState::Missing | ContainerState::Forgotten);
    let written: HashMap<&RowId, &RowWrite> = writes.iter().map(|write| (&write.id, write)).collect();
    let left: BTreeSet<&RowId> = writes.iter().filter_map(|write| write.leaves.as_ref()).collect();
    for row in input.facts.rows.iter().filter(|row| !written.contains_key(&row.id) && !left.contains(&row.id)) {
        if row.binding.container_id.is_some() && !is_away(&row.observed.state) {
            workloads.remove(&row.binding.workload_id);
        }
    }
    for write in writes.iter().filter(|write| !is_away(&write.observed.state)) {
        workloads.remove(&write.binding.workload_id);
    }
    workloads
}
