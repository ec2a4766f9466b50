//! TickActor: says when, and answers everybody who asked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::TickMessage;
use super::failed::failed_report;
use super::schedule::Schedule;
use crate::config::Config;
use crate::dispatch::DispatchMessage;
use crate::model::{Epoch, FailureKind, PassId, PassOutcome, PassReport, Trigger};
use crate::store::{NewBinding, StoreError, StoreMessage};
use crate::supervisor::{Child, SupervisorMessage};

/// The actor of the schedule.
#[derive(Debug)]
pub(crate) struct TickActor;

/// What a TickActor is born with.
#[derive(Debug)]
pub(crate) struct TickArgs {
    /// The configuration.
    pub config: Arc<Config>,
    /// Who enforces the bound of a pass and hears of its end.
    pub supervisor: ActorRef<SupervisorMessage>,
    /// Whether passes run by themselves: at birth, by interval and when bindings are found. Else only on request.
    pub by_itself: bool,
}

/// What a TickActor knows.
#[derive(Debug)]
pub(crate) struct TickState {
    args: TickArgs,
    born: Instant,
    schedule: Schedule<RpcReplyPort<PassReport>>,
    dispatch: Option<(Epoch, ActorRef<DispatchMessage>)>,
    store: Option<(Epoch, ActorRef<StoreMessage>)>,
    interval: Option<JoinHandle<()>>,
    bound: Option<JoinHandle<()>>,
    begin: Option<JoinHandle<()>>,
    look: Option<JoinHandle<()>>,
    /// The bindings of the last look: each set is passed over once, so that one that cannot be resolved costs one pass.
    bindings: BTreeSet<NewBinding>,
    stopping: bool,
}

/// Between two looks for bindings that no pass has seen: a row that a deployer binds is true within two of them.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

#[ractor::actor(message = TickMessage, state = TickState, arguments = TickArgs)]
impl TickActor {
    async fn pre_start(&self, myself: ActorRef<TickMessage>, args: TickArgs) -> Result<TickState, ActorProcessingErr> {
        Ok(TickState::new(&myself, args))
    }

    async fn handle(
        &self,
        myself: ActorRef<TickMessage>,
        message: TickMessage,
        state: &mut TickState,
    ) -> Result<(), ActorProcessingErr> {
        state.on(&myself, message);
        Ok(())
    }
}

impl Drop for TickState {
    fn drop(&mut self) {
        for timer in [&mut self.interval, &mut self.bound, &mut self.begin, &mut self.look] {
            disarm(timer);
        }
    }
}

impl TickState {
    fn new(myself: &ActorRef<TickMessage>, args: TickArgs) -> Self {
        let mut state = Self {
            born: Instant::now(),
            schedule: Schedule::new(args.config.coalesce),
            args,
            dispatch: None,
            store: None,
            interval: None,
            bound: None,
            begin: None,
            look: None,
            bindings: BTreeSet::new(),
            stopping: false,
        };
        if state.args.by_itself {
            // A new TickActor owes a whole pass: it cannot know what the one before had missed.
            state.want(myself, Trigger::Boot, None);
        }
        state
    }

    fn on(&mut self, myself: &ActorRef<TickMessage>, message: TickMessage) {
        use TickMessage as M;
        match message {
            M::Request(caller) => self.want(myself, Trigger::Request, caller),
            M::Interval => self.want(myself, Trigger::Tick, None),
            M::DaemonAnswers if self.args.by_itself => self.want(myself, Trigger::Recovery, None),
            M::DaemonAnswers => {}
            M::BeginDue => self.begin_if_due(myself),
            M::LookForBindings => self.look_for_bindings(myself),
            M::NewBindings(answer) => self.new_bindings(myself, answer),
            M::PassEnded(report) => self.pass_ended(myself, *report),
            M::PassOverdue { pass } => self.pass_overdue(myself, &pass),
            M::DispatchUp { epoch, dispatch } => self.dispatch_up(myself, epoch, dispatch),
            M::DispatchDown { epoch } => self.dispatch = self.dispatch.take().filter(|(alive, _)| *alive > epoch),
            M::StoreUp { epoch, store } => self.store_up(myself, epoch, store),
            M::StoreDown { epoch } => self.store = self.store.take().filter(|(alive, _)| *alive > epoch),
            M::Stop => self.stop(),
        }
    }

    fn want(&mut self, myself: &ActorRef<TickMessage>, trigger: Trigger, caller: Option<RpcReplyPort<PassReport>>) {
        if self.stopping {
            self.answer(caller, &self.failed(FailureKind::Stopping, "the ledger is stopping; no pass runs any more"));
            return;
        }
        if let Err(caller) = self.schedule.want(trigger, caller) {
            let busy = "too many callers wait for the next pass; ask again later";
            self.answer(Some(caller), &self.failed(FailureKind::Internal, busy));
        }
        self.begin_if_due(myself);
    }

    fn begin_if_due(&mut self, myself: &ActorRef<TickMessage>) {
        let Some((_, dispatch)) = &self.dispatch else { return };
        let now = self.born.elapsed();
        match self.schedule.due_in(now) {
            None => {}
            Some(wait) if wait > Duration::ZERO => {
                disarm(&mut self.begin);
                self.begin = Some(after(wait, myself, TickMessage::BeginDue));
            }
            Some(_) => {
                if let Some(order) = self.schedule.begin(now) {
                    disarm(&mut self.interval);
                    disarm(&mut self.bound);
                    let overdue = TickMessage::PassOverdue { pass: order.pass.clone() };
                    self.bound = Some(after(self.args.config.pass_bound(), myself, overdue));
                    // Lost with a dying DispatchActor: the next one's `Up` sends it again.
                    let _ = dispatch.cast(DispatchMessage::Begin(order));
                }
            }
        }
    }

    fn pass_ended(&mut self, myself: &ActorRef<TickMessage>, report: PassReport) {
        let Some(callers) = self.schedule.ended(&report.pass_id) else { return };
        disarm(&mut self.bound);
        for caller in callers {
            self.answer(Some(caller), &report);
        }
        let moved = report.moved > 0 && report.outcome != PassOutcome::Failed;
        // The supervisor outlives its children.
        let _ = self.args.supervisor.cast(SupervisorMessage::PassEnded(Arc::new(report)));
        if self.stopping {
            return;
        }
        if moved {
            self.want(myself, Trigger::Moved, None);
        }
        if self.args.by_itself {
            disarm(&mut self.interval);
            self.interval = Some(after(self.args.config.interval, myself, TickMessage::Interval));
        }
        self.begin_if_due(myself);
    }

    fn pass_overdue(&mut self, myself: &ActorRef<TickMessage>, pass: &PassId) {
        if self.schedule.running().is_none_or(|order| order.pass != *pass) {
            return;
        }
        if let Some((epoch, _)) = self.dispatch.take() {
            let stuck = SupervisorMessage::Stuck { child: Child::Dispatch, epoch, op: crate::model::OpId(0) };
            // The supervisor outlives its children.
            let _ = self.args.supervisor.cast(stuck);
        }
        let bound = self.args.config.pass_bound();
        let message =
            format!("the pass did not end within its bound of {bound:?}; whether it was committed is not known");
        tracing::warn!(pass_id = %pass, error = %message, "a pass was given up");
        let mut report = self.failed(FailureKind::Internal, &message);
        report.pass_id = pass.clone();
        self.pass_ended(myself, report);
    }

    fn dispatch_up(&mut self, myself: &ActorRef<TickMessage>, epoch: Epoch, dispatch: ActorRef<DispatchMessage>) {
        if self.dispatch.as_ref().is_some_and(|(alive, _)| *alive >= epoch) {
            return;
        }
        self.dispatch = Some((epoch, dispatch));
        self.schedule.lost();
        self.begin_if_due(myself);
    }

    fn store_up(&mut self, myself: &ActorRef<TickMessage>, epoch: Epoch, store: ActorRef<StoreMessage>) {
        if self.store.as_ref().is_some_and(|(alive, _)| *alive >= epoch) {
            return;
        }
        self.store = Some((epoch, store));
        self.rearm_look(myself);
    }

    fn rearm_look(&mut self, myself: &ActorRef<TickMessage>) {
        disarm(&mut self.look);
        if self.args.by_itself && !self.stopping {
            self.look = Some(after(LOOK_INTERVAL, myself, TickMessage::LookForBindings));
        }
    }

    fn look_for_bindings(&mut self, myself: &ActorRef<TickMessage>) {
        if let Some((_, store)) = &self.store {
            // Unanswered, the next StoreActor's `Up` arms the look again.
            let _ = store.cast(StoreMessage::LookForBindings { reply_to: myself.clone() });
        }
    }

    fn new_bindings(&mut self, myself: &ActorRef<TickMessage>, answer: Result<Vec<NewBinding>, StoreError>) {
        self.rearm_look(myself);
        let found: BTreeSet<NewBinding> = match answer {
            Ok(found) => found.into_iter().collect(),
            Err(error) => {
                tracing::debug!(%error, "could not look for new bindings");
                return;
            }
        };
        let has_news = found.difference(&self.bindings).next().is_some();
        self.bindings = found;
        if has_news {
            self.want(myself, Trigger::Binding, None);
        }
    }

    fn stop(&mut self) {
        self.stopping = true;
        disarm(&mut self.interval);
        disarm(&mut self.look);
        let stopping = self.failed(FailureKind::Stopping, "the ledger is stopping; no pass runs any more");
        for caller in self.schedule.give_up_waiting() {
            self.answer(Some(caller), &stopping);
        }
    }

    fn failed(&self, kind: FailureKind, message: &str) -> PassReport {
        failed_report(&self.args.config.host, kind, message)
    }

    #[expect(clippy::unused_self, reason = "reads as what TickActor does")]
    fn answer(&self, caller: Option<RpcReplyPort<PassReport>>, report: &PassReport) {
        if let Some(caller) = caller {
            // Whoever does not wait any more needs no answer.
            let _ = caller.send(report.clone());
        }
    }
}

fn after(wait: Duration, myself: &ActorRef<TickMessage>, message: TickMessage) -> JoinHandle<()> {
    let myself = myself.clone();
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        // A dead actor has no timers.
        let _ = myself.cast(message);
    })
}

fn disarm(timer: &mut Option<JoinHandle<()>>) {
    if let Some(timer) = timer.take() {
        timer.abort();
    }
}
