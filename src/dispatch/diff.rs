//! What a pass has to write: the rows that differ from what the daemon says, and no others.
//!
//! Pure: rows, listing and assignment come in, row writes go out. It compares before it copies, so that a steady pass
//! copies nothing.

use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use self::sight::Sight;
use super::rules::{Assignment, AssignmentInput, Verdict};
use crate::model::{
    Binding, ChangeCause, ContainerId, ContainerState, Differences, EventAction, Inspected, LedgerRow, ListedContainer,
    News, Observed, RowId, Since, Starts, Timestamp, Told, Unassigned, binding_differences, differences,
};
use crate::store::RowWrite;

/// What the difference is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DiffInput<'a> {
    /// What ledger and daemon said.
    pub facts: &'a AssignmentInput<'a>,
    /// The verdicts on that picture.
    pub assignment: &'a Assignment,
    /// When the list was answered.
    pub now: Timestamp,
    /// The host's last complete pass before this one.
    pub last_complete_pass_at: Option<Timestamp>,
    /// What events told.
    pub news: &'a News,
    /// A container that did not start for so long does not flap any more.
    pub flapping_window: Duration,
}

/// What is to be written, and what is to be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Difference {
    /// The rows to write, sorted by id, each at most once.
    pub rows: Vec<RowWrite>,
    /// Containers with a row.
    pub assigned: usize,
    /// Rows of listed containers that are true as they are.
    pub unchanged: usize,
    /// Rows whose container a complete listing lacked and that could not be verified as gone, in the order of the rows.
    pub unverified: Vec<RowId>,
    /// Containers without a row, sorted by container id.
    pub unassigned: Vec<Unassigned>,
}

/// Compares rows and containers by an assignment that wants nothing more.
#[must_use]
pub(crate) fn diff(input: &DiffInput<'_>) -> Difference {
    let rows = input.facts.rows;
    let mut difference = Difference::default();
    let mut settled = vec![false; rows.len()];
    for (container, verdict) in input.facts.listing.containers.iter().zip(&input.assignment.verdicts) {
        let sight = Sight::new(container, input.facts, input.news, input.now);
        let write = match verdict {
            Verdict::Keeps(index) => {
                settled[*index] = true;
                let write = keep(&rows[*index], &sight, input.now);
                with_news(write, &rows[*index], &sight, input)
            }
            Verdict::Takes(index) => {
                settled[*index] = true;
                let write = take(&rows[*index], &sight);
                Some(if input.assignment.returned_quietly.contains(index) { scaling::quietly(write) } else { write })
            }
            Verdict::Moves { from, to } => {
                settled[*from] = true;
                settled[*to] = true;
                Some(scaling::move_down(&rows[*from], &rows[*to], &sight, input))
            }
            Verdict::Makes { row, workload, kind, role } => {
                let binding = Binding {
                    workload_id: workload.clone(),
                    workload_kind: *kind,
                    role: role.clone(),
                    container_id: Some(container.id.clone()),
                };
                Some(make(row.clone(), binding, &sight))
            }
            Verdict::Unassigned { reason, detail } => {
                difference.unassigned.push(input.facts.unassigned(container, *reason, detail.clone()));
                continue;
            }
        };
        difference.assigned += 1;
        match write {
            Some(write) => difference.rows.push(write),
            None => difference.unchanged += 1,
        }
    }
    scaling::end_slots(input, &mut settled, &mut difference);
    sweep(input, &mut settled, &mut difference);
    explain_the_missing(input, &mut settled, &mut difference);
    tell_foreign_states(input, &settled, &mut difference);
    removals::attend(input, &mut difference);
    note_differences(input.facts.rows, &mut difference.rows);
    difference.rows.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    difference.unassigned.sort_unstable_by(|a, b| a.container_id.cmp(&b.container_id));
    difference
}

/// What else than the state each write changes, for the history.
fn note_differences(rows: &[LedgerRow], writes: &mut [RowWrite]) {
    if writes.is_empty() {
        return;
    }
    let mut by_row: HashMap<RowId, &mut RowWrite> =
        writes.iter_mut().filter(|write| !write.removes()).map(|write| (write.id.clone(), write)).collect();
    for row in rows {
        if let Some(write) = by_row.remove(&row.id) {
            write.differences = differences(&row.observed, &write.observed);
            write.differences.extend(binding_differences(&row.binding, &write.binding));
            write.is_silent |= only_explains_an_end(row, write);
        }
    }
    // A new row tells all that it is by itself, but not that somebody has to look.
    for write in by_row.into_values().filter(|write| !write.observed.attention.is_empty()) {
        write.differences = differences(&Observed::unseen(ContainerState::Created), &write.observed);
        write.differences.retain(|column, _| column == "attention");
    }
}

/// That an end was not asked for is what was taken for granted: nobody is told when it is known.
fn only_explains_an_end(row: &LedgerRow, write: &RowWrite) -> bool {
    let before = Observed { ended_by_request: write.observed.ended_by_request, ..row.observed.clone() };
    write.cause == ChangeCause::Observed
        && write.crash.is_none()
        && write.foreign_state.is_none()
        && write.binding == row.binding
        && row.seen_container_id == row.binding.container_id
        && before == write.observed
}

/// Rows that lost their container and that nobody took: missing if it is verified gone, else left alone and named.
fn sweep(input: &DiffInput<'_>, settled: &mut [bool], difference: &mut Difference) {
    for &index in &input.assignment.absent {
        let row = &input.facts.rows[index];
        let (false, Some(container)) = (settled[index], &row.binding.container_id) else { continue };
        let gone = matches!(input.facts.verified.get(container), Some(Inspected::Gone));
        if gone && input.facts.identity_known {
            settled[index] = true;
            difference.rows.push(lose(row, container, input));
        } else {
            difference.unverified.push(row.id.clone());
        }
    }
}

/// Rows that went missing by a list, before the word of the removal came: since when, and whether it was asked for.
fn explain_the_missing(input: &DiffInput<'_>, settled: &mut [bool], difference: &mut Difference) {
    if input.news.told.is_empty() {
        return;
    }
    for (row, settled) in input.facts.rows.iter().zip(settled) {
        let is_open = !*settled && row.observed.state == ContainerState::Missing && !has_foreign_state(row);
        let container = row.binding.container_id.as_ref().filter(|_| is_open);
        let Some(told) = container.and_then(|container| input.news.told.get(container)) else { continue };
        let dated = dated(row, Some(told));
        let asked = told.by_request.filter(|asked| row.observed.ended_by_request != Some(*asked));
        if dated.is_none() && asked.is_none() {
            continue;
        }
        *settled = true;
        let since = dated.map_or((row.observed.state_since, row.state_after), |since| (Some(since.at), since.after));
        let ended_by_request = asked.or(row.observed.ended_by_request);
        let observed = Observed { state_since: since.0, ended_by_request, ..row.observed.clone() };
        let write = rewrite(row, observed, ChangeCause::Observed, told.at.min(input.now));
        difference.rows.push(RowWrite { state_after: since.1, is_silent: asked.is_none(), ..write });
    }
}

/// Rows that nothing else writes, with a state that someone else wrote. A row under quarantine stays as it is, and so
/// does one whose workload is gone: the store would leave it out in each pass.
fn tell_foreign_states(input: &DiffInput<'_>, settled: &[bool], difference: &mut Difference) {
    let quarantined: LazyCell<HashSet<&ContainerId>, _> =
        LazyCell::new(|| input.facts.listing.quarantined.iter().map(|entry| &entry.container_id).collect());
    for (row, settled) in input.facts.rows.iter().zip(settled) {
        if !settled
            && has_foreign_state(row)
            && input.facts.directory.workloads.contains_key(row.binding.workload_id.as_str())
            && row.binding.container_id.as_ref().is_none_or(|container| !quarantined.contains(container))
        {
            difference.rows.push(tell(row, input.now));
        }
    }
}

fn keep(row: &LedgerRow, sight: &Sight<'_>, now: Timestamp) -> Option<RowWrite> {
    if !sight.is_true_of(row) {
        let returned = row.observed.state == ContainerState::Missing;
        let cause = if returned { ChangeCause::Returned } else { ChangeCause::Observed };
        Some(describe(row, sight, cause))
    } else if has_foreign_state(row) {
        Some(tell(row, now))
    } else {
        None
    }
}

/// What events told of a container that keeps its row: its details are owed, it flaps, or since when it is as it is. Who
/// takes or makes a row owes its details anyway, and starts to count by its next start.
fn with_news(write: Option<RowWrite>, row: &LedgerRow, sight: &Sight<'_>, input: &DiffInput<'_>) -> Option<RowWrite> {
    let container = sight.container;
    let owes = input.news.details.contains(&container.id) && !row.details_owed;
    let flapping = flapping(row, container, input);
    let crash = crash_between(row, sight, input.news.told.get(&container.id));
    let differs = flapping != (row.observed.flapping_since, row.observed.recent_starts) || crash.is_some();
    let is_silent = write.is_none() && !differs;
    let dated = dated(row, input.news.told.get(&container.id));
    if is_silent && !owes && dated.is_none() {
        return None;
    }
    let mut write =
        write.unwrap_or_else(|| rewrite(row, row.observed.clone(), ChangeCause::Observed, sight.happened_at()));
    if let Some(since) = dated.filter(|_| write.observed.state == row.observed.state) {
        (write.observed.state_since, write.state_after) = (Some(since.at), since.after);
    }
    if let Some(Crash { at, code, started_at }) = crash {
        (write.cause, write.at, write.crash) = (ChangeCause::Crashed, at.min(input.now), Some(code));
        // So that this end is told once, though its events may be told again.
        (write.observed.state_since, write.state_after) = (Some(started_at), None);
    }
    // A container that flaps changes its state as it does: what is told is that it flaps, with both states.
    if matches!(write.cause, ChangeCause::Observed | ChangeCause::Crashed) {
        write.cause = match (row.observed.flapping_since, flapping.0) {
            (None, Some(_)) => ChangeCause::Flapping,
            (Some(_), None) => ChangeCause::Settled,
            _ => write.cause,
        };
    }
    (write.observed.flapping_since, write.observed.recent_starts) = flapping;
    write.observed = write.observed.attended();
    write.details_owed |= owes;
    write.is_silent = is_silent;
    Some(write)
}

/// An end by itself that no list showed.
struct Crash {
    at: Timestamp,
    code: i64,
    /// When it ran again.
    started_at: Timestamp,
}

/// How a container ended by itself that the row shows as up and that runs again. That it does is told by a start, or by its
/// inspect: a list that shows it as running may be behind the end.
fn crash_between(row: &LedgerRow, sight: &Sight<'_>, told: Option<&Told>) -> Option<Crash> {
    let is_up = |state: &ContainerState| *state == ContainerState::Running;
    let told = told?;
    let (at, code) = told.crash?;
    let is_of_this_run = row.observed.state_since.is_some_and(|since| at > since);
    let by_event = told.turn.filter(|(action, _)| *action == EventAction::Started).map(|(_, started)| started);
    let started_at = by_event.or_else(|| sight.started_at()).filter(|started| *started >= at)?;
    (is_up(&row.observed.state) && is_up(&sight.container.state) && is_of_this_run).then_some(Crash {
        at,
        code,
        started_at,
    })
}

/// Since when the row is in its state, if only a list told it before and an event tells it now.
fn dated(row: &LedgerRow, told: Option<&Told>) -> Option<Since> {
    let since = Since { at: row.observed.state_since?, after: row.state_after };
    since.dated(&row.observed.state, told)
}

/// Since when it starts too often, and how often it did: as events told, else as stored until a whole window has passed
/// since its last start that we know of.
fn flapping(row: &LedgerRow, container: &ListedContainer, input: &DiffInput<'_>) -> (Option<Timestamp>, i32) {
    let stored = &row.observed;
    match (input.news.starts.get(&container.id), stored.flapping_since) {
        (Some(Starts { recent, is_flapping: true }), since) => {
            (Some(since.unwrap_or(input.now)), i32::try_from(*recent).unwrap_or(i32::MAX))
        }
        (Some(_), _) | (None, None) => (None, 0),
        (None, Some(since)) => {
            let last_start = stored.started_at.map_or(since, |started| started.max(since));
            let is_over = last_start.age(input.now) > input.flapping_window;
            if is_over { (None, 0) } else { (Some(since), stored.recent_starts) }
        }
    }
}

fn take(row: &LedgerRow, sight: &Sight<'_>) -> RowWrite {
    let was_bound = row.binding.container_id.is_some();
    let cause = if was_bound { ChangeCause::Rebound } else { ChangeCause::Observed };
    describe(row, sight, cause)
}

fn make(id: RowId, binding: Binding, sight: &Sight<'_>) -> RowWrite {
    let (observed, since) = sight.first();
    RowWrite {
        id,
        expected: None,
        binding,
        observed,
        details_owed: true,
        state_after: since.after,
        at: sight.happened_at(),
        is_silent: false,
        cause: ChangeCause::Inserted,
        foreign_state: None,
        from_state: None,
        leaves: None,
        crash: None,
        differences: Differences::new(),
    }
}

/// The row as this container has it, bound to it.
fn describe(row: &LedgerRow, sight: &Sight<'_>, cause: ChangeCause) -> RowWrite {
    let container = sight.container;
    let seen_before = row.seen_container_id.as_ref() == Some(&container.id);
    let (observed, since) = if seen_before { sight.next(row) } else { sight.first() };
    let changed_state = observed.state != row.observed.state;
    let at = if seen_before && changed_state { since.at } else { sight.happened_at() };
    RowWrite {
        binding: Binding { container_id: Some(container.id.clone()), ..row.binding.clone() },
        details_owed: row.details_owed || changed_state || !seen_before,
        state_after: since.after,
        ..rewrite(row, observed, cause, at)
    }
}

/// The row gone missing: its other columns stay. `last_seen_at` is the last complete pass that can have shown the
/// container: none did if the columns describe another one.
fn lose(row: &LedgerRow, container: &ContainerId, input: &DiffInput<'_>) -> RowWrite {
    let was_seen = row.seen_container_id.as_ref() == Some(container);
    let since = Since::lost(input.news.told.get(container), &row.observed, input.now);
    let observed = Observed {
        state: ContainerState::Missing,
        state_since: Some(since.at),
        last_seen_at: input.last_complete_pass_at.filter(|_| was_seen),
        flapping_since: None,
        recent_starts: 0,
        ended_by_request: input.news.told.get(container).and_then(|told| told.by_request),
        ..row.observed.clone()
    };
    let observed = observed.attended();
    // What is gone cannot be inspected.
    RowWrite { details_owed: false, state_after: since.after, ..rewrite(row, observed, ChangeCause::Missing, since.at) }
}

/// The row as it is, so that its foreign state becomes a change: from the state that the last change left.
fn tell(row: &LedgerRow, now: Timestamp) -> RowWrite {
    RowWrite {
        foreign_state: None,
        from_state: row.recorded_state.clone(),
        ..rewrite(row, row.observed.clone(), ChangeCause::Deployer, now)
    }
}

/// A write of an existing row with other observed columns.
fn rewrite(row: &LedgerRow, observed: Observed, cause: ChangeCause, at: Timestamp) -> RowWrite {
    RowWrite {
        id: row.id.clone(),
        expected: Some(row.binding.container_id.clone()),
        binding: row.binding.clone(),
        observed,
        details_owed: row.details_owed,
        state_after: row.state_after,
        at,
        is_silent: false,
        cause,
        foreign_state: has_foreign_state(row).then(|| row.observed.state.clone()),
        from_state: Some(row.observed.state.clone()),
        leaves: None,
        crash: None,
        differences: Differences::new(),
    }
}

/// Whether the state is one that no change has told: someone else wrote it.
fn has_foreign_state(row: &LedgerRow) -> bool {
    row.recorded_state.as_ref() != Some(&row.observed.state)
}

mod removals;
mod scaling;
mod sight;
#[cfg(test)]
mod tests;
