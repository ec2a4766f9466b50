//! Subscribers of the ledger's changes, and what each of them must have got.

use std::sync::{Arc, Mutex, PoisonError};

use dockledger::LedgerHandle;
use dockledger::model::Revision;
use dockledger::supervisor::{Delivery, SubscriptionId};

use super::invariants::{Checked, broken};
use super::ledger::Picture;

/// One subscriber.
pub(crate) struct Follower {
    pub(crate) id: SubscriptionId,
    /// The last revision that it got.
    after: i64,
    got: Arc<Mutex<Vec<Delivery>>>,
}

impl Follower {
    /// Follows from a revision, or from a snapshot.
    pub(crate) fn subscribe(ledger: &LedgerHandle, after: Option<i64>) -> Self {
        let mut subscription = ledger.subscribe(after.map(Revision));
        let got = Arc::new(Mutex::new(Vec::new()));
        let (id, kept) = (subscription.id(), Arc::clone(&got));
        tokio::spawn(async move {
            while let Some(delivery) = subscription.next().await {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(delivery);
            }
        });
        Self { id, after: after.unwrap_or(-1), got }
    }

    /// I12: each committed change once and in order, or a snapshot to go on from.
    pub(crate) fn gets_each_change_once_and_in_order(&mut self, picture: &Picture) -> Checked {
        let got = std::mem::take(&mut *self.got.lock().unwrap_or_else(PoisonError::into_inner));
        for delivery in got {
            match delivery {
                Delivery::Snapshot { revision, .. } => self.after = revision.0,
                Delivery::Change(change) => {
                    let next = picture.changes.iter().find(|known| known.revision > self.after);
                    if next
                        .is_none_or(|next| next.revision != change.revision.0 || next.row_id != change.row_id.as_str())
                    {
                        return Err(broken("I12", format!("after {} it got {change:?}, due is {next:?}", self.after)));
                    }
                    self.after = change.revision.0;
                }
                Delivery::Lagged { after } => return Err(broken("I12", format!("it lagged after {after:?}"))),
            }
        }
        Ok(())
    }

    /// I12, at the end: nothing is left to be delivered.
    pub(crate) fn has_got_everything(&self, picture: &Picture) -> Checked {
        let last = picture.changes.last().map_or(0, |change| change.revision);
        if self.after >= last { Ok(()) } else { Err(broken("I12", format!("it got {} of {last}", self.after))) }
    }
}
