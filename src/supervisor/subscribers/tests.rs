//! In order, once, or told: whatever the store answers and however slow a subscriber is.

use std::sync::{Arc, Mutex};

use super::*;
use crate::model::{Change, change_to};

/// Keeps what it gets, up to so many places.
#[derive(Clone, Debug)]
struct Kept {
    got: Arc<Mutex<Vec<Delivery>>>,
    places: usize,
}

impl Sink for Kept {
    fn room(&self) -> usize {
        self.places - self.got.lock().expect("one thread").len()
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn put(&mut self, delivery: Delivery) {
        self.got.lock().expect("one thread").push(delivery);
    }
}

impl Kept {
    /// What was delivered, in short: `s5` for a snapshot, `7` for a change, `lagged 7`. It is taken out.
    fn taken(&self) -> Vec<String> {
        let got = std::mem::take(&mut *self.got.lock().expect("one thread"));
        let short = |delivery| match delivery {
            Delivery::Change(change) => change.revision.0.to_string(),
            Delivery::Snapshot { revision, .. } => format!("s{}", revision.0),
            Delivery::Lagged { after } => format!("lagged {}", after.0),
        };
        got.into_iter().map(short).collect()
    }
}

/// A ledger that keeps the revisions from `oldest` to `latest`, and those who follow it.
struct Case {
    subscribers: Subscribers,
    oldest: i64,
    latest: i64,
    next_id: u64,
}

impl Case {
    fn new(oldest: i64, latest: i64) -> Self {
        Self { subscribers: Subscribers::default(), oldest, latest, next_id: 0 }
    }

    fn subscribe(&mut self, after: Option<i64>, places: usize) -> (SubscriptionId, Kept) {
        let kept = Kept { got: Arc::default(), places };
        let id = SubscriptionId(self.next_id);
        self.next_id += 1;
        self.subscribers.add(id, after.map(Revision), Box::new(kept.clone()));
        (id, kept)
    }

    fn page(&self, after: Revision) -> ChangesPage {
        let first = after.0.saturating_add(1).max(self.oldest);
        let change = |revision| Change { revision: Revision(revision), ..change_to("running") };
        ChangesPage {
            changes: (first..=self.latest).take(PAGE).map(change).collect(),
            oldest: Revision(self.oldest),
            latest: Revision(self.latest),
            lagged: after.0.saturating_add(1) < self.oldest,
        }
    }

    fn answer(&mut self, question: Question) {
        match question {
            Question::Changes(op, after) => {
                let page = self.page(after);
                self.subscribers.changes_read(op, Ok(page));
            }
            Question::Snapshot(op) => {
                let snapshot = LedgerSnapshot { revision: Revision(self.latest), rows: Arc::default() };
                self.subscribers.snapshot_read(op, Ok(snapshot));
            }
        }
    }

    /// Asks and answers until nothing is asked any more.
    fn settle(&mut self) {
        self.subscribers.look();
        while let Some(question) = self.subscribers.next_question() {
            self.answer(question);
        }
    }
}

#[test]
fn each_gets_what_comes_after_its_own_revision_once_and_in_order() {
    let mut case = Case::new(1, 5);
    let (_, early) = case.subscribe(Some(2), 100);
    let (_, late) = case.subscribe(Some(4), 100);
    case.settle();
    assert_eq!(early.taken(), ["3", "4", "5"]);
    assert_eq!(late.taken(), ["5"]);
    case.latest = 6;
    case.settle();
    case.settle();
    assert_eq!((early.taken(), late.taken()), (vec!["6".to_owned()], vec!["6".to_owned()]));
}

#[test]
fn more_than_a_page_comes_in_pages() {
    let mut case = Case::new(1, 2 * PAGE as i64 + 1);
    let (_, kept) = case.subscribe(Some(0), 3 * PAGE);
    case.settle();
    let expected: Vec<String> = (1..=case.latest).map(|revision| revision.to_string()).collect();
    assert_eq!(kept.taken(), expected);
}

#[test]
fn who_has_no_revision_or_one_that_is_no_longer_kept_begins_with_a_snapshot() {
    let mut case = Case::new(10, 12);
    let (_, fresh) = case.subscribe(None, 100);
    let (_, old) = case.subscribe(Some(3), 100);
    let (_, edge) = case.subscribe(Some(9), 100);
    case.settle();
    assert_eq!(fresh.taken(), ["s12"]);
    assert_eq!(old.taken(), ["s12"]);
    assert_eq!(edge.taken(), ["10", "11", "12"]);
    case.latest = 13;
    case.settle();
    assert_eq!((fresh.taken(), old.taken()), (vec!["13".to_owned()], vec!["13".to_owned()]));
}

#[test]
fn a_reader_of_another_ledger_gets_a_snapshot() {
    let mut case = Case::new(1, 5);
    let (_, kept) = case.subscribe(Some(70), 100);
    case.settle();
    assert_eq!(kept.taken(), ["s5"]);
}

#[test]
fn a_slow_one_gets_the_rest_when_it_has_taken_what_waits() {
    let mut case = Case::new(1, 10);
    let (_, slow) = case.subscribe(Some(0), 4);
    let (_, fast) = case.subscribe(Some(0), 100);
    case.settle();
    assert_eq!(fast.taken().len(), 10, "the others are not held up");
    assert!(case.subscribers.is_waited_for());
    case.latest = 11;
    case.settle();
    assert_eq!(fast.taken(), ["11"]);
    for expected in [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]] {
        for _ in 1..PATIENCE {
            case.subscribers.second_passed();
        }
        assert_eq!(slow.taken(), expected, "in pieces that fit");
        case.settle();
    }
    assert_eq!(slow.taken(), ["10", "11"]);
    case.settle();
    assert!(!case.subscribers.is_waited_for());
    assert!(slow.taken().is_empty(), "once each");
}

#[test]
fn more_than_any_queue_holds_is_delivered_in_pieces() {
    let mut case = Case::new(1, 20 * PAGE as i64);
    let (_, kept) = case.subscribe(Some(0), 2 * PAGE);
    let mut got = Vec::new();
    while got.len() < case.latest as usize {
        case.settle();
        let piece = kept.taken();
        assert!(!piece.is_empty() && piece.len() < 2 * PAGE, "{}", piece.len());
        got.extend(piece);
    }
    let expected: Vec<String> = (1..=case.latest).map(|revision| revision.to_string()).collect();
    assert_eq!(got, expected);
}

#[test]
fn one_that_takes_nothing_is_told_where_it_lagged_and_may_begin_again_there() {
    let mut case = Case::new(1, 10);
    let (_, stuck) = case.subscribe(Some(0), 4);
    let (_, idle) = case.subscribe(Some(10), 4);
    case.settle();
    for _ in 0..PATIENCE {
        case.subscribers.second_passed();
    }
    assert_eq!(stuck.taken(), ["1", "2", "3", "lagged 3"]);
    case.latest = 11;
    case.settle();
    assert!(stuck.taken().is_empty(), "that was its last delivery");
    assert_eq!(idle.taken(), ["11"], "who has room is not stuck");
    let (_, again) = case.subscribe(Some(3), 100);
    case.settle();
    assert_eq!(again.taken(), ["4", "5", "6", "7", "8", "9", "10", "11"]);
}

#[test]
fn what_a_slow_one_has_not_got_and_is_no_longer_kept_comes_as_a_snapshot() {
    let mut case = Case::new(1, 10);
    let (_, slow) = case.subscribe(Some(0), 4);
    case.settle();
    (case.oldest, case.latest) = (9, 12);
    assert_eq!(slow.taken(), ["1", "2", "3"]);
    case.settle();
    assert_eq!(slow.taken(), ["s12"]);
}

#[test]
fn who_joins_while_the_store_is_asked_has_no_part_in_that_answer() {
    let mut case = Case::new(1, 5);
    let (_, first) = case.subscribe(Some(4), 100);
    let asked = case.subscribers.next_question().expect("a subscriber");
    let (_, second) = case.subscribe(Some(1), 100);
    case.answer(asked);
    assert_eq!((first.taken(), second.taken().len()), (vec!["5".to_owned()], 0), "2 to 4 would be skipped");
    case.settle();
    assert_eq!(second.taken(), ["2", "3", "4", "5"]);
}

#[test]
fn a_ledger_that_fails_is_asked_again_at_the_next_look() {
    let mut case = Case::new(1, 3);
    let (_, kept) = case.subscribe(Some(0), 100);
    let Some(Question::Changes(op, _)) = case.subscribers.next_question() else { panic!("a subscriber") };
    case.subscribers.look();
    assert_eq!(case.subscribers.next_question(), None, "one question at a time");
    let busy = StoreError::Busy { attempt: "read", url: "x".into(), cause: "locked".into() };
    case.subscribers.changes_read(op, Err(busy));
    assert!(kept.taken().is_empty());
    case.settle();
    assert_eq!(kept.taken(), ["1", "2", "3"]);
}

#[test]
fn who_unsubscribed_gets_nothing_and_nobody_asks_for_nobody() {
    let mut case = Case::new(1, 3);
    let (id, kept) = case.subscribe(Some(0), 100);
    let asked = case.subscribers.next_question().expect("a subscriber");
    case.subscribers.remove(id);
    case.answer(asked);
    case.subscribers.look();
    assert_eq!(case.subscribers.next_question(), None);
    assert!(kept.taken().is_empty());
}
