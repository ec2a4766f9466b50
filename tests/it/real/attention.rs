//! Whether somebody has to look, as a real daemon tells it: what was asked for and what was not.

use std::time::Duration;

use dockledger::LedgerHandle;
use dockledger::model::{AttentionSet, ChangeCause, Observed};
use dockledger::store::RowFilter;
use serde_json::json;

use super::case::RealCase;
use super::recovery::complete_pass;
use crate::whole::ledger::until;

/// Far below the interval of this test.
const BOUND: Duration = Duration::from_secs(30);

fn observed(case: &RealCase, name: &str) -> Option<Observed> {
    let rows = case.store().rows(&RowFilter::default()).expect("the ledger can be read");
    rows.into_iter().map(|row| row.observed).find(|observed| &*observed.name == name)
}

async fn needs(case: &RealCase, ledger: &LedgerHandle, name: &str, state: &str, words: &str) {
    let is_so = || {
        observed(case, name).is_some_and(|observed| {
            observed.state.as_str() == state && observed.attention == AttentionSet::parse(words)
        })
    };
    until(ledger, BOUND, &format!("{name} is {state}: {words:?}"), is_so).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_for_alarms_nobody_and_what_was_not_does() {
    let Some(mut case) = RealCase::start(module_path!()) else { return };
    case.config.interval = Duration::from_secs(300);
    case.config.inspect_deadline = Duration::from_secs(5);
    case.config.list_deadline = Duration::from_secs(10);
    let deaf = ["sleep", "36000"];
    let ids: Vec<_> = ["stopped", "killed", "restarted"].map(|name| case.create(name, &deaf, &json!({}))).to_vec();
    let crashes = case.create("crashes", &["sh", "-c", "exit 3"], &json!({}));
    let unstartable = case.create("unstartable", &["/no/such/program"], &json!({}));
    let ledger = case.spawn().await;
    complete_pass(&ledger, None).await;
    for id in ids.iter().chain([&crashes]) {
        case.order(id, "start");
    }
    let refused = case.daemon.post(&format!("/containers/{unstartable}/start"), &json!({}));
    assert!(refused.status >= 400, "{refused:?}");
    needs(&case, &ledger, "unstartable", "created", "failed_to_start").await;
    let why = observed(&case, "unstartable").and_then(|observed| observed.start_error).expect("the engine's words");
    assert!(why.contains("/no/such/program"), "{why}");
    needs(&case, &ledger, "crashes", "stopped", "crashed").await;

    // It ignores SIGTERM, so that its end has a code that is not 0.
    case.order(&ids[0], "stop?t=1");
    case.order(&ids[1], "kill");
    case.order(&ids[2], "restart?t=1");
    needs(&case, &ledger, "stopped", "stopped", "").await;
    needs(&case, &ledger, "killed", "stopped", "").await;
    needs(&case, &ledger, "restarted", "running", "").await;
    assert_eq!(observed(&case, "stopped").and_then(|observed| observed.exit_code), Some(137));

    for id in ids.iter().chain([&crashes, &unstartable]) {
        case.daemon.delete(&format!("/containers/{id}?force=1"));
    }
    for name in ["stopped", "killed", "restarted", "crashes", "unstartable"] {
        needs(&case, &ledger, name, "missing", "").await;
    }
    let last = case.store().changes(None, None, 1).expect("it can be read").changes.remove(0);
    assert_eq!(last.cause, ChangeCause::Removed, "all of the workload went");
    ledger.stop().await;
}
