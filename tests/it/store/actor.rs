//! StoreActor: ready only with its lease, one transaction at a time, honest about trouble.

use std::sync::Arc;
use std::time::Duration;

use dockledger::dispatch::DispatchMessage;
use dockledger::model::{ClaimRequest, Epoch, OpId, Revision, Scope};
use dockledger::store::{
    LeaseHolder, LeaseWord, RowFilter, StoreActor, StoreArgs, StoreError, StoreFactory, StoreMessage,
};
use dockledger::supervisor::SupervisorMessage;
use dockledger::tick::TickMessage;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::mpsc;

use super::build::{insert, parent, plan};
use crate::support::database::TestDatabase;

/// Bound of every wait: far beyond what anything here takes.
const BOUND: Duration = Duration::from_secs(20);

/// Stands for another actor: hands on what it hears.
struct Ear<M>(std::marker::PhantomData<fn(M)>);

#[ractor::actor(message = M, state = mpsc::UnboundedSender<M>, arguments = mpsc::UnboundedSender<M>)]
impl<M: ractor::Message> Ear<M> {
    async fn pre_start(
        &self,
        _myself: ActorRef<M>,
        sender: mpsc::UnboundedSender<M>,
    ) -> Result<mpsc::UnboundedSender<M>, ActorProcessingErr> {
        Ok(sender)
    }

    async fn handle(
        &self,
        _myself: ActorRef<M>,
        message: M,
        sender: &mut mpsc::UnboundedSender<M>,
    ) -> Result<(), ActorProcessingErr> {
        // The test may be over.
        let _ = sender.send(message);
        Ok(())
    }
}

struct Heard<M> {
    actor: ActorRef<M>,
    messages: mpsc::UnboundedReceiver<M>,
}

impl<M: ractor::Message> Heard<M> {
    async fn new() -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let (actor, _) = Actor::spawn(None, Ear(std::marker::PhantomData), sender).await.expect("an ear");
        Self { actor, messages }
    }

    async fn next(&mut self) -> M {
        tokio::time::timeout(BOUND, self.messages.recv()).await.expect("in time").expect("it lives")
    }
}

async fn spawn(
    database: &TestDatabase,
    epoch: u64,
    holder: &LeaseHolder,
    supervisor: &Heard<SupervisorMessage>,
) -> (ActorRef<StoreMessage>, tokio::task::JoinHandle<()>) {
    let args = StoreArgs {
        epoch: Epoch(epoch),
        supervisor: supervisor.actor.clone(),
        store: StoreFactory::threaded(Arc::new(database.config.clone()), holder.clone(), true).make(),
        lease: LeaseWord::default(),
    };
    Actor::spawn(None, StoreActor, args).await.expect("no I/O before the start")
}

fn is_ready(message: &SupervisorMessage, of: u64) -> bool {
    matches!(message, SupervisorMessage::StoreReady { epoch } if epoch.0 == of)
}

fn is_held(message: &SupervisorMessage) -> bool {
    matches!(message, SupervisorMessage::StoreTrouble { error: StoreError::LeaseHeld { .. }, .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_answered_with_its_own_op_and_the_snapshot_first() {
    let database = TestDatabase::sqlite();
    database.open().add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
    let mut supervisor = Heard::new().await;
    let mut dispatch = Heard::<DispatchMessage>::new().await;
    let mut tick = Heard::<TickMessage>::new().await;
    let (store, _) = spawn(&database, 1, &LeaseHolder::of_this_process(), &supervisor).await;
    assert!(is_ready(&supervisor.next().await, 1));
    store
        .cast(StoreMessage::Open { op: OpId(7), scope: Scope::Host, reply_to: dispatch.actor.clone() })
        .expect("it lives");
    assert!(matches!(dispatch.next().await, DispatchMessage::SnapshotBegan { op: OpId(7) }));
    assert!(matches!(dispatch.next().await, DispatchMessage::Opened { op: OpId(7), result: Ok(_) }));
    let plan = Box::new(plan(vec![insert("web", "c1")]));
    store.cast(StoreMessage::Commit { op: OpId(8), plan, reply_to: dispatch.actor.clone() }).expect("it lives");
    let DispatchMessage::Committed { op: OpId(8), result: Ok(report) } = dispatch.next().await else {
        panic!("the commit's answer")
    };
    assert_eq!(report.inserted, 1);
    store.cast(StoreMessage::LookForBindings { reply_to: tick.actor.clone() }).expect("it lives");
    assert!(matches!(tick.next().await, TickMessage::NewBindings(Ok(found)) if found.is_empty()));
}

/// A3: a DispatchActor that was wedged and left behind wakes up with the plan of a pass that its successor has made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a3_a_dispatch_actor_that_was_left_behind_writes_no_more() {
    let database = TestDatabase::sqlite();
    database.open().add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
    let mut supervisor = Heard::new().await;
    let mut wedged = Heard::<DispatchMessage>::new().await;
    let mut successor = Heard::<DispatchMessage>::new().await;
    let (store, _) = spawn(&database, 1, &LeaseHolder::of_this_process(), &supervisor).await;
    assert!(is_ready(&supervisor.next().await, 1));
    for (op, dispatch) in [(1, &mut wedged), (2, &mut successor)] {
        let reply_to = dispatch.actor.clone();
        store.cast(StoreMessage::Open { op: OpId(op), scope: Scope::Host, reply_to }).expect("it lives");
        while !matches!(dispatch.next().await, DispatchMessage::Opened { result: Ok(_), .. }) {}
    }
    let commit = |op, row: &str, dispatch: &Heard<DispatchMessage>| StoreMessage::Commit {
        op: OpId(op),
        plan: Box::new(plan(vec![insert(row, "c1")])),
        reply_to: dispatch.actor.clone(),
    };
    store.cast(commit(3, "older", &wedged)).expect("it lives");
    let writes = Vec::new();
    store.cast(StoreMessage::PayDetails { op: OpId(4), writes, reply_to: wedged.actor.clone() }).expect("it lives");
    store.cast(commit(5, "newer", &successor)).expect("it lives");
    assert!(matches!(successor.next().await, DispatchMessage::Committed { op: OpId(5), result: Ok(_) }));
    assert!(wedged.messages.try_recv().is_err(), "nothing was done for it");
    let rows = database.open().rows(&RowFilter::default()).expect("the rows");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].id.as_ref().ends_with("newer"), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_told_and_tried_again_until_the_database_is_there() {
    let database = TestDatabase::sqlite();
    std::fs::create_dir(&database.config.database).expect("a directory in its place");
    let mut supervisor = Heard::new().await;
    let (_store, _) = spawn(&database, 3, &LeaseHolder::of_this_process(), &supervisor).await;
    let first = supervisor.next().await;
    assert!(matches!(&first, SupervisorMessage::StoreTrouble { epoch: Epoch(3), error: StoreError::Unopened { .. } }));
    std::fs::remove_dir(&database.config.database).expect("out of the way");
    while !is_ready(&supervisor.next().await, 3) {}
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
    let mut first = Heard::new().await;
    let (store, ended) = spawn(&database, 1, &LeaseHolder::of_this_process(), &first).await;
    assert!(is_ready(&first.next().await, 1));
    let mut second = Heard::new().await;
    let (_waiting, _) = spawn(&database, 1, &LeaseHolder::of_this_process(), &second).await;
    assert!(is_held(&second.next().await));
    // A graceful stop releases the lease: nobody has to wait for its expiry.
    store.stop(None);
    tokio::time::timeout(BOUND, ended).await.expect("in time").expect("stopped");
    loop {
        let message = second.next().await;
        if is_ready(&message, 1) {
            break;
        }
        assert!(is_held(&message));
    }
}

/// A4: a life of the actor that was given up cannot write any more.
#[tokio::test(flavor = "multi_thread")]
async fn a4_an_earlier_life_is_refused_once_the_next_is_ready() {
    let database = TestDatabase::sqlite();
    let holder = LeaseHolder::of_this_process();
    let mut supervisor = Heard::new().await;
    let mut dispatch = Heard::<DispatchMessage>::new().await;
    let (old, _) = spawn(&database, 1, &holder, &supervisor).await;
    assert!(is_ready(&supervisor.next().await, 1));
    let (_new, _) = spawn(&database, 2, &holder, &supervisor).await;
    assert!(is_ready(&supervisor.next().await, 2));
    let plan = Box::new(plan(Vec::new()));
    old.cast(StoreMessage::Commit { op: OpId(1), plan, reply_to: dispatch.actor.clone() }).expect("it lives");
    let answer = dispatch.next().await;
    assert!(matches!(answer, DispatchMessage::Committed { result: Err(StoreError::LeaseHeld { .. }), .. }));
    assert!(is_held(&supervisor.next().await));
}

/// A lock that another process holds at the moment of a renewal is no reason to fail a pass: its own answers tell.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_meets_a_lock_is_no_trouble_of_the_store() {
    let database = TestDatabase::sqlite();
    let mut supervisor = Heard::new().await;
    let mut dispatch = Heard::<DispatchMessage>::new().await;
    let (store, _) = spawn(&database, 1, &LeaseHolder::of_this_process(), &supervisor).await;
    assert!(is_ready(&supervisor.next().await, 1));
    let mut deployer = database.deployer();
    deployer.execute("BEGIN IMMEDIATE").expect("the lock is free");
    tokio::time::advance(Duration::from_secs(31)).await;
    store.cast(StoreMessage::RenewLease).expect("it lives");
    // A read needs no lock, and is answered behind the renewal.
    store
        .cast(StoreMessage::Open { op: OpId(1), scope: Scope::Host, reply_to: dispatch.actor.clone() })
        .expect("it lives");
    assert!(matches!(dispatch.next().await, DispatchMessage::SnapshotBegan { .. }));
    assert!(matches!(dispatch.next().await, DispatchMessage::Opened { result: Ok(_), .. }));
    deployer.execute("COMMIT").expect("it is ours");
    let plan = Box::new(plan(Vec::new()));
    store.cast(StoreMessage::Commit { op: OpId(2), plan, reply_to: dispatch.actor.clone() }).expect("it lives");
    assert!(matches!(dispatch.next().await, DispatchMessage::Committed { result: Ok(_), .. }));
    assert!(supervisor.messages.try_recv().is_err(), "nothing to tell");
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
