//! LedgerSupervisor: the lives of the children, their refs, and the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorCell, ActorProcessingErr, ActorRef, MessagingErr, RpcReplyPort, SpawnErr, SupervisionEvent};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::policy::{Backoff, Death, Intensity};
use super::wiring::Wiring;
use super::{Child, Status, SupervisorMessage, shutdown};
use crate::config::Config;
use crate::dispatch::DispatchMessage;
use crate::docker::{Lane, SourceFactory};
use crate::model::{Clock, Epoch, FailureKind, PassFailure, PassReport, whole_millis};
use crate::store::{StoreError, StoreFactory, StoreMessage};
use crate::tick::TickMessage;

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
    /// Whether passes run by themselves, and old debts are paid.
    pub by_itself: bool,
    /// How many rows get their details after a pass that was asked for; ignored where passes run by themselves.
    pub details_limit: usize,
    /// Makes the ledger's store for each life of StoreActor.
    pub stores: StoreFactory,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Where the status goes.
    pub status: watch::Sender<Status>,
}

/// What a supervisor knows.
#[derive(Debug)]
pub(crate) struct SupervisorState {
    pub(super) args: SupervisorArgs,
    born: Instant,
    slots: BTreeMap<Child, Slot>,
    pub(super) wiring: Wiring,
    intensity: Intensity,
    /// Requests that came while no TickActor lived.
    pub(super) requests: Vec<RpcReplyPort<PassReport>>,
    verdict: Result<(), PassFailure>,
}

/// One child: its present life, or the wait for its next one.
#[derive(Debug)]
struct Slot {
    epoch: Epoch,
    cell: Option<ActorCell>,
    born: Instant,
    backoff: Backoff,
    /// We killed this life, so its death is no fault of its own.
    is_killed_by_us: bool,
    /// Announced by `StoreReady` only.
    store: Option<ActorRef<StoreMessage>>,
    timer: Option<JoinHandle<()>>,
}

/// How long a killed child may take to die before it is left behind: it wedges in synchronous code then.
const TIME_TO_DIE: Duration = Duration::from_secs(1);

/// In the order of their births; each uses those after it.
const CHILDREN: [Child; 8] = [
    Child::Events,
    Child::Tick,
    Child::Dispatch,
    Child::Docker(Lane::Pass),
    Child::Docker(Lane::Details),
    Child::Docker(Lane::Actions),
    Child::Docker(Lane::Probe),
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
        // Nobody waits for an event where passes run on request alone.
        let children = CHILDREN.into_iter().filter(|child| state.args.by_itself || *child != Child::Events);
        for child in children.collect::<Vec<_>>() {
            state.give_life(&myself, child, Epoch(1)).await?;
        }
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<SupervisorMessage>,
        message: SupervisorMessage,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        use SupervisorMessage as M;
        match message {
            M::Stuck { child, epoch, op } => {
                tracing::debug!(%child, epoch = epoch.0, op = op.0, "stuck");
                state.kill(&myself, child, Some(epoch));
            }
            M::KillOverdue { child, epoch } => state.leave_behind(&myself, child, epoch),
            M::Respawn { child, epoch } => state.give_life(&myself, child, epoch).await?,
            M::StoreReady { epoch } => state.store_ready(epoch),
            M::StoreTrouble { epoch, error } => state.store_trouble(&myself, epoch, &error),
            // Nobody asks yet.
            M::ChangesRead(_) => {}
            M::StreamChanged(stream) => state.args.status.send_modify(|status| status.stream = Some(stream)),
            M::PassEnded(report) => state.pass_ended(report),
            M::Reconcile(caller) => state.request_pass(caller),
            M::SettleDetails(caller) => state.settle_details(caller),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<SupervisorMessage>,
        event: SupervisionEvent,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        // A killed actor's state lives until its event is dropped: keep only who and why.
        let (who, failure) = match event {
            SupervisionEvent::ActorTerminated(who, _, _) => (who, None),
            SupervisionEvent::ActorFailed(who, error) => (who, Some(error.to_string())),
            _ => return Ok(()),
        };
        if let Err(failure) = state.died(&myself, &who, failure) {
            // Upwards goes only what has ended in order: ractor kills the children of an actor that fails.
            let message = failure.message.clone();
            state.verdict = Err(failure);
            state.end().await;
            return Err(message.into());
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<SupervisorMessage>,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        state.end().await;
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
            requests: Vec::new(),
            verdict: Ok(()),
        }
    }

    /// Ends the children in order, then says how the ledger ended.
    async fn end(&mut self) {
        let lanes = CHILDREN.iter().filter(|child| matches!(child, Child::Docker(_) | Child::Events));
        let lanes = lanes.filter_map(|child| self.slots.get(child)?.cell.clone()).collect();
        let store = self.slots.get(&Child::Store).and_then(|slot| slot.cell.clone());
        shutdown::in_order(&self.wiring, lanes, store, self.args.config.store_deadline).await;
        let verdict = self.verdict.clone();
        self.args.status.send_modify(|status| status.ended = Some(verdict));
    }

    /// Spawns a child and announces it. No child does I/O before it is spawned, so this never waits for any.
    async fn give_life(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        child: Child,
        epoch: Epoch,
    ) -> Result<(), SpawnErr> {
        if self.slots.get(&child).is_some_and(|slot| slot.cell.is_some() || slot.epoch > epoch) {
            return Ok(());
        }
        let mut store = None;
        let cell = match child {
            Child::Tick => self.spawn_tick(myself, epoch).await?,
            Child::Dispatch => self.spawn_dispatch(myself, epoch).await?,
            Child::Events => self.spawn_events(myself, epoch).await?,
            Child::Docker(lane) => self.spawn_lane(myself, lane, epoch).await?,
            Child::Store => {
                let spawned = self.spawn_store(myself, epoch).await?;
                store = Some(spawned.clone());
                spawned.get_cell()
            }
        };
        let backoff = self.slots.get(&child).map(|slot| slot.backoff).unwrap_or_default();
        let slot =
            Slot { epoch, cell: Some(cell), born: Instant::now(), backoff, is_killed_by_us: false, store, timer: None };
        self.slots.insert(child, slot);
        if epoch > Epoch(1) {
            self.args.status.send_modify(|status| *status.restarts.entry(child).or_default() += 1);
        }
        Ok(())
    }

    fn store_ready(&mut self, epoch: Epoch) {
        let ready =
            self.slots.get(&Child::Store).filter(|slot| slot.epoch == epoch).and_then(|slot| slot.store.clone());
        if let Some(store) = ready {
            self.wiring.store_up(epoch, store);
            if self.args.status.borrow().store_trouble.is_some() {
                tracing::info!("the ledger can be written again");
            }
            self.args.status.send_modify(|status| status.store_trouble = None);
        }
    }

    fn store_trouble(&mut self, myself: &ActorRef<SupervisorMessage>, epoch: Epoch, error: &StoreError) {
        if self.slots.get(&Child::Store).is_none_or(|slot| slot.epoch != epoch) {
            return;
        }
        let message = error.to_string();
        let before = self.args.status.borrow().store_trouble.clone();
        if before.as_ref() != Some(&message) {
            tracing::warn!(%error, "the ledger cannot be written");
        }
        self.args.status.send_modify(|status| status.store_trouble = Some(message.clone()));
        self.wiring.store_trouble(error);
        if self.args.by_itself && matches!(error, StoreError::LeaseHeld { .. }) {
            // Two writers for one host is the one thing that must not be: whoever lost the lease does not take it back.
            self.verdict = Err(PassFailure { kind: FailureKind::LeaseLost, message });
            myself.stop(None);
        }
    }

    fn kill(&mut self, myself: &ActorRef<SupervisorMessage>, child: Child, only: Option<Epoch>) {
        let Some(slot) = self.slots.get_mut(&child) else { return };
        let Some(cell) = slot.cell.as_ref().filter(|_| only.is_none_or(|epoch| epoch == slot.epoch)) else { return };
        slot.is_killed_by_us = true;
        cell.kill();
        let overdue = SupervisorMessage::KillOverdue { child, epoch: slot.epoch };
        slot.timer = Some(after(TIME_TO_DIE, myself, overdue));
    }

    /// A killed child that does not die is unlinked and counted; its successor must not wait for it.
    fn leave_behind(&mut self, myself: &ActorRef<SupervisorMessage>, child: Child, epoch: Epoch) {
        let Some(slot) = self.slots.get(&child).filter(|slot| slot.epoch == epoch) else { return };
        let Some(cell) = slot.cell.clone() else { return };
        cell.unlink(myself.get_cell());
        tracing::error!(%child, epoch = epoch.0, "the child did not die within {TIME_TO_DIE:?} and is left behind");
        self.args.status.send_modify(|status| status.leaked += 1);
        self.bury(myself, child, Death::Surroundings);
    }

    fn died(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        who: &ActorCell,
        failure: Option<String>,
    ) -> Result<(), PassFailure> {
        let id = who.get_id();
        let found = self.slots.iter().find(|(_, slot)| slot.cell.as_ref().is_some_and(|cell| cell.get_id() == id));
        let Some((&child, slot)) = found else { return Ok(()) };
        let death = match (&failure, slot.is_killed_by_us) {
            (_, true) => Death::Surroundings,
            (Some(_), false) => Death::OwnFault,
            (None, false) => Death::Foreign,
        };
        if let Some(error) = &failure {
            tracing::error!(%child, epoch = slot.epoch.0, %error, "a child failed");
        }
        if self.intensity.is_exceeded_by(death, self.born.elapsed()) {
            let message = format!(
                "gave up: more than {} faults of its own within {:?}, the last one of {child}: {}",
                self.args.config.restart_intensity,
                self.args.config.restart_window,
                failure.unwrap_or_default()
            );
            return Err(PassFailure { kind: FailureKind::Internal, message });
        }
        self.bury(myself, child, death);
        Ok(())
    }

    /// Tells who used it, and plans the next life.
    fn bury(&mut self, myself: &ActorRef<SupervisorMessage>, child: Child, death: Death) {
        let Some(slot) = self.slots.get_mut(&child) else { return };
        if let Some(timer) = slot.timer.take() {
            timer.abort();
        }
        slot.cell = None;
        slot.store = None;
        let wait = slot.backoff.after_death(death, slot.born.elapsed(), chance());
        let epoch = slot.epoch;
        slot.timer = Some(after(wait, myself, SupervisorMessage::Respawn { child, epoch: epoch.next() }));
        let wait_ms = whole_millis(wait);
        if death == Death::Surroundings {
            tracing::debug!(%child, epoch = epoch.0, wait_ms, "a child that hung is replaced");
        } else {
            tracing::warn!(%child, epoch = epoch.0, ?death, wait_ms, "a child is replaced");
        }
        self.wiring.down(child, epoch);
        if child == Child::Dispatch {
            // Nobody awaits its answer any more, and the next pass must not queue behind it.
            self.kill(myself, Child::Docker(Lane::Pass), None);
        }
    }

    pub(super) fn request_pass(&mut self, caller: RpcReplyPort<PassReport>) {
        let Some((_, tick)) = &self.wiring.tick else {
            self.requests.push(caller);
            return;
        };
        // Lost in the mailbox of a dying TickActor, the caller sees its port dropped and asks again. One that is dead
        // already hands it back, and its successor answers.
        if let Err(MessagingErr::SendErr(TickMessage::Request(Some(caller)))) =
            tick.cast(TickMessage::Request(Some(caller)))
        {
            self.requests.push(caller);
        }
    }

    fn settle_details(&self, caller: RpcReplyPort<()>) {
        if let Some((_, dispatch)) = &self.wiring.dispatch {
            // Lost with a dying DispatchActor, the caller sees its port dropped.
            let _ = dispatch.cast(DispatchMessage::SettleDetails(caller));
        }
    }

    fn pass_ended(&self, report: Arc<PassReport>) {
        self.args.status.send_modify(|status| status.last_report = Some(report));
    }
}

fn after(wait: Duration, myself: &ActorRef<SupervisorMessage>, message: SupervisorMessage) -> JoinHandle<()> {
    let myself = myself.clone();
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        // A dead supervisor restarts nobody.
        let _ = myself.cast(message);
    })
}

/// Jitter needs no good randomness: the hasher's keys are random for each process and call.
fn chance() -> u32 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() as u32
}
