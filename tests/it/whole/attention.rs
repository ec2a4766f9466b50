//! Whether somebody has to look: what was asked for alarms nobody, and what was not is told with its name.

use std::time::Duration;

use dockledger::model::{Attention, AttentionSet, Change, ChangeCause, StoredRow, Timestamp};
use dockledger::simulation::{Health, NewContainer, World};
use dockledger::store::{NewParent, RowFilter};
use dockledger::{LedgerHandle, Mode};

use super::ledger::{Case, until};

/// On a busy machine too; far below the interval of these tests.
const BOUND: Duration = Duration::from_secs(20);

/// No tick helps.
const INTERVAL: Duration = Duration::from_secs(300);

/// A stack of these services, followed by events.
async fn followed(services: &[&str]) -> (Case, LedgerHandle) {
    let mut case = Case::with_world(World::new(1, Timestamp::now().minus(Duration::from_secs(3_600))));
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    case.daemon.with(|world| {
        for service in services {
            world.run(NewContainer::new(*service, "busybox").compose("shop", service, 1)).expect("a fresh name");
        }
        world.forget_events();
    });
    case.config.interval = INTERVAL;
    let ledger = case.spawn(Mode::Service).await;
    let is_open = || ledger.watch_status().borrow().stream.as_ref().is_some_and(|stream| stream.is_open);
    until(&ledger, BOUND, "the stream is open", is_open).await;
    assert_eq!(ledger.reconcile().await.error, None);
    ledger.settle_details().await;
    (case, ledger)
}

fn row(case: &Case, role: &str) -> StoredRow {
    let rows = case.store().rows(&RowFilter::default()).expect("it can be read");
    rows.into_iter().find(|row| &*row.binding.role == role).expect("it has a row")
}

fn attention(case: &Case, role: &str) -> AttentionSet {
    row(case, role).observed.attention
}

/// The changes by which somebody has, or has no more, to look at something.
fn told(case: &Case) -> Vec<Change> {
    let mut changes = case.store().changes(None, None, 1_000).expect("it can be read").changes;
    changes.retain(|change| change.differences.contains_key("attention") || change.cause == ChangeCause::Crashed);
    changes
}

fn act(case: &Case, seconds: u64, act: impl FnOnce(&mut World)) {
    case.daemon.with(|world| {
        world.advance(Duration::from_secs(seconds));
        act(world);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stopped_alarms_nobody_and_what_crashed_is_told_with_its_name() {
    let (case, ledger) = followed(&["web", "db", "cache"]).await;
    act(&case, 60, |world| world.kill("web").expect("it runs"));
    act(&case, 1, |world| world.kill("cache").expect("it runs"));
    for role in ["web", "cache"] {
        until(&ledger, BOUND, role, || row(&case, role).observed.ended_by_request == Some(true)).await;
        let observed = row(&case, role).observed;
        assert_eq!((observed.state.as_str(), observed.attention), ("stopped", AttentionSet::NONE), "{role}");
        assert!(observed.exit_code.is_some_and(|code| code != 0), "{role}: a code alone is no crash");
    }
    act(&case, 60, |world| world.crash("db", 3).expect("it runs"));
    until(&ledger, BOUND, "the crash", || attention(&case, "db").contains(Attention::Crashed)).await;
    let crashed = row(&case, "db").observed;
    assert_eq!((crashed.ended_by_request, crashed.attention_since), (Some(false), crashed.state_since));
    ledger.settle_details().await;
    let of_db = |change: &Change| change.role.as_deref() == Some("db");
    let [change] = &told(&case).into_iter().filter(of_db).collect::<Vec<_>>()[..] else { panic!("{:?}", told(&case)) };
    let names = (change.workload_name.as_deref(), change.role.as_deref(), change.name.as_deref(), change.exit_code);
    assert_eq!(names, (Some("shop"), Some("db"), Some("db"), Some(3)));

    act(&case, 60, |world| world.start("db").expect("it is stopped"));
    until(&ledger, BOUND, "its end", || attention(&case, "db").is_empty()).await;
    assert_eq!(attention(&case, "web"), AttentionSet::NONE);
    ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_that_no_list_shows_is_told_all_the_same() {
    let (case, ledger) = followed(&["web"]).await;
    act(&case, 60, |world| {
        world.crash("web", 9).expect("it runs");
        world.advance(Duration::from_millis(5));
        world.start("web").expect("it is stopped");
    });
    until(&ledger, BOUND, "the crash", || told(&case).iter().any(|change| change.exit_code == Some(9))).await;
    let observed = row(&case, "web").observed;
    assert_eq!((observed.state.as_str(), observed.attention), ("running", AttentionSet::NONE));
    ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_health_are_told_with_their_moments_and_their_ends() {
    let (case, ledger) = followed(&["web", "db"]).await;
    act(&case, 60, |world| world.run_out_of_memory("db").expect("it runs"));
    let both = AttentionSet::NONE.with(Attention::Crashed).with(Attention::OutOfMemory);
    until(&ledger, BOUND, "its memory", || attention(&case, "db") == both).await;
    act(&case, 60, |world| {
        world.remove("web", true).expect("it is there");
        world.run(NewContainer::new("web", "busybox").compose("shop", "web", 1).health_check()).expect("a free name");
    });
    until(&ledger, BOUND, "the new one", || row(&case, "web").observed.health.as_deref() == Some("starting")).await;
    let mut at = Timestamp::default();
    act(&case, 60, |world| {
        world.set_health("web", Health::Unhealthy).expect("it has a check");
        at = world.now();
    });
    until(&ledger, BOUND, "its health", || attention(&case, "web").contains(Attention::Unhealthy)).await;
    let observed = row(&case, "web").observed;
    assert_eq!((observed.health_since, observed.attention_since), (Some(at), Some(at)));
    let change = told(&case).pop().expect("it is told");
    assert_eq!(change.differences["health"].from.as_deref(), Some("starting"));
    assert_eq!(change.differences["health"].to.as_deref(), Some("unhealthy"));
    act(&case, 60, |world| world.set_health("web", Health::Healthy).expect("it has a check"));
    until(&ledger, BOUND, "its end", || attention(&case, "web").is_empty()).await;
    ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workload_that_was_stopped_and_removed_alarms_nobody_and_one_container_of_it_does() {
    let (case, ledger) = followed(&["web", "db", "cache"]).await;
    act(&case, 60, |world| world.remove("cache", true).expect("it is there"));
    until(&ledger, BOUND, "its loss", || attention(&case, "cache").contains(Attention::Missing)).await;
    for name in ["web", "db"] {
        act(&case, 10, |world| {
            world.stop(name).expect("it runs");
            world.remove(name, false).expect("it is stopped");
        });
        until(&ledger, BOUND, name, || row(&case, name).observed.state.as_str() == "missing").await;
    }
    until(&ledger, BOUND, "nobody has to look", || {
        ["web", "db", "cache"].iter().all(|role| attention(&case, role).is_empty())
    })
    .await;
    let last = case.store().changes(None, None, 1).expect("it can be read").changes.remove(0);
    assert_eq!(last.cause, ChangeCause::Removed);
    ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nothing_tells_of_is_not_taken_for_asked_for() {
    let case = Case::with_shop(2).await;
    assert_eq!(case.once().await.error, None);
    case.daemon.with(|world| {
        world.kill("c0").expect("it runs");
        world.remove("c1", true).expect("it is there");
    });
    assert_eq!(case.once().await.error, None);
    let rows = case.store().rows(&RowFilter::default()).expect("it can be read");
    let words: Vec<String> = rows.iter().map(|row| row.observed.attention.to_string()).collect();
    assert_eq!(words, ["crashed", "missing"]);
}
