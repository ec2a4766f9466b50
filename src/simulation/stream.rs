//! The event stream of a [`SimulatedHost`].

use tokio::sync::watch;

use super::host::SimulatedHost;
use super::plan::{Call, PLANNED_PANIC, PlannedFault};
use super::unanswered::cut;
use crate::docker::{DaemonError, EventStream, StreamItem};
use crate::model::BoxFuture;

/// One subscription: a place in what the daemon tells.
#[derive(Debug)]
pub(super) struct SimulatedStream {
    host: SimulatedHost,
    lives: watch::Receiver<u64>,
    told: watch::Receiver<usize>,
    place: usize,
}

impl SimulatedStream {
    /// Follows the daemon that is here, as long as it lives.
    pub(super) fn open(host: SimulatedHost, since_nanos: Option<i64>) -> Self {
        let (lives, told, place) = (host.lives(), host.told(), host.place_of(since_nanos));
        host.count_stream(1);
        Self { host, lives, told, place }
    }

    async fn read(&mut self) -> Result<Option<StreamItem>, DaemonError> {
        let plan = self.host.plan().clone();
        let mut turns = plan.turns();
        loop {
            match plan.take(Call::NextEvent, None) {
                Some((rule, PlannedFault::Hang)) => plan.ended(rule).await,
                Some((_, PlannedFault::Panic)) => panic!("{PLANNED_PANIC}: NextEvent"),
                Some((_, PlannedFault::Cut)) => return Err(cut("GET /events", 0, "connection reset by peer")),
                Some((_, PlannedFault::StreamEnds)) => return Ok(None),
                _ => {}
            }
            if let Some(event) = self.host.event(self.place) {
                self.place += 1;
                return Ok(Some(StreamItem::Event(event)));
            }
            // Host and plan outlive their streams: neither ends.
            tokio::select! {
                biased;
                _ = turns.changed() => {}
                _ = self.told.changed() => {}
            }
        }
    }
}

impl EventStream for SimulatedStream {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<StreamItem>, DaemonError>> {
        Box::pin(async move {
            let mut lives = self.lives.clone();
            tokio::select! {
                biased;
                _ = lives.changed() => Ok(None),
                item = self.read() => item,
            }
        })
    }
}

impl Drop for SimulatedStream {
    fn drop(&mut self) {
        self.host.count_stream(-1);
    }
}
