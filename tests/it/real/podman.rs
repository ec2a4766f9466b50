//! Podman through its service that speaks Docker's API.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dockledger::docker::{ContainerSource, Daemon, Endpoint, StreamItem};
use dockledger::model::{
    ContainerId, EventAction, FailureKind, HealthWord, HostRecord, PassOutcome, PassReport, StoredRow, UnassignedReason,
};
use dockledger::store::{NewParent, RowFilter};
use dockledger::{Ledger, LedgerHandle, Mode};
use serde_json::{Value, json};

use super::case::{RealCase, merge, rounds_asked_for};
use super::recovery::{complete_pass, recovery};
use super::storm::storm_of;
use crate::support::podman::Podman;
use crate::whole::ledger::until;

/// Longer than the ledger needs to follow a service that answers, and shorter than the interval: no tick helps it.
const BOUND: Duration = Duration::from_secs(20);

/// The longest that there is.
const INTERVAL: Duration = Duration::from_secs(300);

/// Its labels are those of a service of the stack.
const LABELLED_IMAGE: &str = "dockledger-test:labelled";

type PodmanCase = RealCase<Podman>;

impl PodmanCase {
    /// A service of ours that ticks too seldom to matter, after its first pass and with its stream open.
    async fn follow(&mut self) -> LedgerHandle {
        self.config.interval = INTERVAL;
        let ledger = self.spawn().await;
        complete_pass(&ledger, None).await;
        let status = ledger.watch_status();
        let is_open = || status.borrow().stream.as_ref().is_some_and(|stream| stream.is_open);
        until(&ledger, BOUND, "the stream is open", is_open).await;
        ledger
    }

    /// One pass of a process of its own.
    async fn once(&self) -> PassReport {
        let life = Mode::Once { details_limit: 0 };
        let ledger = Ledger::spawn(self.config.clone(), life, true).await.expect("the address makes sense");
        let report = ledger.reconcile().await;
        ledger.stop().await;
        report
    }

    /// By the containers' names.
    fn rows(&self) -> BTreeMap<String, StoredRow> {
        let rows = self.store().rows(&RowFilter::default()).expect("the ledger can be read");
        rows.into_iter().map(|row| (row.observed.name.to_string(), row)).collect()
    }

    fn host(&self) -> HostRecord {
        self.store().host(&self.config.host).expect("a pass made it")
    }

    /// Nothing but this label says whose it is: an empty one counts as absent.
    fn create_with_label(&self, name: &str, key: &str, value: &str) -> ContainerId {
        self.create(name, &["true"], &json!({ "Labels": { key: value, "com.docker.compose.project": "" } }))
    }

    /// What compose itself gives a container is not there: its labels are the image's.
    fn create_with_labels_of_its_image(&self, name: &str) -> ContainerId {
        let labels = [("com.docker.compose.project", "shop"), ("com.docker.compose.service", name)];
        self.daemon.import_image(LABELLED_IMAGE, &labels);
        let without = json!({ "com.docker.compose.config-hash": "", "com.docker.compose.container-number": "" });
        self.create(name, &["true"], &json!({ "Image": LABELLED_IMAGE, "Labels": without }))
    }

    fn create_with_ports(&self, name: &str, more: &Value) -> ContainerId {
        let bindings = json!({
            "80/tcp": [{ "HostPort": "18080" }], "53/udp": [{ "HostIp": "127.0.0.1", "HostPort": "18053" }],
        });
        let host = json!({ "NetworkMode": "bridge", "PortBindings": bindings });
        let mut body = json!({ "ExposedPorts": { "80/tcp": {}, "53/udp": {}, "9/tcp": {} }, "HostConfig": host });
        merge(&mut body, more);
        self.create(name, &["sleep", "36000"], &body)
    }

    /// It ends by itself, with code 7.
    fn create_failing(&self, name: &str) -> ContainerId {
        self.create(name, &["sh", "-c", "exit 7"], &Value::Null)
    }
}

/// One that runs when it is told to.
fn with_health_check() -> Value {
    json!({ "Healthcheck": { "Test": ["CMD", "/bin/true"], "Interval": 3_600_000_000_000_u64 } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn podmans_containers_get_their_rows_states_and_ports() {
    let Some(case) = PodmanCase::start_podman(module_path!()) else { return };
    let named = |name: &str| NewParent {
        id: Some(name.into()),
        workload_id: Some(format!("w-{name}")),
        ..NewParent::named(name)
    };
    case.store().add_site(&named("docs")).expect("a fresh site");
    case.store().add_project(&named("api")).expect("a fresh project");
    let published = case.create_with_ports("published", &Value::Null);
    case.order(&published, "start");
    case.order(&case.run("paused"), "pause");
    case.create("created", &["true"], &Value::Null);
    let failed = case.create_failing("failed");
    case.order(&failed, "start");
    assert_eq!(case.daemon.order(&format!("/containers/{failed}/wait")).body["StatusCode"], 7);
    case.create_with_label("site", "tinyforge.static-site", "docs");
    case.create_with_label("unclaimed", "tinyforge.workload.id", "w-api");
    case.create_with_labels_of_its_image("inherited");

    let report = case.once().await;
    assert_eq!((report.error, report.listed, report.inserted), (None, 7, 5));
    let reasons = [(UnassignedReason::UnclaimedProject, 1), (UnassignedReason::LabelFromImage, 1)];
    assert_eq!(report.unassigned, BTreeMap::from(reasons));
    let rows = case.rows();
    let told: Vec<_> = rows
        .values()
        .map(|row| (row.id.as_str(), row.observed.state.as_str(), row.observed.exit_code, row.observed.port))
        .collect();
    let shop = rows["created"].binding.workload_id.clone();
    let of_shop = |service: &str| format!("{shop}:{service}");
    assert_eq!(
        told,
        [
            (&*of_shop("created"), "created", None, 0),
            (&*of_shop("failed"), "stopped", Some(7), 0),
            (&*of_shop("paused"), "paused", None, 0),
            (&*of_shop("published"), "running", None, 18053),
            ("w-docs:site", "created", None, 0),
        ]
    );
    assert_eq!(&*rows["published"].observed.ports, "127.0.0.1:18053->53/udp, 18080->80/tcp");
    assert_eq!(&*rows["published"].observed.image_ref, "docker.io/library/dockledger-test:plain");
    let host = case.host();
    assert_eq!(host.engine.as_deref(), Some("podman"));

    let again = case.once().await;
    assert_eq!((again.error, again.unchanged, again.inserted, again.updated, again.missing), (None, 5, 0, 0, 0));
    assert_eq!(case.host().engine_identity, host.engine_identity, "the same without an id");
}

/// Through the service and beside it. All that is looked at are the containers that events name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_podman_tells_reaches_the_ledger_between_ticks() {
    let Some(mut case) = PodmanCase::start_podman(module_path!()) else { return };
    case.run("stays");
    // Of this one nothing but its removal is told while the ledger follows.
    case.create("quiet", &["true"], &Value::Null);
    let ledger = case.follow().await;
    let first = case.host().last_complete_pass_at;
    let web = case.run("web");
    case.until_equal(BOUND).await;
    for action in ["stop", "start", "pause", "unpause", "restart", "rename?name=renamed", "kill"] {
        case.order(&web, action);
        case.until_equal(BOUND).await;
    }
    let failing = case.create_failing("failing");
    case.order(&failing, "start");
    let has_ended = || case.rows().get("failing").is_some_and(|row| row.observed.exit_code == Some(7));
    until(&ledger, BOUND, "the container has ended by itself", has_ended).await;
    for command in [&["start", "renamed"][..], &["stop", "stays"]] {
        case.daemon.command(command);
        case.until_equal(BOUND).await;
    }
    assert_eq!(case.host().last_complete_pass_at, first, "no pass looked at the whole host");
    // A loss does: what takes the place of a container may be there already.
    for command in [&["rm", "--force", "renamed"][..], &["rm", "failing"], &["rm", "quiet"]] {
        case.daemon.command(command);
        case.until_equal(BOUND).await;
    }
    assert_eq!(case.says().len(), 1, "one is left");
    ledger.stop().await;
}

/// F12: Podman tells each run of a health check, and its list shows none.
#[tokio::test]
async fn a_health_check_of_podman_is_told_with_its_word() {
    let Some(case) = PodmanCase::start_podman(module_path!()) else { return };
    let web = case.create("web", &["sleep", "36000"], &with_health_check());
    case.order(&web, "start");
    let daemon = Daemon::new(Endpoint::Unix(case.daemon.socket()), &case.config);
    let mut stream = daemon.events(None).await.expect("it is followed");
    for _ in 0..3 {
        case.daemon.command(&["healthcheck", "run", "web"]);
    }
    case.order(&web, "kill");
    // Version 4.3 tells a run before it, with the word that holds until then.
    let word = |word| EventAction::Health(Some(word));
    let (new, well) = (word(HealthWord::Starting), word(HealthWord::Healthy));
    for expected in [new, well, well, EventAction::Signalled, EventAction::Ended] {
        let told = tokio::time::timeout(BOUND, stream.next()).await.expect("it is told").expect("the stream goes on");
        let Some(StreamItem::Event(event)) = told else { panic!("{told:?}") };
        assert_eq!((&event.container, event.action), (&web, expected));
    }
}

/// F12
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_that_podman_tells_is_in_the_ledger_at_once_and_its_repeats_are_no_news() {
    let Some(mut case) = PodmanCase::start_podman(module_path!()) else { return };
    let check = json!({ "Healthcheck": {
        "Test": ["CMD", "/bin/busybox", "test", "!", "-e", "/unwell"], "Interval": 3_600_000_000_000_u64, "Retries": 1,
    } });
    let web = case.create("web", &["sleep", "36000"], &check);
    case.order(&web, "start");
    let ledger = case.follow().await;
    ledger.settle_details().await;
    let health = || case.rows()["web"].observed.health.as_deref().map(str::to_owned);
    assert_eq!(health().as_deref(), Some("starting"));
    let first = case.host().last_complete_pass_at;
    // Version 4.3 tells a run before it: what it comes to is told with the next one.
    let run_until = async |word: &str| {
        case.daemon.try_command(&["healthcheck", "run", "web"]);
        case.daemon.try_command(&["healthcheck", "run", "web"]);
        until(&ledger, BOUND, word, || health().as_deref() == Some(word)).await;
    };
    run_until("healthy").await;
    let revision = case.rows()["web"].revision;
    for _ in 0..3 {
        case.daemon.try_command(&["healthcheck", "run", "web"]);
    }
    case.daemon.command(&["exec", "web", "busybox", "touch", "/unwell"]);
    run_until("unhealthy").await;
    assert_eq!(case.rows()["web"].revision.0, revision.0 + 1, "three repeats are no change");
    case.daemon.command(&["exec", "web", "busybox", "rm", "/unwell"]);
    run_until("healthy").await;
    case.order(&web, "pause");
    case.until_equal(BOUND).await;
    assert_eq!(health().as_deref(), Some("healthy"), "what is paused keeps it");
    case.order(&web, "unpause");
    case.order(&web, "kill");
    case.until_equal(BOUND).await;
    assert_eq!(health(), None);
    case.order(&web, "start");
    until(&ledger, BOUND, "it starts anew", || health().as_deref() == Some("starting")).await;
    assert_eq!(case.host().last_complete_pass_at, first, "no pass looked at the whole host");
    assert_eq!(ledger.reconcile().await.updated, 0, "a whole list takes nothing away");
    ledger.stop().await;
}

/// D15: of a row whose container a list lacks, Podman is asked by itself, and says in its own words that it is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_podman_removed_goes_missing() {
    let Some(case) = PodmanCase::start_podman(module_path!()) else { return };
    let (stays, goes) = (case.run("stays"), case.run("goes"));
    assert_eq!(case.once().await.inserted, 2);
    let watch = case.watch();
    watch.removes(&goes);
    assert_eq!(case.daemon.delete(&format!("/containers/{goes}?force=1")).status, 204);
    let report = case.once().await;
    assert_eq!((report.error, report.missing, report.unverified, report.unchanged), (None, 1, 0, 1));
    assert_eq!(case.rows()["goes"].observed.state.as_str(), "missing");
    assert!(case.says().contains_key(&stays));
    watch.ends_without_a_wrong_one(&case);
}

/// D9, D11, D20: its containers run on. It makes an id up each time it is asked, and is known all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_podman_service_that_is_restarted_is_found_again() {
    let Some(mut case) = PodmanCase::start_podman(module_path!()) else { return };
    let runs = case.run("runs");
    case.create("never-started", &["true"], &Value::Null);
    let watch = case.watch();
    let ledger = case.follow().await;
    let host = case.host();
    for round in 0..rounds_asked_for().unwrap_or(2) {
        case.daemon.kill();
        let kind = ledger.reconcile().await.error.expect("nobody answers").kind;
        assert_eq!(kind, FailureKind::DaemonUnreachable);
        let recovered = recovery(&case, &ledger, || case.daemon.start_again("")).await;
        recovered.tell(&format!("Podman's service killed and started again, round {round}"));
        assert_eq!(case.says()[&runs].1.as_str(), "running", "it ran on");
        // The stream is followed again.
        case.order(&runs, "restart");
        case.order(&case.run(&format!("new-{round}")), "stop");
        case.until_equal(BOUND).await;
    }
    let again = case.host();
    assert_eq!((again.engine_identity, again.status, again.last_error), (host.engine_identity, host.status, None));
    ledger.stop().await;
    watch.ends_without_a_wrong_one(&case);
}

/// As where systemd starts the service when its socket is asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_podman_service_that_ends_when_idle_is_kept_by_the_stream_and_ends_after_it() {
    let Some(mut case) = PodmanCase::start_podman(module_path!()) else { return };
    let web = case.run("web");
    case.daemon.kill();
    case.daemon.start_again("--time 3");
    let ledger = case.follow().await;
    // The fault itself: for so long nobody asks it for anything.
    tokio::time::sleep(Duration::from_secs(7)).await;
    case.order(&web, "stop");
    case.until_equal(BOUND).await;
    ledger.stop().await;
    case.daemon.wait_until_it_ended(BOUND);
    let report = case.once().await;
    assert_eq!(report.error.map(|error| error.kind), Some(FailureKind::DaemonUnreachable));
    assert_eq!(case.rows()["web"].observed.state.as_str(), "stopped");
}

/// D7: Podman's list waits for the lock of each container, and its inspect only for the one it is asked for. What the two
/// tell otherwise of the same container is no change of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_hangs_podmans_list_changes_no_other_row() {
    let Some(mut case) = PodmanCase::start_podman(module_path!()) else { return };
    case.config.interval = Duration::from_millis(500);
    case.config.list_deadline = Duration::from_secs(2);
    case.config.inspect_deadline = Duration::from_secs(1);
    let web = case.create_with_ports("web", &with_health_check());
    case.order(&web, "start");
    let hangs = case.create("hangs", &["sleep", "36000"], &Value::Null);
    let ledger = case.spawn().await;
    complete_pass(&ledger, None).await;
    case.until_equal(BOUND).await;
    // Podman tells its start up to 0.3 s late, and what it tells is looked at twice more within a second.
    let last = Cell::new((case.rows()["web"].revision, Instant::now()));
    let is_quiet = || {
        let revision = case.rows()["web"].revision;
        if revision != last.get().0 {
            last.set((revision, Instant::now()));
        }
        last.get().1.elapsed() > Duration::from_secs(2)
    };
    until(&ledger, BOUND, "nothing more is written", is_quiet).await;
    let before = case.rows();

    case.daemon.hold_starts();
    let starting = tokio::task::spawn_blocking({
        let (daemon, path) = (Arc::clone(&case.daemon), format!("/containers/{hangs}/start"));
        move || daemon.order(&path)
    });
    let status = ledger.watch_status();
    let names_it = || {
        let report = status.borrow().last_report.clone();
        report.is_some_and(|report| report.outcome == PassOutcome::Degraded && report.hanging == [hangs.clone()])
    };
    until(&ledger, BOUND, "a degraded pass names what hangs", names_it).await;
    let meanwhile = case.rows();
    case.daemon.release_starts();
    assert_eq!(starting.await.expect("it is answered").status, 204);
    let written = |rows: &BTreeMap<String, StoredRow>| (rows["web"].revision, rows["web"].observed.ports.clone());
    assert_eq!(written(&meanwhile), written(&before), "written: {:?}", meanwhile["web"].observed);
    case.until_equal(BOUND).await;
    assert_eq!(written(&case.rows()), written(&before), "nor afterwards");
    ledger.stop().await;
}

/// D16
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_in_podman_ends_in_a_ledger_that_equals_it() {
    let Some(case) = PodmanCase::start_podman(module_path!()) else { return };
    storm_of(if rounds_asked_for().is_some() { 200 } else { 40 }, case).await;
}
