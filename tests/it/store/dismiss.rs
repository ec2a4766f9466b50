//! Taking back: missing rows are dismissed, adoptions undone.

use dockledger::model::{ChangeCause, ContainerState, HostName, Origin, RowId, WorkloadKind};
use dockledger::store::{Lease, NewParent, RegistryError, RowFilter, Store, StoreError};

use super::build::{insert, insert_for, plan, update};
use crate::support::database::{TestDatabase, on_both_backends};

/// The stack `shop`, of the workload `shop`, with a row `web` and the row of `plain`, which it adopted by name.
fn ledger(database: &TestDatabase) -> Store {
    ledger_and_lease(database).0
}

fn ledger_and_lease(database: &TestDatabase) -> (Store, Lease) {
    let (mut store, lease) = database.open_with_lease();
    let new = NewParent { name: "store".into(), workload_id: Some("shop".into()), ..NewParent::default() };
    store.add_stack(&new, Some("shop".into())).expect("a stack");
    // The workload's id is chosen, which no adoption does.
    database.execute("UPDATE stacks SET origin = 'adopted'");
    store.adopt_name("store", "plain", Origin::Adopted).expect("adopted");
    let mut plain = insert_for("shop", WorkloadKind::Stack, "plain", "c2");
    plain.observed.name = "plain".into();
    store.commit(&lease, &plan(vec![insert("web", "c1"), plain])).expect("committed");
    (store, lease)
}

/// As a pass finds that the container of `web` is gone.
fn lose_web(store: &mut Store, lease: &Lease) {
    let opened = store.open_pass(&lease.host, || {}).expect("opened");
    let web = opened.rows.iter().find(|row| row.id.as_str() == "shop:web").expect("its row");
    let missing = update(web, ContainerState::Missing, ChangeCause::Missing);
    store.commit(lease, &plan(vec![missing])).expect("committed");
}

fn ids(store: &mut Store) -> Vec<String> {
    let rows = store.rows(&RowFilter::default()).expect("rows");
    rows.into_iter().map(|row| row.id.to_string()).collect()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, StoreError>) -> RegistryError {
    match result {
        Err(StoreError::Registry(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// The last change as row, state and cause.
fn last_change(store: &mut Store) -> (String, ContainerState, &'static str) {
    let page = store.changes(None, None, 1).expect("changes");
    let last = page.changes.into_iter().next().expect("a change");
    (last.row_id.to_string(), last.to_state, last.cause.as_str())
}

on_both_backends! {
    fn only_a_missing_row_is_dismissed_and_what_a_deployer_wrote_only_by_force(database: &TestDatabase) {
        let (mut store, lease) = ledger_and_lease(database);
        let (host, web) = (HostName::new("local"), RowId::new("shop:web"));
        assert!(matches!(refusal(store.dismiss(&host, &web, true)), RegistryError::NotMissing { state, .. } if state == "running"));
        lose_web(&mut store, &lease);
        database.execute("UPDATE containers SET subdomain = 'www' WHERE id = 'shop:web'");
        let refused = refusal(store.dismiss(&host, &web, false));
        assert!(matches!(&refused, RegistryError::Deployed { columns, .. } if columns == "subdomain"), "{refused}");
        assert!(matches!(refusal(store.dismiss(&HostName::new("east"), &web, true)), RegistryError::Unknown { .. }));
        assert_eq!(ids(&mut store), ["shop:plain", "shop:web"], "nothing went");
        let revision = store.dismiss(&host, &web, true).expect("forgotten");
        assert_eq!(ids(&mut store), ["shop:plain"]);
        assert_eq!(last_change(&mut store), ("shop:web".into(), ContainerState::Forgotten, "forgotten"));
        assert_eq!(store.changes(None, None, 1).expect("changes").latest, revision);
    }

    fn a_missing_row_that_no_deployer_wrote_into_is_dismissed_without_force(database: &TestDatabase) {
        let (mut store, lease) = ledger_and_lease(database);
        lose_web(&mut store, &lease);
        database.execute("UPDATE containers SET subdomain = '' WHERE id = 'shop:web'");
        store.dismiss(&lease.host, &RowId::new("shop:web"), false).expect("forgotten");
        assert_eq!(ids(&mut store), ["shop:plain"]);
    }

    fn an_adopted_project_is_given_back_with_its_rows_whatever_it_is_called_by(database: &TestDatabase) {
        let mut store = ledger(database);
        assert_eq!(store.unadopt_stack("nothing", false).expect("asked"), None);
        let (stack, rows) = store.unadopt_stack("shop", false).expect("undone").expect("by its compose project");
        assert_eq!((stack.name.as_str(), rows), ("store", 2));
        assert!(ids(&mut store).is_empty());
        assert!(store.list_workloads().expect("workloads").is_empty());
        store.adopt_project("shop").expect("it can be adopted again");
        store.adopt_name("shop", "plain", Origin::Adopted).expect("it too");
        assert!(store.unadopt_stack("shop", false).expect("undone").is_some(), "by its name");
    }

    fn what_was_added_or_is_from_before_is_taken_back_by_force_alone(database: &TestDatabase) {
        let mut store = database.open();
        store.add_stack(&NewParent::named("added"), None).expect("fresh");
        store.adopt_name("added", "by-a-call", Origin::Added).expect("fresh");
        store.adopt_name("added", "by-a-call", Origin::Adopted).expect("twice is once");
        store.add_stack(&NewParent::named("old"), None).expect("fresh");
        store.adopt_name("old", "before", Origin::Adopted).expect("fresh");
        // As the migration leaves what was there.
        database.execute("UPDATE stacks SET origin = 'unknown' WHERE name = 'old'");
        database.execute("UPDATE stack_adopted_names SET origin = 'unknown' WHERE container_name = 'before'");
        store.adopt_stacks(&["found".to_owned()].into()).expect("in a pass");
        let origins: Vec<Origin> = store.list_stacks().expect("stacks").into_iter().map(|stack| stack.origin).collect();
        assert_eq!(origins, [Origin::Added, Origin::Adopted, Origin::Unknown]);
        for (refused, told) in [
            (refusal(store.leave_stack("by-a-call", false)), "container \"by-a-call\" of stack \"added\" was not adopted"),
            (refusal(store.leave_stack("before", false)), "nobody knows whether container \"before\""),
            (refusal(store.unadopt_stack("added", false)), "stack \"added\" was not adopted"),
            (refusal(store.unadopt_stack("old", false)), "nobody knows whether stack \"old\""),
        ] {
            assert!(matches!(refused, RegistryError::NotAdopted { .. }), "{refused}");
            let refused = refused.to_string();
            assert!(refused.contains(told) && refused.contains("--force"), "{refused}");
        }
        assert!(store.unadopt_stack("found", false).expect("undone").is_some());
        assert!(store.leave_stack("before", true).expect("undone").is_some());
        for stack in ["added", "old"] {
            assert!(store.unadopt_stack(stack, true).expect("undone").is_some(), "{stack}");
        }
        assert_eq!(store.list_stacks().expect("stacks"), []);
    }

    fn what_a_deployer_wrote_keeps_an_adoption(database: &TestDatabase) {
        let mut store = ledger(database);
        database.execute("UPDATE containers SET image_tag = '7', stage_id = 's'");
        for refused in [refusal(store.unadopt_stack("store", false)), refusal(store.leave_stack("plain", false))] {
            assert!(matches!(&refused, RegistryError::Deployed { columns, .. } if columns == "image_tag, stage_id"), "{refused}");
        }
        assert_eq!(ids(&mut store), ["shop:plain", "shop:web"]);
        assert_eq!(store.show_stack("store").expect("it stays").adopted, ["plain"]);
    }

    fn a_container_adopted_by_name_leaves_its_stack_and_no_other_row_goes(database: &TestDatabase) {
        let mut store = ledger(database);
        assert_eq!(store.leave_stack("web", false).expect("asked"), None);
        assert_eq!(store.leave_stack("plain", false).expect("undone"), Some(("store".into(), 1)));
        assert_eq!(ids(&mut store), ["shop:web"]);
        assert_eq!(last_change(&mut store).0, "shop:plain");
        assert!(store.show_stack("store").expect("it stays").adopted.is_empty());
    }
}
