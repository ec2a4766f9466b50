//! Details that are owed to rows, and in which order they are paid. Pure.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::model::{ContainerId, Inspected, RowId};
use crate::store::DetailsWrite;

/// Inspects that one request to the details lane holds. Small, so that a stuck container delays few others.
const BATCH: usize = 16;

/// What is owed. A row that could not be paid is not tried again before the next pass names it.
#[derive(Debug, Default)]
pub(super) struct Debts {
    queue: VecDeque<(RowId, ContainerId)>,
    queued: BTreeSet<RowId>,
    in_flight: HashMap<ContainerId, RowId>,
}

impl Debts {
    /// Adds what a pass left; a row that is owed already is not added twice.
    pub(super) fn add(&mut self, debts: impl IntoIterator<Item = (RowId, ContainerId)>) {
        for (row, container) in debts {
            let is_in_flight = self.in_flight.get(&container) == Some(&row);
            if !is_in_flight && self.queued.insert(row.clone()) {
                self.queue.push_back((row, container));
            }
        }
    }

    /// Forgets all but the first `limit`.
    pub(super) fn truncate(&mut self, limit: usize) {
        self.queue.truncate(limit);
        self.queued = self.queue.iter().map(|(row, _)| row.clone()).collect();
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
        for (row, container) in self.queue.drain(..count) {
            self.queued.remove(&row);
            self.in_flight.insert(container, row);
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
                    Some(DetailsWrite { row: asked.get(&container)?.clone(), container, details })
                }
                Inspected::Gone | Inspected::Unanswered(_) => None,
            })
            .collect()
    }

    /// The lane that had them died: they stay owed in their rows.
    pub(super) fn lost(&mut self) {
        self.in_flight.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InspectedDetails;

    fn debt(n: usize) -> (RowId, ContainerId) {
        (RowId::new(format!("row{n}")), ContainerId::new(format!("c{n}")))
    }

    #[test]
    fn one_batch_at_a_time_until_nothing_is_owed() {
        let mut debts = Debts::default();
        debts.add((0..BATCH + 1).map(debt));
        let first = debts.next_batch();
        assert_eq!(first.len(), BATCH);
        assert!(debts.next_batch().is_empty(), "the first is on its way");
        let answers = first.into_iter().map(|c| (c, Inspected::Present(InspectedDetails::default()))).collect();
        assert_eq!(debts.answered(answers).len(), BATCH);
        assert_eq!(debts.next_batch().len(), 1);
        assert!(!debts.is_settled());
        debts.answered(HashMap::new());
        assert!(debts.is_settled());
    }

    #[test]
    fn a_row_is_owed_once_however_often_it_is_named() {
        let mut debts = Debts::default();
        debts.add([debt(1), debt(1)]);
        debts.add([debt(1)]);
        assert_eq!(debts.next_batch().len(), 1);
        debts.add([debt(1)]);
        debts.lost();
        assert!(debts.is_settled(), "what is on its way is not queued again");
    }

    #[test]
    fn the_gone_and_the_silent_are_not_written() {
        let mut debts = Debts::default();
        debts.add([debt(1), debt(2)]);
        debts.next_batch();
        let answers =
            HashMap::from([(debt(1).1, Inspected::Gone), (debt(2).1, Inspected::Unanswered("no answer".into()))]);
        assert!(debts.answered(answers).is_empty());
        assert!(debts.is_settled());
    }
}
