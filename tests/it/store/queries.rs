//! What people and platforms ask.

use std::time::Duration;

use dockledger::model::{
    Became, Change, ChangeCause, ChangeFilter, Condition, ContainerState, HostStatus, Revision, RowId, WorkloadKind,
};
use dockledger::store::{RowFilter, StoreError};

use super::build::{BEGAN, insert, parent, plan, update};
use crate::support::database::{TestDatabase, on_both_backends};

fn plan_of(database: &TestDatabase, sql: &str) -> String {
    let explained = if database.is_sqlite() { format!("EXPLAIN QUERY PLAN {sql}") } else { format!("EXPLAIN {sql}") };
    if database.is_sqlite() {
        // The plan's text is its fourth column, which a query by name finds as `detail`.
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Step {
            #[diesel(sql_type = diesel::sql_types::Text)]
            detail: String,
        }
        let crate::support::database::Deployer::Sqlite(mut connection) = database.deployer() else { unreachable!() };
        let steps: Vec<Step> = diesel::sql_query(explained).load(&mut connection).expect("a plan");
        return steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("\n");
    }
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        step: String,
    }
    let crate::support::database::Deployer::Postgres(mut connection) = database.deployer() else { unreachable!() };
    let steps: Vec<Step> = diesel::sql_query(explained).load(&mut connection).expect("a plan");
    steps.into_iter().map(|step| step.step).collect::<Vec<_>>().join("\n")
}

on_both_backends! {
    fn looking_up_a_compose_project_is_an_index_search(database: &TestDatabase) {
        database.open();
        let (text, analyze) = if database.is_sqlite() { ("'s' || i", "") } else { ("'s' || i::text", "ANALYZE;") };
        database.execute(&format!(
            "CREATE TABLE numbers (i BIGINT); INSERT INTO numbers \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n; \
             INSERT INTO stacks (id, name, compose_project_name) SELECT {text}, {text}, {text} FROM numbers; \
             INSERT INTO workloads (id, kind, ref_id, name, webhook_secret) \
             SELECT {text}, 'stack', {text}, {text}, 'sha256:' || {text} FROM numbers; {analyze}"
        ));
        let plan = plan_of(
            database,
            "SELECT s.compose_project_name, w.id FROM stacks s JOIN workloads w ON w.ref_id = s.id \
             WHERE w.kind = 'stack' AND s.compose_project_name IN ('s7')",
        );
        let index = if database.is_sqlite() { "sqlite_autoindex_stacks" } else { "stacks_compose_project_name_key" };
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("Seq Scan on stacks"), "{plan}");
        // So is finding the workload of a secret, which anybody may ask for over HTTP.
        let plan = plan_of(database, "SELECT id FROM workloads WHERE webhook_secret = 'sha256:s7'");
        let index = if database.is_sqlite() { "(webhook_secret=?)" } else { "workloads_webhook_secret_key" };
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
    }

    fn the_history_of_one_row_is_an_index_search(database: &TestDatabase) {
        database.open();
        let (row, at, analyze) = if database.is_sqlite() {
            ("'r' || (i % 500)", "1800000000000", "")
        } else {
            ("'r' || (i % 500)::text", "now()", "ANALYZE;")
        };
        database.execute(&format!(
            "CREATE TABLE numbers (i BIGINT); INSERT INTO numbers \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n; \
             INSERT INTO changes (revision, at, host, row_id, to_state, cause) \
             SELECT i, {at}, 'local', {row}, 'running', 'observed' FROM numbers; {analyze}"
        ));
        let plan = plan_of(
            database,
            "SELECT revision, at FROM changes WHERE host = 'local' AND row_id = 'r7' AND revision < 4000 \
             ORDER BY revision DESC LIMIT 100",
        );
        assert!(plan.contains("changes_row"), "{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("Seq Scan"), "{plan}");
    }

    fn looking_for_new_bindings_is_a_search_of_their_own_index(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        let mut rows: Vec<_> = (0..1_000).map(|n| insert(&format!("r{n:04}"), &format!("k{n}"))).collect();
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        store.commit(&lease, &plan(rows)).expect("a commit");
        if !database.is_sqlite() {
            database.execute("ANALYZE containers");
        }
        let plan = plan_of(
            database,
            "SELECT id, container_id FROM containers \
             WHERE host = 'local' \
             AND CASE WHEN container_id IS NULL OR seen_container_id = container_id THEN 0 ELSE 1 END = 1",
        );
        assert!(plan.contains("containers_unseen"), "{plan}");
    }

    fn rows_are_found_by_what_is_known_of_them(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("Shop", "s", "shop"), None).expect("a stack");
        store.add_project(&parent("api", "p", "w")).expect("a project");
        store.commit(&lease, &plan(vec![insert("db", "c2"), insert("web", "c1")])).expect("a commit");
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, state) \
             VALUES ('local', 'r1', 'w', 'project', 'failed'), ('edge', 'r2', 'w', 'project', 'created')",
        );
        let mut ids = |filter: RowFilter| -> Vec<String> {
            store.rows(&filter).expect("rows").into_iter().map(|row| row.id.to_string()).collect()
        };
        let all = RowFilter::default;
        assert_eq!(ids(all()), ["r2", "r1", "shop:db", "shop:web"]);
        assert_eq!(ids(RowFilter { host: Some("edge".into()), ..all() }), ["r2"]);
        assert_eq!(ids(RowFilter { conditions: vec![Condition::In(ContainerState::Failed)], ..all() }), ["r1"]);
        assert_eq!(ids(RowFilter { kinds: vec![WorkloadKind::Stack], ..all() }), ["shop:db", "shop:web"]);
        for workload in ["shop", "Shop", "stack/Shop"] {
            assert_eq!(ids(RowFilter { workload: Some(workload.into()), ..all() }), ["shop:db", "shop:web"]);
        }
        assert_eq!(ids(RowFilter { row: Some(RowId::new("r1")), ..all() }), ["r1"]);
        assert_eq!(ids(RowFilter { container_id: Some("c1".into()), ..all() }), ["shop:web"]);
        let unknown = store.rows(&RowFilter { stage: Some("nobody".into()), ..all() });
        assert!(matches!(unknown, Err(StoreError::Registry(_))));
    }

    fn a_row_tells_when_it_was_last_seen(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        let mut first = plan(vec![insert("web", "c1")]);
        first.pass.elapsed_ms = 30_000;
        store.commit(&lease, &first).expect("a commit");
        let row = store.rows(&RowFilter::default()).expect("rows").remove(0);
        let seen = row.last_complete_pass_at.expect("it was complete");
        assert_eq!(row.observed.last_seen_at, Some(seen));
        assert_eq!(row.host_status.as_deref(), Some("fresh"));
        assert_eq!(row.workload_name.as_deref(), Some("shop"));
        let opened = store.open_pass(&lease.host, || {}).expect("a pass").rows[0].clone();
        let mut write = update(&opened, ContainerState::Missing, ChangeCause::Missing);
        write.observed.last_seen_at = Some(seen);
        store.commit(&lease, &plan(vec![write])).expect("a commit");
        let row = store.rows(&RowFilter::default()).expect("rows").remove(0);
        assert_eq!(row.observed.last_seen_at, Some(seen));
        assert!(row.last_complete_pass_at > Some(seen.plus(Duration::from_secs(20))), "{row:?}");
    }

    /// Whatever was stored last, and whether or not anything runs.
    fn a_host_grows_stale_by_its_age_alone(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        store.commit(&lease, &plan(vec![insert("web", "c1")])).expect("a commit");
        store.release_lease(&lease).expect("it is ours");
        let ago = |seconds: i64| match database.is_sqlite() {
            true => format!("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) - {seconds} * 1000"),
            false => format!("now() - interval '{seconds} s'"),
        };
        for (age_s, interval_s, stored, expected) in [
            (80, 30, "fresh", "fresh"),
            (100, 30, "fresh", "stale"),
            (80, 30, "unreachable", "unreachable"),
            (100, 30, "unreachable", "stale"),
            (100, 30, "wrong_daemon", "stale"),
            (100, 30, "degraded", "stale"),
            (80, 30, "stale", "stale"),
            (850, 300, "fresh", "fresh"),
            (950, 300, "fresh", "stale"),
            (7, 2, "fresh", "stale"),
            // The clock was set back since, a little or a lot.
            (-80, 30, "fresh", "fresh"),
            (-100, 30, "fresh", "stale"),
        ] {
            database.execute(&format!(
                "UPDATE hosts SET status = '{stored}', interval_ms = {interval_s}000, last_complete_pass_at = {}",
                ago(age_s)
            ));
            let what = format!("{stored} {age_s} s ago, every {interval_s} s");
            let host = store.host(&lease.host).expect("the host");
            assert_eq!(host.status.map(|status| status.to_string()).as_deref(), Some(expected), "{what}");
            assert_eq!(host.last_pass_status.map(|status| status.to_string()).as_deref(), Some(stored), "{what}");
            assert_eq!(store.hosts().expect("hosts"), [host], "{what}");
            let row = store.rows(&RowFilter::default()).expect("rows").remove(0);
            assert_eq!(row.host_status.as_deref(), Some(expected), "{what}");
            assert_eq!(database.line(&["host_status"], "FROM containers_view"), expected, "{what}");
        }
        database.execute("UPDATE hosts SET status = 'unreachable', last_complete_pass_at = NULL");
        let host = store.host(&lease.host).expect("the host");
        assert_eq!(host.status, Some(HostStatus::Unreachable), "it never had a complete pass");
    }

    fn a_commit_writes_the_interval_and_the_begin_by_the_databases_clock(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        let mut first = plan(Vec::new());
        first.pass.elapsed_ms = 60_000;
        first.host.interval = Duration::from_secs(10);
        store.commit(&lease, &first).expect("a commit");
        let host = store.host(&lease.host).expect("the host");
        assert_eq!((host.interval_ms, host.status), (10_000, Some(HostStatus::Stale)), "it began a minute ago");
        first.host.interval = Duration::from_secs(300);
        store.commit(&lease, &first).expect("a commit");
        let host = store.host(&lease.host).expect("the host");
        assert_eq!((host.interval_ms, host.status), (300_000, Some(HostStatus::Fresh)));
    }

    fn routes_have_their_project_and_stage(database: &TestDatabase) {
        let mut store = database.open();
        store.add_project(&parent("api", "p", "w")).expect("a project");
        store.add_stage("api", "prod", None, None).expect("a stage");
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, role, subdomain, npm_proxy_id, port, ports) VALUES \
             ('local', 'r1', 'w', 'project', 'prod', 'www', NULL, 53, '53->53/udp, 80->8080/tcp'), \
             ('local', 'r2', 'w', 'project', 'prod', '', NULL, 0, ''), \
             ('local', 'r3', 'w', 'project', 'gone', NULL, '7', 53, '53->53/udp')",
        );
        let routes = store.routes(None).expect("routes");
        let found: Vec<_> = routes
            .iter()
            .map(|route| (route.row_id.as_str(), route.project.as_deref(), route.stage.as_deref(), route.port))
            .collect();
        assert_eq!(found, [("r1", Some("api"), Some("prod"), Some(80)), ("r3", Some("api"), None, None)]);
    }

    fn a_row_flaps_from_the_commit_that_says_so_until_the_one_that_clears_it(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        store.commit(&lease, &plan(vec![insert("db", "c2"), insert("web", "c1")])).expect("a commit");
        let mut mark = |flapping_since, recent_starts, cause| {
            let row = store.open_pass(&lease.host, || {}).expect("a pass").rows.last().cloned().expect("a row");
            let mut write = update(&row, ContainerState::Running, cause);
            (write.observed.flapping_since, write.observed.recent_starts) = (flapping_since, recent_starts);
            store.commit(&lease, &plan(vec![write])).expect("a commit");
            let flapping = store.rows(&RowFilter { flapping: true, ..RowFilter::default() }).expect("rows");
            flapping.iter().map(|row| (row.id.to_string(), row.observed.recent_starts)).collect::<Vec<_>>()
        };
        assert_eq!(mark(Some(BEGAN), 5, ChangeCause::Flapping), [("shop:web".to_owned(), 5)]);
        assert_eq!(mark(None, 0, ChangeCause::Settled), []);
        let causes: Vec<_> = crate::store::commit::history(&mut store).into_iter().map(|change| change.4).collect();
        assert_eq!(causes, ["inserted", "inserted", "flapping", "settled"]);
    }

    fn changes_are_read_on_from_a_revision(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        let empty = store.changes(Some(Revision(0)), None, 10).expect("a page");
        assert_eq!((empty.changes.len(), empty.latest, empty.lagged), (0, Revision(0), false));
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        store.commit(&lease, &plan(vec![insert("a", "c1"), insert("b", "c2"), insert("c", "c3")])).expect("a commit");
        let mut revisions = |after: Option<i64>, limit| -> Vec<i64> {
            let page = store.changes(after.map(Revision), None, limit).expect("a page");
            page.changes.into_iter().map(|change| change.revision.0).collect()
        };
        assert_eq!(revisions(Some(0), 2), [1, 2]);
        assert_eq!(revisions(Some(2), 2), [3]);
        assert_eq!(revisions(None, 2), [2, 3]);
    }

    fn what_the_database_narrows_is_what_the_filter_lets_pass(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("Läden & Co", "s", "shop"), None).expect("a stack");
        store.add_project(&parent("api", "p", "w")).expect("a project");
        store.commit(&lease, &plan(vec![insert("a", "c1"), insert("b_b", "c2"), insert("c", "c3")])).expect("a commit");
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, role, subdomain) \
             VALUES ('local', 'r1', 'w', 'project', 'prod', '100% \"quoted\" \\ Ünder')",
        );
        store.tell_foreign_writes(&lease).expect("told");
        let all = store.changes_before(&ChangeFilter::default(), None, 100).expect("all");
        let filters = ["", "B_B", "a%b", "%", "100%", "\"quoted\"", "\\", "ünder", "läden CO", "Läden", "c1 running", "nowhere", "API prod"]
            .map(|text| ChangeFilter { text: text.into(), ..ChangeFilter::default() })
            .into_iter()
            .chain(["up", "down", "running", "created", "missing"].map(|word| ChangeFilter {
                became: Some(Became::parse(word)),
                ..ChangeFilter::default()
            }));
        let mut passed = 0;
        for filter in filters {
            let found = store.changes_before(&filter, None, 100).expect("found");
            let expected: Vec<Change> = all.iter().filter(|change| filter.lets_pass(change)).cloned().collect();
            assert_eq!(found, expected, "{filter:?}");
            passed += found.len();
            let first = expected.first().map(|change| change.revision);
            let older = store.changes_before(&filter, first, 100).expect("older");
            assert_eq!(older, expected.get(1..).unwrap_or_default(), "{filter:?}");
        }
        assert!(passed > all.len(), "they find something");
    }
}
