//! What was ordered of containers: kept in order, and for a time only.

use std::time::Duration;

use dockledger::config::Retention;
use dockledger::model::{AuditAction, AuditOutcome, ClaimRequest, ContainerId, HostName, RowId, Timestamp};
use dockledger::store::{AuditFilter, NewAudit, NewParent, Store};

use crate::support::database::{TestDatabase, on_both_backends};

fn order(host: &HostName, row: &str) -> NewAudit {
    NewAudit {
        who: "ci".into(),
        action: "stop",
        host: host.clone(),
        row: RowId::new(row),
        workload: None,
        container: None,
        outcome: AuditOutcome::Unknown,
        error: None,
    }
}

fn rows(store: &mut Store, filter: &AuditFilter) -> Vec<String> {
    store.audit(filter).expect("it can be read").into_iter().map(|order| order.row_id.to_string()).collect()
}

on_both_backends! {
    fn an_order_is_unknown_until_its_outcome_is_entered(database: &TestDatabase) {
        let mut store = database.open();
        let id = store.enter_audit(&order(&database.config.host, "r1")).expect("entered");
        let entered = store.audit(&AuditFilter::default()).expect("read").remove(0);
        assert_eq!((entered.outcome, entered.duration_ms, entered.error), (AuditOutcome::Unknown, None, None));
        let took = Duration::from_millis(1_234);
        store.complete_audit(&id, AuditOutcome::Failed, took, Some("it runs")).expect("completed");
        let done = store.audit(&AuditFilter::default()).expect("read").remove(0);
        assert_eq!((done.outcome, done.duration_ms, done.error.as_deref()), (AuditOutcome::Failed, Some(1_234), Some("it runs")));
    }

    fn orders_are_read_page_by_page_the_latest_first(database: &TestDatabase) {
        let mut store = database.open();
        for row in ["r1", "r2", "r3"] {
            store.enter_audit(&order(&database.config.host, row)).expect("entered");
        }
        let mut filter = AuditFilter { limit: Some(2), ..AuditFilter::default() };
        assert_eq!(rows(&mut store, &filter), ["r3", "r2"]);
        filter.before = Some(store.audit(&filter).expect("read")[1].id.clone());
        assert_eq!(rows(&mut store, &filter), ["r1"]);
    }

    fn orders_are_narrowed_by_what_is_known_of_them(database: &TestDatabase) {
        let mut store = database.open();
        let host = database.config.host.clone();
        let shop = store.add_project(&NewParent::named("shop")).expect("fresh").workload_id;
        store.claim(&host, &ClaimRequest { project: "shop".into(), row: Some(RowId::new("r1")), ..ClaimRequest::default() })
            .expect("claimed");
        database.execute("UPDATE containers SET name = 'web-1' WHERE id = 'r1'");
        let container = Some(ContainerId::new("abcd".repeat(16)));
        let ours = NewAudit { workload: Some(shop), container, ..order(&host, "r1") };
        let stopped = store.enter_audit(&ours).expect("entered");
        store.complete_audit(&stopped, AuditOutcome::Ok, Duration::ZERO, None).expect("completed");
        let other = NewAudit { action: "start", workload: Some("w-gone".into()), who: "bob".into(), ..order(&host, "r2") };
        store.enter_audit(&other).expect("entered");
        let (text, all) = (|text: &str| Some(text.to_owned()), AuditFilter::default);
        let hour = Duration::from_secs(3_600);
        for (filter, found) in [
            (all(), &["r2", "r1"][..]),
            (AuditFilter { workload: text("project/shop"), ..all() }, &["r1"]),
            (AuditFilter { workload: text("shop"), ..all() }, &["r1"]),
            (AuditFilter { workload: text("w-gone"), ..all() }, &["r2"]),
            (AuditFilter { container: text("web-1"), ..all() }, &["r1"]),
            (AuditFilter { container: text("abcd"), ..all() }, &["r1"]),
            (AuditFilter { container: text("abc"), ..all() }, &[]),
            (AuditFilter { container: text("r2"), ..all() }, &["r2"]),
            (AuditFilter { row: Some(RowId::new("r2")), ..all() }, &["r2"]),
            (AuditFilter { who: text("bob"), ..all() }, &["r2"]),
            (AuditFilter { actions: vec![AuditAction::Stop], ..all() }, &["r1"]),
            (AuditFilter { actions: vec![AuditAction::Stop, AuditAction::Start], ..all() }, &["r2", "r1"]),
            (AuditFilter { outcomes: vec![AuditOutcome::Unknown], ..all() }, &["r2"]),
            (AuditFilter { from: Some(Timestamp::now().minus(hour)), ..all() }, &["r2", "r1"]),
            (AuditFilter { from: Some(Timestamp::now().plus(hour)), ..all() }, &[]),
            (AuditFilter { to: Some(Timestamp::now().minus(hour)), ..all() }, &[]),
            (AuditFilter { container: text("r1"), limit: Some(1), ..all() }, &["r1"]),
        ] {
            assert_eq!(rows(&mut store, &filter), found, "{filter:?}");
        }
        let unknown = store.audit(&AuditFilter { workload: text("nobody"), ..all() });
        assert!(unknown.is_err(), "{unknown:?}");
    }

    fn the_audit_is_bounded_as_the_history_is(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        let (ours, gone) = (database.config.host.clone(), HostName::new("gone"));
        store.enter_audit(&order(&gone, "lost")).expect("entered");
        for row in ["r1", "r2", "r3"] {
            store.enter_audit(&order(&ours, row)).expect("entered");
        }
        let retention = Retention { changes_count: 2, ..Retention::default() };
        let now = Timestamp::now();
        assert_eq!(store.prune(&lease, &retention, now).expect("one beyond the count"), 1);
        assert_eq!(rows(&mut store, &AuditFilter::default()), ["r3", "r2", "lost"]);
        let later = now.plus(retention.changes + Duration::from_secs(60));
        assert_eq!(store.prune(&lease, &retention, later).expect("all that is old"), 3);
        assert_eq!(rows(&mut store, &AuditFilter::default()), Vec::<String>::new());
    }
}
