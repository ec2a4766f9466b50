//! Details that are owed to rows, and in which order they are paid. Pure.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::model::{ContainerId, Inspected, OpId, RowId};
use crate::store::DetailsWrite;

/// Inspects that one request to the details worker holds. Small, so that a stuck container delays few others.
const BATCH: usize = 16;

/// What is owed. A row that could not be paid is not tried again before the next pass names it.
#[derive(Debug, Default)]
pub(super) struct PendingDetails {
    queue: VecDeque<RowId>,
    /// The rows in the queue, each with the container that it was bound to last.
    queued: BTreeMap<RowId, ContainerId>,
    in_flight: HashMap<ContainerId, RowId>,
}

impl PendingDetails {
    /// Adds what a pass found to be owed from now on. A row that is on its way is inspected once more: its inspect may
    /// have been answered before what makes it owe again.
    pub(super) fn add_new(&mut self, pending: impl IntoIterator<Item = (RowId, ContainerId)>) {
        for (row, container) in pending {
            if self.queued.insert(row.clone(), container).is_none() {
                self.queue.push_back(row);
            }
        }
    }

    /// Adds what was owed before a pass and still is; a row that is on its way is not added.
    pub(super) fn add_old(&mut self, pending: impl IntoIterator<Item = (RowId, ContainerId)>) {
        let in_flight = &self.in_flight;
        let waiting: Vec<_> =
            pending.into_iter().filter(|(row, container)| in_flight.get(container) != Some(row)).collect();
        self.add_new(waiting);
    }

    /// Forgets all but the first `limit`.
    pub(super) fn truncate(&mut self, limit: usize) {
        for row in self.queue.drain(self.queue.len().min(limit)..) {
            self.queued.remove(&row);
        }
    }

    /// Forgets what is not on its way: it stays owed in its rows.
    pub(super) fn give_up(&mut self) {
        self.truncate(0);
    }

    /// Whether nothing is owed and nothing is on its way.
    pub(super) fn is_settled(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_empty()
    }

    /// The next containers to inspect; empty while others are on their way.
    pub(super) fn next_batch(&mut self) -> Vec<ContainerId> {
        if !self.in_flight.is_empty() {
            return Vec::new();
        }
        let count = self.queue.len().min(BATCH);
        for row in self.queue.drain(..count) {
            if let Some(container) = self.queued.remove(&row) {
                self.in_flight.insert(container, row);
            }
        }
        self.in_flight.keys().cloned().collect()
    }

    /// What the answers allow to be written. A container that is gone is left to the next listing; one that did not
    /// answer stays owed in its row and is named again by the next pass.
    pub(super) fn answered(&mut self, answers: HashMap<ContainerId, Inspected>) -> Vec<DetailsWrite> {
        let asked = std::mem::take(&mut self.in_flight);
        answers
            .into_iter()
            .filter_map(|(container, answer)| match answer {
                Inspected::Present(details) => {
                    let row = asked.get(&container)?.clone();
                    let still_owed = self.queued.contains_key(&row);
                    Some(DetailsWrite { row, container, details, still_owed })
                }
                Inspected::Gone | Inspected::Unanswered(_) => None,
            })
            .collect()
    }

    /// The worker that had them died: they stay owed in their rows.
    pub(super) fn lost(&mut self) {
        self.in_flight.clear();
    }
}

/// The call for details on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DetailsCall {
    /// The details worker inspects.
    Reading(OpId),
    /// The store writes.
    Writing(OpId),
}

impl DetailsCall {
    pub(super) const fn op(self) -> OpId {
        match self {
            Self::Reading(op) | Self::Writing(op) => op,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InspectedDetails;

    fn pending_one(n: usize) -> (RowId, ContainerId) {
        (RowId::new(format!("row{n}")), ContainerId::new(format!("c{n}")))
    }

    #[test]
    fn one_batch_at_a_time_until_nothing_is_owed() {
        let mut pending = PendingDetails::default();
        pending.add_new((0..BATCH + 1).map(pending_one));
        let first = pending.next_batch();
        assert_eq!(first.len(), BATCH);
        assert!(pending.next_batch().is_empty(), "the first is on its way");
        let answers = first.into_iter().map(|c| (c, Inspected::Present(InspectedDetails::default()))).collect();
        assert_eq!(pending.answered(answers).len(), BATCH);
        assert_eq!(pending.next_batch().len(), 1);
        assert!(!pending.is_settled());
        pending.answered(HashMap::new());
        assert!(pending.is_settled());
    }

    #[test]
    fn a_row_is_owed_once_however_often_it_is_named() {
        let mut pending = PendingDetails::default();
        pending.add_new([pending_one(1), pending_one(1)]);
        pending.add_old([pending_one(1)]);
        assert_eq!(pending.next_batch().len(), 1);
        pending.add_old([pending_one(1)]);
        pending.lost();
        assert!(pending.is_settled(), "what is on its way is not queued again");
    }

    /// A restart while the inspect is on its way: what that says may be of before.
    #[test]
    fn a_row_that_owes_anew_while_it_is_inspected_is_inspected_again_and_owes_until_then() {
        let mut pending = PendingDetails::default();
        let answer = || HashMap::from([(pending_one(1).1, Inspected::Present(InspectedDetails::default()))]);
        pending.add_new([pending_one(1)]);
        pending.next_batch();
        pending.add_new([pending_one(1)]);
        assert!(pending.answered(answer())[0].still_owed);
        assert_eq!(pending.next_batch(), [pending_one(1).1]);
        assert!(!pending.answered(answer())[0].still_owed);
        assert!(pending.is_settled());
    }

    #[test]
    fn a_row_that_went_over_to_another_container_while_it_waited_owes_the_details_of_that() {
        let mut pending = PendingDetails::default();
        pending.add_new([pending_one(1)]);
        pending.add_new([(pending_one(1).0, pending_one(2).1)]);
        assert_eq!(pending.next_batch(), [pending_one(2).1]);
    }

    #[test]
    fn the_gone_and_the_silent_are_not_written() {
        let mut pending = PendingDetails::default();
        pending.add_new([pending_one(1), pending_one(2)]);
        pending.next_batch();
        let answers = HashMap::from([
            (pending_one(1).1, Inspected::Gone),
            (pending_one(2).1, Inspected::Unanswered("no answer".into())),
        ]);
        assert!(pending.answered(answers).is_empty());
        assert!(pending.is_settled());
    }
}
