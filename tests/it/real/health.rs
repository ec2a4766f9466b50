//! A health check of a real daemon, and since when its container is in its state.

use std::time::Duration;

use dockledger::model::{ContainerId, Observed, Timestamp};
use dockledger::store::RowFilter;
use serde_json::json;

use super::case::RealCase;
use super::recovery::complete_pass;
use crate::whole::ledger::until;

/// Far below the interval of this test.
const BOUND: Duration = Duration::from_secs(30);

fn only_row(case: &RealCase) -> Observed {
    let mut rows = case.store().rows(&RowFilter::default()).expect("the ledger can be read");
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0).observed
}

fn execute(case: &RealCase, container: &ContainerId, command: &[&str]) {
    let made = case.daemon.post(&format!("/containers/{container}/exec"), &json!({ "Cmd": command }));
    let exec = made.body["Id"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    assert_eq!(case.daemon.post(&format!("/exec/{exec}/start"), &json!({ "Detach": true })).status, 200);
}

/// F12
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_that_docker_tells_is_in_the_ledger_between_ticks() {
    let Some(mut case) = RealCase::start(module_path!()) else { return };
    case.config.interval = Duration::from_secs(300);
    case.config.inspect_deadline = Duration::from_secs(5);
    case.config.list_deadline = Duration::from_secs(10);
    let check = json!({ "Healthcheck": {
        "Test": ["CMD", "/bin/sh", "-c", "test ! -e /unwell"], "Interval": 500_000_000, "Timeout": 10_000_000_000_u64,
        "Retries": 1,
    } });
    let web = case.create("web", &["sleep", "36000"], &check);
    let ledger = case.spawn().await;
    complete_pass(&ledger, None).await;
    let first = case.store().host(&case.config.host).expect("it is known").last_complete_pass_at;
    let health_is = |word: &str| only_row(&case).health.as_deref() == Some(word);
    let inspected = |key: &str| {
        let state = case.daemon.get(&format!("/containers/{web}/json")).body["State"].clone();
        Timestamp::parse(state[key].as_str().expect("a moment"))
    };
    case.order(&web, "start");
    until(&ledger, BOUND, "healthy", || health_is("healthy")).await;
    ledger.settle_details().await;
    assert_eq!(only_row(&case).state_since, inspected("StartedAt"));
    execute(&case, &web, &["busybox", "touch", "/unwell"]);
    until(&ledger, BOUND, "unhealthy", || health_is("unhealthy")).await;
    execute(&case, &web, &["busybox", "rm", "/unwell"]);
    until(&ledger, BOUND, "healthy again", || health_is("healthy")).await;
    case.order(&web, "kill");
    until(&ledger, BOUND, "ended", || only_row(&case).exit_code == Some(137)).await;
    ledger.settle_details().await;
    let ended = only_row(&case);
    assert_eq!((ended.health, ended.state_since), (None, inspected("FinishedAt")));
    let now = case.store().host(&case.config.host).expect("it is known").last_complete_pass_at;
    assert_eq!(now, first, "no pass looked at the whole host");
    ledger.stop().await;
}
