//! When DispatchActor asks who answers: beside the list of each new connection, and again where the answer told no id.

use std::time::Duration;

use tokio::time::Instant;

use crate::docker::{Connection, Identified};
use crate::model::OpId;

/// Between two questions to a daemon that told no id and whose containers are known: only what it may tell one day is
/// missing.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10 * 60);

/// The question who answers on the list's connection.
#[derive(Debug, Default)]
pub(super) struct Identification {
    /// Counts the lists that were sent.
    pub(super) lists: u64,
    /// The connection of the last listing.
    pub(super) connection: Option<Connection>,
    /// The question on its way, and beside which list it was sent.
    pub(super) asked: Option<(OpId, u64)>,
    /// The answer, and beside which list it was asked for.
    pub(super) answer: Option<(Identified, u64)>,
    pub(super) answered: Option<Instant>,
    /// The request of a pass that waits for the answer.
    pub(super) waiting: Option<OpId>,
    /// Whether the last whole pass was left in doubt.
    pub(super) in_doubt: bool,
    /// Whether an id came while a pass ran, which may have judged without it.
    pub(super) is_news: bool,
}

impl Identification {
    /// A list is sent; whether the question is to go beside it.
    pub(super) fn list_begins(&mut self) -> bool {
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
    pub(super) fn listed(&mut self, connection: Connection) -> bool {
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
    pub(super) fn known(&self) -> Option<&Identified> {
        self.answer.as_ref().map(|(answer, _)| answer)
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
