//! Who gets which change: a cursor for each subscriber, one question to the store at a time. Pure: answers are given,
//! deliveries go into outlets.

use std::collections::{BTreeMap, BTreeSet};

use super::Queues;
use super::delivery::{Delivery, Outlet, PLACES, SubscriptionId};
use crate::model::{OpId, Revision};
use crate::store::{ChangesPage, LedgerSnapshot, StoreError};

/// Changes that are read at once.
pub(super) const PAGE: usize = 500;

/// Everybody who follows the changes.
#[derive(Debug, Default)]
pub(super) struct Subscribers {
    live: BTreeMap<SubscriptionId, Subscriber>,
    asked: Option<Asked>,
    last_op: u64,
    /// There may be changes that nobody has read yet.
    has_news: bool,
}

#[derive(Debug)]
struct Subscriber {
    /// The last revision it got; `None` until it got a snapshot to start from.
    after: Option<Revision>,
    outlet: Box<dyn Outlet>,
}

/// The question on its way. Who joined after it was asked has no part in its answer.
#[derive(Debug)]
struct Asked {
    op: OpId,
    covered: BTreeSet<SubscriptionId>,
}

/// A question to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The changes after a revision, [`PAGE`] at most.
    Changes(OpId, Revision),
    /// All rows, and the revision they are of.
    Snapshot(OpId),
}

impl Subscribers {
    /// One more, who gets what comes after a revision, or a snapshot to start from.
    pub(super) fn add(&mut self, id: SubscriptionId, after: Option<Revision>, outlet: Box<dyn Outlet>) {
        self.live.insert(id, Subscriber { after, outlet });
        self.has_news = true;
    }

    /// One less.
    pub(super) fn remove(&mut self, id: SubscriptionId) {
        self.live.remove(&id);
    }

    /// How much waits for them.
    pub(super) fn queues(&self) -> Queues {
        let waiting = self.live.values().map(|subscriber| PLACES.saturating_sub(subscriber.outlet.room()));
        Queues { subscribers: self.live.len(), deepest: waiting.max().unwrap_or(0) }
    }

    /// Something may have been committed: by us, or by somebody else since the last look.
    pub(super) const fn look(&mut self) {
        self.has_news = true;
    }

    /// The store that was asked is gone, and its answer with it.
    pub(super) fn store_lost(&mut self) {
        self.asked = None;
        self.has_news = true;
    }

    /// What to ask the store now, if anything: the changes after the hindmost subscriber, or a snapshot if one needs it.
    pub(super) fn next_question(&mut self) -> Option<Question> {
        if self.asked.is_some() || !self.has_news {
            return None;
        }
        self.live.retain(|_, subscriber| !subscriber.outlet.is_closed());
        let hindmost = self.live.values().map(|subscriber| subscriber.after).min()?;
        self.has_news = false;
        self.last_op += 1;
        let op = OpId(self.last_op);
        self.asked = Some(Asked { op, covered: self.live.keys().copied().collect() });
        Some(hindmost.map_or(Question::Snapshot(op), |after| Question::Changes(op, after)))
    }

    /// The store's answer to the question about changes. One that failed is asked again at the next look.
    pub(super) fn changes_read(&mut self, op: OpId, answer: Result<ChangesPage, StoreError>) {
        let (Some(asked), Ok(page)) = (self.answered(op), answer) else { return };
        self.has_news |= page.changes.len() >= PAGE;
        for id in asked.covered {
            let Some(subscriber) = self.live.get_mut(&id) else { continue };
            let follows = subscriber.take(&page);
            self.has_news |= subscriber.after.is_none();
            if !follows {
                self.live.remove(&id);
            }
        }
    }

    /// The store's answer to the question about all rows.
    pub(super) fn snapshot_read(&mut self, op: OpId, answer: Result<LedgerSnapshot, StoreError>) {
        let (Some(asked), Ok(LedgerSnapshot { revision, rows })) = (self.answered(op), answer) else { return };
        self.has_news = true;
        for id in asked.covered {
            let Some(subscriber) = self.live.get_mut(&id).filter(|subscriber| subscriber.after.is_none()) else {
                continue;
            };
            subscriber.after = Some(revision);
            if !subscriber.deliver(Delivery::Snapshot { revision, rows: rows.clone() }, revision) {
                self.live.remove(&id);
            }
        }
    }

    fn answered(&mut self, op: OpId) -> Option<Asked> {
        self.asked.take_if(|asked| asked.op == op)
    }
}

impl Subscriber {
    /// Delivers what it has not got; whether it still follows.
    fn take(&mut self, page: &ChangesPage) -> bool {
        let Some(after) = self.after else { return true };
        // Beyond the last revision is a reader of another ledger, or of one that was restored from a copy.
        if after.0.saturating_add(1) < page.oldest.0 || after > page.latest {
            self.after = None;
            return true;
        }
        for change in page.changes.iter().filter(|change| change.revision > after) {
            if !self.deliver(Delivery::Change(change.clone()), self.after.unwrap_or(after)) {
                return false;
            }
            self.after = Some(change.revision);
        }
        true
    }

    /// Delivers, or says that the queue is full; whether it still follows. `after` is what it got last.
    fn deliver(&mut self, delivery: Delivery, after: Revision) -> bool {
        if self.outlet.room() > 1 {
            self.outlet.put(delivery);
            return !self.outlet.is_closed();
        }
        self.outlet.put(Delivery::Lagged { after });
        false
    }
}

#[cfg(test)]
mod tests;
