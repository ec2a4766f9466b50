//! When DispatchActor asks who answers: beside the list of each new connection, and again where the answer told no id.

use std::time::Duration;

use ractor::ActorRef;
use tokio::time::Instant;

use super::actor::DispatchState;
use super::calls::LANE_GRACE;
use super::pass::{Event, Finished};
use super::{DispatchEvent, DispatchMessage};
use crate::docker::{Connection, DockerMessage, Identified};
use crate::model::{Lane, OpId};
use crate::reply::Reply;

/// Between two questions to a daemon that told no id and whose containers are known: only what it may tell one day is
/// missing.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10 * 60);

/// The question who answers on the list's connection.
#[derive(Debug, Default)]
pub(super) struct Identification {
    /// Counts the lists that were sent.
    lists: u64,
    /// The connection of the last listing.
    connection: Option<Connection>,
    /// The question on its way, and beside which list it was sent.
    asked: Option<(OpId, u64)>,
    /// The answer, and beside which list it was asked for.
    answer: Option<(Identified, u64)>,
    answered: Option<Instant>,
    /// The request of a pass that waits for the answer.
    waiting: Option<OpId>,
    /// Whether the last whole pass was left in doubt.
    pub(super) in_doubt: bool,
    /// Whether an id came while a pass ran, which may have judged without it.
    is_news: bool,
}

impl Identification {
    /// A list is sent; whether the question is to go beside it.
    fn list_begins(&mut self) -> bool {
        self.lists += 1;
        let is_worth_it = match &self.answer {
            None => true,
            Some((answer, _)) => answer.without_id.is_some() && self.is_due_again(),
        };
        self.asked.is_none() && is_worth_it
    }

    fn is_due_again(&self) -> bool {
        self.in_doubt || self.answered.is_some_and(|answered| answered.elapsed() >= ASK_AGAIN_AFTER)
    }

    /// A listing came; whether the question is to be asked now. What was asked beside an earlier list was asked of the peer
    /// of an earlier connection.
    fn listed(&mut self, connection: Connection) -> bool {
        if self.connection == Some(connection) {
            return false;
        }
        self.connection = Some(connection);
        let lists = self.lists;
        self.answer.take_if(|(_, beside)| *beside != lists);
        self.asked.take_if(|(_, beside)| *beside != lists);
        self.answer.is_none() && self.asked.is_none()
    }

    /// The op of the question on its way.
    pub(super) fn op(&self) -> Option<OpId> {
        self.asked.map(|(op, _)| op)
    }

    /// Who answers on the present connection, as far as it told.
    fn known(&self) -> Option<&Identified> {
        self.answer.as_ref().map(|(answer, _)| answer)
    }
}

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
        if self.to_lane(Lane::Identity, DockerMessage::Identify { reply }) {
            self.identification.asked = Some((op, self.identification.lists));
            // One before it may have to be waited for.
            self.arm(myself, op, self.settings.config.identity_deadline * 2 + LANE_GRACE);
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

    /// Whether that is the deadline of the question; its lane is replaced then.
    pub(super) fn identification_is_overdue(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId) -> bool {
        if self.identification.waiting == Some(op) {
            // The pass has waited long enough: it goes on without.
            self.identification.waiting = None;
            return false;
        }
        let is_it = self.identification.op() == Some(op);
        if is_it {
            self.report_stuck_lane(Lane::Identity, op);
            self.identification_is_lost(myself);
        }
        is_it
    }

    /// The lane died with what it was asked: the next list asks again.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn on(number: u64) -> Connection {
        Connection { client: 1, number }
    }

    fn refused() -> Identified {
        Identified { identity: None, without_id: Some("GET /info is refused with status 403".into()) }
    }

    // F3
    #[test]
    fn one_question_for_each_connection_and_none_while_it_lives() {
        let mut who = Identification::default();
        assert!(who.list_begins(), "beside the first list");
        who.asked = Some((OpId(1), who.lists));
        assert!(!who.listed(on(1)), "that was asked of this peer");
        assert!(!who.list_begins(), "it is on its way");
        who.asked = None;
        who.answer = Some((Identified::default(), 1));
        assert!(!who.list_begins() && !who.listed(on(1)));
        assert!(!who.list_begins() && who.listed(on(2)), "a new connection may lead elsewhere");
        assert_eq!(who.known(), None);
    }

    // F3
    #[test]
    fn an_answer_that_was_asked_of_an_earlier_peer_does_not_count() {
        let mut who = Identification::default();
        who.list_begins();
        who.asked = Some((OpId(1), who.lists));
        who.list_begins();
        assert!(who.listed(on(2)), "the list was sent once more, on another connection");
        assert_eq!(who.op(), None);
    }

    // F2
    #[test]
    fn who_tells_no_id_is_asked_again_only_while_there_is_a_doubt() {
        let mut who = Identification { answer: Some((refused(), 0)), ..Identification::default() };
        assert!(!who.list_begins());
        who.in_doubt = true;
        assert!(who.list_begins());
    }
}
