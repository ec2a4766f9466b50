//! What a pass over an unchanged daemon costs, and what each trigger looks at.

use std::collections::BTreeMap;
use std::time::Duration;

use dockledger::Mode;
use dockledger::model::Trigger;

use super::ledger::{Case, until};

/// I9.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_once_reports_nothing_and_writes_no_container_row() {
    // More than one `once` pays details for: what stays owed is no reason to write in the second.
    let case = Case::with_shop(100).await;
    let before = case.rows();
    let ran = case.program(&["once", "--json"]);
    let report = ran.json();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for count in ["inserted", "updated", "missing", "returned"] {
        assert_eq!(report[count], 0, "{count}: {report}");
    }
    assert_eq!(report["unchanged"], 100);
    let revisions = |rows: &[dockledger::model::StoredRow]| -> Vec<_> {
        rows.iter().map(|row| (row.id.clone(), row.revision, row.updated_at)).collect()
    };
    assert_eq!(revisions(&case.rows()), revisions(&before));
}

/// One list, and nothing else: identity is asked once for each connection, details are paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steady_tick_asks_the_daemon_for_one_list_and_nothing_else() {
    let mut case = Case::with_shop(10).await;
    case.config.interval = Duration::from_millis(20);
    let ledger = case.spawn(Mode::Service).await;
    let mut status = ledger.watch_status();
    let mut ticks = 0;
    while ticks < 5 {
        status.changed().await.expect("the ledger lives");
        let report = status.borrow_and_update().last_report.clone();
        if report.is_some_and(|report| report.trigger == Trigger::Tick) {
            ticks += 1;
            if ticks == 2 {
                // The starts of a moment ago, which the event stream told at first, owe details.
                ledger.settle_details().await;
                case.daemon.forget_requests();
            }
        }
    }
    let requests = case.daemon.requests();
    ledger.stop().await;
    let calls: Vec<_> = requests.keys().map(String::as_str).collect();
    assert_eq!(calls, ["GET /containers/json"], "{requests:?}");
}

/// What is missing keeps its columns and comes back as the same row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recreated_container_brings_its_row_back() {
    let case = Case::with_shop(3).await;
    case.daemon.with(|world| world.remove("c0", true)).expect("it exists");
    assert_eq!(case.once().await.missing, 1);
    let lost: BTreeMap<_, _> = case.rows().into_iter().map(|row| (row.id.clone(), row)).collect();
    let again = dockledger::simulation::NewContainer::new("c0", "busybox").compose("shop", "s0", 1);
    let id = case.daemon.with(|world| world.run(again)).expect("its name is free");
    let report = case.once().await;
    assert_eq!((report.inserted, report.rebound), (0, 1));
    let rows = case.rows();
    assert_eq!(rows.len(), 3);
    let row = rows.iter().find(|row| row.binding.container_id.as_ref() == Some(&id)).expect("bound");
    assert_eq!(row.observed.state.as_str(), "running");
    assert_eq!(row.created_at, lost[&row.id].created_at, "the same row");
}

/// A burst of requests shares passes, and each is answered by one that began after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_requests_share_few_passes_and_all_are_answered() {
    let case = Case::with_shop(5).await;
    let ledger = case.spawn(Mode::Once { details_limit: 64 }).await;
    let requests: Vec<_> = (0..500)
        .map(|_| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.reconcile().await })
        })
        .collect();
    let mut passes = std::collections::BTreeSet::new();
    for request in requests {
        let report = request.await.expect("no panic");
        assert_eq!(report.error, None);
        passes.insert(report.pass_id);
    }
    assert!(passes.len() < 100, "{} passes", passes.len());
    ledger.stop().await;
}

/// A new ledger looks at once, and then by interval.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_looks_at_once_and_then_by_interval() {
    let mut case = Case::with_shop(1).await;
    case.config.interval = Duration::from_millis(50);
    let ledger = case.spawn(Mode::Service).await;
    let trigger = || ledger.watch_status().borrow().last_report.as_ref().map(|report| report.trigger);
    until(&ledger, Duration::from_secs(5), "the boot pass", || trigger() == Some(Trigger::Boot)).await;
    until(&ledger, Duration::from_secs(5), "a tick", || trigger() == Some(Trigger::Tick)).await;
    ledger.stop().await;
}
