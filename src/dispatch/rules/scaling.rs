//! Rule 3: what becomes of slots whose container is gone.
//!
//! While a service has a container, the loss of another one is scaling: the rows above move down and what is left over
//! goes, with no word of a missing container. Only once none is left the service is missing, and its first row says so.

use std::collections::{BTreeSet, HashMap};

use super::assignment::{Assignment, Presence, SlotEnd, Verdict};
use super::claim::known_workload;
use super::input::AssignmentInput;
use super::slot::{Slot, slot_of, slots_of};
use crate::model::{Completeness, ContainerState};

/// Decides on the slots that lost their container, now or before. Only a complete listing of a daemon that is known tells.
pub(super) fn settle(input: &AssignmentInput<'_>, presence: &[Presence], assignment: &mut Assignment) {
    if input.listing.completeness != Completeness::Complete || !input.identity_known {
        return;
    }
    let taken: BTreeSet<usize> = assignment.verdicts.iter().filter_map(Verdict::taken).collect();
    let touched = touched(input, presence, &taken, assignment);
    if touched.is_empty() {
        return;
    }
    let mut made: HashMap<&str, u64> = HashMap::new();
    for verdict in &assignment.verdicts {
        if let Verdict::Makes { row, .. } = verdict
            && let Some((first, _)) = slot_of(row)
            && let Some(first) = touched.get(first).copied()
        {
            *made.entry(first).or_default() += 1;
        }
    }
    let is_decided = |first: &str| touched.contains(first) && !assignment.held_back.contains(first);
    let mut services: Vec<_> = slots_of(input.rows, is_decided).into_iter().collect();
    services.sort_unstable();
    for (first, slots) in services {
        let made = made.get(first).copied().unwrap_or_default();
        Service::of(input, presence, &taken, &slots, made).settle(input, presence, assignment);
    }
}

/// The first rows of the services that have a slot without a container, or one that was missing and is taken.
fn touched<'a>(
    input: &'a AssignmentInput<'_>,
    presence: &[Presence],
    taken: &BTreeSet<usize>,
    assignment: &mut Assignment,
) -> BTreeSet<&'a str> {
    let mut touched = BTreeSet::new();
    let absent: BTreeSet<usize> = assignment.absent.iter().copied().collect();
    for (index, row) in input.rows.iter().enumerate() {
        let is_missing = row.observed.state == ContainerState::Missing && presence[index] == Presence::Unlisted;
        if !(is_missing || absent.contains(&index)) || !is_ours(input, index) {
            continue;
        }
        let Some((first, _)) = slot_of(&row.id) else { continue };
        if let Some(scoped) = input.scoped
            && !scoped.rows_asked.workloads.contains(&row.binding.workload_id)
        {
            assignment.wants_rows.workloads.insert(row.binding.workload_id.clone());
        } else if is_missing || taken.contains(&index) || input.is_gone(row) {
            touched.insert(first);
        }
    }
    touched
}

/// Whether it is a stack's row, of a stack that exists.
fn is_ours(input: &AssignmentInput<'_>, index: usize) -> bool {
    let binding = &input.rows[index].binding;
    binding.workload_kind == crate::model::WorkloadKind::Stack
        && known_workload(binding.workload_id.as_str(), input.directory).is_some()
}

/// The slots of one service by what is known of their containers, each in their order.
struct Service {
    /// With a present container, or one that is not known to be gone; those that a new container takes are among them.
    held: Vec<Slot>,
    /// Whose container was found gone in this pass.
    lost: Vec<Slot>,
    /// Missing from before.
    dead: Vec<Slot>,
    /// Missing from before, and taken now.
    refilled: Vec<Slot>,
    /// How many containers it has, with those that get a row made.
    remaining: u64,
    first: Option<usize>,
}

impl Service {
    fn of(
        input: &AssignmentInput<'_>,
        presence: &[Presence],
        taken: &BTreeSet<usize>,
        slots: &[Slot],
        made: u64,
    ) -> Self {
        let mut service =
            Self { held: vec![], lost: vec![], dead: vec![], refilled: vec![], remaining: made, first: None };
        for &slot in slots.iter().filter(|slot| is_ours(input, slot.row)) {
            let row = &input.rows[slot.row];
            service.first = service.first.or(Some(slot.row));
            let is_missing = row.observed.state == ContainerState::Missing;
            if taken.contains(&slot.row) && is_missing {
                service.refilled.push(slot);
            }
            match presence[slot.row] {
                _ if taken.contains(&slot.row) => service.held.push(slot),
                Presence::Unlisted if is_missing => service.dead.push(slot),
                Presence::Unlisted if row.binding.container_id.is_none() => {}
                Presence::Unlisted if input.is_gone(row) => service.lost.push(slot),
                _ => service.held.push(slot),
            }
        }
        service.remaining += u64::try_from(service.held.len()).unwrap_or(u64::MAX);
        service
    }

    fn settle(&self, input: &AssignmentInput<'_>, presence: &[Presence], assignment: &mut Assignment) {
        self.return_quietly(presence, assignment);
        let beyond = self.held.iter().filter(|slot| presence[slot.row] == Presence::Beyond);
        let mut beyond = beyond.filter_map(|slot| input.rows[slot.row].binding.container_id.clone()).peekable();
        if !self.lost.is_empty() && beyond.peek().is_some() {
            // Whether they are there decides what the loss is.
            assignment.wants_seen.extend(beyond);
            return;
        }
        if self.remaining == 0 {
            self.go_missing(input, assignment);
        } else {
            self.scale(input, presence, assignment);
        }
    }

    /// What went missing without an alarm returns without a word: all but the first row of a service that was missing.
    fn return_quietly(&self, presence: &[Presence], assignment: &mut Assignment) {
        let is_old = |slot: &Slot| presence[slot.row] != Presence::Unlisted;
        let had_a_container = self.held.iter().any(is_old);
        for slot in &self.refilled {
            if had_a_container || self.first != Some(slot.row) {
                assignment.returned_quietly.insert(slot.row);
            }
        }
    }

    /// Containers of the highest slots move down into what was lost below, and what is left over goes.
    fn scale(&self, input: &AssignmentInput<'_>, presence: &[Presence], assignment: &mut Assignment) {
        let is_bare = |slot: &Slot| !input.rows[slot.row].bears_deployers_column;
        // Those above the number that remain, the highest last.
        let mut movable: Vec<(Slot, usize)> = self
            .held
            .iter()
            .filter(|slot| slot.number > self.remaining && is_bare(slot))
            .filter_map(|slot| match presence[slot.row] {
                Presence::Listed(container) if assignment.verdicts[container] == Verdict::Keeps(slot.row) => {
                    Some((*slot, container))
                }
                _ => None,
            })
            .collect();
        for lost in &self.lost {
            let may_be_filled = is_bare(lost) && lost.number <= self.remaining;
            if let Some((from, container)) = may_be_filled.then(|| movable.pop()).flatten() {
                assignment.verdicts[container] = Verdict::Moves { from: from.row, to: lost.row };
            } else {
                let end = if is_bare(lost) { SlotEnd::Surplus } else { SlotEnd::Kept };
                assignment.slot_ends.insert(lost.row, end);
            }
        }
        for dead in self.dead.iter().filter(|slot| is_bare(slot)) {
            assignment.slot_ends.insert(dead.row, SlotEnd::Surplus);
        }
    }

    /// No container is left: the first row says so, the others go.
    fn go_missing(&self, input: &AssignmentInput<'_>, assignment: &mut Assignment) {
        let is_bare = |slot: &Slot| !input.rows[slot.row].bears_deployers_column;
        let first = self.lost.iter().chain(&self.dead).min().copied();
        for slot in &self.lost {
            let end = if is_bare(slot) { SlotEnd::Surplus } else { SlotEnd::Kept };
            assignment.slot_ends.insert(slot.row, end);
        }
        for slot in self.dead.iter().filter(|slot| is_bare(slot)) {
            assignment.slot_ends.insert(slot.row, SlotEnd::Surplus);
        }
        let Some(first) = first else { return };
        if self.lost.is_empty() {
            // It has said so before.
            assignment.slot_ends.remove(&first.row);
        } else {
            assignment.slot_ends.insert(first.row, SlotEnd::Missing);
        }
    }
}
