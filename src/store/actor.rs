//! StoreActor: every write of the reconciliation, one transaction at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ractor::{ActorId, ActorProcessingErr, ActorRef};
use tokio::time::Instant;

use super::{LedgerStore, StoreError, StoreMessage};
use crate::dispatch::DispatchMessage;
use crate::model::Epoch;
use crate::supervisor::SupervisorMessage;
use crate::tick::TickMessage;
use crate::timer::Timer;

/// The actor of the ledger.
#[derive(Debug)]
pub struct StoreActor;

/// What a StoreActor is born with.
#[derive(Debug)]
pub struct StoreArgs {
    /// Which life of the child this is.
    pub epoch: Epoch,
    /// Who hears that it is ready, or why it is not.
    pub supervisor: ActorRef<SupervisorMessage>,
    /// The ledger, of this life alone.
    pub store: Box<dyn LedgerStore>,
    /// Where it says whether the lease stands.
    pub lease: LeaseWord,
}

/// Whether a life of StoreActor took the lease that none has released or lost since. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct LeaseWord(Arc<AtomicBool>);

impl LeaseWord {
    /// Whether the lease stands, also after whoever took it has died.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn say(&self, stands: bool) {
        self.0.store(stands, Ordering::SeqCst);
    }
}

/// What a StoreActor knows. Public because ractor's trait names it.
#[derive(Debug)]
pub struct StoreState {
    args: StoreArgs,
    /// How long the lease holds after each renewal; `None` until it is taken.
    time_to_live: Option<Duration>,
    retry_in: Duration,
    renewed: Instant,
    pruned: Option<Instant>,
    /// Who opened a pass last: an earlier DispatchActor writes no more.
    opener: Option<ActorId>,
    timer: Timer,
}

/// Before the second try to open: a database that is starting is often there by then.
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// Between two later tries: a database that comes back is found within this.
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// Between two removals of what is no longer kept, once nothing is left to remove.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60 * 60);

#[ractor::actor(message = StoreMessage, state = StoreState, arguments = StoreArgs)]
impl StoreActor {
    async fn pre_start(
        &self,
        myself: ActorRef<StoreMessage>,
        args: StoreArgs,
    ) -> Result<StoreState, ActorProcessingErr> {
        myself.cast(StoreMessage::Begin)?;
        Ok(StoreState {
            args,
            time_to_live: None,
            retry_in: FIRST_RETRY,
            renewed: Instant::now(),
            pruned: None,
            opener: None,
            timer: Timer::default(),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<StoreMessage>,
        message: StoreMessage,
        state: &mut StoreState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            StoreMessage::Begin => state.begin(&myself).await,
            StoreMessage::RenewLease => state.renew(&myself).await,
            StoreMessage::Prune => state.prune().await,
            request => state.answer(&myself, request).await,
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<StoreMessage>,
        state: &mut StoreState,
    ) -> Result<(), ActorProcessingErr> {
        if state.time_to_live.is_some() {
            match state.args.store.release_lease().await {
                Ok(()) => state.args.lease.say(false),
                Err(error) => tracing::warn!(%error, "the lease is not released"),
            }
        }
        Ok(())
    }
}

impl StoreState {
    async fn begin(&mut self, myself: &ActorRef<StoreMessage>) {
        match self.args.store.begin().await {
            Ok(time_to_live) => {
                self.time_to_live = Some(time_to_live);
                self.args.lease.say(true);
                self.renewed = Instant::now();
                self.timer.arm(time_to_live / 3, myself, StoreMessage::RenewLease);
                self.tell(SupervisorMessage::StoreReady { epoch: self.args.epoch });
            }
            Err(error) => {
                self.report(&error);
                self.timer.arm(self.retry_in, myself, StoreMessage::Begin);
                self.retry_in = (self.retry_in * 2).min(LONGEST_RETRY);
            }
        }
    }

    async fn renew(&mut self, myself: &ActorRef<StoreMessage>) {
        let Some(time_to_live) = self.time_to_live else { return };
        let every = time_to_live / 3;
        // A commit has renewed it meanwhile, most of the time.
        if self.renewed.elapsed() >= every {
            let result = self.args.store.renew_lease().await;
            self.fenced(&result);
            if let Err(error) = result {
                // Whoever waits for an answer still gets it: only a lease that is lost is trouble.
                tracing::debug!(%error, "the lease is renewed later");
            }
        }
        let wait = every.saturating_sub(self.renewed.elapsed()).max(LONGEST_RETRY);
        self.timer.arm(wait, myself, StoreMessage::RenewLease);
    }

    async fn prune(&mut self) {
        match self.args.store.prune().await {
            Ok(0) => self.pruned = Some(Instant::now()),
            Ok(removed) => tracing::debug!(removed, "removed what is no longer kept"),
            Err(error) => tracing::warn!(%error, "what is no longer kept stays for now"),
        }
    }

    async fn answer(&mut self, myself: &ActorRef<StoreMessage>, request: StoreMessage) {
        if self.is_of_a_replaced_writer(&request) {
            tracing::warn!("a DispatchActor that was left behind woke up; what it wanted to write is dropped");
            return;
        }
        let store = &mut self.args.store;
        match request {
            StoreMessage::Open { op, scope, reply_to } => {
                self.opener = Some(reply_to.get_id());
                let asker = reply_to.clone();
                let began = Box::new(move || send(&asker, DispatchMessage::SnapshotBegan { op }));
                let result = store.open_pass(scope, began).await;
                send(&reply_to, DispatchMessage::Opened { op, result });
            }
            StoreMessage::ReadRows { op, rows, reply_to } => {
                let result = store.read_rows(rows).await;
                send(&reply_to, DispatchMessage::RowsRead { op, result });
            }
            StoreMessage::LookUp { op, keys, reply_to } => {
                let result = store.look_up(keys).await;
                send(&reply_to, DispatchMessage::Found { op, result });
            }
            StoreMessage::AdoptStacks { op, compose_projects, reply_to } => {
                let result = store.adopt_stacks(compose_projects).await;
                send(&reply_to, DispatchMessage::Adopted { op, result });
            }
            StoreMessage::Commit { op, plan, reply_to } => {
                let result = store.commit(plan).await;
                self.fenced(&result);
                send(&reply_to, DispatchMessage::Committed { op, result });
                self.prune_if_due(myself);
            }
            StoreMessage::PayDetails { op, writes, reply_to } => {
                let result = store.pay_details(writes).await;
                self.fenced(&result);
                send(&reply_to, DispatchMessage::DetailsPaid { op, result });
            }
            StoreMessage::LookForBindings { reply_to } => {
                let result = store.new_bindings().await;
                send(&reply_to, TickMessage::NewBindings(result));
            }
            StoreMessage::Begin | StoreMessage::RenewLease | StoreMessage::Prune => {}
        }
    }

    /// A DispatchActor that hangs in synchronous code is left behind, and may send one more message when it wakes: its
    /// picture is older than that of its successor, who has opened a pass since.
    fn is_of_a_replaced_writer(&self, request: &StoreMessage) -> bool {
        let (StoreMessage::Commit { reply_to, .. } | StoreMessage::PayDetails { reply_to, .. }) = request else {
            return false;
        };
        self.opener.is_some_and(|opener| opener != reply_to.get_id())
    }

    /// A transaction that began with the fence has renewed the lease, or tells that it is lost.
    fn fenced<T>(&mut self, result: &Result<T, StoreError>) {
        match result {
            Ok(_) => self.renewed = Instant::now(),
            Err(error @ StoreError::LeaseHeld { .. }) => self.report(error),
            Err(_) => {}
        }
    }

    fn prune_if_due(&self, myself: &ActorRef<StoreMessage>) {
        if self.pruned.is_none_or(|pruned| pruned.elapsed() >= PRUNE_INTERVAL) {
            send(myself, StoreMessage::Prune);
        }
    }

    fn report(&self, error: &StoreError) {
        if matches!(error, StoreError::LeaseHeld { .. }) {
            self.args.lease.say(false);
        }
        self.tell(SupervisorMessage::StoreTrouble { epoch: self.args.epoch, error: error.clone() });
    }

    fn tell(&self, message: SupervisorMessage) {
        send(&self.args.supervisor, message);
    }
}

/// Whoever is dead by now has no use for the answer: what he owed is asked again by his successor.
fn send<M: ractor::Message>(to: &ActorRef<M>, message: M) {
    let _ = to.cast(message);
}
