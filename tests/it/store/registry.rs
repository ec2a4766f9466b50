//! Projects, stages, stacks, sites, and their workloads.

use dockledger::model::{DirectoryKeys, Origin, WorkloadId, WorkloadKind};
use dockledger::store::{NewParent, RegistryError, RowFilter, StoreError};

use super::build::{insert, parent, plan};
use crate::support::database::{TestDatabase, on_both_backends};

fn named(name: &str) -> NewParent {
    NewParent { name: name.into(), ..NewParent::default() }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, StoreError>) -> RegistryError {
    match result {
        Err(StoreError::Registry(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// Every text of the database, to look for what must not be there.
fn everything(database: &TestDatabase) -> String {
    database.lines(&["id", "kind", "ref_id", "name", "webhook_secret"], "FROM workloads").join("\n")
}

on_both_backends! {
    fn a_parent_has_its_workload_from_the_start(database: &TestDatabase) {
        let mut store = database.open();
        let project = store.add_project(&parent("shop", "p", "w")).expect("a project");
        assert_eq!((project.id.as_str(), project.workload_id.as_str()), ("p", "w"));
        let stack = store.add_stack(&named("blog"), None).expect("a stack");
        assert_eq!(stack.compose_project.as_deref(), Some("blog"));
        let site = store.add_site(&named("docs")).expect("a site");
        let workloads = store.list_workloads().expect("workloads");
        let found: Vec<_> = workloads.iter().map(|w| (w.kind, w.name.as_str(), w.ref_id.clone())).collect();
        assert_eq!(found, [
            (WorkloadKind::Project, "shop", "p".into()),
            (WorkloadKind::Site, "docs", site.id),
            (WorkloadKind::Stack, "blog", stack.id),
        ]);
    }

    fn the_secret_is_not_in_the_database(database: &TestDatabase) {
        let mut store = database.open();
        let made = store.add_project(&parent("shop", "p", "w")).expect("a project").webhook_secret;
        let before = everything(database);
        let (workload, rotated) = store.rotate_secret("project/shop").expect("rotated");
        assert_eq!(workload.id, WorkloadId::new("w"));
        assert_ne!(made, rotated);
        let after = everything(database);
        assert_ne!(before, after);
        for secret in [&made, &rotated] {
            assert_eq!(secret.len(), 64);
            assert!(!before.contains(secret.as_str()) && !after.contains(secret.as_str()));
        }
    }

    fn names_and_ids_are_taken_once(database: &TestDatabase) {
        let mut store = database.open();
        store.add_project(&parent("shop", "p", "w")).expect("a project");
        for new in [parent("shop", "q", "v"), parent("other", "p", "v"), parent("p", "q", "v"), parent("other", "shop", "v")] {
            assert!(matches!(refusal(store.add_project(&new)), RegistryError::Taken { kind: "project", .. }), "{new:?}");
        }
        let error = refusal(store.add_site(&parent("docs", "d", "w")));
        assert!(matches!(error, RegistryError::Taken { kind: "workload", .. }), "{error}");
        store.add_stack(&named("blog"), Some("one".into())).expect("a stack");
        let error = refusal(store.add_stack(&named("news"), Some("one".into())));
        assert!(matches!(error, RegistryError::Taken { what: "compose project", .. }), "{error}");
        assert!(store.list_sites().expect("sites").is_empty());
    }

    fn renaming_renames_the_workload_too(database: &TestDatabase) {
        let mut store = database.open();
        store.add_project(&parent("shop", "p", "w")).expect("a project");
        store.rename_project("p", "store").expect("renamed by id");
        assert_eq!(store.show_project("store").expect("by name").id, "p");
        assert_eq!(store.list_workloads().expect("workloads")[0].name, "store");
        refusal(store.show_project("shop"));
        store.add_stack(&parent("blog", "s", "v"), None).expect("a stack");
        store.rename_stack("blog", "news").expect("renamed");
        assert_eq!(store.show_stack("news").expect("a stack").compose_project.as_deref(), Some("blog"));
    }

    fn removing_refuses_while_a_row_is_not_missing_and_force_forgets(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        store.adopt_name("shop", "plain", Origin::Adopted).expect("adopted");
        store.commit(&lease, &plan(vec![insert("web", "c1"), insert("z", "c2")])).expect("a commit");
        let error = refusal(store.remove_stack("shop", false));
        assert!(matches!(error, RegistryError::InUse { rows: 2, .. }), "{error}");
        assert_eq!(store.remove_stack("shop", true).expect("forced"), 2);
        assert!(store.list_workloads().expect("workloads").is_empty());
        assert!(store.rows(&RowFilter::default()).expect("rows").is_empty());
        let told: Vec<_> =
            store.changes(None, None, 10).expect("changes").changes.iter().map(|c| c.to_state.to_string()).collect();
        assert_eq!(told, ["running", "running", "forgotten", "forgotten"]);
        assert_eq!(database.line(&["count(*)"], "FROM stack_adopted_names"), "0");
    }

    fn missing_rows_go_with_their_workload(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        store.commit(&lease, &plan(vec![insert("web", "c1")])).expect("a commit");
        database.execute("UPDATE containers SET state = 'missing', recorded_state = 'missing'");
        assert_eq!(store.remove_stack("shop", false).expect("removed"), 1);
    }

    /// S10: the process dies between the two statements of one registration.
    fn s10_a_registration_that_dies_halfway_leaves_nothing(database: &TestDatabase) {
        let mut store = database.open();
        let trigger = if database.is_sqlite() {
            "CREATE TRIGGER refuse BEFORE INSERT ON workloads BEGIN SELECT RAISE(ABORT, 'no'); END"
        } else {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; \
             CREATE TRIGGER refuse BEFORE INSERT ON workloads FOR EACH ROW EXECUTE FUNCTION refuse()"
        };
        database.execute(trigger);
        for result in [
            store.add_project(&named("shop")).map(drop),
            store.add_stack(&named("blog"), None).map(drop),
            store.add_site(&named("docs")).map(drop),
        ] {
            result.expect_err("the second statement is refused");
        }
        for table in ["projects", "stacks", "static_sites", "workloads"] {
            assert_eq!(database.line(&["count(*)"], &format!("FROM {table}")), "0", "{table}");
        }
        database.execute(if database.is_sqlite() { "DROP TRIGGER refuse" } else { "DROP TRIGGER refuse ON workloads" });
        store.add_project(&named("shop")).expect("the store works on");
    }

    fn a_directory_knows_exactly_what_is_registered(database: &TestDatabase) {
        let mut store = database.open();
        store.add_project(&parent("api", "p", "w1")).expect("a project");
        store.add_stack(&parent("shop", "s", "w2"), Some("shop-compose".into())).expect("a stack");
        store.add_site(&parent("docs", "d", "w3")).expect("a site");
        store.adopt_name("shop", "plain", Origin::Adopted).expect("adopted");
        store.adopt_name("shop", "plain", Origin::Adopted).expect("twice is once");
        let keys = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let directory = store
            .look_up(&DirectoryKeys {
                workloads: keys(&["w1", "w2", "w3", "nobody", "a\0b"]),
                sites: keys(&["d", "docs", "p"]),
                compose_projects: keys(&["shop-compose", "shop", "unknown"]),
                adopted_names: keys(&["plain", "other"]),
                elsewhere: None,
            })
            .expect("a directory");
        assert_eq!(directory.workloads.len(), 3);
        assert_eq!(directory.workloads["w1"], WorkloadKind::Project);
        assert_eq!(directory.sites, [("d".to_owned(), WorkloadId::new("w3"))].into());
        assert_eq!(directory.stacks, [("shop-compose".to_owned(), WorkloadId::new("w2"))].into());
        assert_eq!(directory.adopted, [("plain".to_owned(), WorkloadId::new("w2"))].into());
    }

    fn adopting_compose_projects_registers_each_once(database: &TestDatabase) {
        let mut store = database.open();
        store.add_stack(&parent("shop", "s", "w"), Some("elsewhere".into())).expect("a stack");
        let projects = ["blog", "elsewhere", "shop", "bad\nname"].map(String::from).into();
        let first = store.adopt_stacks(&projects).expect("adopted");
        let again = store.adopt_stacks(&projects).expect("nothing new");
        assert_eq!(first, again);
        assert_eq!(first.stacks.len(), 3);
        assert_eq!(first.stacks["elsewhere"], WorkloadId::new("w"));
        let names: Vec<_> = store.list_stacks().expect("stacks").into_iter().map(|stack| stack.name).collect();
        assert_eq!(names, ["blog", "shop", "shop-2"]);
    }

    fn a_renamed_stage_keeps_the_rows_that_know_it_by_role(database: &TestDatabase) {
        let (mut store, _lease) = database.open_with_lease();
        store.add_project(&parent("api", "p", "w")).expect("a project");
        let prod = store.add_stage("api", "prod", Some("st1".into()), Some(2)).expect("a stage");
        let test = store.add_stage("p", "test", None, None).expect("a stage");
        for (row, role, stage) in [("r1", "prod", "NULL"), ("r2", "test", "NULL"), ("r3", "x", "'st1'"), ("r4", "x", "NULL")] {
            database.execute(&format!(
                "INSERT INTO containers (host, id, workload_id, workload_kind, role, stage_id) \
                 VALUES ('local', '{row}', 'w', 'project', '{role}', {stage})"
            ));
        }
        let of_stage = |stage: &str| -> Vec<String> {
            let filter = RowFilter { stage: Some(stage.into()), ..RowFilter::default() };
            database.open().rows(&filter).expect("rows").into_iter().map(|row| row.id.to_string()).collect()
        };
        assert_eq!(of_stage("prod"), ["r1", "r3"]);
        store.rename_stage("api", "prod", "live").expect("renamed");
        assert_eq!(of_stage("live"), ["r1", "r3"]);
        // A stage that bears the name now comes before one that bore it.
        store.rename_stage("api", "test", "prod").expect("renamed");
        assert_eq!((of_stage("live"), of_stage("prod")), (vec!["r3".to_owned()], vec!["r1".to_owned(), "r2".to_owned()]));
        // Nobody bears it: the one that bore it last has it.
        store.rename_stage("api", "prod", "beta").expect("renamed");
        for name in ["beta", "prod", "test"] {
            assert_eq!(of_stage(name), ["r1", "r2"], "{name}");
        }
        assert_eq!(store.show_stage("api", &test.id).expect("a stage").former_names, ["test", "prod"]);
        assert_eq!(store.show_stage("api", &prod.id).expect("a stage").former_names, ["prod"]);
        assert_eq!(store.list_stages("api").expect("stages").len(), 2);
        refusal(store.remove_stage("api", "live", false));
        assert_eq!(store.remove_stage("api", "live", true).expect("forced"), 1);
    }

    fn what_cannot_be_a_name_is_refused(database: &TestDatabase) {
        let mut store = database.open();
        for name in ["", " x", "a\0b", "a\nb"] {
            assert!(matches!(refusal(store.add_project(&named(name))), RegistryError::Invalid { .. }), "{name:?}");
        }
        let colon = NewParent { workload_id: Some("a:b".into()), ..named("shop") };
        assert!(matches!(refusal(store.add_project(&colon)), RegistryError::Invalid { what: "workload id", .. }));
        refusal(store.add_stage("nobody", "prod", None, None));
    }
}
