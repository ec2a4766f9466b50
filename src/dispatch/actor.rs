//! DispatchActor: carries out what the pass machine wants, one pass at a time.

use std::sync::Arc;

use ractor::{ActorProcessingErr, ActorRef};

use super::conditions::{log_attention, log_pass};
use super::pass::{Effect, Event, Finished, LIST_TRIES_AT_FIRST, Pass};
use super::pending_details::DetailsCall;
use super::state::{DispatchArgs, DispatchState, Living};
use super::{DispatchMessage, PassOrder};
use crate::docker::{CallProgress, DaemonError, DockerMessage, Listed};
use crate::model::{DaemonCall, Epoch, OpId, PassReport, Scope, Worker};
use crate::reply::Reply;
use crate::store::{Opened, StoreError, StoreMessage};

/// The actor of the pass.
#[derive(Debug)]
pub(crate) struct DispatchActor;

#[ractor::actor(message = DispatchMessage, state = DispatchState, arguments = DispatchArgs)]
impl DispatchActor {
    async fn pre_start(
        &self,
        myself: ActorRef<DispatchMessage>,
        args: DispatchArgs,
    ) -> Result<DispatchState, ActorProcessingErr> {
        let state = DispatchState::new(args);
        state.pulse.beat(&myself, || DispatchMessage::Beat);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<DispatchMessage>,
        message: DispatchMessage,
        state: &mut DispatchState,
    ) -> Result<(), ActorProcessingErr> {
        state.on(&myself, message);
        Ok(())
    }
}

impl DispatchState {
    fn on(&mut self, myself: &ActorRef<DispatchMessage>, message: DispatchMessage) {
        use DispatchMessage as M;
        match message {
            M::Begin { order, reply } => self.begin(myself, order, reply),
            M::SnapshotBegan { op } => self.pass_event(myself, Event::SnapshotBegan(op)),
            M::Opened { op, result } => self.opened(myself, op, result),
            M::Listed { op, result } => self.listed(myself, op, result),
            M::Found { op, result } => self.answer(myself, op, Event::Found(op, result)),
            M::Adopted { op, result } => self.answer(myself, op, Event::Adopted(op, result)),
            M::ImagesRead { op, answers } => self.answer(myself, op, Event::ImagesRead(op, answers)),
            M::Verified { op, answers } => self.answer(myself, op, Event::Verified(op, answers)),
            M::Examined { op, answers } => self.answer(myself, op, Event::Examined(op, answers)),
            M::RowsRead { op, result } => self.answer(myself, op, Event::RowsRead(op, result)),
            M::Committed { op, result } => self.answer(myself, op, Event::Committed(op, result)),
            M::DetailsRead { op, answers } => self.details_read(myself, op, answers),
            M::DetailsWritten { op, result } => self.details_written(myself, op, result),
            M::Identified { op, identified } => self.identified(myself, op, identified),
            M::Checked { op } => self.checked(op),
            M::DaemonAnswers { op } => self.daemon_answers(myself, op),
            M::Deadline { op } => self.deadline(myself, op),
            M::DockerUp { worker, epoch, docker, progress } => self.docker_up(myself, worker, epoch, docker, progress),
            M::DockerDown { worker, epoch } => self.docker_down(myself, worker, epoch),
            M::StoreUp { epoch, store } => self.store_up(myself, epoch, store),
            M::StoreTrouble { error } => self.pass_event(myself, Event::StoreTrouble(error)),
            M::StoreDown { epoch } => self.store_down(myself, epoch),
            M::SettleDetails(reply) => {
                self.settle_waiters.push(reply);
                self.answer_if_settled();
            }
            M::Beat => self.pulse.beat(myself, || DispatchMessage::Beat),
            M::ProbeDue => self.probe_daemon(myself),
            M::Barrier(reply) => reply.send(()),
            M::Stop => self.pass_event(myself, Event::Stop),
            M::StoreGone => self.pass_event(myself, Event::StoreGone),
        }
    }

    fn begin(&mut self, myself: &ActorRef<DispatchMessage>, mut order: PassOrder, reply: Reply<PassReport>) {
        if self.lists_fail {
            // Where nothing was seen for a while, a look at some containers is not enough.
            order.scope = Scope::Host;
        }
        self.in_flight.begin_pass();
        if self.standing.noted.of(DaemonCall::Images).is_none() {
            self.cache.forget_unread_images();
        }
        self.cache.inspects_refused = self.standing.noted.of(DaemonCall::Inspect).map(|refusal| refusal.to_string());
        let tries = if self.lists_fail { 1 } else { LIST_TRIES_AT_FIRST };
        let (pass, effects) =
            Pass::begin(self.settings.clone(), order, self.now(), tries, std::mem::take(&mut self.cache), self.next_op);
        self.pass = Some(pass);
        self.reply = Some(reply);
        self.carry_out(myself, effects);
    }

    fn opened(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId, result: Result<Opened, StoreError>) {
        if let Ok(opened) = &result {
            self.look_at_stored_refusals(myself, &opened.host.refusals);
        }
        self.answer(myself, op, Event::Opened(op, result));
    }

    fn listed(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId, result: Result<Listed, DaemonError>) {
        if let Ok(listed) = &result {
            self.note_connection(myself, listed.connection);
        }
        self.answer(myself, op, Event::Listed(op, result));
    }

    pub(super) fn answer(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId, event: Event) {
        if let Some(timer) = self.deadlines.remove(&op) {
            timer.abort();
        }
        self.in_flight.end(op);
        self.pass_event(myself, event);
    }

    pub(super) fn pass_event(&mut self, myself: &ActorRef<DispatchMessage>, event: Event) {
        let now = self.now();
        if let Some(pass) = &mut self.pass {
            let effects = pass.on(event, now);
            self.carry_out(myself, effects);
        }
    }

    pub(super) fn carry_out(&mut self, myself: &ActorRef<DispatchMessage>, effects: Vec<Effect>) {
        if let Some(pass) = &self.pass {
            self.next_op = pass.next_op();
        }
        for effect in effects {
            match effect {
                Effect::Ask(op, ask) => self.send(myself, op, ask),
                Effect::DockerStuck(op) => self.report_stuck_worker(Worker::Pass, op),
                Effect::StoreStuck(op) => self.report_stuck_store(op),
                Effect::Finished(finished) => self.finish(myself, *finished),
            }
        }
    }

    fn docker_up(
        &mut self,
        myself: &ActorRef<DispatchMessage>,
        worker: Worker,
        epoch: Epoch,
        docker: ActorRef<DockerMessage>,
        progress: Arc<CallProgress>,
    ) {
        if self.workers.get(&worker).is_some_and(|peer| peer.epoch >= epoch) {
            return;
        }
        self.workers.insert(worker, Living { epoch, actor: docker });
        match worker {
            Worker::Pass => {
                self.progress = Some(progress);
                self.pass_event(myself, Event::DockerUp);
            }
            Worker::Details => self.fetch_next_details(myself),
            Worker::Probe if self.probe.op.take().is_some() => self.probe_daemon(myself),
            Worker::Probe | Worker::Actions | Worker::Identity => {}
        }
    }

    fn docker_down(&mut self, myself: &ActorRef<DispatchMessage>, worker: Worker, epoch: Epoch) {
        if self.workers.get(&worker).is_some_and(|peer| peer.epoch <= epoch) {
            self.workers.remove(&worker);
        }
        if worker == Worker::Details && matches!(self.details_call, Some(DetailsCall::Reading(_))) {
            self.details_lost(myself);
        }
        if worker == Worker::Identity {
            self.check_is_lost();
            self.identification_is_lost(myself);
        }
    }

    fn store_up(&mut self, myself: &ActorRef<DispatchMessage>, epoch: Epoch, store: ActorRef<StoreMessage>) {
        if self.store.as_ref().is_some_and(|peer| peer.epoch >= epoch) {
            return;
        }
        self.store = Some(Living { epoch, actor: store });
        self.pass_event(myself, Event::StoreUp);
    }

    fn store_down(&mut self, myself: &ActorRef<DispatchMessage>, epoch: Epoch) {
        self.store = self.store.take().filter(|peer| peer.epoch > epoch);
        if matches!(self.details_call, Some(DetailsCall::Writing(_))) {
            self.details_lost(myself);
        }
    }

    fn finish(&mut self, myself: &ActorRef<DispatchMessage>, mut finished: Finished) {
        self.note_unanswered_images();
        finished.report.warnings = self.standing.now(self.settings.config.image_labels);
        self.pass = None;
        self.in_flight.clear();
        // Those of calls beside the pass run on.
        let beside = [self.details_call.map(DetailsCall::op), self.standing.op, self.identification.op()];
        for (_, timer) in self.deadlines.extract_if(|op, _| !beside.contains(&Some(*op))) {
            timer.abort();
        }
        for line in self.conditions.after(&finished.report) {
            line.log();
        }
        log_pass(&finished.report);
        log_attention(&finished.attention_changes);
        self.note_daemon(myself, finished.daemon_error.as_ref(), &finished.report);
        self.note_identity(&finished);
        if let Some(reply) = self.reply.take() {
            reply.send(finished.report);
        }
        self.cache = finished.cache;
        match self.details_limit {
            Some(limit) => {
                self.pending.add_new(finished.new_pending.into_iter().take(limit));
                self.pending.truncate(limit);
            }
            None => {
                self.pending.add_new(finished.new_pending);
                if self.standing.noted.of(DaemonCall::Inspect).is_none() {
                    self.pending.add_old(finished.old_pending);
                }
            }
        }
        self.fetch_next_details(myself);
        self.answer_if_settled();
    }
}
