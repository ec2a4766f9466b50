//! Which changes a reader of the stream is shown.

use crate::http::reach::Reach;
use crate::model::{Change, ChangeFilter, WorkloadId};
use crate::store::{Readers, StoreError};
use crate::supervisor::Delivery;

/// What he asks for, of what he may see.
pub(super) struct Sight {
    filter: ChangeFilter,
    /// Of whoever is bound to projects: how far he sees, and whom to ask what is there.
    bound: Option<(Reach, Readers)>,
    /// What was his at the last look.
    former: Vec<WorkloadId>,
}

impl Sight {
    pub(super) async fn new(filter: ChangeFilter, reach: Reach, readers: Readers) -> Result<Self, StoreError> {
        let bound = (!reach.is_whole()).then_some((reach, readers));
        let mut sight = Self { bound, ..Self::of(filter) };
        sight.renew().await?;
        Ok(sight)
    }

    /// All that a filter lets pass.
    pub(super) const fn of(filter: ChangeFilter) -> Self {
        Self { filter, bound: None, former: Vec::new() }
    }

    /// Learns whose what was delivered is: projects come and go while a stream is open. A project that went with its rows is
    /// told of them once more.
    pub(super) async fn look(&mut self, deliveries: &[Delivery]) -> Result<(), StoreError> {
        let has_changes = deliveries.iter().any(|delivery| matches!(delivery, Delivery::Change(_)));
        if has_changes { self.renew().await } else { Ok(()) }
    }

    async fn renew(&mut self) -> Result<(), StoreError> {
        let Some((reach, readers)) = &self.bound else { return Ok(()) };
        let reach = reach.clone();
        let now = readers.read(move |store| reach.workloads(store)).await?.unwrap_or_default();
        let seen = now.iter().chain(&self.former).cloned().collect();
        self.filter.workloads = Some(seen);
        self.former = now;
        Ok(())
    }

    pub(super) fn shows(&self, change: &Change) -> bool {
        self.filter.lets_pass(change)
    }
}
