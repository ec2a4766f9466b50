//! What the daemon says of a container beyond its state, told in every way that engines tell it: exit code, image, health,
//! and since when.

use std::time::Duration;

use dockledger::config::IgnoreEntry;
use dockledger::model::{Change, ContainerState, Observed, Timestamp, UnassignedReason};
use dockledger::simulation::{Engine, Health, NewContainer, World};
use dockledger::store::NewParent;
use dockledger::{LedgerHandle, Mode};
use serde_json::{Value, json};

use super::ledger::{Case, until};

/// Within this a change is in the ledger, on a busy machine too; far below the interval of these tests.
const BOUND: Duration = Duration::from_secs(20);

/// The longest that there is: no tick helps.
const INTERVAL: Duration = Duration::from_secs(300);

/// The container's entry in the list as the engine has it, with these fields instead.
fn relist(case: &Case, key: &str, fields: &Value) {
    case.daemon.with(|world| {
        world.set_entry(key, None).expect("it exists");
        let id = world.container(key).expect("it exists").id.clone();
        let list: Vec<Value> = serde_json::from_slice(&world.render_list(true)).expect("a list");
        let mut entry = list.into_iter().find(|entry| entry["Id"] == id.as_str()).expect("it is listed");
        for (field, value) in fields.as_object().expect("fields") {
            entry[field] = value.clone();
        }
        world.set_entry(key, Some(entry.to_string())).expect("it exists");
    });
}

fn only_row(case: &Case) -> Observed {
    let mut rows = case.rows();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0).observed
}

fn changes(case: &Case) -> usize {
    case.store().changes(None, None, 1_000).expect("it can be read").changes.len()
}

/// A service whose stream is open and whose details are paid.
async fn follow(case: &mut Case) -> LedgerHandle {
    case.config.interval = INTERVAL;
    let ledger = case.spawn(Mode::Service).await;
    let is_open = || ledger.watch_status().borrow().stream.as_ref().is_some_and(|stream| stream.is_open);
    until(&ledger, BOUND, "the stream is open", is_open).await;
    assert_eq!(ledger.reconcile().await.error, None);
    ledger.settle_details().await;
    ledger
}

/// F19
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exit_code_is_the_number_that_the_daemon_says_and_never_the_former_one() {
    let case = Case::with_shop(1).await;
    case.daemon.with(|world| world.crash("c0", 1)).expect("it runs");
    case.once().await;
    assert_eq!(only_row(&case).exit_code, Some(1));
    for (status, code) in [
        ("Exited (3221225786) 2 seconds ago", Some(3_221_225_786_i64)),
        ("Exited (4294967295) 2 seconds ago", Some(4_294_967_295)),
        ("Exited (-1073741510) 2 seconds ago", Some(-1_073_741_510)),
        ("Exited (137) 2 seconds ago", Some(137)),
        ("Exited (99999999999) 2 seconds ago", None),
        ("Exited (3) 2 seconds ago", Some(3)),
        ("Dead", None),
    ] {
        relist(&case, "c0", &json!({ "Status": status }));
        assert_eq!(case.once().await.error, None, "{status}");
        let ps = case.program(&["ps", "--json"]).json();
        assert_eq!(ps[0]["exit_code"].as_i64(), code, "{status}: {ps}");
        let told = case.store().changes(None, None, 1).expect("it can be read").changes.remove(0);
        assert_eq!(told.exit_code, code, "{status}: {told:?}");
    }
    relist(&case, "c0", &json!({ "State": "removing", "Status": "Removal In Progress" }));
    relist(&case, "c0", &json!({ "Status": "Exited (7) 1 second ago" }));
    case.once().await;
    relist(&case, "c0", &json!({ "State": "hibernating", "Status": "Deep asleep" }));
    case.once().await;
    assert_eq!(only_row(&case).exit_code, None, "a state that nobody knows has no code, least of all an old one");
}

/// F9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_moved_on_changes_no_row() {
    let case = Case::with_shop(1).await;
    let before = (case.rows(), changes(&case));
    let id = "c0ffee00".repeat(8);
    for image in [format!("sha256:{id}"), id.clone(), id[..12].to_owned(), "<none>".into(), "<none>:<none>".into()] {
        relist(&case, "c0", &json!({ "Image": image }));
        let report = case.once().await;
        assert_eq!((report.error, report.updated, report.unchanged), (None, 0, 1), "{image}");
        let after: Vec<_> = case.rows();
        assert_eq!(&*after[0].observed.image_ref, "busybox", "{image}");
        assert_eq!((after[0].revision, changes(&case)), (before.0[0].revision, before.1), "{image}");
    }
    // Something else differs: what is written keeps the name.
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    relist(&case, "c0", &json!({ "Image": format!("sha256:{id}") }));
    assert_eq!(case.once().await.updated, 1);
    assert_eq!(&*only_row(&case).image_ref, "busybox");
}

/// F9: what is met for the first time after its tag moved on is asked for its name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ignored_by_its_image_stays_ignored_when_the_tag_moves_on() {
    let mut case = Case::with_shop(1).await;
    case.config.ignore = vec![IgnoreEntry::Image("nginx*".into())];
    case.daemon.with(|world| {
        world.run(NewContainer::new("proxy", "nginx:1.25").compose("shop", "proxy", 1)).expect("a fresh name");
        world.run(NewContainer::new("db", "postgres:16").compose("shop", "db", 1)).expect("a fresh name");
    });
    for name in ["proxy", "db"] {
        relist(&case, name, &json!({ "Image": format!("sha256:{}", "ab".repeat(32)) }));
    }
    let report = case.once().await;
    assert_eq!((report.error, report.inserted), (None, 1));
    let unassigned = &report.unassigned_containers[0];
    assert_eq!((unassigned.reason, &*unassigned.image_ref), (UnassignedReason::Ignored, "nginx:1.25"));
    let rows = case.rows();
    let db = rows.iter().find(|row| &*row.observed.name == "db").expect("it has a row");
    assert_eq!(&*db.observed.image_ref, "postgres:16");
    let config = case.path("dockledger.toml");
    std::fs::write(&config, "ignore = [\"image:nginx*\"]\n").expect("a file");
    let ran = case.program(&["unassigned", "--json", "--config", &config.display().to_string()]).json();
    assert_eq!((&ran[0]["reason"], &ran[0]["image_ref"]), (&json!("ignored"), &json!("nginx:1.25")), "{ran}");
}

/// F12: Podman 6 has the health in its list, and tells each run of each check.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_health_that_an_event_tells_is_seen_at_once_and_its_repeats_cost_nothing() {
    let mut case = Case::with_shop(1).await;
    let id = case.daemon.with(|world| world.container("c0").expect("it runs").id.clone());
    relist(&case, "c0", &json!({ "Health": { "Status": "healthy", "FailingStreak": 0 } }));
    // What happened before is told to nobody, and so nothing is looked at once more for it.
    case.daemon.with(|world| world.forget_events());
    let ledger = follow(&mut case).await;
    assert_eq!(only_row(&case).health.as_deref(), Some("healthy"));
    let mut second = 1_800_000_100_u64;
    let mut tell = |word: &str| {
        second += 1;
        let line = json!({
            "status": "health_status", "id": id, "from": "busybox", "Type": "container", "Action": "health_status",
            "Actor": { "ID": id, "Attributes": { "image": "busybox", "name": "c0", "containerExitCode": "0", "podId": "" } },
            "scope": "local", "time": second, "timeNano": second * 1_000_000_000, "HealthStatus": word,
        });
        case.daemon.send_on_events(format!("{line}\n"));
    };
    relist(&case, "c0", &json!({ "Health": { "Status": "unhealthy", "FailingStreak": 3 } }));
    tell("unhealthy");
    until(&ledger, BOUND, "unhealthy", || only_row(&case).health.as_deref() == Some("unhealthy")).await;
    ledger.settle_details().await;
    case.daemon.forget_requests();
    for _ in 0..20 {
        tell("unhealthy");
        tell("reset");
    }
    relist(&case, "c0", &json!({ "Health": { "Status": "healthy", "FailingStreak": 0 } }));
    tell("healthy");
    until(&ledger, BOUND, "healthy", || only_row(&case).health.as_deref() == Some("healthy")).await;
    let requests = case.daemon.requests();
    assert_eq!(requests["GET /containers/json"], 1, "one look for one news: {requests:?}");
    ledger.stop().await;
}

/// F12: before version 6 Podman's list shows no health at all, and its inspect does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_health_that_no_list_shows_is_asked_for_when_it_is_news() {
    let mut world = World::new(1, an_hour_ago());
    world.set_engine(Engine::Podman, "5.4.2");
    world.run(NewContainer::new("c0", "busybox").compose("shop", "s0", 1).health_check()).expect("a fresh name");
    let mut case = Case::with_world(world);
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    case.daemon.with(|world| world.forget_events());
    let ledger = follow(&mut case).await;
    let health = || only_row(&case).health.map(String::from);
    assert_eq!(health().as_deref(), Some("starting"), "the details of a new row tell it");
    for (said, word) in [(Health::Healthy, "healthy"), (Health::Unhealthy, "unhealthy"), (Health::Healthy, "healthy")] {
        case.daemon.with(|world| world.set_health("c0", said)).expect("it runs");
        until(&ledger, BOUND, word, || health().as_deref() == Some(word)).await;
    }
    let before = (case.rows(), changes(&case));
    case.daemon.forget_requests();
    for _ in 0..20 {
        case.daemon.with(|world| world.set_health("c0", Health::Healthy)).expect("it runs");
    }
    assert_eq!(ledger.reconcile().await.updated, 0, "a list that shows no health takes none away");
    let requests = case.daemon.requests();
    assert_eq!(requests.keys().map(String::as_str).collect::<Vec<_>>(), ["GET /containers/json"], "{requests:?}");
    assert_eq!((case.rows()[0].revision, changes(&case)), (before.0[0].revision, before.1));

    case.daemon.with(|world| world.pause("c0")).expect("it runs");
    until(&ledger, BOUND, "paused", || only_row(&case).state == ContainerState::Paused).await;
    assert_eq!(health().as_deref(), Some("healthy"), "what is paused keeps it");
    case.daemon.with(|world| world.unpause("c0")).expect("it is paused");
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    until(&ledger, BOUND, "stopped", || only_row(&case).state == ContainerState::Stopped).await;
    assert_eq!(health(), None);
    case.daemon.with(|world| world.start("c0")).expect("it is stopped");
    until(&ledger, BOUND, "starting anew", || health().as_deref() == Some("starting")).await;
    ledger.stop().await;
}

/// F12: Docker tells a health that changed, and each costs one look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_health_that_docker_tells_costs_one_look() {
    let mut case = Case::new();
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    case.daemon.with(|world| {
        world.run(NewContainer::new("c0", "busybox").compose("shop", "s0", 1).health_check()).expect("a fresh name");
        world.forget_events();
    });
    let ledger = follow(&mut case).await;
    case.daemon.forget_requests();
    for (said, word) in [(Health::Healthy, "healthy"), (Health::Unhealthy, "unhealthy"), (Health::Healthy, "healthy")] {
        case.daemon.with(|world| world.set_health("c0", said)).expect("it runs");
        until(&ledger, BOUND, word, || only_row(&case).health.as_deref() == Some(word)).await;
    }
    // Whatever else would be looked at for these has been by the end of another pass.
    assert_eq!(ledger.reconcile().await.updated, 0);
    let requests = case.daemon.requests();
    assert_eq!(requests["GET /containers/json"], 4, "{requests:?}");
    ledger.stop().await;
}

fn an_hour_ago() -> Timestamp {
    Timestamp::now().minus(Duration::from_secs(3_600))
}

/// The daemon's clock is an hour behind ours, so that what it tells cannot be taken for what we saw. One thing happens to each
/// container: a look that is due for an earlier one could find it before its own event is acted on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn since_when_is_told_by_the_daemon_and_no_earlier_than_it_happened() {
    let mut case = Case::with_world(World::new(1, an_hour_ago()));
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    let began = case.daemon.with(|world| {
        for name in ["pauses", "stops", "crashes", "starts", "goes"] {
            world.run(NewContainer::new(name, "busybox").compose("shop", name, 1)).expect("a fresh name");
        }
        for name in ["starts", "goes"] {
            world.stop(name).expect("it runs");
        }
        world.forget_events();
        world.now()
    });
    let ledger = follow(&mut case).await;
    let row = |name: &str| case.rows().into_iter().find(|row| &*row.observed.name == name).expect("it has a row");
    type Step = (&'static str, fn(&mut World), &'static str);
    let steps: [Step; 5] = [
        ("pauses", |world| world.pause("pauses").expect("it runs"), "paused"),
        ("stops", |world| world.stop("stops").expect("it runs"), "stopped"),
        ("crashes", |world| world.crash("crashes", 3).expect("it runs"), "stopped"),
        ("starts", |world| world.start("starts").expect("it is stopped"), "running"),
        ("goes", |world| world.remove("goes", false).expect("it is stopped"), "missing"),
    ];
    for (name, act, state) in steps {
        let is_told = || row(name).observed.state_since == Some(began);
        until(&ledger, BOUND, "the details of a row met in a list tell it", is_told).await;
        let at = case.daemon.with(|world| {
            world.advance(Duration::from_secs(60));
            act(world);
            world.now()
        });
        until(&ledger, BOUND, name, || row(name).observed.state.as_str() == state).await;
        ledger.settle_details().await;
        let written = row(name);
        assert_eq!(written.observed.state_since, Some(at), "{name}");
        let told = case.store().changes(None, None, 100).expect("it can be read").changes;
        let is_turn =
            |change: &&Change| change.row_id == written.id && change.from_state.as_ref() != Some(&change.to_state);
        let change = told.iter().rev().find(is_turn).expect("it is told");
        assert_eq!((change.at, change.to_state.as_str()), (at, state), "{name}");
    }
    ledger.stop().await;
}

/// D24: the daemon's clock is far ahead of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_so_since_a_moment_that_is_still_to_come() {
    let mut case = Case::with_world(World::new(1, Timestamp::now().plus(Duration::from_secs(86_400))));
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    case.daemon
        .with(|world| world.run(NewContainer::new("c0", "busybox").compose("shop", "s0", 1)).expect("a fresh name"));
    let ledger = follow(&mut case).await;
    for (act, state) in [("stop", "stopped"), ("start", "running")] {
        let before = Timestamp::now();
        case.daemon.with(|world| if act == "stop" { world.stop("c0") } else { world.start("c0") }).expect("it can");
        until(&ledger, BOUND, act, || only_row(&case).state.as_str() == state).await;
        ledger.settle_details().await;
        let since = only_row(&case).state_since.expect("it is in a state");
        assert!(since >= before && since <= Timestamp::now(), "{act}: {since}");
    }
    let told = case.store().changes(None, None, 100).expect("it can be read").changes;
    assert!(told.iter().all(|change| change.at <= Timestamp::now()), "{told:?}");
    ledger.stop().await;
}
