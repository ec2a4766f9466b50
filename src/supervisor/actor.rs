//! LedgerSupervisor: the lives of the children, their refs, and the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use ractor::{ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::policy::{Backoff, Intensity};
use super::service::ServiceFactory;
use super::subscribers::Subscribers;
use super::watchdog::Watchdog;
use super::wiring::Wiring;
use super::{SupervisorMessage, shutdown};
use crate::config::Config;
use crate::docker::{DockerMessage, SourceFactory};
use crate::model::{Clock, Epoch, FailureKind, PassFailure, PassReport, Worker};
use crate::reply::Reply;
use crate::runtime::Jitter;
use crate::store::{LeaseWord, StoreEvent, StoreFactory, StoreMessage, lease_time_to_live};
use crate::telemetry::{Child, InFlight, LiveCounts, Pulse, RestartCause, Status};

/// The root of the tree.
#[derive(Debug)]
pub(crate) struct LedgerSupervisor;

/// What a supervisor is born with.
#[derive(Debug)]
pub(crate) struct SupervisorArgs {
    /// The configuration.
    pub config: Arc<Config>,
    /// The daemon's address, as it is shown.
    pub endpoint: String,
    /// What the daemon is asked through.
    pub sources: SourceFactory,
    /// Whether passes run by themselves, and old pending are paid.
    pub by_itself: bool,
    /// How many rows get their details after a pass that was asked for; ignored where passes run by themselves.
    pub details_limit: usize,
    /// Makes the ledger's store for each life of StoreActor.
    pub stores: StoreFactory,
    /// Where each life of StoreActor says whether it has the lease.
    pub lease: LeaseWord,
    /// Children that speak to the ledger as any caller would.
    pub services: BTreeMap<Child, ServiceFactory>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Spreads the waits before new lives and new streams.
    pub jitter: Jitter,
    /// Where the status goes.
    pub status: watch::Sender<Status>,
    /// Where DispatchActor keeps the call that it waits for; the status reads it.
    pub in_flight: InFlight,
    /// What EventsActor counts; the status reads it.
    pub live: LiveCounts,
    /// Counts one up each second while no child is wedged.
    pub heartbeat: watch::Sender<u64>,
}

/// What a supervisor knows.
#[derive(Debug)]
pub(crate) struct SupervisorState {
    pub(super) args: SupervisorArgs,
    pub(super) born: Instant,
    pub(super) slots: BTreeMap<Child, Slot>,
    pub(super) wiring: Wiring,
    pub(super) intensity: Intensity,
    pub(super) watchdog: Watchdog,
    pub(super) subscribers: Subscribers,
    /// A look for room is on its way.
    pub(super) looks_for_room: bool,
    /// That the rows are not kept true was logged, and not yet that they are again.
    pub(super) is_told_stale: bool,
    /// Requests that came while no TickActor lived.
    pub(super) requests: Vec<Reply<PassReport>>,
    pub(super) verdict: Result<(), PassFailure>,
}

/// One child: its present life, or the wait for its next one.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) epoch: Epoch,
    pub(super) cell: Option<ActorCell>,
    /// When the present life began; one that could not begin has lived for no time.
    pub(super) born: Option<Instant>,
    pub(super) backoff: Backoff,
    /// Of those who never await I/O.
    pub(super) pulse: Option<Pulse>,
    /// Why we killed this life, if we did.
    pub(super) killed_for: Option<RestartCause>,
    /// Why it ended, while the next one is to begin.
    pub(super) ended_for: Option<RestartCause>,
    /// Announced by `StoreReady` only.
    pub(super) store: Option<ActorRef<StoreMessage>>,
    pub(super) timer: Option<JoinHandle<()>>,
}

impl Slot {
    /// Of a child that has not lived yet.
    pub(super) fn unborn(epoch: Epoch) -> Self {
        Self {
            epoch,
            cell: None,
            born: None,
            backoff: Backoff::default(),
            pulse: None,
            killed_for: None,
            ended_for: None,
            store: None,
            timer: None,
        }
    }
}

/// In the order of their births; each uses those after it.
pub(crate) const CHILDREN: [Child; 9] = [
    Child::Events,
    Child::Tick,
    Child::Dispatch,
    Child::Docker(Worker::Pass),
    Child::Docker(Worker::Identity),
    Child::Docker(Worker::Details),
    Child::Docker(Worker::Actions),
    Child::Docker(Worker::Probe),
    Child::Store,
];

#[ractor::actor(message = SupervisorMessage, state = SupervisorState, arguments = SupervisorArgs)]
impl LedgerSupervisor {
    async fn pre_start(
        &self,
        myself: ActorRef<SupervisorMessage>,
        args: SupervisorArgs,
    ) -> Result<SupervisorState, ActorProcessingErr> {
        let mut state = SupervisorState::new(args);
        let services: Vec<Child> = state.args.services.keys().copied().collect();
        for child in CHILDREN.into_iter().chain(services).filter(|child| state.is_wanted(*child)).collect::<Vec<_>>() {
            match state.give_life(&myself, child, Epoch(1)).await {
                // Nobody needs a service to begin.
                Err(error) if child.is_service() => state.could_not_begin(&myself, child, Epoch(1), &error)?,
                outcome => outcome?,
            }
        }
        myself.cast(SupervisorMessage::LookAround)?;
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<SupervisorMessage>,
        message: SupervisorMessage,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        use SupervisorMessage as M;
        let outcome = match message {
            M::KillOverdue { child, epoch } => state.leave_behind(&myself, child, epoch),
            M::Respawn { child, epoch } => state.respawn(&myself, child, epoch).await,
            other => {
                state.on(&myself, other);
                Ok(())
            }
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(failure) => Err(state.give_up(&myself, failure).await),
        }
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<SupervisorMessage>,
        event: SupervisionEvent,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        // A killed actor's state lives until its event is dropped: keep only who and why.
        let (who, error) = match event {
            SupervisionEvent::ActorTerminated(who, _, _) => (who, None),
            SupervisionEvent::ActorFailed(who, error) => (who, Some(error)),
            _ => return Ok(()),
        };
        match state.died(&myself, &who, error.as_deref()) {
            Ok(()) => Ok(()),
            Err(failure) => Err(state.give_up(&myself, failure).await),
        }
    }

    async fn post_stop(
        &self,
        myself: ActorRef<SupervisorMessage>,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        state.end(&myself).await;
        Ok(())
    }
}

impl SupervisorState {
    pub(super) fn new(args: SupervisorArgs) -> Self {
        let intensity = Intensity::new(args.config.restart_intensity, args.config.restart_window);
        Self {
            args,
            born: Instant::now(),
            slots: BTreeMap::new(),
            wiring: Wiring::default(),
            intensity,
            watchdog: Watchdog::new(Instant::now()),
            subscribers: Subscribers::default(),
            looks_for_room: false,
            is_told_stale: false,
            requests: Vec::new(),
            verdict: Ok(()),
        }
    }

    /// Nobody waits for an event where passes run on request alone, and not every ledger has services.
    fn is_wanted(&self, child: Child) -> bool {
        match child {
            Child::Events => self.args.by_itself,
            Child::Service(_) => self.args.services.contains_key(&child),
            Child::Tick | Child::Dispatch | Child::Docker(_) | Child::Store => true,
        }
    }

    fn on(&mut self, myself: &ActorRef<SupervisorMessage>, message: SupervisorMessage) {
        use SupervisorMessage as M;
        match message {
            M::LookAround => self.look_around(myself),
            M::Tick(event) => self.tick_reports(myself, event),
            M::Dispatch(event) => self.dispatch_reports(myself, &event),
            M::Store { epoch, event: StoreEvent::Ready } => self.store_ready(myself, epoch),
            M::Store { epoch, event: StoreEvent::Trouble(error) } => self.store_trouble(myself, epoch, &error),
            M::Listening(address) => self.args.status.send_modify(|status| status.listening = address),
            M::StreamChanged(stream) => self.args.status.send_modify(|status| status.stream = Some(stream)),
            M::LedgerChanged => self.publish(myself),
            M::LookForRoom => self.look_for_room(myself),
            M::ChangesRead { op, result } => self.changes_read(myself, op, result),
            M::SnapshotRead { op, result } => self.snapshot_read(myself, op, result),
            M::Subscribe { id, after, sink } => self.subscribe(myself, id, after, sink),
            M::Unsubscribe(id) => self.subscribers.remove(id),
            M::Look { container, reply } => {
                self.wiring.to_actions(DockerMessage::Look { container, reply: reply.into() });
            }
            M::LookAtImage { image, reply } => {
                self.wiring.to_actions(DockerMessage::LookAtImage { image, reply: reply.into() });
            }
            M::Act { container, action, reply } => {
                self.wiring.to_actions(DockerMessage::Act { container, action, reply: reply.into() });
            }
            M::Reconcile(caller) => self.request_pass(caller.into()),
            M::SettleDetails(caller) => self.settle_details(caller.into()),
            // Each may end in giving up: the actor has handled them.
            M::KillOverdue { .. } | M::Respawn { .. } => {}
        }
    }

    /// Upwards goes only what has ended in order: ractor kills the children of an actor that fails.
    async fn give_up(&mut self, myself: &ActorRef<SupervisorMessage>, failure: PassFailure) -> ActorProcessingErr {
        let message = failure.message.clone();
        self.verdict = Err(failure);
        self.end(myself).await;
        message.into()
    }

    /// Ends the children in order, then says how the ledger ended.
    async fn end(&mut self, myself: &ActorRef<SupervisorMessage>) {
        let living = |child: &Child| self.slots.get(child)?.cell.clone();
        let workers = CHILDREN.iter().filter(|child| matches!(child, Child::Docker(_) | Child::Events));
        let workers = workers.filter_map(living).collect();
        let services: Vec<ActorCell> = self.args.services.keys().filter_map(living).collect();
        let store = living(&Child::Store);
        let is_over = shutdown::in_order(&self.wiring, workers, store, self.args.config.store_deadline).await;
        let is_lost = self.verdict.as_ref().is_err_and(|failure| failure.kind == FailureKind::LeaseLost);
        if self.args.lease.stands() || !is_over && !is_lost {
            self.release_what_stands(myself).await;
        }
        // Last, so that they hand on what their callers were answered.
        shutdown::services(&services).await;
        let verdict = self.verdict.clone();
        self.args.status.send_modify(|status| status.ended = Some(verdict));
    }

    /// A StoreActor that died, or hung in a transaction, has left the lease: one more life releases it if the database
    /// lets it, and people are told if not. A lease that was lost is not taken back.
    async fn release_what_stands(&mut self, myself: &ActorRef<SupervisorMessage>) {
        let epoch = self.slots.get(&Child::Store).map_or(Epoch(1), |slot| slot.epoch.next());
        match self.spawn_last_store(myself, epoch).await {
            Ok(last) => shutdown::last_store(&last).await,
            Err(error) => tracing::warn!(%error, "cannot start the store once more"),
        }
        if self.args.lease.stands() {
            let config = &self.args.config;
            let message = format!(
                "the lease of host {} could not be released, since the database did not answer: it stands for up to {:?}; \
                 a process on this machine need not wait once this one is gone",
                config.host,
                lease_time_to_live(config.interval)
            );
            tracing::warn!("{message}");
            self.args.status.send_modify(|status| status.store_trouble = Some(message));
        }
    }

    /// Spawns a child and announces it. No child does I/O before it is spawned, so this never waits for any.
    pub(super) async fn give_life(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        child: Child,
        epoch: Epoch,
    ) -> Result<(), SpawnErr> {
        if self.slots.get(&child).is_some_and(|slot| slot.cell.is_some() || slot.epoch > epoch) {
            return Ok(());
        }
        let (mut store, mut pulse) = (None, None);
        let cell = match child {
            Child::Tick => self.spawn_tick(myself, epoch, pulse.insert(Pulse::new()).clone()).await?,
            Child::Dispatch => self.spawn_dispatch(myself, epoch, pulse.insert(Pulse::new()).clone()).await?,
            Child::Events => self.spawn_events(myself, epoch, pulse.insert(Pulse::new()).clone()).await?,
            Child::Docker(worker) => self.spawn_worker(myself, worker, epoch).await?,
            Child::Service(_) => self.spawn_service(myself, child).await?,
            Child::Store => {
                let spawned = self.spawn_store(myself, epoch).await?;
                store = Some(spawned.clone());
                spawned.get_cell()
            }
        };
        let before = self.slots.remove(&child);
        if let Some(cause) = before.as_ref().and_then(|before| before.ended_for) {
            self.args.status.send_modify(|status| *status.restarts.entry((child, cause)).or_default() += 1);
        }
        let backoff = before.map(|before| before.backoff).unwrap_or_default();
        let (cell, born) = (Some(cell), Some(Instant::now()));
        self.slots.insert(child, Slot { cell, born, backoff, pulse, store, ..Slot::unborn(epoch) });
        Ok(())
    }
}
