//! D6: a containerd that is frozen under a daemon that goes on.

use std::time::Duration;

use serde_json::Value;

use super::case::RealCase;
use super::recovery::complete_pass;
use crate::support::dockerd::Part;

/// Longer than the ledger needs.
const BOUND: Duration = Duration::from_secs(10);

/// The list goes on and nobody says who lists: what is there is kept true, and nothing is made or taken away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_containerd_is_frozen_rows_are_updated_and_none_is_made_or_missing() {
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
    assert_eq!(case.daemon.delete(&format!("/containers/{leaves}")).status, 204);
    // A fresh process: its connections are new, and on each it asks who answers.
    let ledger = case.spawn().await;
    let report = ledger.reconcile().await;
    assert_eq!(report.error, None);
    assert_eq!((report.inserted, report.missing, report.rebound), (0, 0, 0), "nobody says whose list it is");
    let says = case.says();
    assert_eq!(says[&kept].0, "renamed", "what is known is kept true");
    assert!(says.contains_key(&leaves), "its row is not taken away");
    assert_eq!(says.len(), 2);

    watch.removes(&leaves);
    case.daemon.thaw(Part::Containerd);
    case.until_equal(BOUND).await;
    ledger.stop().await;
    watch.ends_without_a_wrong_one(&case);
}
