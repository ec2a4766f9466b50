//! How DispatchActor asks which daemon answers, and what it does with the answer.

use std::time::Duration;

use ractor::ActorRef;
use tokio::time::Instant;

use super::pass::{Event, Finished};
use super::state::{DispatchState, WORKER_GRACE};
use super::{DispatchEvent, DispatchMessage};
use crate::docker::{Connection, DockerMessage, Identified};
use crate::model::{OpId, Worker};
use crate::reply::Reply;

impl DispatchState {
    pub(super) fn identify_beside_the_list(&mut self, myself: &ActorRef<DispatchMessage>) {
        if self.identification.list_begins() {
            self.ask_who_answers(myself);
        }
    }

    /// Before the pass hears of its listing.
    pub(super) fn note_connection(&mut self, myself: &ActorRef<DispatchMessage>, connection: Connection) {
        if self.identification.listed(connection) {
            self.ask_who_answers(myself);
        }
        let known = self.identification.known().cloned();
        self.pass_event(myself, Event::Known(known));
    }

    /// What a pass found out of who answers.
    pub(super) fn note_identity(&mut self, finished: &Finished) {
        if finished.report.scope.is_whole() && finished.report.error.is_none() {
            self.identification.in_doubt = finished.report.doubt.is_some();
            if std::mem::take(&mut self.identification.is_news) && self.identification.in_doubt {
                self.want_a_pass();
            }
        }
        if let Some((before, now)) = &finished.renewed_id {
            tracing::info!(
                ?before,
                ?now,
                "the daemon has another id than before and the same containers: it is renewed"
            );
        }
    }

    fn ask_who_answers(&mut self, myself: &ActorRef<DispatchMessage>) {
        let op = self.fresh_op();
        let reply = Reply::to(myself, move |identified| DispatchMessage::Identified { op, identified });
        if self.to_worker(Worker::Identity, DockerMessage::Identify { reply }) {
            self.identification.asked = Some((op, self.identification.lists));
            // One before it may have to be waited for.
            self.arm(myself, op, self.settings.config.identity_deadline * 2 + WORKER_GRACE);
        }
    }

    /// A pass wants to know who answers, and waits so long for it at most.
    pub(super) fn await_identity(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId, within: Duration) {
        if self.identification.asked.is_none() {
            let known = self.identification.known().cloned().unwrap_or_default();
            self.pass_event(myself, Event::Identified(op, known));
            return;
        }
        self.identification.waiting = Some(op);
        self.arm(myself, op, within);
    }

    pub(super) fn identified(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId, identified: Identified) {
        let Some((_, beside)) = self.identification.asked.take_if(|(asked, _)| *asked == op) else { return };
        self.disarm(op);
        let has_id = identified.identity.as_ref().is_some_and(|identity| identity.id.is_some());
        self.identification.is_news |= has_id && self.pass.is_some();
        self.identification.answer = Some((identified.clone(), beside));
        self.identification.answered = Some(Instant::now());
        if let Some(waiting) = self.identification.waiting.take() {
            self.disarm(waiting);
            self.pass_event(myself, Event::Identified(waiting, identified));
        } else if self.pass.is_some() {
            self.pass_event(myself, Event::Known(Some(identified)));
        }
        if self.pass.is_none() && self.identification.in_doubt && has_id {
            self.want_a_pass();
        }
    }

    /// What was in doubt can be told now.
    fn want_a_pass(&self) {
        self.report.send(DispatchEvent::DaemonAnswers);
    }

    /// Whether that is the deadline of the question; its worker is replaced then.
    pub(super) fn identification_is_overdue(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId) -> bool {
        if self.identification.waiting == Some(op) {
            // The pass has waited long enough: it goes on without.
            self.identification.waiting = None;
            return false;
        }
        let is_it = self.identification.op() == Some(op);
        if is_it {
            self.report_stuck_worker(Worker::Identity, op);
            self.identification_is_lost(myself);
        }
        is_it
    }

    /// The worker died with what it was asked: the next list asks again.
    pub(super) fn identification_is_lost(&mut self, myself: &ActorRef<DispatchMessage>) {
        if let Some((op, _)) = self.identification.asked.take() {
            self.disarm(op);
        }
        if let Some(waiting) = self.identification.waiting.take() {
            self.disarm(waiting);
            self.pass_event(myself, Event::Identified(waiting, Identified::default()));
        }
    }
}
