//! What DispatchActor knows, and its means: op ids, deadlines, the actors that it asks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::conditions::Conditions;
use super::identification::Identification;
use super::pass::{Moment, Pass, PassCache, PassSettings};
use super::pending_details::{DetailsCall, PendingDetails};
use super::rules::RuleSet;
use super::standing::Standing;
use super::{DispatchEvent, DispatchMessage, Peer};
use crate::config::Config;
use crate::docker::{CallProgress, DockerMessage, Refusals};
use crate::model::{Clock, Epoch, OpId, PassReport, Worker};
use crate::reply::{Callback, Reply};
use crate::runtime::Timer;
use crate::store::StoreMessage;
use crate::telemetry::{InFlight, Pulse};

/// Beyond the bounds that DockerActor keeps by itself, so that only a worker that hangs is killed.
pub(super) const WORKER_GRACE: Duration = Duration::from_secs(1);

/// What a DispatchActor is born with.
#[derive(Debug)]
pub(crate) struct DispatchArgs {
    /// The configuration.
    pub config: Arc<Config>,
    /// The daemon's address, for the host's line.
    pub endpoint: String,
    /// Which life of DispatchActor this is.
    pub epoch: Epoch,
    /// Takes what it reports.
    pub report: Callback<DispatchEvent>,
    /// How many rows get their details after a pass; `None` for all, old pending included.
    pub details_limit: Option<usize>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// What tells the supervisor that its loop turns.
    pub pulse: Pulse,
    /// Where it keeps the call to the daemon that it waits for.
    pub in_flight: InFlight,
    /// Where all that asks the daemon notes what is refused.
    pub refusals: Refusals,
}

/// An actor that it asks, as the supervisor announced it.
#[derive(Debug)]
pub(super) struct Living<T> {
    pub(super) epoch: Epoch,
    pub(super) actor: ActorRef<T>,
}

/// What a DispatchActor knows.
#[derive(Debug)]
pub(crate) struct DispatchState {
    pub(super) settings: PassSettings,
    pub(super) epoch: Epoch,
    pub(super) report: Callback<DispatchEvent>,
    pub(super) details_limit: Option<usize>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) pulse: Pulse,
    pub(super) in_flight: InFlight,
    pub(super) born: Instant,
    pub(super) workers: HashMap<Worker, Living<DockerMessage>>,
    /// How far the list call of the pass worker has come.
    pub(super) progress: Option<Arc<CallProgress>>,
    pub(super) store: Option<Living<StoreMessage>>,
    pub(super) pass: Option<Pass>,
    /// Takes the report of the pass that runs.
    pub(super) reply: Option<Reply<PassReport>>,
    pub(super) next_op: u64,
    pub(super) deadlines: HashMap<OpId, JoinHandle<()>>,
    pub(super) lists_fail: bool,
    /// Between passes; empty while one runs.
    pub(super) cache: PassCache,
    pub(super) conditions: Conditions,
    pub(super) pending: PendingDetails,
    pub(super) details_call: Option<DetailsCall>,
    pub(super) settle_waiters: Vec<Reply<()>>,
    pub(super) probe: Probe,
    pub(super) standing: Standing,
    pub(super) identification: Identification,
}

/// The look whether a daemon that does not answer does again.
#[derive(Debug, Default)]
pub(super) struct Probe {
    /// The request on its way; it is left waiting over any number of failed passes.
    pub(super) op: Option<OpId>,
    /// How often in a row it answered and the pass failed all the same.
    pub(super) in_vain: u32,
    /// The wait before the next one: one, over any number of failed passes.
    pub(super) wait: Option<Timer>,
}

impl DispatchState {
    pub(super) fn new(args: DispatchArgs) -> Self {
        let rules = Arc::new(RuleSet::from(&*args.config));
        Self {
            settings: PassSettings { config: args.config, endpoint: args.endpoint, rules },
            epoch: args.epoch,
            report: args.report,
            details_limit: args.details_limit,
            clock: args.clock,
            pulse: args.pulse,
            in_flight: args.in_flight,
            born: Instant::now(),
            workers: HashMap::new(),
            progress: None,
            store: None,
            pass: None,
            reply: None,
            next_op: 1,
            deadlines: HashMap::new(),
            lists_fail: false,
            cache: PassCache::default(),
            conditions: Conditions::default(),
            pending: PendingDetails::default(),
            details_call: None,
            settle_waiters: Vec::new(),
            probe: Probe::default(),
            standing: Standing::new(args.refusals),
            identification: Identification::default(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        Moment { wall: self.clock.now(), monotonic: self.born.elapsed() }
    }

    pub(super) fn fresh_op(&mut self) -> OpId {
        let op = OpId(self.next_op);
        self.next_op += 1;
        if let Some(pass) = &mut self.pass {
            pass.skip_op();
        }
        op
    }

    pub(super) fn arm(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId, after: Duration) {
        let myself = myself.clone();
        let timer = tokio::spawn(async move {
            tokio::time::sleep(after).await;
            // A dead actor has no deadlines.
            let _ = myself.cast(DispatchMessage::Deadline { op });
        });
        self.deadlines.insert(op, timer);
    }

    pub(super) fn disarm(&mut self, op: OpId) {
        if let Some(timer) = self.deadlines.remove(&op) {
            timer.abort();
        }
    }

    pub(super) fn to_worker(&self, worker: Worker, message: DockerMessage) -> bool {
        self.workers.get(&worker).is_some_and(|peer| peer.actor.cast(message).is_ok())
    }

    pub(super) fn to_store(&self, message: StoreMessage) -> bool {
        self.store.as_ref().is_some_and(|peer| peer.actor.cast(message).is_ok())
    }

    pub(super) fn report_stuck_worker(&mut self, worker: Worker, op: OpId) {
        if let Some(peer) = self.workers.remove(&worker) {
            self.report_stuck(Peer::Docker(worker), peer.epoch, op);
        }
    }

    pub(super) fn report_stuck_store(&mut self, op: OpId) {
        if let Some(peer) = self.store.take() {
            self.report_stuck(Peer::Store, peer.epoch, op);
        }
    }

    fn report_stuck(&self, peer: Peer, epoch: Epoch, op: OpId) {
        // The daemon or the database may hang for hours: that passes fail is told once, by the conditions.
        tracing::debug!(?peer, epoch = epoch.0, "a call is past its deadline: the actor that awaits it is replaced");
        self.report.send(DispatchEvent::Stuck { peer, epoch, op });
    }
}
