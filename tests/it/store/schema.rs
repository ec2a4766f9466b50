//! The schema: both trees alike, brought up and down, and what it refuses.

use std::collections::BTreeSet;

use dockledger::store::{OpenMode, Store, StoreError};

use crate::support::database::{TestDatabase, on_both_backends};

fn tree(backend: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(backend)
}

fn names(backend: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(tree(backend)).expect("the tree");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name")).collect()
}

fn columns(database: &TestDatabase) -> BTreeSet<String> {
    let sql = if database.is_sqlite() {
        "SELECT m.name || '.' || c.name AS line FROM sqlite_master m, pragma_table_info(m.name) c \
         WHERE m.type IN ('table', 'view')"
    } else {
        "SELECT table_name || '.' || column_name AS line FROM information_schema.columns \
         WHERE table_schema = 'dockledger'"
    };
    database.deployer().query(sql).into_iter().collect()
}

const FIRST: &str = "20261123190000_ledger";

#[test]
fn both_trees_have_the_same_names() {
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn both_trees_make_the_same_tables_and_columns() {
    let Some(postgres) = TestDatabase::postgres("both_trees_make_the_same_tables_and_columns") else { return };
    let sqlite = TestDatabase::sqlite();
    sqlite.open();
    postgres.open();
    assert_eq!(columns(&sqlite), columns(&postgres));
    assert!(columns(&sqlite).contains("containers.details_owed"));
}

on_both_backends! {
    fn up_down_up_ends_where_it_began(database: &TestDatabase) {
        database.open();
        let before = columns(database);
        let backend = if database.is_sqlite() { "sqlite" } else { "postgres" };
        for name in names(backend).into_iter().rev() {
            let down = std::fs::read_to_string(tree(backend).join(&name).join("down.sql")).expect("a way down");
            database.execute(&format!("{down}; DELETE FROM dockledger_migrations WHERE name = '{name}'"));
        }
        assert_eq!(columns(database), BTreeSet::from(["dockledger_migrations.name".to_owned()]));
        let applied = Store::migrate_up(&database.config).expect("up again");
        assert_eq!(applied.into_iter().collect::<BTreeSet<_>>(), names(backend));
        assert_eq!(columns(database), before);
    }

    fn a_ledger_of_the_first_schema_keeps_its_rows_and_passes_up_and_down(database: &TestDatabase) {
        const ROW: [&str; 4] = ["id", "container_id", "subdomain", "last_complete_pass_at"];
        let backend = if database.is_sqlite() { "sqlite" } else { "postgres" };
        let script = |name: &str, way: &str| {
            std::fs::read_to_string(tree(backend).join(name).join(way)).expect("a migration")
        };
        let moment = if database.is_sqlite() { "1700000000123" } else { "'2023-11-14 22:13:20.123+00'" };
        if !database.is_sqlite() {
            database.execute("CREATE SCHEMA dockledger; CREATE ROLE reader_of_the_view");
        } else {
            std::fs::write(&database.config.database, b"").expect("an empty file");
        }
        database.execute(&script(FIRST, "up.sql"));
        database.execute(&format!(
            "CREATE TABLE dockledger_migrations (name TEXT NOT NULL PRIMARY KEY);
             INSERT INTO dockledger_migrations VALUES ('{FIRST}');
             INSERT INTO workloads (id, kind, ref_id, name, webhook_secret) VALUES ('w', 'project', 'p', 'p', 'sha256:x');
             INSERT INTO hosts (name, last_complete_pass_at) VALUES ('local', {moment});
             INSERT INTO containers (host, id, workload_id, workload_kind, container_id, subdomain)
                 VALUES ('local', 'r', 'w', 'project', 'c1', 'www');
             INSERT INTO passes (pass_id, host, \"trigger\", scope, completeness, outcome, started_at, duration_ms,
                 list_ms, listed, inserted, updated, missing, returned)
                 VALUES ('p1', 'local', 'boot', 'host', 'complete', 'committed', {moment}, 1, 1, 1, 1, 0, 0, 0)"
        ));
        let grants = "FROM information_schema.role_table_grants WHERE grantee = 'reader_of_the_view'";
        if !database.is_sqlite() {
            database.execute("GRANT SELECT ON containers_view TO reader_of_the_view");
        }
        let row = database.line(&ROW, "FROM containers_view");
        let first = columns(database);
        Store::migrate_up(&database.config).expect("up");
        assert_eq!(database.line(&ROW, "FROM containers_view"), row);
        assert_eq!(database.line(&["flapping_since", "recent_starts"], "FROM containers_view"), "NULL|0");
        assert_eq!(database.line(&["interval_ms"], "FROM hosts"), "30000");
        assert_eq!(database.line(&["host_status"], "FROM containers_view"), "stale", "its last complete pass is old");
        if !database.is_sqlite() {
            assert_eq!(database.line(&["table_name"], grants), "containers_view", "the grants stay");
        }
        database.execute("UPDATE passes SET outcome = 'degraded'; UPDATE containers SET exit_code = 3221225786");
        for later in names(backend).into_iter().rev().filter(|name| name != FIRST) {
            database.execute(&script(&later, "down.sql"));
            if later.ends_with("_moments") && !database.is_sqlite() {
                assert_eq!(database.line(&["table_name"], grants), "containers_view", "the grants stay");
            }
        }
        assert_eq!(database.line(&["exit_code"], "FROM containers"), "NULL", "what the older column cannot hold");
        assert_eq!(columns(database), first);
        assert_eq!(database.line(&ROW, "FROM containers_view"), row);
        assert_eq!(database.line(&["pass_id", "outcome"], "FROM passes"), "p1|partial");
        assert!(database.deployer().execute("UPDATE passes SET outcome = 'degraded'").is_err());
    }

    fn a_second_start_applies_nothing(database: &TestDatabase) {
        database.open();
        assert_eq!(Store::migrate_up(&database.config).expect("fine"), Vec::<String>::new());
        let status = Store::migration_status(&database.config).expect("a status");
        assert!(!status.is_empty() && status.iter().all(|(_, applied)| *applied));
    }

    fn four_first_starts_at_once_all_succeed(database: &TestDatabase) {
        std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..4).map(|_| scope.spawn(|| Store::open(&database.config, OpenMode::Write).map(drop))).collect();
            for start in starts {
                start.join().expect("no panic").expect("each start succeeds");
            }
        });
    }

    fn a_foreign_table_of_our_name_is_refused_by_name(database: &TestDatabase) {
        if !database.is_sqlite() {
            database.execute("CREATE SCHEMA dockledger");
        }
        database.execute("CREATE TABLE workloads (mine TEXT)");
        let error = Store::open(&database.config, OpenMode::Write).expect_err("it is not ours");
        assert!(matches!(&error, StoreError::ForeignTable { table, .. } if table == "workloads"), "{error}");
        assert_eq!(columns(database), BTreeSet::from(["workloads.mine".to_owned()]));
    }

    /// S9
    fn s9_a_newer_schema_is_refused(database: &TestDatabase) {
        database.open();
        database.execute("INSERT INTO dockledger_migrations VALUES ('99990101000000_later')");
        for mode in [OpenMode::Write, OpenMode::WriteUnmigrated, OpenMode::Read] {
            let error = Store::open(&database.config, mode).expect_err("it is newer");
            assert!(matches!(&error, StoreError::WrongSchema { found, .. } if found.contains("later")), "{error}");
        }
    }

    fn only_a_write_start_migrates(database: &TestDatabase) {
        if database.is_sqlite() {
            std::fs::write(&database.config.database, b"").expect("an empty file");
        }
        for mode in [OpenMode::WriteUnmigrated, OpenMode::Read] {
            let error = Store::open(&database.config, mode).expect_err("there is no ledger");
            assert!(matches!(&error, StoreError::WrongSchema { found, .. } if found == "no ledger"), "{error}");
        }
        assert!(columns(database).is_empty());
    }

    /// S19
    fn s19_a_table_that_a_deployer_renames_fails_the_pass_whole(database: &TestDatabase) {
        use crate::store::build::{insert, parent, plan};
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        // The last that a pass writes: everything before it must be taken back.
        database.execute("ALTER TABLE passes RENAME TO their_passes");
        let error = store.commit(&lease, &plan(vec![insert("web", "c1")])).expect_err("it is gone").to_string();
        assert!(error.contains("passes") && error.contains("migrate status"), "{error}");
        assert_eq!(database.line(&["count(*)"], "FROM containers"), "0");
        database.execute("ALTER TABLE their_passes RENAME TO passes");
        store.commit(&lease, &plan(vec![insert("web", "c1")])).expect("the same store works on");
    }

    /// S19
    fn a_column_that_a_deployer_adds_does_no_harm(database: &TestDatabase) {
        use crate::store::build::{insert, parent, plan};
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        database.execute("ALTER TABLE containers ADD COLUMN tls_certificate TEXT NOT NULL DEFAULT 'none'");
        database.execute("ALTER TABLE workloads ADD COLUMN note TEXT");
        store.commit(&lease, &plan(vec![insert("web", "c1")])).expect("a commit");
        assert_eq!(store.open_pass(&lease.host, || {}).expect("a pass").rows.len(), 1);
        assert_eq!(store.list_workloads().expect("workloads").len(), 1);
    }
}

#[test]
fn a_deployers_role_writes_its_own_columns_and_no_others() {
    use crate::store::build::parent;
    let Some(database) = TestDatabase::postgres("a_deployers_role_writes_its_own_columns_and_no_others") else {
        return;
    };
    database.open().add_project(&parent("shop", "p", "w")).expect("a project");
    let role = format!("deployer_{}", std::process::id());
    let sql = Store::grants_sql(&database.config, &role, None).expect("grants");
    database.execute(&format!("CREATE ROLE {role}; {sql}"));
    let mut deployer = database.deployer();
    deployer.execute(&format!("SET ROLE {role}")).expect("a role");
    deployer
        .execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, role, state, subdomain) \
             VALUES ('local', 'r', 'w', 'project', 'prod', 'created', 's'); UPDATE containers SET image_tag = 'v1'",
        )
        .expect("its own columns");
    for refused in [
        "UPDATE containers SET state_since = now()",
        "UPDATE containers SET revision = 7",
        "SELECT webhook_secret FROM workloads",
        "DELETE FROM containers",
        "UPDATE hosts SET status = 'fresh'",
    ] {
        assert!(deployer.execute(refused).is_err(), "{refused}");
    }
}

/// S19: SQLite adds no such column. What the database then refuses is named row by row, and nothing is half written.
#[test]
fn s19_a_column_that_nobody_fills_is_named_by_each_row_that_it_refuses() {
    use crate::store::build::{insert, plan};
    use crate::store::commit::with_one_row;
    const TEST: &str = "s19_a_column_that_nobody_fills_is_named_by_each_row_that_it_refuses";
    let Some(database) = TestDatabase::postgres(TEST) else { return };
    let (mut store, lease) = with_one_row(&database);
    database.execute("ALTER TABLE containers ADD COLUMN theirs TEXT NOT NULL DEFAULT 'x'");
    database.execute("ALTER TABLE containers ALTER COLUMN theirs DROP DEFAULT");
    let mut plan = plan(vec![insert("db", "c2"), insert("queue", "c3")]);
    let error = store.commit(&lease, &plan).expect_err("it is refused");
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    plan.row_by_row = true;
    let report = store.commit(&lease, &plan).expect("the pass itself commits");
    assert!(report.refused.iter().all(|(_, words)| words.contains("theirs")), "{report:?}");
    assert_eq!((report.refused.len(), report.revision), (2, None));
    assert_eq!(database.line(&["count(*)"], "FROM containers"), "1");
}
