//! D12, D13: a socket that goes and comes.

use std::time::Duration;

use dockledger::model::FailureKind;

use super::case::{RealCase, rounds_asked_for};
use super::recovery::{complete_pass, recovery};
use crate::support::database::TestDatabase;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_is_removed_and_made_anew_costs_no_row() {
    let Some(case) = RealCase::start(module_path!()) else { return };
    let id = case.run("stays");
    let watch = case.watch();
    let ledger = case.spawn().await;
    complete_pass(&ledger, None).await;
    case.until_equal(Duration::from_secs(10)).await;
    for round in 0..rounds_asked_for().unwrap_or(2) {
        case.daemon.remove_socket();
        // A new connection is only made where the old one is gone: a killed daemon takes it along, one that is not killed
        // keeps it open and is followed on.
        if round % 2 == 0 {
            assert_eq!(ledger.reconcile().await.error, None, "on the connection that is open");
            let database = TestDatabase::sqlite();
            let fresh = case.spawn_another(&database).await;
            let kind = fresh.reconcile().await.error.expect("there is no socket").kind;
            assert_eq!(kind, FailureKind::DaemonUnreachable);
            fresh.stop().await;
            case.daemon.recreate_socket();
        } else {
            case.daemon.kill();
            let kind = ledger.reconcile().await.error.expect("there is no socket").kind;
            assert_eq!(kind, FailureKind::DaemonUnreachable);
            // The daemon makes its own.
            let started = recovery(&case, &ledger, || case.daemon.start_again("")).await;
            started.tell(&format!("socket made anew, round {round}"));
            case.order(&id, "start");
        }
        case.until_equal(Duration::from_secs(10)).await;
    }
    ledger.stop().await;
    watch.ends_without_a_wrong_one(&case);
}
