//! TickActor: says when, and answers everybody who asked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorProcessingErr, ActorRef};
use tokio::time::Instant;

use super::schedule::{Ended, Schedule};
use super::{PassNews, TickEvent, TickMessage};
use crate::config::Config;
use crate::dispatch::DispatchMessage;
use crate::model::{Epoch, FailureKind, Invalidation, PassId, PassOutcome, PassReport, Trigger};
use crate::reply::{Callback, Reply};
use crate::runtime::Timer;
use crate::store::{NewBinding, StoreError, StoreMessage};
use crate::telemetry::Pulse;

/// The actor of the schedule.
#[derive(Debug)]
pub(crate) struct TickActor;

/// What a TickActor is born with.
#[derive(Debug)]
pub(crate) struct TickArgs {
    /// The configuration.
    pub config: Arc<Config>,
    /// Takes what it reports.
    pub report: Callback<TickEvent>,
    /// How long the boot pass waits for the first attempt at the event stream.
    pub stream_grace: Duration,
    /// Whether passes run by themselves: at birth, by interval and when bindings are found. Else only on request.
    pub by_itself: bool,
    /// What tells the supervisor that its loop turns.
    pub pulse: Pulse,
}

/// What a TickActor knows.
#[derive(Debug)]
pub(crate) struct TickState {
    args: TickArgs,
    born: Instant,
    schedule: Schedule<Reply<PassReport>, Reply<bool>>,
    dispatch: Option<(Epoch, ActorRef<DispatchMessage>)>,
    store: Option<(Epoch, ActorRef<StoreMessage>)>,
    events: Option<(Epoch, Callback<PassNews>)>,
    interval: Timer,
    bound: Timer,
    begin: Timer,
    look: Timer,
    /// The bindings of the last look: each set is passed over once, so that one that cannot be resolved costs one pass.
    bindings: BTreeSet<NewBinding>,
    /// The last batch was handed back, and EventsActor waits with it.
    is_batch_refused: bool,
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

impl TickState {
    fn new(myself: &ActorRef<TickMessage>, args: TickArgs) -> Self {
        let mut state = Self {
            born: Instant::now(),
            schedule: Schedule::new(args.config.coalesce, args.config.scope_limit as usize),
            args,
            dispatch: None,
            store: None,
            events: None,
            interval: Timer::default(),
            bound: Timer::default(),
            begin: Timer::default(),
            look: Timer::default(),
            bindings: BTreeSet::new(),
            is_batch_refused: false,
            stopping: false,
        };
        state.args.pulse.beat(myself, || TickMessage::Beat);
        if state.args.by_itself {
            // What happens while the first pass lists is told by the stream only if that was open before.
            state.schedule.hold_boot(state.args.stream_grace);
            // A new TickActor owes a whole pass: it cannot know what the one before had missed.
            state.want(myself, Trigger::Boot, None);
        }
        state
    }

    fn on(&mut self, myself: &ActorRef<TickMessage>, message: TickMessage) {
        use TickMessage as M;
        match message {
            M::Request(caller) => self.want(myself, Trigger::Request, caller),
            M::Beat => self.args.pulse.beat(myself, || TickMessage::Beat),
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
            M::Dirty { invalidation, looked } => self.dirty(myself, invalidation, looked),
            M::StreamTried => self.stream_tried(myself),
            M::EventsUp { epoch, events } => self.events_up(epoch, events),
            M::EventsDown { epoch } => self.events = self.events.take().filter(|(alive, _)| *alive > epoch),
            M::Stop => self.stop(),
        }
    }

    fn want(&mut self, myself: &ActorRef<TickMessage>, trigger: Trigger, caller: Option<Reply<PassReport>>) {
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

    fn dirty(&mut self, myself: &ActorRef<TickMessage>, invalidation: Invalidation, looked: Reply<bool>) {
        if !self.stopping {
            self.schedule.want_invalidation(looked, invalidation);
            self.begin_if_due(myself);
        }
    }

    fn stream_tried(&mut self, myself: &ActorRef<TickMessage>) {
        self.schedule.release_boot();
        self.begin_if_due(myself);
    }

    fn events_up(&mut self, epoch: Epoch, events: Callback<PassNews>) {
        if self.events.as_ref().is_none_or(|(alive, _)| *alive < epoch) {
            self.events = Some((epoch, events));
        }
    }

    fn begin_if_due(&mut self, myself: &ActorRef<TickMessage>) {
        let Some((_, dispatch)) = &self.dispatch else { return };
        let now = self.born.elapsed();
        match self.schedule.due_in(now) {
            None => {}
            Some(wait) if wait > Duration::ZERO => self.begin.arm(wait, myself, TickMessage::BeginDue),
            Some(_) => {
                if let Some(order) = self.schedule.begin(now) {
                    if order.scope.is_whole() {
                        self.interval.disarm();
                    }
                    let overdue = TickMessage::PassOverdue { pass: order.pass.clone() };
                    self.bound.arm(self.args.config.pass_bound(), myself, overdue);
                    // Lost with a dying DispatchActor: the next one's `Up` sends it again.
                    let reply = Reply::to(myself, |report| TickMessage::PassEnded(Box::new(report)));
                    let _ = dispatch.cast(DispatchMessage::Begin { order, reply });
                }
            }
        }
    }

    fn pass_ended(&mut self, myself: &ActorRef<TickMessage>, report: PassReport) {
        let has_looked = matches!(report.outcome, PassOutcome::Committed | PassOutcome::Partial);
        let Some(Ended { order, batch, callers }) = self.schedule.ended(&report.pass_id, has_looked) else { return };
        self.bound.disarm();
        for caller in callers {
            self.answer(Some(caller), &report);
        }
        if let Some(batch) = batch {
            self.is_batch_refused = !has_looked;
            batch.send(has_looked);
        } else {
            if has_looked && std::mem::take(&mut self.is_batch_refused) {
                self.tell_events(PassNews::LookAgain);
            }
            if order.trigger == Trigger::Tick && report.updated > 0 {
                self.tell_events(PassNews::FoundByTick);
            }
        }
        let any_moved = report.moved > 0;
        self.args.report.send(TickEvent::PassEnded(Arc::new(report)));
        if self.stopping {
            return;
        }
        // A scoped pass says nothing of rows that moved outside of it.
        if has_looked && (any_moved || order.scope.is_whole()) {
            self.schedule.looked_at_moved(any_moved);
        }
        if self.args.by_itself && order.scope.is_whole() {
            self.interval.arm(self.args.config.interval, myself, TickMessage::Interval);
        }
        self.begin_if_due(myself);
    }

    fn tell_events(&self, news: PassNews) {
        if let Some((_, events)) = &self.events {
            events.send(news);
        }
    }

    fn pass_overdue(&mut self, myself: &ActorRef<TickMessage>, pass: &PassId) {
        let Some(order) = self.schedule.running().filter(|order| order.pass == *pass) else { return };
        let (trigger, scope) = (order.trigger, order.scope.clone());
        if let Some((epoch, _)) = self.dispatch.take() {
            self.args.report.send(TickEvent::PassOverdue { epoch });
        }
        let bound = self.args.config.pass_bound();
        let message =
            format!("the pass did not end within its bound of {bound:?}; whether it was committed is not known");
        tracing::warn!(pass_id = %pass, error = %message, "pass aborted");
        let mut report = self.failed(FailureKind::Internal, &message);
        report.pass_id = pass.clone();
        report.trigger = trigger;
        report.scope = scope;
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
        self.look.disarm();
        if self.args.by_itself && !self.stopping {
            self.look.arm(LOOK_INTERVAL, myself, TickMessage::LookForBindings);
        }
    }

    fn look_for_bindings(&mut self, myself: &ActorRef<TickMessage>) {
        if let Some((_, store)) = &self.store {
            // Unanswered, the next StoreActor's `Up` arms the look again.
            let _ = store.cast(StoreMessage::LookForBindings { reply: Reply::to(myself, TickMessage::NewBindings) });
        }
    }

    fn new_bindings(&mut self, myself: &ActorRef<TickMessage>, answer: Result<Vec<NewBinding>, StoreError>) {
        self.rearm_look(myself);
        let found: BTreeSet<NewBinding> = match answer {
            Ok(found) => found.into_iter().collect(),
            Err(error) => {
                tracing::debug!(%error, "looking for new bindings failed");
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
        self.interval.disarm();
        self.look.disarm();
        let stopping = self.failed(FailureKind::Stopping, "the ledger is stopping; no pass runs any more");
        for caller in self.schedule.give_up_waiting() {
            self.answer(Some(caller), &stopping);
        }
    }

    fn failed(&self, kind: FailureKind, message: &str) -> PassReport {
        PassReport::failed(&self.args.config.host, kind, message)
    }

    #[expect(clippy::unused_self, reason = "reads as what TickActor does")]
    fn answer(&self, caller: Option<Reply<PassReport>>, report: &PassReport) {
        if let Some(caller) = caller {
            caller.send(report.clone());
        }
    }
}
