//! What others write in plain SQL: it is told in the history, and cannot break a row.

use dockledger::model::{Change, ChangeCause, ClaimRequest, HostName, RowId};
use dockledger::store::{Lease, NewParent, Store};

use super::build::{insert, parent, plan};
use crate::support::database::{TestDatabase, lease_of, on_both_backends};

/// A project `api` with the workload `w`, and a stack `shop` with the row `shop:web` of container `c1`.
fn ledger(database: &TestDatabase) -> (Store, Lease) {
    let (mut store, lease) = database.open_with_lease();
    store.add_stack(&parent("Shop", "s", "shop"), None).expect("a stack");
    store.add_project(&parent("api", "p", "w")).expect("a project");
    store.commit(&lease, &plan(vec![insert("web", "c1")])).expect("a commit");
    (store, lease)
}

/// What is told of the rows since, `cause row from → to {columns}`.
fn told(store: &mut Store, lease: &Lease) -> Vec<String> {
    let after = store.changes(None, None, 1).expect("changes").latest;
    store.tell_foreign_writes(lease).expect("told");
    store.changes(Some(after), None, 100).expect("changes").changes.iter().map(shown).collect()
}

fn shown(change: &Change) -> String {
    let from = change.from_state.as_ref().map_or("new", |state| state.as_str());
    let value = |text: &Option<String>| text.clone().unwrap_or_default();
    let differences: Vec<String> = change
        .differences
        .iter()
        .map(|(column, difference)| format!("{column}={}>{}", value(&difference.from), value(&difference.to)))
        .collect();
    format!("{} {} {from} → {} {}", change.cause, change.row_id, change.to_state, differences.join(" "))
        .trim()
        .to_owned()
}

const INSERT: &str = "INSERT INTO containers (host, id, workload_id, workload_kind, role, subdomain) \
                      VALUES ('local', 'r1', 'w', 'project', 'prod', 'www')";

on_both_backends! {
    fn a_stage_that_differs_is_told_by_its_name_and_by_its_id_alone_once_it_is_gone(database: &TestDatabase) {
        let (mut store, lease) = ledger(database);
        for stage in ["production", "staging"] {
            store.add_stage("api", stage, Some(format!("id-{stage}")), None).expect("a stage");
        }
        database.execute(INSERT);
        database.execute("UPDATE containers SET stage_id = 'id-production' WHERE id = 'r1'");
        told(&mut store, &lease);
        database.execute("UPDATE containers SET stage_id = 'id-staging' WHERE id = 'r1'");
        told(&mut store, &lease);
        store.rename_stage("api", "staging", "canary").expect("renamed");
        let of_row = |store: &mut Store| {
            let row = RowId::new("r1");
            store.row_changes_before(&HostName::new("local"), &row, None, None, 1).expect("its history").remove(0)
        };
        let of_all = |store: &mut Store| store.changes(None, None, 1).expect("changes").changes.remove(0);
        for last in [of_all(&mut store), of_row(&mut store)] {
            let stage = &last.differences["stage_id"];
            assert_eq!((stage.from.as_deref(), stage.to.as_deref()), (Some("id-production"), Some("id-staging")));
            assert_eq!(stage.said(), (Some("production"), Some("canary")), "as they are called now");
        }
        store.add_project(&parent("other", "q", "v")).expect("a project");
        store.add_stage("other", "hidden", Some("id-hidden".into()), None).expect("a stage");
        database.execute("UPDATE containers SET stage_id = 'id-hidden' WHERE id = 'r1'");
        told(&mut store, &lease);
        let last = of_all(&mut store);
        assert_eq!(last.differences["stage_id"].said(), (Some("canary"), Some("id-hidden")), "another project's");
        database.execute("UPDATE containers SET stage_id = 'id-staging' WHERE id = 'r1'");
        database.execute("UPDATE containers SET stage_id = NULL WHERE id = 'r1'");
        told(&mut store, &lease);
        store.remove_stage("api", "canary", false).expect("no row is of it any more");
        let last = of_all(&mut store);
        assert_eq!(last.differences["stage_id"].said(), (Some("id-staging"), None));
    }

    fn a_deployers_own_sql_is_told_once_with_what_it_changed(database: &TestDatabase) {
        let (mut store, lease) = ledger(database);
        assert_eq!(store.tell_foreign_writes(&lease).expect("nothing"), None);
        database.execute(INSERT);
        assert_eq!(told(&mut store, &lease), ["deployer r1 new → created subdomain=>www"]);
        database.execute("UPDATE containers SET subdomain = 'shop', proxy_route_id = 'p7' WHERE id = 'r1'");
        database.execute("UPDATE containers SET subdomain = 'shop' WHERE id = 'r1'");
        database.execute("UPDATE containers SET image_tag = 'v2' WHERE id = 'shop:web'");
        assert_eq!(told(&mut store, &lease), [
            "deployer r1 created → created proxy_route_id=>p7 subdomain=www>shop",
            "deployer shop:web running → running image_tag=>v2",
        ]);
        database.execute("DELETE FROM containers WHERE id = 'r1'");
        assert_eq!(told(&mut store, &lease), ["deployer r1 created → forgotten"]);
        assert_eq!(told(&mut store, &lease), [""; 0], "each is told once");
        let last = store.changes(None, None, 1).expect("changes").changes.remove(0);
        assert_eq!((last.workload_name.as_deref(), last.role.as_deref()), (Some("api"), Some("prod")));
    }

    fn a_row_that_loses_its_container_by_sql_is_no_longer_up(database: &TestDatabase) {
        let (mut store, lease) = ledger(database);
        database.execute("UPDATE containers SET container_id = NULL WHERE id = 'shop:web'");
        assert_eq!(database.line(&["state", "container_id"], "FROM containers"), "created|NULL");
        assert_eq!(told(&mut store, &lease), ["deployer shop:web running → running container_id=c1>"]);
    }

    /// I5: each change goes on from what was told last, whatever state the row was in when its column was written.
    fn a_column_that_was_written_beside_a_state_is_told_after_what_was_told_last(database: &TestDatabase) {
        let (mut store, lease) = ledger(database);
        database.execute(INSERT);
        assert_eq!(told(&mut store, &lease).len(), 1);
        database.execute("UPDATE containers SET state = 'failed' WHERE id = 'r1'");
        database.execute("UPDATE containers SET subdomain = 'shop' WHERE id = 'r1'");
        assert_eq!(told(&mut store, &lease), ["deployer r1 created → created subdomain=www>shop"]);
        assert_eq!(database.line(&["state", "recorded_state"], "FROM containers WHERE id = 'r1'"), "failed|created");
        database.execute("DELETE FROM containers WHERE id = 'r1'");
        database.execute(INSERT);
        database.execute("DELETE FROM containers WHERE id = 'r1'");
        assert_eq!(told(&mut store, &lease), ["deployer r1 created → forgotten"], "the second was never there for anybody");
    }

    fn what_we_write_ourselves_is_not_told_as_a_deployers(database: &TestDatabase) {
        let (mut store, lease) = ledger(database);
        let request = ClaimRequest { project: "api".into(), subdomain: Some("www".into()), ..ClaimRequest::default() };
        let (row, _) = store.claim(&HostName::new("local"), &request).expect("a row");
        let again = ClaimRequest { row: Some(row.clone()), subdomain: Some("shop".into()), ..request };
        store.claim(&HostName::new("local"), &again).expect("changed");
        store.release(&HostName::new("local"), &row).expect("released");
        store.add_site(&NewParent::named("docs")).expect("a site");
        store.remove_stack("Shop", true).expect("removed");
        assert_eq!(told(&mut store, &lease), [""; 0]);
        let causes: Vec<ChangeCause> =
            store.changes(None, None, 10).expect("changes").changes.iter().map(|change| change.cause).collect();
        use ChangeCause::{Claimed, Forgotten, Inserted};
        assert_eq!(causes, [Inserted, Claimed, Claimed, Forgotten, Forgotten]);
    }

    fn a_claim_tells_its_own_part_and_leaves_what_sql_did_before(database: &TestDatabase) {
        let (mut store, lease) = ledger(database);
        database.execute(INSERT);
        database.execute("UPDATE containers SET image_tag = 'v2' WHERE id = 'r1'");
        let request =
            ClaimRequest { project: "api".into(), row: Some("r1".into()), subdomain: Some("a".into()), ..ClaimRequest::default() };
        store.claim(&HostName::new("local"), &request).expect("changed");
        assert_eq!(told(&mut store, &lease), ["deployer r1 created → created image_tag=>v2"]);
    }

    fn sql_moves_a_row_to_another_host_only_while_it_has_no_container_and_the_history_tells_both_ends(database: &TestDatabase) {
        let (mut store, lease) = ledger(database);
        let edge = lease_of(&mut store, &HostName::new("edge"));
        database.execute(INSERT);
        assert_eq!(told(&mut store, &lease), ["deployer r1 new → created subdomain=>www"]);
        database.execute("UPDATE containers SET container_id = 'c9' WHERE id = 'r1'");
        let mut deployer = database.deployer();
        for (refused, why) in [
            ("UPDATE containers SET host = 'edge' WHERE id = 'r1'", "container_id = NULL"),
            ("UPDATE containers SET host = 'edge', container_id = 'c8' WHERE id = 'r1'", "container_id = NULL"),
            ("UPDATE containers SET host = 'edge' WHERE id = 'shop:web'", "containers.host"),
        ] {
            let error = deployer.execute(refused).expect_err(refused).to_string();
            assert!(error.contains(why), "{refused}: {error}");
        }
        database.execute("UPDATE containers SET host = 'local' WHERE id = 'r1'");
        database.execute("UPDATE containers SET container_id = NULL WHERE id = 'r1'");
        store.tell_foreign_writes(&lease).expect("told");
        database.execute("UPDATE containers SET host = 'edge' WHERE id = 'r1'");
        assert_eq!(told(&mut store, &lease), ["deployer r1 created → forgotten"]);
        assert_eq!(told(&mut store, &edge), ["deployer r1 new → created subdomain=>www"]);
        database.execute("UPDATE containers SET container_id = NULL WHERE id = 'shop:web'");
        let error = deployer.execute("UPDATE containers SET host = 'edge' WHERE id = 'shop:web'").expect_err("a stack's");
        assert!(error.to_string().contains("stack or a site"), "{error}");
        assert_eq!(database.lines(&["host", "id"], "FROM containers ORDER BY id"), ["edge|r1", "local|shop:web"]);
    }

    fn a_host_that_is_renamed_keeps_its_bound_rows_and_nothing_is_told_of_it(database: &TestDatabase) {
        let (mut store, lease) = ledger(database);
        store.release_lease(&lease).expect("released");
        store.rename_host(&HostName::new("local"), &HostName::new("main")).expect("renamed");
        assert_eq!(database.line(&["host", "container_id"], "FROM containers"), "main|c1");
        assert_eq!(database.line(&["count(*)"], "FROM foreign_writes"), "0");
    }

    fn sql_cannot_say_of_a_container_what_the_daemon_alone_says(database: &TestDatabase) {
        let (_store, _lease) = ledger(database);
        database.execute(INSERT);
        let mut deployer = database.deployer();
        for refused in [
            "UPDATE containers SET state = 'running' WHERE id = 'r1'",
            "UPDATE containers SET state = 'runing' WHERE id = 'r1'",
            "UPDATE containers SET state = 'failed' WHERE id = 'shop:web'",
            "UPDATE containers SET state = 'stopped' WHERE id = 'shop:web'",
            "UPDATE containers SET workload_kind = 'stack' WHERE id = 'r1'",
            "UPDATE containers SET workload_id = 'shop' WHERE id = 'r1'",
            "INSERT INTO containers (host, id, workload_id, workload_kind, state) VALUES ('local', 'r2', 'w', 'project', 'running')",
            "INSERT INTO containers (host, id, workload_id, workload_kind) VALUES ('local', 'r2', 'w', 'stack')",
        ] {
            let error = deployer.execute(refused).expect_err(refused).to_string();
            assert!(error.contains("containers."), "{refused}: it says what is wrong: {error}");
        }
        for allowed in [
            "UPDATE containers SET state = 'failed' WHERE id = 'r1'",
            "UPDATE containers SET state = 'created' WHERE id = 'r1'",
            "INSERT INTO containers (host, id, workload_id, workload_kind, state) VALUES ('local', 'r2', 'w', 'project', 'failed')",
        ] {
            deployer.execute(allowed).expect(allowed);
        }
    }
}
