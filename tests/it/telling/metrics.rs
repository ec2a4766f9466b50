//! What is measured is what happened, and no container has a say in its names.

use dockledger::simulation::NewContainer;

use super::served::{BOUND, Served};
use crate::whole::ledger::{Case, until};

#[tokio::test]
async fn what_happened_is_counted() {
    let served = Served::over(Case::with_shop(3).await).await;
    let before = served.get("/metrics").await;
    assert!(before.head.contains("content-type: text/plain; version=0.0.4"), "{before:?}");
    assert!(before.sample("dockledger_passes_total{trigger=\"boot\",outcome=\"committed\"}") >= 1.0);
    assert_eq!(before.sample("dockledger_rows{kind=\"stack\",state=\"running\"}"), 3.0);
    assert_eq!(before.sample("dockledger_host_status{status=\"fresh\"}"), 1.0);
    assert_eq!(before.sample("dockledger_unassigned_containers{reason=\"no_label\"}"), 0.0);
    assert!(before.sample("dockledger_list_bytes_total") > 0.0);
    assert!(before.sample("dockledger_complete_pass_age_seconds") < BOUND.as_secs_f64());

    served.case.daemon.with(|world| world.run(NewContainer::new("plain", "busybox"))).expect("a fresh name");
    served.case.daemon.with(|world| world.remove("c0", true)).expect("it is there");
    served.ledger.reconcile().await;
    let after = served.get("/metrics").await;
    assert!(after.sample("dockledger_passes_total{trigger=\"request\",outcome=\"committed\"}") >= 1.0);
    assert_eq!(after.sample("dockledger_rows{kind=\"stack\",state=\"missing\"}"), 1.0);
    assert_eq!(after.sample("dockledger_rows_written_total{work=\"missing\"}"), 1.0);
    assert_eq!(after.sample("dockledger_unassigned_containers{reason=\"no_label\"}"), 1.0);
    assert!(after.sample("dockledger_pass_duration_seconds_count{phase=\"whole\"}") >= 2.0);
    assert!(after.sample("dockledger_http_requests_total{route=\"/metrics\",method=\"GET\",status=\"2xx\"}") >= 1.0);
    until(&served.ledger, BOUND, "the daemon's events are counted", || served.ledger.status().live().events() > 0)
        .await;
    served.ledger.stop().await;
}

/// R9: an HttpActor that dies takes no count along.
#[tokio::test]
async fn what_was_counted_outlives_who_served_it() {
    let mut served = Served::over(Case::with_shop(1).await).await;
    served.get("/metrics").await;
    // The guests are born last.
    let http = served.ledger.cell().get_children().into_iter().max_by_key(|child| child.get_id().pid());
    http.expect("it serves").kill();
    let mut status = served.ledger.watch_status();
    let is_back = |status: &dockledger::telemetry::Status| {
        status.listening.is_some() && status.restarts_of(dockledger::telemetry::Child::HTTP) == 1
    };
    let back = tokio::time::timeout(BOUND, status.wait_for(is_back)).await.expect("soon").expect("it lives").listening;
    served.address = back.expect("it was waited for");
    let after = served.get("/metrics").await;
    assert!(after.sample("dockledger_http_requests_total{route=\"/metrics\",method=\"GET\",status=\"2xx\"}") >= 1.0);
    assert_eq!(after.sample("dockledger_restarts_total{child=\"http\",cause=\"killed\"}"), 1.0);
    assert!(after.sample("dockledger_passes_total{trigger=\"boot\",outcome=\"committed\"}") >= 1.0);
    served.ledger.stop().await;
}

/// B7, R9: whatever containers are called, the series are the same.
#[tokio::test]
async fn b7_no_name_label_or_image_of_a_container_becomes_a_series() {
    const FORGED: &str = "\"} 1\nforged{a=\"";
    let case = Case::with_shop(1).await;
    let hostile = NewContainer::new(FORGED, FORGED).label(FORGED, FORGED).label("com.docker.compose.project", FORGED);
    case.daemon.with(|world| world.run(hostile.label("tinyforge.workload.id", FORGED))).expect("a fresh name");
    let served = Served::over(case).await;
    let answer = served.get("/metrics").await;
    assert!(!answer.body.contains("forged"), "{}", answer.body);
    assert_eq!(served.get("/forged").await.status, 404);
    assert!(!served.get("/metrics").await.body.contains("forged"));
    served.ledger.stop().await;
}
