//! StoreActor: every write of the reconciliation, one transaction at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ractor::{ActorProcessingErr, ActorRef};
use tokio::time::Instant;

use super::{LedgerStore, StoreError, StoreMessage};
use crate::model::Epoch;
use crate::reply::Callback;
use crate::runtime::Timer;

/// The actor of the ledger.
#[derive(Debug)]
pub struct StoreActor;

/// What a StoreActor is born with.
#[derive(Debug)]
pub struct StoreArgs {
    /// Takes what it reports.
    pub report: Callback<StoreEvent>,
    /// The ledger, of this life alone.
    pub store: Box<dyn LedgerStore>,
    /// Where it says whether the lease stands.
    pub lease: LeaseWord,
}

/// What StoreActor reports on its own account.
#[derive(Clone, Debug)]
pub enum StoreEvent {
    /// The database is open and the lease is taken.
    Ready,
    /// Why it is not, or is no longer.
    Trouble(StoreError),
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
    /// Which life of the writer opened a pass last: earlier ones write no more.
    writer: Epoch,
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
            writer: Epoch(0),
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
                Err(error) => tracing::warn!(%error, "releasing the lease failed"),
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
                self.args.report.send(StoreEvent::Ready);
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
                tracing::debug!(%error, "renewing the lease failed; will retry");
            }
        }
        let wait = every.saturating_sub(self.renewed.elapsed()).max(LONGEST_RETRY);
        self.timer.arm(wait, myself, StoreMessage::RenewLease);
    }

    async fn prune(&mut self) {
        match self.args.store.prune().await {
            Ok(0) => self.pruned = Some(Instant::now()),
            Ok(removed) => tracing::debug!(removed, "pruned"),
            Err(error) => tracing::warn!(%error, "pruning failed; will retry"),
        }
    }

    async fn answer(&mut self, myself: &ActorRef<StoreMessage>, request: StoreMessage) {
        if self.is_of_a_replaced_writer(&request) {
            tracing::warn!("a writer that was replaced and left behind woke up; what it wanted to write is dropped");
            return;
        }
        let store = &mut self.args.store;
        match request {
            StoreMessage::Open { scope, writer, began, reply } => {
                self.writer = writer;
                reply.send(store.open_pass(scope, Box::new(move || began.send(()))).await);
            }
            StoreMessage::ReadRows { rows, reply } => reply.send(store.read_rows(rows).await),
            StoreMessage::LookUp { keys, reply } => reply.send(store.look_up(keys).await),
            StoreMessage::AdoptStacks { compose_projects, reply } => {
                reply.send(store.adopt_stacks(compose_projects).await);
            }
            StoreMessage::Commit { plan, reply, .. } => {
                let result = store.commit(plan).await;
                self.fenced(&result);
                reply.send(result);
                self.prune_if_due(myself);
            }
            StoreMessage::WriteDetails { writes, reply, .. } => {
                let result = store.write_details(writes).await;
                self.fenced(&result);
                reply.send(result);
            }
            StoreMessage::LookForBindings { reply } => reply.send(store.new_bindings().await),
            StoreMessage::Begin | StoreMessage::RenewLease | StoreMessage::Prune => {}
        }
    }

    /// A writer that hangs in synchronous code is left behind, and may send one more message when it wakes: what it plans
    /// is older than what its successor does, which has opened a pass since.
    const fn is_of_a_replaced_writer(&self, request: &StoreMessage) -> bool {
        match request {
            StoreMessage::Open { writer, .. }
            | StoreMessage::Commit { writer, .. }
            | StoreMessage::WriteDetails { writer, .. } => writer.0 < self.writer.0,
            _ => false,
        }
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
            // One that is about to end prunes no more.
            let _ = myself.cast(StoreMessage::Prune);
        }
    }

    fn report(&self, error: &StoreError) {
        if matches!(error, StoreError::LeaseHeld { .. }) {
            self.args.lease.say(false);
        }
        self.args.report.send(StoreEvent::Trouble(error.clone()));
    }
}
