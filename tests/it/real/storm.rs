//! D15, D16: a storm of containers that are made and removed.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dockledger::LedgerHandle;
use serde_json::Value;

use super::case::{RealCase, rounds_asked_for, tell};
use super::recovery::complete_pass;
use crate::support::engine::Engine;

/// They are made and removed by so many at a time.
const AT_A_TIME: usize = 4;

/// D16
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_ends_in_a_ledger_that_equals_the_daemon() {
    let Some(case) = RealCase::start(module_path!()) else { return };
    storm_of(if rounds_asked_for().is_some() { 500 } else { 120 }, case).await;
}

/// Makes so many containers and removes most of them, while passes are asked for.
pub(super) async fn storm_of<D>(count: usize, case: RealCase<D>)
where
    D: Deref<Target = Engine> + Send + Sync + 'static,
{
    case.run("stays");
    let case = Arc::new(case);
    let watch = Arc::new(case.watch());
    let ledger = case.spawn().await;
    complete_pass(&ledger, None).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let requests = tokio::spawn(ask_until(ledger.clone(), Arc::clone(&is_over)));
    let begun = tokio::time::Instant::now();
    let storms: Vec<_> = (0..AT_A_TIME)
        .map(|worker| {
            let (case, watch) = (Arc::clone(&case), Arc::clone(&watch));
            tokio::task::spawn_blocking(move || {
                for n in (worker..count).step_by(AT_A_TIME) {
                    let id = case.create(&format!("storm-{n}"), &["true"], &Value::Null);
                    // One of seven stays: what remains is to be equal, too.
                    if n % 7 != 0 {
                        watch.removes(&id);
                        assert_eq!(case.daemon.delete(&format!("/containers/{id}?force=1")).status, 204);
                    }
                }
            })
        })
        .collect();
    for storm in storms {
        storm.await.expect("the daemon takes it");
    }
    let stormed = begun.elapsed();
    case.until_equal(Duration::from_secs(10)).await;
    tell(&format!("storm of {count} in {stormed:?}, equal {:?} later", begun.elapsed() - stormed));
    is_over.store(true, Ordering::SeqCst);
    assert!(requests.await.expect("it does not panic") > 0, "requests went on");
    ledger.stop().await;
    Arc::into_inner(watch).expect("the storm is over").ends_without_a_wrong_one(&case);
}

/// Asks for passes, one after another. How many were answered, each without an error.
async fn ask_until(ledger: LedgerHandle, is_over: Arc<AtomicBool>) -> usize {
    let mut answered = 0;
    while !is_over.load(Ordering::SeqCst) {
        assert_eq!(ledger.reconcile().await.error, None);
        answered += 1;
    }
    answered
}
