//! Listings that fail, lie or hang: no row changes wrongly, and the report says what happened.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use dockledger::Mode;
use dockledger::model::{Completeness, FailureKind, PassOutcome, UnassignedReason, Worker};
use dockledger::simulation::{Fault, FaultProxy, NewContainer, Reply};
use dockledger::store::{NewParent, OpenMode, Store};
use dockledger::telemetry::Child;

use super::ledger::{Case, until};

/// What a fault must end in.
struct Expected {
    fault: Fault,
    code: i32,
    completeness: &'static str,
    says: &'static str,
}

/// D1, D2, D3, D8, D17, D18, B54: whatever becomes of the listing, the rows stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_that_is_none_changes_no_row_and_the_exit_code_says_why() {
    let mut case = Case::with_shop(5).await;
    let before = case.states();
    // Without the fault, both would be written: one stopped, one gone.
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    case.daemon.with(|world| world.remove("c1", true)).expect("it exists");
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    let config = case.path("dockledger.toml");
    std::fs::write(&config, "list_deadline = \"300ms\"\n").expect("a file");
    let config = config.display().to_string();
    for Expected { fault, code, completeness, says } in faults() {
        let name = format!("{fault:?}");
        proxy.heal();
        proxy.inject(fault);
        let ran = case.program(&["once", "--json", "--config", &config]);
        assert_eq!(ran.code, code, "{name}: {}", ran.stderr);
        let report = ran.json();
        assert_eq!(report["completeness"], completeness, "{name}: {report}");
        let error = report["error"].to_string();
        assert!(error.contains(says), "{name} says {error}");
        assert_eq!(case.states(), before, "{name}");
    }
    proxy.heal();
    let report = case.once().await;
    assert_eq!((report.missing, report.updated), (1, 2), "what the faults hid is seen at once");
}

fn faults() -> Vec<Expected> {
    let expected = |fault, code, says| Expected { fault, code, completeness: "failed", says };
    let answer = |body: &str| Fault::Answer(Reply::new(200, body));
    vec![
        expected(Fault::Silent, 3, "did not begin to answer"),
        expected(Fault::HangUp, 1, "early"),
        expected(Fault::StallAfter(100), 1, "did not end within"),
        expected(Fault::Drip { bytes: 1, every: Duration::from_millis(20) }, 1, "did not end within"),
        expected(Fault::CutAfter(1_000), 1, "early"),
        expected(Fault::Answer(Reply::new(500, "<html>\u{1b}[31mno</html>")), 1, "status 500"),
        expected(Fault::Answer(Reply::new(200, "[]").lying(7)), 1, "early"),
        expected(Fault::Answer(Reply::new(200, "[{\"Id\":").until_close()), 1, "early"),
        expected(answer("null"), 1, "no listing"),
        expected(answer("{}"), 1, "no listing"),
        expected(answer("not json"), 1, "no listing"),
    ]
}

/// One entry that cannot be told apart makes the listing partial: what it lacks may be it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partial_listing_updates_rows_and_sweeps_none() {
    let case = Case::with_shop(3).await;
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    case.daemon.with(|world| world.remove("c1", true)).expect("it exists");
    case.daemon.with(|world| world.inject_entry("{\"Names\":[\"/without-id\"]}"));
    let ran = case.program(&["once", "--json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(ran.json()["completeness"], "partial");
    let states = case.states();
    assert_eq!(states.iter().filter(|(_, state)| state == "stopped").count(), 1, "{states:?}");
    assert_eq!(states.iter().filter(|(_, state)| state == "missing").count(), 0, "{states:?}");
}

/// B49, B50: an entry that is bad beyond its id costs only its own row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_entry_with_an_id_is_present_and_costs_its_row_alone() {
    let case = Case::with_shop(3).await;
    let id = case.daemon.with(|world| world.container("c0").expect("it exists").id.clone());
    let bad = format!("{{\"Id\":\"{id}\",\"State\":[1,2],\"Names\":7}}");
    case.daemon.with(|world| world.set_entry("c0", Some(bad))).expect("it exists");
    case.daemon.with(|world| world.remove("c1", true)).expect("it exists");
    let report = case.once().await;
    assert_eq!(report.completeness, Completeness::Complete);
    assert_eq!((report.quarantined.len(), report.missing), (1, 1));
    let rows = case.rows();
    let state =
        |role: &str| rows.iter().find(|row| &*row.binding.role == role).map(|row| row.observed.state.to_string());
    assert_eq!(state("s0").as_deref(), Some("running"), "its row is untouched");
    assert_eq!(state("s1").as_deref(), Some("missing"));
}

/// A complete empty listing is believed, once each inspect agrees.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_listing_is_believed_only_where_inspects_agree() {
    let mut case = Case::with_shop(3).await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    proxy.inject(Fault::Answer(Reply::new(200, "[]")).on("/containers/json"));
    let report = case.once().await;
    assert_eq!((report.missing, report.unverified), (0, 3), "the daemon still has them");
    proxy.heal();
    case.daemon.with(|world| world.remove_all());
    let report = case.once().await;
    assert_eq!((report.missing, report.unverified), (3, 0));
}

/// A commit that is locked out beyond its deadline is unknown, and so is the trouble of the store's next life, which meets
/// the same lock: the caller is told what came of it once that can be known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_behind_a_long_lock_is_answered_truly() {
    let mut case = Case::with_shop(2).await;
    // Longer than anything but the lock takes on a busy machine.
    case.config.store_deadline = Duration::from_secs(1);
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    assert_eq!(ledger.reconcile().await.updated, 1);
    case.daemon.with(|world| world.start("c0")).expect("it is stopped");
    let mut other = SqliteConnection::establish(&case.config.database).expect("the file opens");
    other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").expect("the lock is free within that time");
    let asked = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.reconcile().await }
    });
    let locked_out = || ledger.watch_status().borrow().store_trouble.is_some();
    until(&ledger, Duration::from_secs(10), "the next life of the store meets the lock", locked_out).await;
    other.batch_execute("COMMIT").expect("it is ours");
    let report = asked.await.expect("it does not panic");
    assert_eq!((report.error.as_ref(), report.updated), (None, 1));
    assert!(case.states().iter().all(|(_, state)| state == "running"));
    ledger.stop().await;
}

/// The cure for a hang: the actor that awaits it is killed, a fresh one asks again, in the same pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_hangs_once_and_then_answers_ends_in_a_complete_pass() {
    for fault in [Fault::Silent, Fault::StallAfter(50)] {
        let mut case = Case::with_shop(2).await;
        let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
        case.config.docker_host = Some(proxy.docker_host());
        case.config.list_deadline = Duration::from_millis(200);
        case.daemon.with(|world| world.stop("c0")).expect("it runs");
        proxy.inject(fault.on("/containers/json").times(1));
        let ledger = case.spawn(Mode::Once { details_limit: 64 }).await;
        let report = ledger.reconcile().await;
        assert_eq!((report.error.as_ref(), report.outcome), (None, PassOutcome::Committed));
        assert_eq!((report.list_tries, report.updated), (2, 1));
        let status = ledger.watch_status().borrow().clone();
        assert_eq!(status.restarts_of(Child::Docker(Worker::Pass)), 1, "through a replaced DockerActor");
        assert_eq!(status.restarts.len(), 1, "and the others live on: {:?}", status.restarts);
        ledger.stop().await;
    }
}

/// D25, in small: the daemon comes back and nobody has to wait for a tick.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_comes_back_starts_a_pass_at_once() {
    let mut case = Case::with_shop(2).await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    case.config.list_deadline = Duration::from_millis(150);
    proxy.inject(Fault::Silent);
    let ledger = case.spawn(Mode::Service).await;
    let failed = || {
        let status = ledger.watch_status().borrow().clone();
        status.last_report.is_some_and(|r| r.error.as_ref().is_some_and(|e| e.kind == FailureKind::DaemonUnreachable))
    };
    until(&ledger, Duration::from_secs(10), "the boot pass fails", failed).await;
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    proxy.heal();
    // The interval is 30 s: only the waiting ping can be this early.
    let recovered = || case.states().iter().any(|(_, state)| state == "stopped");
    until(&ledger, Duration::from_secs(5), "the ping that waits starts a pass", recovered).await;
    ledger.stop().await;
}

/// D20: a daemon of another identity writes nothing until it is confirmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_daemon_behind_the_same_path_writes_nothing_until_confirmed() {
    let case = Case::with_shop(3).await;
    let before = case.states();
    case.daemon.with(|world| {
        world.set_engine_id("ANOTHER");
        world.remove_all();
    });
    let report = case.once().await;
    assert_eq!(report.outcome, PassOutcome::WrongDaemon);
    assert_eq!(report.error.as_ref().map(|error| error.kind), Some(FailureKind::WrongDaemon));
    assert_eq!(case.states(), before);
    assert_eq!(case.program(&["hosts", "confirm", "local"]).code, 0);
    assert_eq!(case.once().await.missing, 3);
}

/// D6: `/info` hangs with the container runtime, and nothing waits for it: the containers tell whose daemon it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_whose_info_hangs_is_known_by_its_containers() {
    let case = Case::with_shop(3).await;
    case.daemon.hang_info(true);
    case.daemon.with(|world| {
        world.stop("c0").expect("it runs");
        world.remove("c1", true).expect("it exists");
        world.run(NewContainer::new("new", "busybox").compose("shop", "new", 1)).expect("a fresh name");
    });
    let report = case.once().await;
    assert_eq!((report.error.as_ref(), report.updated, report.inserted, report.missing), (None, 2, 1, 1));
    assert_eq!(report.doubt, None);
}

/// D7: one stuck container hangs its own inspect and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_whose_inspect_hangs_delays_no_other_details() {
    let mut case = Case::new();
    case.config.inspect_deadline = Duration::from_millis(200);
    Store::open(&case.config, OpenMode::Write)
        .expect("it opens")
        .add_stack(&NewParent::named("shop"), None)
        .expect("fresh");
    for n in 0..10 {
        let container = NewContainer::new(format!("c{n}"), "busybox").compose("shop", &format!("s{n}"), 1);
        let id = case.daemon.with(|world| world.run(container)).expect("a fresh name");
        if n == 0 {
            case.daemon.hang_inspect(&id, true);
        }
    }
    let report = case.once().await;
    assert_eq!((report.error.as_ref(), report.inserted), (None, 10));
    let with_details = case.rows().iter().filter(|row| row.observed.started_at.is_some()).count();
    assert_eq!(with_details, 9);
}

/// B1, B13, B15: one hostile container costs at most itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_labels_cost_at_most_their_own_container() {
    let case = Case::with_shop(1).await;
    case.daemon.with(|world| {
        let hostile = |name: &str| NewContainer::new(name, "busybox").compose("shop", name, 1);
        let mut many = hostile("many");
        for n in 0..10_000 {
            many = many.label(format!("key-{n}"), "value");
        }
        world.run(many).expect("fresh");
        world.run(hostile("long").label("x", "v".repeat(1 << 20))).expect("fresh");
        world.run(NewContainer::new("nul", "busybox").compose("shop", "a\0b", 1)).expect("fresh");
        world.run(NewContainer::new("escape", "busybox").compose("sh\u{1b}[31mop", "x", 1)).expect("fresh");
    });
    let report = case.once().await;
    assert_eq!((report.error.as_ref(), report.completeness), (None, Completeness::Complete));
    assert!(report.inserted >= 2, "many labels and a long one are no reason to leave a container out: {report:?}");
    assert_eq!(report.unassigned.get(&UnassignedReason::UnknownStack), Some(&1));
    let table = case.program(&["ps"]).stdout + &case.program(&["unassigned"]).stdout;
    assert!(!table.contains('\u{1b}') && !table.contains('\0'), "nothing reaches the terminal unescaped");
}
