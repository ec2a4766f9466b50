//! Socket proxies that deny calls, and answers that come late: what can be done is done, what is not is told once.

use std::time::Duration;

use dockledger::Mode;
use dockledger::model::{DaemonCall, PassOutcome, UnassignedReason};
use dockledger::simulation::{Fault, FaultProxy, NewContainer, Reply};
use dockledger::store::NewParent;

use super::ledger::{Case, Ran, until};

const BOUND: Duration = Duration::from_secs(10);

/// The page of a proxy that denies.
const DENIED: &str = "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>";

fn denied(status: u16) -> Fault {
    Fault::Answer(Reply::new(status, DENIED))
}

/// A case whose daemon is reached by way of a proxy that denies these paths. Those that are longer come last: the last one
/// that fits applies.
fn behind(mut case: Case, paths: &[&str]) -> (Case, FaultProxy) {
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    for path in paths {
        proxy.inject(denied(403).on(path));
    }
    case.config.docker_host = Some(proxy.docker_host());
    (case, proxy)
}

/// A registered stack `shop` with one container that no pass has seen.
fn new_shop() -> Case {
    let case = Case::new();
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    runs(&case, "web");
    case
}

fn runs(case: &Case, service: &str) {
    let container = NewContainer::new(format!("shop-{service}-1"), "busybox").compose("shop", service, 1);
    case.daemon.with(|world| world.run(container)).expect("a fresh name");
}

/// Runs `once` with a file of settings.
fn once(case: &Case, settings: &str) -> Ran {
    let file = case.path("dockledger.toml");
    std::fs::write(&file, settings).expect("a file");
    case.program(&["once", "--json", "--config", &file.display().to_string()])
}

fn says_no_restart(ran: &Ran) {
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!told.contains("restart"), "{told}");
}

/// F1: 403, and every other refusal that lasts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_where_images_are_refused_a_label_counts_and_the_refusal_is_told() {
    let lost = r#"{"message":"content digest sha256:0: not found"}"#;
    for (status, body) in
        [(403, DENIED), (401, ""), (404, "page not found"), (405, ""), (500, lost), (501, ""), (200, DENIED)]
    {
        let (case, proxy) = behind(new_shop(), &[]);
        proxy.inject(Fault::Answer(Reply::new(status, body)).on("/images"));
        let ran = once(&case, "");
        assert_eq!(ran.code, 0, "{status}: {}", ran.stderr);
        let report = ran.json();
        assert_eq!(report["inserted"], 1, "{status}: {report}");
        let warnings = report["warnings"].as_array().expect("a list");
        assert_eq!(warnings.len(), 1, "{status}: {report}");
        assert_eq!((&warnings[0]["call"], &warnings[0]["status"]), (&"images".into(), &status.into()));
        assert!(warnings[0]["cure"].as_str().is_some_and(|cure| cure.contains("image_labels")), "{report}");
        says_no_restart(&ran);
        let hosts = case.program(&["hosts", "--json"]).json();
        assert_eq!(hosts[0]["refusals"][0]["call"], "images", "{status}: any process can show it: {hosts}");
        assert!(case.program(&["hosts"]).stdout.contains("GET /images/{id}/json"), "{status}");
    }
}

/// F1: what the default means, and the two others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_image_labels_says_what_a_label_counts_whose_image_cannot_be_read() {
    let (case, proxy) = behind(new_shop(), &["/images"]);
    let ran = once(&case, "image_labels = \"required\"");
    let report = ran.json();
    assert_eq!((ran.code, &report["unassigned"]["image_unreadable"]), (1, &1.into()), "no container could get a row");
    assert!(ran.stderr.contains("IMAGES=1") && ran.stderr.contains("status 403"), "{}", ran.stderr);
    let file = case.path("dockledger.toml").display().to_string();
    let doctor = case.program(&["doctor", "--config", &file]);
    assert_eq!(doctor.code, 1, "{}", doctor.stdout);
    assert!(doctor.stdout.contains("FAILED") && doctor.stdout.contains("IMAGES=1"), "{}", doctor.stdout);

    let asked = |proxy: &FaultProxy| {
        let traffic = proxy.traffic().borrow().clone();
        traffic.requests.iter().filter(|(path, _)| path.starts_with("/images")).map(|(_, count)| count).sum::<u64>()
    };
    let before = asked(&proxy);
    let ran = once(&case, "image_labels = \"off\"");
    assert_eq!((ran.code, &ran.json()["inserted"]), (0, &1.into()));
    assert_eq!(asked(&proxy), before, "no image is asked for");
    assert_eq!(ran.json()["warnings"], serde_json::json!([]));
}

/// F1, F2: doctor says what is not checked, and that is no fault of the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_f2_doctor_tells_a_refusal_as_one_and_advises_no_restart() {
    let (case, proxy) = behind(Case::with_shop(1).await, &["/images", "/info", "/_ping"]);
    let doctor = case.program(&["doctor"]);
    says_no_restart(&doctor);
    for words in ["warning", "status 403", "IMAGES=1", "INFO=1", "GET /_ping"] {
        assert!(doctor.stdout.contains(words), "{words}: {}", doctor.stdout);
    }
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
    proxy.inject(denied(403).on("/containers/json"));
    let doctor = case.program(&["doctor"]);
    assert_eq!(doctor.code, 1, "{}", doctor.stdout);
    assert!(doctor.stdout.contains("FAILED") && doctor.stdout.contains("CONTAINERS=1"), "{}", doctor.stdout);
    says_no_restart(&doctor);
}

/// F1: an image that does not answer is waited for, three passes and no longer; each `once` is a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_an_image_that_does_not_answer_is_waited_for_three_passes_at_most() {
    let (case, proxy) = behind(new_shop(), &[]);
    proxy.inject(Fault::Silent.on("/images"));
    let settings = "inspect_deadline = \"50ms\"";
    for pass in 1..=3 {
        let ran = once(&case, settings);
        assert_eq!(ran.json()["unassigned"]["image_unanswered"], 1, "pass {pass}: {}", ran.stdout);
        assert_eq!(ran.code, 1, "pass {pass}");
    }
    let ran = once(&case, settings);
    assert_eq!((ran.code, &ran.json()["inserted"]), (0, &1.into()), "{}", ran.stdout);
    assert!(ran.json()["warnings"][0]["cure"].as_str().is_some_and(|cure| cure.contains("inspect_deadline")));
}

/// F1: a proxy that gets other settings is found again, and a running service asks no image in each pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_a_refusal_that_ends_is_told_and_costs_no_question_in_each_pass() {
    let (case, proxy) = behind(new_shop(), &["/images"]);
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    for _ in 0..5 {
        assert_eq!(ledger.reconcile().await.warnings.len(), 1);
    }
    let asked: u64 = {
        let traffic = proxy.traffic().borrow().clone();
        traffic.requests.iter().filter(|(path, _)| path.starts_with("/images")).map(|(_, count)| *count).sum()
    };
    assert_eq!(asked, 1);
    ledger.stop().await;
    proxy.heal();
    // The next process asks what the one before left refused, beside its list.
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    let mut report = ledger.reconcile().await;
    for _ in 0..100 {
        if report.warnings.is_empty() {
            break;
        }
        report = ledger.reconcile().await;
    }
    assert_eq!(report.warnings, []);
    // What was answered after the commit is stored by the next one.
    assert_eq!(ledger.reconcile().await.warnings, []);
    ledger.stop().await;
    assert_eq!(case.program(&["hosts", "--json"]).json()[0]["refusals"], serde_json::json!([]));
}

/// F2: with `/info` refused for ever, rows are made, re-bound and swept, as long as one container of the host is listed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f2_with_info_refused_for_ever_everything_works() {
    for status in [403, 404, 405, 501] {
        let (case, proxy) = behind(new_shop(), &[]);
        proxy.inject(denied(status).on("/info"));
        runs(&case, "db");
        let ran = once(&case, "");
        assert_eq!((ran.code, &ran.json()["inserted"]), (0, &2.into()), "{status}: {}", ran.stdout);
        let warnings = ran.json()["warnings"].clone();
        assert_eq!((&warnings[0]["call"], &warnings[0]["status"]), (&"info".into(), &status.into()), "{warnings}");
        assert!(warnings[0]["cure"].as_str().is_some_and(|cure| cure.contains("INFO=1")), "{warnings}");
        says_no_restart(&ran);
        case.daemon.with(|world| world.remove("shop-web-1", true)).expect("it is there");
        runs(&case, "cache");
        let report = once(&case, "").json();
        assert_eq!((&report["missing"], &report["inserted"]), (&1.into(), &1.into()), "{status}: {report}");
        let hosts = case.program(&["hosts", "--json"]).json();
        assert_eq!((&hosts[0]["engine"], &hosts[0]["engine_identity"]), (&"docker".into(), &serde_json::Value::Null));
    }
}

/// F2: the one thing that cannot be told without an id, and the cure for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f2_where_all_bound_containers_vanish_at_once_nothing_is_taken_until_confirmed() {
    let (case, _proxy) = behind(new_shop(), &["/info"]);
    assert_eq!(once(&case, "").code, 0);
    case.daemon.with(|world| world.remove_all());
    runs(&case, "other");
    let before = case.states();
    let ran = once(&case, "");
    let report = ran.json();
    assert_eq!(
        (ran.code, &report["outcome"], &report["unassigned"]["identity_unknown"]),
        (1, &"partial".into(), &1.into())
    );
    for words in ["GET /info is refused with status 403", "INFO=1", "identity_deadline", "hosts confirm local"] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    says_no_restart(&ran);
    assert_eq!(case.states(), before);
    let doctor = case.program(&["doctor"]);
    assert!(doctor.code == 1 && doctor.stdout.contains("hosts confirm"), "{}", doctor.stdout);
    assert_eq!(case.program(&["hosts", "confirm", "local"]).code, 0);
    let report = once(&case, "").json();
    assert_eq!((&report["missing"], &report["inserted"]), (&1.into(), &1.into()), "{report}");
    case.daemon.with(|world| world.remove_all());
    assert_eq!(once(&case, "").json()["outcome"], "partial", "the word counted once");
}

/// F3: each `/info` takes longer than an inspect may; one late answer is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f3_a_late_info_is_enough_and_delays_no_row() {
    let (mut case, proxy) = behind(new_shop(), &[]);
    proxy.inject(Fault::Drip { bytes: 40, every: Duration::from_millis(50) }.on("/info"));
    case.config.inspect_deadline = Duration::from_millis(100);
    let ledger = case.spawn(Mode::Service).await;
    let has_row = || case.states().iter().any(|(_, state)| state == "running");
    until(&ledger, BOUND, "its row", has_row).await;
    // The answer comes beside the passes, and the next one records it.
    let mut identity = None;
    for _ in 0..200 {
        assert_eq!(ledger.reconcile().await.error, None);
        identity = case.store().host(&case.config.host).expect("a host").engine_identity;
        if identity.is_some() {
            break;
        }
    }
    assert!(identity.is_some());
    assert_eq!(proxy.traffic().borrow().requests_for("/info"), 1);
    ledger.stop().await;
}

/// F3, D20: a doubt ends with the late answer, and the pass that it allows runs at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f3_a_late_answer_that_ends_a_doubt_starts_a_pass_at_once() {
    let (mut case, proxy) = behind(Case::with_shop(1).await, &[]);
    case.daemon.with(|world| world.remove_all());
    proxy.inject(Fault::Silent.on("/info"));
    case.config.inspect_deadline = Duration::from_millis(50);
    let ledger = case.spawn(Mode::Service).await;
    let is_in_doubt = || {
        let report = ledger.watch_status().borrow().last_report.clone();
        report.is_some_and(|report| report.doubt.is_some() && report.outcome == PassOutcome::Partial)
    };
    until(&ledger, BOUND, "a doubt", is_in_doubt).await;
    assert!(case.states().iter().all(|(_, state)| state == "running"));
    proxy.heal();
    // The interval is 30 s: only the answer can be this early.
    until(&ledger, BOUND, "it is missing", || case.states().iter().all(|(_, state)| state == "missing")).await;
    ledger.stop().await;
}

/// F14: the same containers under another id, as after each boot of some machines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f14_another_id_with_the_same_containers_is_accepted_and_recorded() {
    let case = Case::with_shop(2).await;
    for id in ["SECOND", "THIRD"] {
        case.daemon.with(|world| world.set_engine_id(id));
        case.daemon.with(|world| world.remove("c1", true)).ok();
        let mut told = String::new();
        let recorded = || case.store().host(&case.config.host).expect("a host").engine_identity;
        // The containers prove the daemon: no pass waits for its id, and on a busy machine the first may end without it.
        while recorded().as_deref() != Some(id) {
            let ran = case.program(&["once", "--json", "-v"]);
            assert_eq!((ran.code, &ran.json()["outcome"]), (0, &"committed".into()), "{}", ran.stdout);
            told.push_str(&ran.stderr);
        }
        assert!(told.contains("renewed"), "{told}");
        assert!(!case.program(&["once", "-v"]).stderr.contains("renewed"), "told once");
    }
    case.daemon.with(|world| {
        world.set_engine_id("A STRANGER");
        world.remove_all();
    });
    assert_eq!(case.once().await.outcome, PassOutcome::WrongDaemon);
}

/// One daemon under two names is known by its containers where its id is not told; the other host's rows stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f2_a_daemon_under_a_second_name_is_known_by_its_containers() {
    let (case, _proxy) = behind(Case::with_shop(2).await, &["/info"]);
    let ran = case.program(&["once", "--json", "--host", "second"]);
    assert_eq!((ran.code, &ran.json()["error"]["kind"]), (1, &"identity_taken".into()), "{}", ran.stdout);
    assert!(ran.stderr.contains("host name local"), "{}", ran.stderr);
    assert_eq!(case.rows().len(), 2);
    assert_eq!(case.program(&["hosts", "confirm", "second"]).code, 0);
    let ran = case.program(&["once", "--json", "--host", "second"]);
    assert_eq!((ran.code, &ran.json()["inserted"]), (0, &2.into()), "both are meant: {}", ran.stdout);
}

/// F15: the list needs longer than its deadline, and the daemon answers all else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f15_a_slow_list_names_its_deadline_and_no_restart() {
    let (case, proxy) = behind(new_shop(), &[]);
    proxy.inject(Fault::Silent.on("/containers/json"));
    let ran = once(&case, "list_deadline = \"200ms\"");
    assert_eq!(ran.code, 1, "it answers: {}", ran.stderr);
    for words in ["took longer than list_deadline (200ms)", "raise list_deadline", "how long it needs is not known"] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    says_no_restart(&ran);
    let ran = case.program(&["unassigned", "--config", &case.path("dockledger.toml").display().to_string()]);
    assert!(ran.stderr.contains("took longer than list_deadline (200ms)"), "{}", ran.stderr);
    proxy.inject(Fault::Silent);
    let ran = once(&case, "list_deadline = \"200ms\"");
    assert_eq!(ran.code, 3, "it hangs: {}", ran.stderr);
    assert!(ran.stderr.contains("hangs"), "{}", ran.stderr);
}

/// F1, F2: what a new user meets behind a proxy that allows the least.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_f2_behind_a_proxy_that_denies_nearly_everything_rows_appear_and_it_is_said_what_is_not_checked() {
    let mut case = new_shop();
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    for denied_path in ["/images", "/info", "/containers/"] {
        proxy.inject(denied(403).on(denied_path));
    }
    let list = case.daemon.with(|world| String::from_utf8(world.render_list(true)).expect("JSON"));
    proxy.inject(Fault::Answer(Reply::new(200, list)).on("/containers/json"));
    case.config.docker_host = Some(proxy.docker_host());
    let ran = once(&case, "");
    let report = ran.json();
    assert_eq!((ran.code, &report["inserted"]), (0, &1.into()), "{}", ran.stderr);
    says_no_restart(&ran);
    // What is asked beside the list may be answered after the commit, and is stored with the next pass then.
    let mut calls = Vec::new();
    for _ in 0..5 {
        let ran = once(&case, "");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let warnings = ran.json()["warnings"].as_array().expect("a list").clone();
        calls = warnings.iter().map(|warning| warning["call"].as_str().unwrap_or_default().to_owned()).collect();
        if calls.len() == 3 {
            break;
        }
    }
    assert_eq!(calls, ["inspect", "images", "info"]);
    says_no_restart(&case.program(&["doctor"]));

    // A service: the rows are kept by tick and by event, and what is gone stays, since nobody can verify it.
    case.config.interval = Duration::from_millis(50);
    let ledger = case.spawn(Mode::Service).await;
    proxy.inject(Fault::Answer(Reply::new(200, "[]")).on("/containers/json"));
    let is_unverified = || {
        let report = ledger.watch_status().borrow().last_report.clone();
        report.is_some_and(|report| report.unverified == 1)
    };
    until(&ledger, BOUND, "it cannot be verified", is_unverified).await;
    assert!(case.states().iter().all(|(_, state)| state == "running"));
    let refused: Vec<DaemonCall> = ledger.status().refusals.iter().map(|refusal| refusal.call).collect();
    assert!(refused.contains(&DaemonCall::Inspect), "{refused:?}");
    ledger.stop().await;
}

/// Without the event stream all works, one tick late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f2_where_events_are_refused_ticks_see_what_happens() {
    let (mut case, _proxy) = behind(Case::with_shop(1).await, &["/events"]);
    case.config.interval = Duration::from_millis(50);
    let ledger = case.spawn(Mode::Service).await;
    let is_told = || {
        let report = ledger.watch_status().borrow().last_report.clone();
        report.is_some_and(|report| report.warnings.iter().any(|refusal| refusal.call == DaemonCall::Events))
    };
    until(&ledger, BOUND, "the refusal", is_told).await;
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    until(&ledger, BOUND, "a tick sees it", || case.states().iter().all(|(_, state)| state == "stopped")).await;
    let report = ledger.reconcile().await;
    assert_eq!((report.error, report.unassigned.get(&UnassignedReason::NoLabel)), (None, None));
    ledger.stop().await;
}
