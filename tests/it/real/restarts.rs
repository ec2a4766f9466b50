//! D8, D9, D10, D11: a daemon that is killed and started again.

use std::time::Duration;

use serde_json::{Value, json};

use super::case::rounds_asked_for;
use super::recovery::{complete_pass, recovery};
use super::ways::{Reached, Way};

/// D10: the containers end with the daemon, and those with a restart policy begin again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_daemon_that_ends_its_containers_costs_no_row() {
    killed_and_started_again(module_path!(), Way::Socket, "").await;
}

/// D11
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_daemon_that_keeps_its_containers_alive_costs_no_row() {
    killed_and_started_again(module_path!(), Way::Socket, "--live-restore").await;
}

pub(super) async fn killed_and_started_again(test: &str, way: Way, options: &str) {
    let Some(reached) = Reached::start(test, way) else { return };
    let Reached { mut case, .. } = reached;
    if way == Way::Socket {
        // A socket that refuses is told at once; a relay accepts and hangs up.
        case.config.docker_host = Some(case.daemon.docker_host());
    }
    if rounds_asked_for().is_some() {
        // As shipped: a daemon that has begun to answer and is slow is waited for.
        case.config.list_deadline = Duration::from_secs(10);
        case.config.inspect_deadline = Duration::from_secs(2);
    }
    let mut plain: Vec<_> = (0..4).map(|n| case.run(&format!("plain-{n}"))).collect();
    case.create("never-started", &["true"], &Value::Null);
    let returns = json!({ "HostConfig": { "RestartPolicy": { "Name": "always" } } });
    let returning = case.create("returns", &["sleep", "36000"], &returns);
    case.order(&returning, "start");
    if rounds_asked_for().is_some() {
        // It ignores SIGTERM: the daemon waits 10 s for it at its start and answers nobody until then.
        let stubborn = case.create("stubborn", &["sleep", "36000"], &json!({ "StopSignal": "SIGTERM" }));
        case.order(&stubborn, "start");
        plain.push(stubborn);
    }
    let watch = case.watch();
    let ledger = case.spawn().await;
    complete_pass(&ledger, None).await;
    case.until_equal(Duration::from_secs(10)).await;
    for round in 0..rounds_asked_for().unwrap_or(2) {
        // Each second time in the middle of what a request began.
        let request = (round % 2 == 1).then(|| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.reconcile().await })
        });
        case.daemon.kill();
        if let Some(request) = request {
            // What it listed before the daemon's end is no recovery.
            request.await.expect("it is answered");
        }
        let recovered = recovery(&case, &ledger, || case.daemon.start_again(options)).await;
        recovered.tell(&format!("{way:?}, killed, started again with {options:?}, round {round}"));
        for id in &plain {
            case.order(id, "start");
        }
        // A life of the daemon in which something happens: streams that are lost one after another without having told
        // anything are opened more and more seldom.
        case.order(&plain[0], "restart");
        case.until_equal(Duration::from_secs(10)).await;
    }
    ledger.stop().await;
    watch.ends_without_a_wrong_one(&case);
}
