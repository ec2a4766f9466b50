//! A deployer's calls.

use dockledger::model::{ChangeCause, ClaimRequest, ContainerId, Difference, HostName, Revision, RowId};
use dockledger::store::{RegistryError, Store, StoreError};

use super::build::{insert, parent, plan};
use crate::support::database::{TestDatabase, on_both_backends};

fn request(project: &str) -> ClaimRequest {
    ClaimRequest { project: project.into(), stage: Some("prod".into()), ..ClaimRequest::default() }
}

fn ledger(database: &TestDatabase) -> Store {
    let mut store = database.open();
    store.add_project(&parent("api", "p", "w")).expect("a project");
    store.add_stage("api", "prod", Some("st".into()), None).expect("a stage");
    store.add_project(&parent("other", "q", "v")).expect("a project");
    store.add_stage("other", "prod", None, None).expect("a stage");
    store
}

const COLUMNS: [&str; 8] =
    ["workload_id", "workload_kind", "role", "container_id", "state", "subdomain", "image_tag", "stage_id"];

on_both_backends! {
    /// B26: as the daemon writes it; anything that is no full id stays as it was given.
    fn b26_a_container_claimed_in_capitals_is_bound_by_its_id(database: &TestDatabase) {
        let mut store = ledger(database);
        let host = HostName::new("local");
        let claim = |id: String| ClaimRequest { container_id: Some(ContainerId::new(id)), ..request("api") };
        let (row, revision) = store.claim(&host, &claim("AB".repeat(32))).expect("a row");
        assert_eq!(database.line(&["container_id"], "FROM containers"), "ab".repeat(32));
        assert_eq!(store.claim(&host, &claim("ab".repeat(32))).expect("the same"), (row, revision));
        store.claim(&host, &claim("AB".into())).expect("another row");
        assert_eq!(database.lines(&["container_id"], "FROM containers ORDER BY container_id").len(), 2);
        assert_eq!(database.line(&["count(*)"], "FROM containers WHERE container_id = 'AB'"), "1");
    }

    fn a_claim_makes_a_row_and_repeated_changes_only_what_is_named(database: &TestDatabase) {
        let mut store = ledger(database);
        let host = HostName::new("local");
        let first = ClaimRequest { subdomain: Some("www".into()), ..request("api") };
        let (row, revision) = store.claim(&host, &first).expect("a row");
        assert_eq!(revision, Revision(1));
        assert_eq!(database.line(&COLUMNS, "FROM containers"), "w|project|prod|NULL|created|www|NULL|st");
        let bind = ClaimRequest {
            project: "p".into(),
            container_id: Some(ContainerId::new("c1")),
            row: Some(row.clone()),
            image_tag: Some("v2".into()),
            ..ClaimRequest::default()
        };
        assert_eq!(store.claim(&host, &bind).expect("bound"), (row.clone(), Revision(2)));
        assert_eq!(database.line(&COLUMNS, "FROM containers"), "w|project|prod|c1|created|www|v2|st");
        assert_eq!(store.claim(&host, &bind).expect("the same again"), (row.clone(), Revision(2)));
        // Without a row, the container names it.
        let by_container = ClaimRequest { row: None, subdomain: Some("shop".into()), ..bind };
        assert_eq!(store.claim(&host, &by_container).expect("found"), (row, Revision(3)));
        assert_eq!(database.lines(&["subdomain"], "FROM containers"), ["shop"]);
        // An empty text takes a fact away, and no other.
        let cleared = ClaimRequest { subdomain: Some(String::new()), image_tag: None, ..by_container };
        store.claim(&host, &cleared).expect("cleared");
        assert_eq!(database.line(&["subdomain", "image_tag"], "FROM containers"), "NULL|v2");
        let told = store.changes(None, None, 10).expect("changes").changes;
        assert!(told.iter().all(|change| change.cause == ChangeCause::Claimed), "{told:?}");
        let differing: Vec<Vec<&str>> =
            told.iter().map(|change| change.differences.keys().map(String::as_str).collect()).collect();
        let facts = [&["role", "stage_id", "subdomain"][..], &["container_id", "image_tag"], &["subdomain"], &["subdomain"]];
        assert_eq!(differing, facts, "a deployer's facts are part of the history");
        assert_eq!(told[3].differences["subdomain"], Difference::new(Some("shop".into()), None));
    }

    fn what_belongs_to_another_is_not_taken(database: &TestDatabase) {
        let mut store = ledger(database);
        let host = HostName::new("local");
        let mine = ClaimRequest { row: Some("r1".into()), container_id: Some("c1".into()), ..request("api") };
        store.claim(&host, &mine).expect("mine");
        for theirs in [
            ClaimRequest { row: Some("r1".into()), ..request("other") },
            ClaimRequest { container_id: Some("c1".into()), ..request("other") },
            ClaimRequest { row: Some("r2".into()), container_id: Some("c1".into()), ..request("other") },
            ClaimRequest { row: Some("r2".into()), container_id: Some("c1".into()), ..request("api") },
        ] {
            let error = store.claim(&host, &theirs).expect_err("it is taken");
            assert!(matches!(error, StoreError::Registry(RegistryError::Owned { .. })), "{error}");
        }
        assert_eq!(database.lines(&["id", "workload_id", "container_id"], "FROM containers"), ["r1|w|c1"]);
    }

    fn a_released_row_is_gone_with_its_change(database: &TestDatabase) {
        let mut store = ledger(database);
        let host = HostName::new("local");
        let (row, _) = store.claim(&host, &request("api")).expect("a row");
        assert_eq!(store.release(&host, &row).expect("released"), Revision(2));
        assert_eq!(database.line(&["count(*)"], "FROM containers"), "0");
        let error = store.release(&host, &row).expect_err("it is gone");
        assert!(matches!(error, StoreError::Registry(RegistryError::Unknown { kind: "row", .. })), "{error}");
    }

    fn a_binding_in_plain_sql_is_found_until_a_pass_has_looked(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        store.add_project(&parent("api", "p", "w")).expect("a project");
        store.commit(&lease, &plan(vec![insert("web", "c1")])).expect("a commit");
        assert_eq!(store.new_bindings(&lease.host).expect("none"), []);
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, container_id) \
             VALUES ('local', 'r1', 'w', 'project', 'c9'), ('elsewhere', 'r1', 'w', 'project', 'c9'), \
             ('local', 'r2', 'w', 'project', NULL)",
        );
        let found = store.new_bindings(&lease.host).expect("one");
        assert_eq!(found, [(RowId::new("r1"), ContainerId::new("c9"))]);
        let opened = store.open_pass(&lease.host, || {}).expect("a pass");
        let row = opened.rows.iter().find(|row| row.id.as_str() == "r1").expect("the row");
        let write = crate::store::build::update(row, row.observed.state.clone(), ChangeCause::Observed);
        store.commit(&lease, &plan(vec![write])).expect("looked");
        assert_eq!(store.new_bindings(&lease.host).expect("none"), []);
    }
}
