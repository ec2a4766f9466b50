//! StoreActor: ready only with its lease, one transaction at a time, honest about trouble.

use std::sync::Arc;
use std::time::Duration;

use dockledger::model::{ClaimRequest, Epoch, Revision, Scope};
use dockledger::reply::{Callback, Reply};
use dockledger::store::{
    CommitReport, LeaseHolder, LeaseWord, Opened, RowFilter, StoreActor, StoreArgs, StoreError, StoreEvent,
    StoreFactory, StoreMessage,
};
use ractor::{Actor, ActorRef};
use tokio::sync::mpsc;

use super::build::{insert, parent, plan};
use crate::support::database::TestDatabase;
use crate::support::replies::{Answer, reply};

/// Bound of every wait: far beyond what anything here takes.
const BOUND: Duration = Duration::from_secs(20);

/// One life of StoreActor, and what it reports.
struct Life {
    store: ActorRef<StoreMessage>,
    ended: tokio::task::JoinHandle<()>,
    reports: mpsc::UnboundedReceiver<StoreEvent>,
}

impl Life {
    async fn spawn(database: &TestDatabase, holder: &LeaseHolder) -> Self {
        let (sender, reports) = mpsc::unbounded_channel();
        let args = StoreArgs {
            // The test may have heard enough.
            report: Callback::new(move |event| drop(sender.send(event))),
            store: StoreFactory::threaded(Arc::new(database.config.clone()), holder.clone(), true).make(),
            lease: LeaseWord::default(),
        };
        let (store, ended) = Actor::spawn(None, StoreActor, args).await.expect("no I/O before the start");
        Self { store, ended, reports }
    }

    async fn ready(database: &TestDatabase, holder: &LeaseHolder) -> Self {
        let mut life = Self::spawn(database, holder).await;
        assert!(matches!(life.reported().await, StoreEvent::Ready));
        life
    }

    async fn reported(&mut self) -> StoreEvent {
        tokio::time::timeout(BOUND, self.reports.recv()).await.expect("in time").expect("it lives")
    }

    fn ask<T: Send + 'static>(&self, message: impl FnOnce(Reply<T>) -> StoreMessage) -> Answer<T> {
        let (reply, answer) = reply();
        self.store.cast(message(reply)).expect("it lives");
        answer
    }

    fn open(&self, writer: u64) -> (Answer<()>, Answer<Result<Opened, StoreError>>) {
        let (began, has_begun) = reply();
        let opened = self.ask(|reply| StoreMessage::Open { scope: Scope::Host, writer: Epoch(writer), began, reply });
        (has_begun, opened)
    }

    fn commit(&self, writer: u64, rows: &[&str]) -> Answer<Result<CommitReport, StoreError>> {
        let plan = Box::new(plan(rows.iter().map(|row| insert(row, "c1")).collect()));
        self.ask(|reply| StoreMessage::Commit { plan, writer: Epoch(writer), reply })
    }
}

fn is_held(event: &StoreEvent) -> bool {
    matches!(event, StoreEvent::Trouble(StoreError::LeaseHeld { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_answered_and_the_snapshot_begins_first() {
    let database = TestDatabase::sqlite();
    database.open().add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
    let life = Life::ready(&database, &LeaseHolder::of_this_process()).await;
    let (sender, mut order) = mpsc::unbounded_channel();
    let began = sender.clone();
    let message = StoreMessage::Open {
        scope: Scope::Host,
        writer: Epoch(1),
        began: Reply::new(move |()| began.send("began").expect("the test listens")),
        reply: Reply::new(move |opened: Result<Opened, StoreError>| {
            sender.send(if opened.is_ok() { "opened" } else { "failed" }).expect("the test listens");
        }),
    };
    life.store.cast(message).expect("it lives");
    assert_eq!((order.recv().await, order.recv().await), (Some("began"), Some("opened")));
    assert_eq!(life.commit(1, &["web"]).get().await.expect("it is written").inserted, 1);
    let bindings = life.ask(|reply| StoreMessage::LookForBindings { reply }).get().await;
    assert!(bindings.expect("it is read").is_empty());
}

/// A3: a DispatchActor that was wedged and left behind wakes up with the plan of a pass that its successor has made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a3_a_writer_that_was_left_behind_writes_no_more() {
    let database = TestDatabase::sqlite();
    database.open().add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
    let life = Life::ready(&database, &LeaseHolder::of_this_process()).await;
    for writer in [1, 2] {
        life.open(writer).1.get().await.expect("the rows");
    }
    let older = life.commit(1, &["older"]);
    let details = life.ask(|reply| StoreMessage::WriteDetails { writes: Vec::new(), writer: Epoch(1), reply });
    let (_, reopened) = life.open(1);
    life.commit(2, &["newer"]).get().await.expect("it is written");
    assert!(older.get_if_any().await.is_none(), "nothing was done for it");
    assert!(details.get_if_any().await.is_none());
    assert!(reopened.get_if_any().await.is_none());
    let rows = database.open().rows(&RowFilter::default()).expect("the rows");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].id.as_ref().ends_with("newer"), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_told_and_tried_again_until_the_database_is_there() {
    let database = TestDatabase::sqlite();
    std::fs::create_dir(&database.config.database).expect("a directory in its place");
    let mut life = Life::spawn(&database, &LeaseHolder::of_this_process()).await;
    let first = life.reported().await;
    assert!(matches!(first, StoreEvent::Trouble(StoreError::Unopened { .. })), "{first:?}");
    std::fs::remove_dir(&database.config.database).expect("out of the way");
    while !matches!(life.reported().await, StoreEvent::Ready) {}
}

/// S4, S5: decision 13.
#[tokio::test]
async fn s4_s5_a_later_life_makes_no_ledger_in_the_place_of_one_that_was_lost() {
    let database = TestDatabase::sqlite();
    let stores = StoreFactory::threaded(Arc::new(database.config.clone()), LeaseHolder::of_this_process(), true);
    stores.make().begin().await.expect("the first life makes it");
    std::fs::remove_file(&database.config.database).expect("lost");
    let error = stores.make().begin().await.expect_err("it is gone");
    assert!(matches!(error, StoreError::Unopened { .. }), "{error}");
    assert!(!std::path::Path::new(&database.config.database).exists());
}

/// A8
#[tokio::test(flavor = "multi_thread")]
async fn a8_a_second_process_waits_for_the_lease_and_says_so() {
    let database = TestDatabase::sqlite();
    let first = Life::ready(&database, &LeaseHolder::of_this_process()).await;
    let mut second = Life::spawn(&database, &LeaseHolder::of_this_process()).await;
    assert!(is_held(&second.reported().await));
    // A graceful stop releases the lease: nobody has to wait for its expiry.
    first.store.stop(None);
    tokio::time::timeout(BOUND, first.ended).await.expect("in time").expect("stopped");
    loop {
        let report = second.reported().await;
        if matches!(report, StoreEvent::Ready) {
            break;
        }
        assert!(is_held(&report), "{report:?}");
    }
}

/// A4: a life of the actor that was given up cannot write any more.
#[tokio::test(flavor = "multi_thread")]
async fn a4_an_earlier_life_is_refused_once_the_next_is_ready() {
    let database = TestDatabase::sqlite();
    let holder = LeaseHolder::of_this_process();
    let mut old = Life::ready(&database, &holder).await;
    let _new = Life::ready(&database, &holder).await;
    let refused = old.commit(1, &[]).get().await;
    assert!(matches!(refused, Err(StoreError::LeaseHeld { .. })), "{refused:?}");
    assert!(is_held(&old.reported().await));
}

/// A lock that another process holds at the moment of a renewal is no reason to fail a pass: its own answers tell.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_meets_a_lock_is_no_trouble_of_the_store() {
    let database = TestDatabase::sqlite();
    let mut life = Life::ready(&database, &LeaseHolder::of_this_process()).await;
    let mut deployer = database.deployer();
    deployer.execute("BEGIN IMMEDIATE").expect("the lock is free");
    tokio::time::advance(Duration::from_secs(31)).await;
    life.store.cast(StoreMessage::RenewLease).expect("it lives");
    // A read needs no lock, and is answered behind the renewal.
    life.open(1).1.get().await.expect("the rows");
    deployer.execute("COMMIT").expect("it is ours");
    life.commit(1, &[]).get().await.expect("it is written");
    assert!(life.reports.try_recv().is_err(), "nothing to report");
}

/// Who follows the history is answered beside the actor that writes it, also while that waits for a lock.
#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_read_beside_the_store_that_writes() {
    let database = TestDatabase::sqlite();
    let mut writer = database.open();
    let claim = ClaimRequest { project: "shop".into(), ..ClaimRequest::default() };
    writer.add_project(&parent("shop", "p", "w")).expect("a project");
    for _ in 0..3 {
        writer.claim(&database.config.host, &claim).expect("a row");
    }
    let factory = StoreFactory::threaded(Arc::new(database.config.clone()), LeaseHolder::of_this_process(), true);
    let reader = factory.reader();
    let mut store = factory.make();
    store.begin().await.expect("the lease is free");
    let mut other = database.deployer();
    other.execute("BEGIN IMMEDIATE").expect("a lock");
    let waits = tokio::spawn(async move { store.commit(Box::new(plan(Vec::new()))).await });
    let page = reader.changes(Revision(1), 1).await.expect("the page");
    assert_eq!(page.changes.iter().map(|change| change.revision.0).collect::<Vec<_>>(), [2]);
    assert_eq!((page.latest, page.lagged), (Revision(3), false));
    let snapshot = reader.snapshot().await.expect("the rows");
    assert_eq!((snapshot.revision, snapshot.rows.len()), (Revision(3), 3));
    assert!(!waits.is_finished(), "the writer waits meanwhile");
    other.execute("COMMIT").expect("it is ours");
    waits.await.expect("no panic").expect("it goes on");
}
