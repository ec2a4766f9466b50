//! What a pass has to write: the rows that differ from what the daemon says, and no others.
//!
//! Pure: rows, listing and assignment come in, row writes go out. It compares before it copies, so that a steady pass
//! copies nothing.

use std::cell::LazyCell;
use std::collections::HashSet;
use std::time::Duration;

use super::RowWrite;
use crate::dispatch::{Assignment, Picture, Verdict, unassigned};
use crate::model::{
    Binding, ChangeCause, ContainerId, ContainerState, ExitCodeFact, HealthFact, Inspected, LedgerRow, ListedContainer,
    News, Observed, RowId, Starts, Timestamp, Unassigned,
};

/// What the difference is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DiffInput<'a> {
    /// What ledger and daemon said.
    pub picture: &'a Picture<'a>,
    /// The verdicts on that picture.
    pub assignment: &'a Assignment,
    /// The begin of the pass.
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
    let rows = input.picture.rows;
    let mut difference = Difference::default();
    let mut settled = vec![false; rows.len()];
    for (container, verdict) in input.picture.listing.containers.iter().zip(&input.assignment.verdicts) {
        let write = match verdict {
            Verdict::Keeps(index) => {
                settled[*index] = true;
                let write = keep(&rows[*index], container, input.now);
                with_news(write, &rows[*index], container, input)
            }
            Verdict::Takes(index) => {
                settled[*index] = true;
                let write = take(&rows[*index], container, input.now);
                Some(if input.assignment.returned_quietly.contains(index) { scaling::quietly(write) } else { write })
            }
            Verdict::Moves { from, to } => {
                settled[*from] = true;
                settled[*to] = true;
                Some(scaling::move_down(&rows[*from], &rows[*to], container, input))
            }
            Verdict::Makes { row, workload, kind, role } => {
                let binding = Binding {
                    workload_id: workload.clone(),
                    workload_kind: *kind,
                    role: role.clone(),
                    container_id: Some(container.id.clone()),
                };
                Some(make(row.clone(), binding, container, input.now))
            }
            Verdict::Unassigned { reason, detail } => {
                difference.unassigned.push(unassigned(container, *reason, detail.clone()));
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
    tell_foreign_states(input, &settled, &mut difference);
    difference.rows.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    difference.unassigned.sort_unstable_by(|a, b| a.container_id.cmp(&b.container_id));
    difference
}

/// Rows that lost their container and that nobody took: missing if it is verified gone, else left alone and named.
fn sweep(input: &DiffInput<'_>, settled: &mut [bool], difference: &mut Difference) {
    for &index in &input.assignment.absent {
        let row = &input.picture.rows[index];
        let (false, Some(container)) = (settled[index], &row.binding.container_id) else { continue };
        let gone = matches!(input.picture.verified.get(container), Some(Inspected::Gone));
        if gone && input.picture.identity_known {
            settled[index] = true;
            difference.rows.push(lose(row, container, input));
        } else {
            difference.unverified.push(row.id.clone());
        }
    }
}

/// Rows that nothing else writes, with a state that someone else wrote. A row under quarantine stays as it is, and so
/// does one whose workload is gone: the store would leave it out in each pass.
fn tell_foreign_states(input: &DiffInput<'_>, settled: &[bool], difference: &mut Difference) {
    let quarantined: LazyCell<HashSet<&ContainerId>, _> =
        LazyCell::new(|| input.picture.listing.quarantined.iter().map(|entry| &entry.container_id).collect());
    for (row, settled) in input.picture.rows.iter().zip(settled) {
        if !settled
            && has_foreign_state(row)
            && input.picture.directory.workloads.contains_key(row.binding.workload_id.as_str())
            && row.binding.container_id.as_ref().is_none_or(|container| !quarantined.contains(container))
        {
            difference.rows.push(tell(row));
        }
    }
}

fn keep(row: &LedgerRow, container: &ListedContainer, now: Timestamp) -> Option<RowWrite> {
    if !is_true(row, container) {
        let returned = row.observed.state == ContainerState::Missing;
        let cause = if returned { ChangeCause::Returned } else { ChangeCause::Observed };
        Some(describe(row, container, cause, now))
    } else if has_foreign_state(row) {
        Some(tell(row))
    } else {
        None
    }
}

/// What events told of a container that keeps its row: its details are owed, or it flaps. Who takes or makes a row owes
/// its details anyway, and starts to count by its next start.
fn with_news(
    write: Option<RowWrite>,
    row: &LedgerRow,
    container: &ListedContainer,
    input: &DiffInput<'_>,
) -> Option<RowWrite> {
    let owes = input.news.details.contains(&container.id) && !row.details_owed;
    let flapping = flapping(row, container, input);
    let differs = flapping != (row.observed.flapping_since, row.observed.recent_starts);
    let is_silent = write.is_none() && !differs;
    if is_silent && !owes {
        return None;
    }
    let mut write = write.unwrap_or_else(|| rewrite(row, row.observed.clone(), ChangeCause::Observed));
    // A container that flaps changes its state as it does: what is told is that it flaps, with both states.
    if write.cause == ChangeCause::Observed {
        write.cause = match (row.observed.flapping_since, flapping.0) {
            (None, Some(_)) => ChangeCause::Flapping,
            (Some(_), None) => ChangeCause::Settled,
            _ => ChangeCause::Observed,
        };
    }
    (write.observed.flapping_since, write.observed.recent_starts) = flapping;
    write.details_owed |= owes;
    write.is_silent = is_silent;
    Some(write)
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

fn take(row: &LedgerRow, container: &ListedContainer, now: Timestamp) -> RowWrite {
    let was_bound = row.binding.container_id.is_some();
    let cause = if was_bound { ChangeCause::Rebound } else { ChangeCause::Observed };
    describe(row, container, cause, now)
}

fn make(id: RowId, binding: Binding, container: &ListedContainer, now: Timestamp) -> RowWrite {
    RowWrite {
        id,
        expected: None,
        binding,
        observed: first_sight(container, now),
        details_owed: true,
        is_silent: false,
        cause: ChangeCause::Inserted,
        foreign_state: None,
        from_state: None,
        leaves: None,
    }
}

/// The row as this container has it, bound to it.
fn describe(row: &LedgerRow, container: &ListedContainer, cause: ChangeCause, now: Timestamp) -> RowWrite {
    let seen_before = row.seen_container_id.as_ref() == Some(&container.id);
    let observed = if seen_before { next_sight(&row.observed, container, now) } else { first_sight(container, now) };
    let changed_state = observed.state != row.observed.state;
    RowWrite {
        binding: Binding { container_id: Some(container.id.clone()), ..row.binding.clone() },
        details_owed: row.details_owed || changed_state || !seen_before,
        ..rewrite(row, observed, cause)
    }
}

/// The row gone missing: its other columns stay. `last_seen_at` is the last complete pass that can have shown the
/// container: none did if the columns describe another one.
fn lose(row: &LedgerRow, container: &ContainerId, input: &DiffInput<'_>) -> RowWrite {
    let was_seen = row.seen_container_id.as_ref() == Some(container);
    let observed = Observed {
        state: ContainerState::Missing,
        state_since: Some(input.now),
        last_seen_at: input.last_complete_pass_at.filter(|_| was_seen),
        flapping_since: None,
        recent_starts: 0,
        ..row.observed.clone()
    };
    // What is gone cannot be inspected.
    RowWrite { details_owed: false, ..rewrite(row, observed, ChangeCause::Missing) }
}

/// The row as it is, so that its foreign state becomes a change: from the state that the last change left.
fn tell(row: &LedgerRow) -> RowWrite {
    RowWrite {
        foreign_state: None,
        from_state: row.recorded_state.clone(),
        ..rewrite(row, row.observed.clone(), ChangeCause::Deployer)
    }
}

/// A write of an existing row with other observed columns.
fn rewrite(row: &LedgerRow, observed: Observed, cause: ChangeCause) -> RowWrite {
    RowWrite {
        id: row.id.clone(),
        expected: Some(row.binding.container_id.clone()),
        binding: row.binding.clone(),
        observed,
        details_owed: row.details_owed,
        is_silent: false,
        cause,
        foreign_state: has_foreign_state(row).then(|| row.observed.state.clone()),
        from_state: Some(row.observed.state.clone()),
        leaves: None,
    }
}

/// Whether the state is one that no change has told: someone else wrote it.
fn has_foreign_state(row: &LedgerRow) -> bool {
    row.recorded_state.as_ref() != Some(&row.observed.state)
}

/// Whether the observed columns describe this container as it is listed.
fn is_true(row: &LedgerRow, container: &ListedContainer) -> bool {
    let observed = &row.observed;
    row.seen_container_id.as_ref() == Some(&container.id)
        && observed.state == container.state
        && observed.name == container.name
        && observed.image_ref == container.image_ref
        && observed.port == container.ports.lowest
        && observed.ports == container.ports.text
        && match container.exit_code {
            ExitCodeFact::Known(code) => observed.exit_code == Some(code),
            ExitCodeFact::Absent => observed.exit_code.is_none(),
            ExitCodeFact::Keep => true,
        }
        && match &container.health {
            HealthFact::Known(word) => observed.health.as_ref() == Some(word),
            HealthFact::Absent => observed.health.is_none(),
            HealthFact::Keep => true,
        }
        && (container.created_at.is_none() || observed.created_in_docker_at == container.created_at)
        && observed.last_seen_at.is_none()
}

/// The columns of a container that the row did not describe before.
fn first_sight(container: &ListedContainer, now: Timestamp) -> Observed {
    Observed {
        name: container.name.clone(),
        image_ref: container.image_ref.clone(),
        state: container.state.clone(),
        state_since: Some(in_state_since(container, now)),
        port: container.ports.lowest,
        ports: container.ports.text.clone(),
        exit_code: match container.exit_code {
            ExitCodeFact::Known(code) => Some(code),
            ExitCodeFact::Absent | ExitCodeFact::Keep => None,
        },
        health: match &container.health {
            HealthFact::Known(word) => Some(word.clone()),
            HealthFact::Absent | HealthFact::Keep => None,
        },
        restart_count: None,
        oom_killed: None,
        started_at: None,
        finished_at: None,
        created_in_docker_at: container.created_at,
        last_seen_at: None,
        flapping_since: None,
        recent_starts: 0,
    }
}

/// The columns of a container that the row described before: what the listing does not say stays.
fn next_sight(before: &Observed, container: &ListedContainer, now: Timestamp) -> Observed {
    let first = first_sight(container, now);
    let kept_health = matches!(container.health, HealthFact::Keep).then(|| before.health.clone());
    let kept_exit_code = matches!(container.exit_code, ExitCodeFact::Keep).then_some(before.exit_code);
    Observed {
        state_since: if before.state == container.state { before.state_since } else { first.state_since },
        exit_code: kept_exit_code.unwrap_or(first.exit_code),
        health: kept_health.unwrap_or(first.health),
        restart_count: before.restart_count,
        oom_killed: before.oom_killed,
        started_at: before.started_at,
        finished_at: before.finished_at,
        flapping_since: before.flapping_since,
        recent_starts: before.recent_starts,
        created_in_docker_at: first.created_in_docker_at.or(before.created_in_docker_at),
        ..first
    }
}

/// A container is `created` since its creation, and in any other state since we first met it there.
fn in_state_since(container: &ListedContainer, now: Timestamp) -> Timestamp {
    match container.state {
        ContainerState::Created => container.created_at.unwrap_or(now),
        _ => now,
    }
}

mod scaling;
#[cfg(test)]
mod tests;
