//! D6: a containerd that is frozen under a daemon that goes on.

use std::time::Duration;

use serde_json::Value;

use super::case::RealCase;
use super::recovery::complete_pass;
use crate::support::dockerd::Part;

/// Longer than the ledger needs.
const BOUND: Duration = Duration::from_secs(10);

/// The list goes on and nobody says who lists: the container that is still there tells it, and rows are made, kept true and
/// swept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_containerd_is_frozen_rows_are_made_and_updated() {
    let Some(mut case) = RealCase::start(module_path!()) else { return };
    case.config.interval = Duration::from_millis(500);
    let kept = case.run("kept");
    let leaves = case.create("leaves", &["true"], &Value::Null);
    let ledger = case.spawn().await;
    complete_pass(&ledger, None).await;
    case.until_equal(BOUND).await;
    ledger.stop().await;

    let watch = case.watch();
    case.daemon.freeze(Part::Containerd);
    case.order(&kept, "rename?name=renamed");
    case.create("comes", &["true"], &Value::Null);
    watch.removes(&leaves);
    assert_eq!(case.daemon.delete(&format!("/containers/{leaves}")).status, 204);
    // A fresh process: its connections are new, and on each it asks who answers.
    let ledger = case.spawn().await;
    let report = ledger.reconcile().await;
    assert_eq!((report.error, report.doubt), (None, None));
    case.until_equal(BOUND).await;
    case.daemon.thaw(Part::Containerd);
    case.until_equal(BOUND).await;
    ledger.stop().await;
    watch.ends_without_a_wrong_one(&case);
}
