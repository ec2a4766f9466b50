//! The ledger within a larger application: its place in the tree, its subscribers, its registry.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use dockledger::model::{ChangeCause, ClaimRequest, Revision};
use dockledger::simulation::NewContainer;
use dockledger::store::{NewParent, OpenMode, Store};
use dockledger::supervisor::{Delivered, Delivery, Subscription};
use dockledger::{Ledger, LedgerHandle, Mode};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::ledger::Case;

const BOUND: Duration = Duration::from_secs(20);

/// The supervisor of a host application: hands on who ended, and whether it failed.
struct HostApplication;

type Ending = (ActorId, Option<String>);

#[ractor::actor(message = (), state = UnboundedSender<Ending>, arguments = UnboundedSender<Ending>)]
impl HostApplication {
    async fn pre_start(
        &self,
        _myself: ActorRef<()>,
        endings: UnboundedSender<Ending>,
    ) -> Result<UnboundedSender<Ending>, ActorProcessingErr> {
        Ok(endings)
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<()>,
        event: SupervisionEvent,
        endings: &mut UnboundedSender<Ending>,
    ) -> Result<(), ActorProcessingErr> {
        let ending = match event {
            SupervisionEvent::ActorTerminated(who, _, _) => (who.get_id(), None),
            SupervisionEvent::ActorFailed(who, error) => (who.get_id(), Some(error.to_string())),
            _ => return Ok(()),
        };
        // The test may have heard enough.
        let _ = endings.send(ending);
        Ok(())
    }
}

async fn application() -> (ActorRef<()>, UnboundedReceiver<Ending>) {
    let (sender, endings) = unbounded_channel();
    (Actor::spawn(None, HostApplication, sender).await.expect("it does nothing").0, endings)
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, future).await.unwrap_or_else(|_| panic!("not within {BOUND:?}: {what}"))
}

fn holder(case: &Case) -> Option<String> {
    let mut store = Store::open(&case.config, OpenMode::Read).expect("it is there");
    store.host(&case.config.host).expect("it was written").lease.holder
}

async fn linked(case: &Case, application: &ActorRef<()>) -> LedgerHandle {
    let ledger =
        Ledger::spawn_linked(case.config.clone(), application.get_cell()).await.expect("the address makes sense");
    assert_eq!(ledger.reconcile().await.error, None);
    assert!(holder(case).is_some());
    ledger
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_ledger_that_is_stopped_ends_in_order_and_its_host_hears_of_it() {
    let case = Case::with_shop(1).await;
    let (application, mut endings) = application().await;
    let ledger = linked(&case, &application).await;
    ledger.stop().await;
    assert_eq!(holder(&case), None);
    assert_eq!(within("its end", endings.recv()).await, Some((ledger.cell().get_id(), None)));

    let ledger = linked(&case, &application).await;
    ledger.cell().stop_and_wait(None, Some(BOUND)).await.expect("it lives");
    assert_eq!((ledger.ended().await, holder(&case)), (Ok(()), None), "who stops the cell stops the ledger");
    assert_eq!(within("its end", endings.recv()).await, Some((ledger.cell().get_id(), None)));
}

/// A7: ractor kills the children of an actor that ends; the ledger is not left to that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_application_that_dies_ends_its_ledger_in_order() {
    let case = Case::with_shop(1).await;
    let (application, _endings) = application().await;
    let ledger = linked(&case, &application).await;
    application.kill();
    assert_eq!(within("the end", ledger.ended()).await, Ok(()));
    within("the release", async {
        ledger.stop().await;
        assert_eq!(holder(&case), None);
    })
    .await;
}

/// A8, A7: another writer ends it, and the host application sees its child fail with the reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_ledger_that_gives_up_is_seen_to_fail() {
    let case = Case::with_shop(1).await;
    let first = case.spawn(Mode::Service).await;
    assert_eq!(first.reconcile().await.error, None);
    let (application, mut endings) = application().await;
    let second =
        Ledger::spawn_linked(case.config.clone(), application.get_cell()).await.expect("the address makes sense");
    let (who, error) = within("the refusal", endings.recv()).await.expect("the application lives");
    assert_eq!(who, second.cell().get_id());
    assert!(error.expect("it failed").contains("is written by another dockledger"));
    assert_eq!(first.reconcile().await.error, None, "the first one lives on");
    first.stop().await;
}

async fn next(subscription: &mut Subscription) -> Delivery {
    within("a delivery", subscription.next()).await.expect("it goes on")
}

async fn next_change(subscription: &mut Subscription) -> (i64, ChangeCause) {
    match next(subscription).await {
        Delivery::Change(change) => (change.revision.0, change.cause),
        other => panic!("no change: {other:?}"),
    }
}

/// I12: what a pass commits and what others commit is delivered alike, in order, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_gets_a_snapshot_and_then_every_change_whoever_made_it() {
    let case = Case::with_shop(2).await;
    let ledger = case.spawn(Mode::Once { details_limit: 64 }).await;
    let mut all = ledger.subscribe(None);
    let Delivery::Snapshot { revision, rows } = next(&mut all).await else { panic!("it begins with the rows") };
    assert_eq!(*rows, case.rows());
    let mut later = ledger.subscribe(Some(revision));
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    let report = ledger.reconcile().await;
    assert_eq!(report.revision, Some(Revision(revision.0 + 1)));
    for subscription in [&mut all, &mut later] {
        assert_eq!(next_change(subscription).await, (revision.0 + 1, ChangeCause::Observed));
    }
    ledger.settle_details().await;
    let mut store = case.store();
    let of_details = store.changes(Some(Revision(revision.0 + 1)), None, 100).expect("it can be read").changes;
    assert_eq!(of_details, [], "what an inspect adds is no change");
    store.add_project(&NewParent::named("deployed")).expect("a fresh name");
    let claim = ClaimRequest { project: "deployed".into(), ..ClaimRequest::default() };
    store.claim(&case.config.host, &claim).expect("a row");
    assert_eq!(next_change(&mut all).await, (revision.0 + 2, ChangeCause::Claimed));
    ledger.unsubscribe(later.id());
    ledger.stop().await;
    assert_eq!(within("the end", all.next()).await, None);
    while let Some(delivery) = within("the end", later.next()).await {
        assert!(matches!(delivery, Delivery::Change(_)), "{delivery:?}");
    }
}

/// Keeps what it is sent, so that the places in its queue stay taken.
struct Slow;

#[ractor::actor(message = Delivered, state = UnboundedSender<Delivered>, arguments = UnboundedSender<Delivered>)]
impl Slow {
    async fn pre_start(
        &self,
        _myself: ActorRef<Delivered>,
        kept: UnboundedSender<Delivered>,
    ) -> Result<UnboundedSender<Delivered>, ActorProcessingErr> {
        Ok(kept)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Delivered>,
        delivered: Delivered,
        kept: &mut UnboundedSender<Delivered>,
    ) -> Result<(), ActorProcessingErr> {
        // The test may have enough.
        let _ = kept.send(delivered);
        Ok(())
    }
}

/// I12: an actor that keeps what it gets is told that it lagged, and begins again where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_actor_that_is_too_slow_is_told_that_it_lagged() {
    const ROWS: i64 = 1_500;
    let case = Case::new();
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    for n in 0..ROWS {
        let container = NewContainer::new(format!("c{n}"), "busybox").compose("shop", &format!("s{n}"), 1);
        case.daemon.with(|world| world.run(container)).expect("a fresh name");
    }
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    let (sender, mut kept) = unbounded_channel();
    let (slow, _) = Actor::spawn(None, Slow, sender).await.expect("it does nothing");
    ledger.subscribe_actor(Some(Revision(0)), slow, |delivered| delivered);
    assert_eq!(ledger.reconcile().await.inserted, ROWS as usize);
    let mut delivered = Vec::new();
    let after = loop {
        let next = within("a delivery", kept.recv()).await.expect("the actor lives");
        match next.delivery() {
            Delivery::Change(change) => assert_eq!(change.revision.0, delivered.len() as i64 + 1),
            Delivery::Lagged { after } => break *after,
            Delivery::Snapshot { .. } => panic!("all is kept"),
        }
        delivered.push(next);
    };
    assert_eq!(after.0, delivered.len() as i64);
    drop(delivered);
    let mut again = ledger.subscribe(Some(after));
    assert_eq!(next_change(&mut again).await.0, after.0 + 1);
    ledger.stop().await;
}

/// S6: the file is read for damage when the first of a ledger's registry calls opens it, and not by each that finds no
/// connection free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registry_calls_that_overlap_read_the_file_for_damage_once() {
    let case = Case::with_shop(1).await;
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    ledger.registry(Store::list_projects).await.expect("it can be read");
    // What a look at the whole file finds, and nothing else does.
    let mut other = SqliteConnection::establish(&case.config.database).expect("the file opens");
    other
        .batch_execute(
            "PRAGMA busy_timeout = 5000; CREATE TABLE junk (x TEXT); INSERT INTO junk VALUES (NULL); PRAGMA writable_schema = ON; \
             UPDATE sqlite_master SET sql = 'CREATE TABLE junk (x TEXT NOT NULL)' WHERE name = 'junk'",
        )
        .expect("a fault that a look at the whole file finds");
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = std::sync::mpsc::channel();
    let first = tokio::spawn({
        let ledger = ledger.clone();
        async move {
            let call = move |store: &mut Store| {
                begun.send(()).expect("somebody waits");
                waits.recv().expect("it goes on");
                store.list_projects()
            };
            ledger.registry(call).await
        }
    });
    tokio::task::spawn_blocking(move || begins.recv()).await.expect("no panic").expect("the first call runs");
    let second = ledger.registry(|store| store.add_project(&NewParent::named("web"))).await;
    go_on.send(()).expect("it waits");
    first.await.expect("no panic").expect("it can be read");
    second.expect("it did not read the whole file");
    Store::open(&case.config, OpenMode::WriteUnmigrated).expect_err("a look at the whole file finds it");
    ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_is_written_beside_a_ledger() {
    let case = Case::with_shop(1).await;
    let ledger = case.spawn(Mode::Service).await;
    assert_eq!(ledger.reconcile().await.error, None);
    let made = ledger.registry(|store| store.add_project(&NewParent::named("web"))).await.expect("a fresh name");
    let again = ledger.registry(|store| store.add_project(&NewParent::named("web"))).await.expect_err("it is taken");
    assert!(again.to_string().contains("taken"), "{again}");
    assert_eq!(ledger.registry(Store::list_projects).await.expect("it can be read").len(), 1, "{made:?}");
    ledger.stop().await;
}
