//! A compose service that is scaled and deployed, through the whole ledger (F11).

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use dockledger::model::{Change, ContainerState, Revision, RowId};
use dockledger::simulation::NewContainer;
use dockledger::store::NewParent;
use dockledger::{LedgerHandle, Mode};

use super::ledger::Case;

/// The changes after a revision.
fn changes(case: &Case, after: Revision) -> Vec<Change> {
    let page = case.store().changes(Some(after), None, 10_000).expect("the history can be read");
    assert!(!page.lagged);
    page.changes
}

fn latest(case: &Case) -> Revision {
    case.store().changes(None, None, 1).expect("the history can be read").latest
}

fn replica(number: u32) -> NewContainer {
    NewContainer::new(format!("shop-web-{number}"), "busybox").compose("shop", "web", number)
}

fn start(case: &Case, number: u32) {
    case.daemon.with(|world| world.run(replica(number))).expect("a fresh name");
}

fn remove(case: &Case, number: u32) {
    case.daemon.with(|world| world.remove(&format!("shop-web-{number}"), true)).expect("it is there");
}

async fn service_with(replicas: u32) -> (Case, LedgerHandle) {
    let case = Case::new();
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    (1..=replicas).for_each(|number| start(&case, number));
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    let report = ledger.reconcile().await;
    assert_eq!((report.error.as_ref(), report.inserted), (None, replicas as usize));
    (case, ledger)
}

/// Slots of the service's rows, by their ids without the workload.
fn slots(case: &Case) -> Vec<String> {
    let rows = case.rows();
    let mut slots: Vec<String> =
        rows.iter().map(|row| row.id.as_str().split_once(':').expect("a row of a stack").1.to_owned()).collect();
    slots.sort_unstable();
    slots
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_a_hundred_rolling_deploys_stay_within_two_rows_and_alarm_nobody() {
    let (case, ledger) = service_with(1).await;
    let (begin, mut met) = (latest(&case), BTreeSet::new());
    for number in 1..=100 {
        start(&case, number + 1);
        let both = ledger.reconcile().await;
        assert_eq!((both.error.as_ref(), both.inserted), (None, 1), "deploy {number}");
        remove(&case, number);
        let one = ledger.reconcile().await;
        assert_eq!((one.error.as_ref(), one.missing, one.scaled), (None, 0, 1), "deploy {number}");
        met.extend(slots(&case));
    }
    assert_eq!(met.into_iter().collect::<Vec<_>>(), ["web"]);
    let told = changes(&case, begin);
    let rows: BTreeSet<&RowId> = told.iter().map(|change| &change.row_id).collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    let missing: Vec<&Change> = told.iter().filter(|change| change.to_state == ContainerState::Missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let scaled = told.iter().filter(|change| change.cause.as_str() == "scaled").count();
    assert_eq!(scaled, 100, "one for each deploy");
    ledger.stop().await;
}

/// I5: a reader that has the rows of a revision and applies each change has the rows of the last one.
#[tokio::test(flavor = "multi_thread")]
async fn f11_scaling_is_replayed_from_its_changes() {
    let (case, ledger) = service_with(4).await;
    let begin = latest(&case);
    let key = |row: &dockledger::model::StoredRow| {
        (row.id.clone(), (row.observed.state.clone(), row.binding.container_id.clone()))
    };
    let mut replayed: BTreeMap<_, _> = case.rows().iter().map(key).collect();
    remove(&case, 1);
    remove(&case, 2);
    ledger.reconcile().await;
    start(&case, 5);
    ledger.reconcile().await;
    for number in 3..=5 {
        remove(&case, number);
    }
    ledger.reconcile().await;
    for change in changes(&case, begin) {
        let was = replayed.get(&change.row_id).map(|(state, _)| state.clone());
        assert_eq!(change.from_state, was, "{change:?}");
        if change.to_state == ContainerState::Forgotten {
            replayed.remove(&change.row_id);
        } else {
            let is_twice = |(row, (_, container)): (&RowId, &(_, Option<_>))| {
                *row != change.row_id && *container == change.container_id
            };
            assert!(!replayed.iter().any(is_twice), "two rows with the container of {change:?}");
            replayed.insert(change.row_id, (change.to_state, change.container_id));
        }
    }
    assert_eq!(replayed, case.rows().iter().map(key).collect());
    assert_eq!(slots(&case), ["web"]);
    ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_what_a_deployer_wrote_into_a_surplus_row_is_kept() {
    let (case, ledger) = service_with(3).await;
    let row = case.rows().into_iter().find(|row| row.id.as_str().ends_with(":3")).expect("the third slot");
    let mut deployer = SqliteConnection::establish(&case.config.database).expect("the file is there");
    diesel::sql_query("PRAGMA busy_timeout = 5000").execute(&mut deployer).expect("a setting");
    let writes = format!("UPDATE containers SET subdomain = 'app' WHERE id = '{}'", row.id);
    assert_eq!(diesel::sql_query(writes).execute(&mut deployer), Ok(1));
    for number in 1..=2 {
        remove(&case, number);
    }
    let report = ledger.reconcile().await;
    assert_eq!((report.missing, report.scaled), (0, 2));
    assert_eq!(slots(&case), ["web:3"], "its container is there and keeps it");
    remove(&case, 3);
    start(&case, 4);
    ledger.reconcile().await;
    let states = case.states();
    assert_eq!(states.iter().map(|(_, state)| state.as_str()).collect::<Vec<_>>(), ["running", "missing"]);
    let kept = case.rows().into_iter().find(|kept| kept.id == row.id).expect("it is there");
    assert_eq!(kept.deployer.subdomain.as_deref(), Some("app"));
    ledger.stop().await;
}
