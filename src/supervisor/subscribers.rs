//! Who gets which change: a cursor for each subscriber, one question to the ledger at a time. Who has no room waits, since
//! what it has not got is in the history; who takes nothing for too long is told so. Pure: answers are given, deliveries go
//! into sinks.

use std::collections::{BTreeMap, BTreeSet};

use super::delivery::{Delivery, PLACES, Sink, SubscriptionId};
use crate::model::{OpId, Revision};
use crate::store::{ChangesPage, LedgerSnapshot, StoreError};
use crate::telemetry::Queues;

/// Changes that are read at once.
pub(super) const PAGE: usize = 500;

/// How many looks in a row, one each second, a subscriber whose queue is full may take nothing out of it. Longer than a
/// reader's pause; what it would have to be read again is kept much longer.
pub(super) const PATIENCE: u32 = 5;

/// Everybody who follows the changes.
#[derive(Debug, Default)]
pub(super) struct Subscribers {
    live: BTreeMap<SubscriptionId, Subscriber>,
    asked: Option<Asked>,
    last_op: u64,
}

#[derive(Debug)]
struct Subscriber {
    /// The last revision it got; `None` until it got a snapshot to start from.
    after: Option<Revision>,
    sink: Box<dyn Sink>,
    /// There may be changes that it has not got.
    is_behind: bool,
    /// Room that its empty queue has.
    places: usize,
    /// It was filled up, and has not taken half of it out yet.
    is_full: bool,
    /// Room at the last look, and how many looks it has not grown and nothing was delivered.
    idle: (usize, u32),
}

/// The question on its way. Who joined after it was asked has no part in its answer.
#[derive(Debug)]
struct Asked {
    op: OpId,
    covered: BTreeSet<SubscriptionId>,
}

/// A question to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The changes after a revision, [`PAGE`] at most.
    Changes(OpId, Revision),
    /// All rows, and the revision they are of.
    Snapshot(OpId),
}

impl Subscribers {
    /// One more, who gets what comes after a revision, or a snapshot to start from.
    pub(super) fn add(&mut self, id: SubscriptionId, after: Option<Revision>, sink: Box<dyn Sink>) {
        let places = sink.room();
        let subscriber = Subscriber { after, sink, is_behind: true, places, is_full: false, idle: (places, 0) };
        self.live.insert(id, subscriber);
    }

    /// One less.
    pub(super) fn remove(&mut self, id: SubscriptionId) {
        self.live.remove(&id);
    }

    /// How much waits for them.
    pub(super) fn queues(&self) -> Queues {
        let waiting = self.live.values().map(|subscriber| PLACES.saturating_sub(subscriber.sink.room()));
        Queues { subscribers: self.live.len(), deepest: waiting.max().unwrap_or(0) }
    }

    /// Something may have been committed: by us, or by somebody else since the last look.
    pub(super) fn look(&mut self) {
        self.live.values_mut().for_each(|subscriber| subscriber.is_behind = true);
    }

    /// A second is over: who has a full queue and took nothing out of it for too long gets its last word.
    pub(super) fn second_passed(&mut self) {
        self.live.retain(|_, subscriber| !subscriber.has_given_up());
    }

    /// Whether somebody is to get more as soon as it has taken what waits for it.
    pub(super) fn is_waited_for(&self) -> bool {
        self.live.values().any(|subscriber| subscriber.is_behind && subscriber.is_full)
    }

    /// What to ask the ledger now, if anything: the changes after the hindmost subscriber that has room, or a snapshot if
    /// one needs it.
    pub(super) fn next_question(&mut self) -> Option<Question> {
        if self.asked.is_some() {
            return None;
        }
        self.live.retain(|_, subscriber| !subscriber.sink.is_closed());
        let mut covered = BTreeSet::new();
        let mut hindmost = None;
        for (id, subscriber) in &mut self.live {
            if subscriber.is_behind && subscriber.has_room() {
                subscriber.is_behind = false;
                covered.insert(*id);
                hindmost = Some(
                    hindmost.map_or(subscriber.after, |hindmost: Option<Revision>| hindmost.min(subscriber.after)),
                );
            }
        }
        let hindmost = hindmost?;
        self.last_op += 1;
        let op = OpId(self.last_op);
        self.asked = Some(Asked { op, covered });
        Some(hindmost.map_or(Question::Snapshot(op), |after| Question::Changes(op, after)))
    }

    /// The answer to the question about changes. One that failed is asked again at the next look.
    pub(super) fn changes_read(&mut self, op: OpId, answer: Result<ChangesPage, StoreError>) {
        let (Some(asked), Ok(page)) = (self.answered(op), answer) else { return };
        let there_is_more = page.changes.len() >= PAGE;
        for id in asked.covered {
            let Some(subscriber) = self.live.get_mut(&id) else { continue };
            subscriber.take(&page);
            subscriber.is_behind |= there_is_more || subscriber.after.is_none() || subscriber.is_full;
        }
    }

    /// The answer to the question about all rows.
    pub(super) fn snapshot_read(&mut self, op: OpId, answer: Result<LedgerSnapshot, StoreError>) {
        let (Some(asked), Ok(LedgerSnapshot { revision, rows })) = (self.answered(op), answer) else { return };
        for id in asked.covered {
            let Some(subscriber) = self.live.get_mut(&id) else { continue };
            subscriber.is_behind = true;
            if subscriber.after.is_none() && subscriber.deliver(Delivery::Snapshot { revision, rows: rows.clone() }) {
                subscriber.after = Some(revision);
            }
        }
    }

    fn answered(&mut self, op: OpId) -> Option<Asked> {
        self.asked.take_if(|asked| asked.op == op)
    }
}

impl Subscriber {
    /// Delivers what it has not got, as far as there is room.
    fn take(&mut self, page: &ChangesPage) {
        let Some(after) = self.after else { return };
        // Beyond the last revision is a reader of another ledger, or of one that was restored from a copy.
        if after.0.saturating_add(1) < page.oldest.0 || after > page.latest {
            self.after = None;
            return;
        }
        for change in page.changes.iter().filter(|change| change.revision > after) {
            if !self.deliver(Delivery::Change(change.clone())) {
                return;
            }
            self.after = Some(change.revision);
        }
    }

    /// Delivers if there is room beside that for the last word; whether it did.
    fn deliver(&mut self, delivery: Delivery) -> bool {
        self.is_full = self.sink.room() <= 1;
        if !self.is_full {
            self.sink.put(delivery);
            self.idle.1 = 0;
        }
        !self.is_full
    }

    /// One that was filled up has room again when half of it was taken: each question reads a page.
    fn has_room(&mut self) -> bool {
        self.is_full &= self.sink.room() <= self.places.div_ceil(2);
        !self.is_full
    }

    /// Whether it is told, at this look, that it lagged.
    fn has_given_up(&mut self) -> bool {
        let room = self.sink.room();
        let (before, looks) = self.idle;
        self.idle = (room, if self.is_full && room <= before { looks + 1 } else { 0 });
        let has_given_up = self.idle.1 >= PATIENCE;
        // A queue that waits for its first snapshot has nothing in it, and so is not full.
        if let Some(after) = self.after.filter(|_| has_given_up) {
            self.sink.put(Delivery::Lagged { after });
        }
        has_given_up
    }
}

#[cfg(test)]
mod tests;
