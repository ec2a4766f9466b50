//! One pass, one transaction.

use dockledger::model::{
    ChangeCause, ContainerId, ContainerState, InspectedDetails, LedgerRow, Observed, PassOutcome, RowId, Timestamp,
    WorkloadKind,
};
use dockledger::store::{CommitReport, DetailsWrite, Lease, RowWrite, Store, StoreError};

use super::build::{identity, insert, insert_for, parent, plan, rebind, update};
use crate::support::database::{TestDatabase, lease_of, on_both_backends};

/// A ledger with the stack `shop` and a row bound to `c1`.
pub(super) fn with_one_row(database: &TestDatabase) -> (Store, Lease) {
    let (mut store, lease) = database.open_with_lease();
    store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
    let report = store.commit(&lease, &plan(vec![insert("web", "c1")])).expect("a commit");
    assert_eq!((report.inserted, report.updated), (1, 0));
    (store, lease)
}

pub(super) fn rows(store: &mut Store, lease: &Lease) -> Vec<LedgerRow> {
    store.open_pass(&lease.host, || {}).expect("a pass").rows.to_vec()
}

pub(super) fn history(store: &mut Store) -> Vec<(i64, String, Option<String>, String, &'static str)> {
    let page = store.changes(None, None, 1_000).expect("changes");
    let line = |change: dockledger::model::Change| {
        (
            change.revision.0,
            change.row_id.to_string(),
            change.from_state.map(|state| state.to_string()),
            change.to_state.to_string(),
            change.cause.as_str(),
        )
    };
    page.changes.into_iter().map(line).collect()
}

const BINDING_AND_DEPLOYERS: [&str; 11] = [
    "host",
    "id",
    "workload_id",
    "workload_kind",
    "role",
    "container_id",
    "subdomain",
    "proxy_route_id",
    "npm_proxy_id",
    "image_tag",
    "stage_id",
];

on_both_backends! {
    /// An event said that it started again, and it is listed as it was.
    fn owing_details_alone_is_no_change(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let row = rows(&mut store, &lease).remove(0);
        store.commit(&lease, &plan(vec![update(&row, ContainerState::Running, ChangeCause::Observed)])).expect("paid");
        let columns = ["updated_at", "revision", "details_owed"];
        let before = database.line(&columns, "FROM containers").replace("false", "0");
        let row = rows(&mut store, &lease).remove(0);
        let mut silent = update(&row, ContainerState::Running, ChangeCause::Observed);
        (silent.is_silent, silent.details_owed) = (true, true);
        let report = store.commit(&lease, &plan(vec![silent])).expect("a commit");
        assert_eq!(report, CommitReport { commit_ms: report.commit_ms, ..CommitReport::default() });
        let after = database.line(&columns, "FROM containers").replace("true", "1");
        assert_eq!(after, before.replace("|0", "|1"));
        assert_eq!(history(&mut store).len(), 2);
    }

    fn what_is_committed_is_what_the_next_pass_opens(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let row = rows(&mut store, &lease).remove(0);
        let planned = insert("web", "c1");
        assert_eq!((&row.binding, &row.observed), (&planned.binding, &planned.observed));
        assert_eq!(row.recorded_state, Some(ContainerState::Running));
        assert_eq!(row.seen_container_id, Some(ContainerId::new("c1")));
        assert!(row.details_owed);
    }

    fn a_commit_stamps_the_host_and_the_history(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let host = store.host(&lease.host).expect("the host");
        assert_eq!(host.status, Some(dockledger::model::HostStatus::Fresh));
        assert_eq!(host.engine_identity.as_deref(), Some("daemon-1"));
        let passes = store.passes(None, 10).expect("passes");
        assert_eq!((passes.len(), passes[0].inserted, passes[0].list_ms), (1, 1, 7));
        assert_eq!(host.last_pass_id, Some(passes[0].pass_id.clone()));
        assert_eq!(history(&mut store), [(1, "shop:web".into(), None, "running".into(), "inserted")]);
        assert_eq!(database.line(&["revision"], "FROM containers"), "1");
    }

    /// I9
    fn a_pass_by_tick_that_changed_nothing_is_only_counted(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let before = database.line(&["updated_at", "revision"], "FROM containers");
        for _ in 0..3 {
            assert_eq!(store.commit(&lease, &plan(Vec::new())).expect("a commit").revision, None);
        }
        assert_eq!(store.host(&lease.host).expect("the host").unchanged_passes, 3);
        assert_eq!(store.passes(None, 10).expect("passes").len(), 1);
        assert_eq!(database.line(&["updated_at", "revision"], "FROM containers"), before);
    }

    /// I2
    fn the_reconciliation_leaves_a_deployers_columns_as_they_are(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_project(&parent("api", "p", "api")).expect("a project");
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, role, container_id, state, subdomain, \
             proxy_route_id, npm_proxy_id, image_tag, stage_id) \
             VALUES ('local', 'r1', 'api', 'project', 'prod', 'c9', 'created', 'www', 'route', '17', 'v1', 'st')",
        );
        let before = database.line(&BINDING_AND_DEPLOYERS, "FROM containers");
        for (state, cause) in [
            (ContainerState::Running, ChangeCause::Observed),
            (ContainerState::Missing, ChangeCause::Missing),
            (ContainerState::Running, ChangeCause::Returned),
        ] {
            let row = rows(&mut store, &lease).remove(0);
            let report = store.commit(&lease, &plan(vec![update(&row, state, cause)])).expect("a commit");
            assert_eq!(report.updated, 1);
            assert_eq!(database.line(&BINDING_AND_DEPLOYERS, "FROM containers"), before);
        }
        let row = rows(&mut store, &lease).remove(0);
        assert_eq!(row.seen_container_id, Some(ContainerId::new("c9")));
        assert_eq!(row.observed.state, ContainerState::Running);
    }

    fn a_project_row_is_neither_made_nor_bound(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_project(&parent("api", "p", "api")).expect("a project");
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, container_id) \
             VALUES ('local', 'r1', 'api', 'project', 'c9')",
        );
        let bound = rows(&mut store, &lease).remove(0);
        let made = insert_for("api", WorkloadKind::Project, "x", "c7");
        let report = store.commit(&lease, &plan(vec![made, rebind(&bound, "c8")])).expect("a commit");
        assert_eq!(report.refused.len(), 2);
        assert_eq!(database.lines(&["id", "container_id"], "FROM containers"), ["r1|c9"]);
    }

    fn a_row_that_moved_is_left_out_and_the_rest_is_written(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        store.commit(&lease, &plan(vec![insert("db", "c2"), insert("job", "c3")])).expect("a commit");
        let opened = rows(&mut store, &lease);
        database.execute(
            "UPDATE containers SET container_id = 'c9' WHERE id = 'shop:web'; DELETE FROM containers WHERE id = 'shop:job'",
        );
        let mut writes: Vec<_> = opened
            .iter()
            .map(|row| update(row, ContainerState::Stopped, ChangeCause::Observed))
            .collect();
        writes.push(insert("new", "c4"));
        writes.sort_by(|a, b| a.id.cmp(&b.id));
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind) VALUES ('local', 'shop:new', 'shop', 'stack')",
        );
        let report = store.commit(&lease, &plan(writes)).expect("a commit");
        let moved: Vec<_> = report.moved.iter().map(RowId::as_str).collect();
        assert_eq!(moved, ["shop:job", "shop:new", "shop:web"]);
        assert_eq!((report.inserted, report.updated), (0, 1));
        assert_eq!(
            database.lines(&["id", "container_id", "state"], "FROM containers ORDER BY id"),
            ["shop:db|c2|stopped", "shop:new|NULL|created", "shop:web|c9|running"]
        );
    }

    fn a_workload_that_went_drops_its_assignment(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        store.add_site(&parent("docs", "docs", "site")).expect("a site");
        store.remove_site("docs", false).expect("gone again");
        let writes = vec![insert("db", "c2"), insert_for("site", WorkloadKind::Site, "site", "c3")];
        let report = store.commit(&lease, &plan(writes)).expect("a commit");
        assert_eq!(report.ownerless, [RowId::new("site:site")]);
        assert_eq!(report.inserted, 1);
    }

    fn a_clash_writes_nothing_and_row_by_row_costs_only_its_row(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        // Somebody else's row took the container between open and commit.
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, container_id) \
             VALUES ('local', 'other', 'shop', 'stack', 'c2')",
        );
        let mut plan = plan(vec![insert("a", "c4"), insert("b", "c2"), insert("c", "c5")]);
        let error = store.commit(&lease, &plan).expect_err("it clashes");
        assert!(matches!(error, StoreError::Clash { .. }), "{error}");
        assert_eq!(rows(&mut store, &lease).len(), 2);
        plan.row_by_row = true;
        let report = store.commit(&lease, &plan).expect("the rest commits");
        assert_eq!(report.inserted, 2);
        assert_eq!(report.refused.iter().map(|(row, _)| row.as_str()).collect::<Vec<_>>(), ["shop:b"]);
        let revisions: Vec<_> = history(&mut store).into_iter().map(|(revision, ..)| revision).collect();
        assert_eq!(revisions, [1, 2, 3]);
    }

    /// S20: within `store_deadline`, so that a service gets over it.
    fn s20_one_poisoned_row_among_10_000_is_found_within_the_deadline(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let mut many: Vec<_> = (0..10_000).map(|n| insert(&format!("r{n:05}"), &format!("k{n}"))).collect();
        if database.is_sqlite() {
            many[7_531].observed.state = ContainerState::Other("".into());
        } else {
            many[7_531].observed.name = "a\0b".into();
        }
        let mut plan = plan(many);
        plan.row_by_row = true;
        let began = std::time::Instant::now();
        let report = store.commit(&lease, &plan).expect("the rest commits");
        assert!(began.elapsed() < database.config.store_deadline, "{:?}", began.elapsed());
        assert_eq!(report.inserted, 9_999);
        assert_eq!(report.refused.iter().map(|(row, _)| row.as_str()).collect::<Vec<_>>(), ["shop:r07531"]);
        // No hole where the refused row would have been.
        let counted = database.line(&["count(*)", "max(revision)", "count(DISTINCT revision)"], "FROM changes");
        assert_eq!(counted, "10000|10000|10000");
        assert_eq!(report.revision.map(|revision| revision.0), Some(10_000));
    }

    /// S20: what the database refuses as data costs only its row.
    fn s20_a_poisoned_row_costs_only_itself(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let mut poisoned = insert("b", "c5");
        if database.is_sqlite() {
            poisoned.observed.state = ContainerState::Other("".into());
        } else {
            poisoned.observed.name = "a\0b".into();
        }
        let mut plan = plan(vec![insert("a", "c4"), poisoned, insert("c", "c6")]);
        let error = store.commit(&lease, &plan).expect_err("it is refused");
        assert!(matches!(error, StoreError::Refused { .. }), "{error}");
        plan.row_by_row = true;
        let report = store.commit(&lease, &plan).expect("the rest commits");
        assert_eq!((report.inserted, report.refused.len()), (2, 1));
    }

    fn a_rebinding_is_one_change(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let row = rows(&mut store, &lease).remove(0);
        let report = store.commit(&lease, &plan(vec![rebind(&row, "c2")])).expect("a commit");
        assert_eq!((report.updated, report.rebound), (1, 1));
        let row = rows(&mut store, &lease).remove(0);
        assert_eq!(row.binding.container_id, Some(ContainerId::new("c2")));
        assert_eq!(row.seen_container_id, Some(ContainerId::new("c2")));
        assert_eq!(history(&mut store).last().map(|change| change.4), Some("rebound"));
    }

    /// F11: the row that the container leaves goes with the write, and first: no two rows have one container.
    fn a_container_that_moves_down_takes_its_row_along(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        store.commit(&lease, &plan(vec![insert("web:2", "c2"), insert("web:3", "c3")])).expect("two more");
        let all = rows(&mut store, &lease);
        let row = |id: &str| all.iter().find(|row| row.id.as_str() == id).expect("it is there");
        let moves = RowWrite { leaves: Some(RowId::new("shop:web:3")), ..rebind(row("shop:web"), "c3") };
        let goes = RowWrite { from_state: Some(ContainerState::Running), ..update(row("shop:web:2"), ContainerState::Forgotten, ChangeCause::Scaled) };
        for row_by_row in [false, true] {
            let mut plan = plan(vec![moves.clone(), goes.clone()]);
            plan.row_by_row = row_by_row;
            let report = store.commit(&lease, &plan).expect("a commit");
            if row_by_row {
                assert_eq!((report.moved.len(), report.scaled), (2, 0), "it is done already");
            } else {
                assert_eq!((report.updated, report.rebound, report.scaled, report.moved.len()), (1, 1, 2, 0));
            }
        }
        let left: Vec<_> = rows(&mut store, &lease).into_iter().map(|row| (row.id.to_string(), row.binding.container_id)).collect();
        assert_eq!(left, [("shop:web".to_owned(), Some(ContainerId::new("c3")))]);
        let told: Vec<_> = history(&mut store).into_iter().skip(3).map(|change| (change.1, change.3, change.4)).collect();
        assert_eq!(told, [
            ("shop:web:3".into(), "forgotten".into(), "scaled"),
            ("shop:web".into(), "running".into(), "rebound"),
            ("shop:web:2".into(), "forgotten".into(), "scaled"),
        ]);
    }

    /// F11, I2: what a deployer writes while a pass runs keeps its row, and the container that was to leave it.
    fn a_deployers_word_of_meanwhile_keeps_a_surplus_row(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        store.commit(&lease, &plan(vec![insert("web:2", "c2")])).expect("one more");
        let all = rows(&mut store, &lease);
        assert!(all.iter().all(|row| !row.bears_deployers_column));
        let moves = RowWrite { leaves: Some(all[1].id.clone()), ..rebind(&all[0], "c2") };
        let goes = update(&all[1], ContainerState::Forgotten, ChangeCause::Scaled);
        database.execute("UPDATE containers SET subdomain = '', stage_id = 'live' WHERE id = 'shop:web:2'");
        for write in [moves, goes] {
            let report = store.commit(&lease, &plan(vec![write.clone()])).expect("a commit");
            assert_eq!((report.moved, report.scaled), (vec![write.id], 0));
        }
        let all = rows(&mut store, &lease);
        assert_eq!(all.iter().map(|row| row.bears_deployers_column).collect::<Vec<_>>(), [false, true]);
        database.execute("UPDATE containers SET stage_id = '' WHERE id = 'shop:web:2'");
        assert!(rows(&mut store, &lease).iter().all(|row| !row.bears_deployers_column), "an empty text is nothing");
    }

    fn a_state_that_somebody_else_wrote_gets_its_own_change_first(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        // It takes the container away, says that the deploy failed, and gives the container back.
        database.execute("UPDATE containers SET container_id = NULL");
        database.execute("UPDATE containers SET state = 'failed'");
        database.execute("UPDATE containers SET container_id = 'c1'");
        let row = rows(&mut store, &lease).remove(0);
        let mut write = update(&row, ContainerState::Running, ChangeCause::Observed);
        write.foreign_state = Some(ContainerState::Failed);
        store.commit(&lease, &plan(vec![write])).expect("a commit");
        let told: Vec<_> = history(&mut store).into_iter().skip(1).collect();
        assert_eq!(told, [
            (2, "shop:web".into(), Some("running".into()), "failed".into(), "deployer"),
            (3, "shop:web".into(), Some("failed".into()), "running".into(), "observed"),
        ]);
    }

    /// I2: a deployer that sets `failed` while its `created` is being recorded keeps its word.
    fn recording_a_deployers_state_does_not_undo_a_later_one(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_project(&parent("api", "p", "api")).expect("a project");
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind) VALUES ('local', 'r1', 'api', 'project')",
        );
        let row = rows(&mut store, &lease).remove(0);
        let mut write = update(&row, ContainerState::Created, ChangeCause::Deployer);
        write.from_state = None;
        database.execute("UPDATE containers SET state = 'failed'");
        let report = store.commit(&lease, &plan(vec![write.clone()])).expect("a commit");
        assert_eq!(report.moved.len(), 1);
        assert_eq!(database.line(&["state"], "FROM containers"), "failed");
        write.observed.state = ContainerState::Failed;
        store.commit(&lease, &plan(vec![write])).expect("a commit");
        assert_eq!(history(&mut store), [(1, "r1".into(), None, "failed".into(), "deployer")]);
        assert_eq!(database.line(&["recorded_state"], "FROM containers"), "failed");
    }

    fn recording_a_deployers_state_is_no_look_at_its_container(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_project(&parent("api", "p", "api")).expect("a project");
        database.execute(
            "INSERT INTO containers (host, id, workload_id, workload_kind, container_id) \
             VALUES ('local', 'r1', 'api', 'project', 'c9')",
        );
        let row = rows(&mut store, &lease).remove(0);
        let mut write = update(&row, ContainerState::Created, ChangeCause::Deployer);
        write.from_state = None;
        assert_eq!(store.commit(&lease, &plan(vec![write])).expect("a commit").updated, 1);
        assert_eq!(rows(&mut store, &lease).remove(0).seen_container_id, None);
        assert_eq!(store.new_bindings(&lease.host).expect("they can be read").len(), 1);
    }

    fn a_failed_pass_writes_the_hosts_status_alone(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let before = store.host(&lease.host).expect("the host");
        let mut failed = plan(vec![insert("db", "c2")]);
        failed.pass.outcome = PassOutcome::WrongDaemon;
        failed.pass.error = Some("another daemon".into());
        failed.host.status = Some(dockledger::model::HostStatus::WrongDaemon);
        failed.host.identity = Some(identity("daemon-2"));
        assert_eq!(store.commit(&lease, &failed).expect("a commit").inserted, 0);
        let after = store.host(&lease.host).expect("the host");
        assert_eq!(after.status, Some(dockledger::model::HostStatus::WrongDaemon));
        assert_eq!(after.last_error.as_deref(), Some("another daemon"));
        assert_eq!(after.last_complete_pass_at, before.last_complete_pass_at);
        assert_eq!((after.engine_identity, after.last_pass_id), (before.engine_identity, before.last_pass_id));
        assert_eq!(rows(&mut store, &lease).len(), 1);
        assert_eq!(store.passes(None, 10).expect("passes")[0].outcome, "wrong_daemon");
    }

    /// S17: a commit whose answer was lost is repeated without harm.
    fn s17_a_pass_that_commits_twice_is_recorded_once(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let mut failed = plan(Vec::new());
        failed.pass.outcome = PassOutcome::Failed;
        store.commit(&lease, &failed).expect("a commit");
        store.commit(&lease, &failed).expect("the same again");
        assert_eq!(store.passes(None, 10).expect("passes").len(), 2);
    }

    /// I11
    fn another_hosts_rows_are_never_touched(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let mut other_config = database.config.clone();
        other_config.host = "other".into();
        let other = lease_of(&mut store, &other_config.host);
        let mut theirs = plan(vec![insert("web", "c1")]);
        theirs.host.identity = Some(identity("daemon-2"));
        store.commit(&other, &theirs).expect("the same row id and container on another host");
        let before = database.lines(&["host", "id", "state", "revision"], "FROM containers WHERE host = 'other'");
        let row = rows(&mut store, &lease).remove(0);
        store
            .commit(&lease, &plan(vec![update(&row, ContainerState::Missing, ChangeCause::Missing)]))
            .expect("a commit");
        store.forget_host(&lease.host).expect_err("it is held");
        store.release_lease(&lease).expect("released");
        assert_eq!(store.forget_host(&lease.host).expect("forgotten"), 1);
        let after = database.lines(&["host", "id", "state", "revision"], "FROM containers WHERE host = 'other'");
        assert_eq!((before.len(), before), (1, after));
    }

    /// I2: a deployer in another process writes all the while.
    fn neither_a_deployer_nor_a_pass_loses_a_write(database: &TestDatabase) {
        const WRITES: u32 = 40;
        let (mut store, lease) = with_one_row(database);
        std::thread::scope(|scope| {
            let deployer = scope.spawn(|| {
                let mut deployer = database.deployer();
                for number in 1..=WRITES {
                    let sql = format!("UPDATE containers SET image_tag = COALESCE(image_tag, '') || 'x', subdomain = 's{number}'");
                    deployer.execute(&sql).expect("a deployer's write");
                }
            });
            let mut passes = 0;
            while !deployer.is_finished() || passes < 2 {
                let row = rows(&mut store, &lease).remove(0);
                let mut write = update(&row, ContainerState::Running, ChangeCause::Observed);
                write.observed.port = row.observed.port + 1;
                let report = store.commit(&lease, &plan(vec![write])).expect("a commit");
                assert_eq!(report.updated, 1);
                passes += 1;
            }
            assert_eq!(rows(&mut store, &lease)[0].observed.port, 8080 + passes);
        });
        let expected = format!("{}|s{WRITES}", "x".repeat(WRITES as usize));
        assert_eq!(database.line(&["image_tag", "subdomain"], "FROM containers"), expected);
    }

    /// I5
    fn revisions_grow_in_the_order_of_commits_with_two_writers(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let other = lease_of(&mut store, &"other".into());
        let write = |lease: Lease, prefix: &'static str| {
            let mut store = database.open();
            for number in 0..20 {
                let role = format!("{prefix}{number}");
                let mut one = plan(vec![insert(&role, &role)]);
                one.host.identity = None;
                while let Err(error) = store.commit(&lease, &one) {
                    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
                }
            }
        };
        let seen = std::thread::scope(|scope| {
            let writers = [scope.spawn(|| write(lease, "a")), scope.spawn(|| write(other, "b"))];
            let mut seen = Vec::new();
            while seen.len() < 41 {
                let finished = writers.iter().all(|writer| writer.is_finished());
                let after = seen.last().copied().unwrap_or(0);
                let page = store.changes(Some(dockledger::model::Revision(after)), None, 100).expect("a page");
                seen.extend(page.changes.iter().map(|change| change.revision.0));
                assert!(!finished || page.latest.0 == 41);
            }
            seen
        });
        assert_eq!(seen, (1..=41).collect::<Vec<_>>());
    }

    fn details_are_paid_to_the_container_that_was_inspected(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let details = InspectedDetails {
            restart_count: Some(3),
            oom_killed: Some(false),
            started_at: Some(crate::store::build::BEGAN),
            ..Default::default()
        };
        let write = |container: &str| DetailsWrite {
            row: RowId::new("shop:web"),
            container: ContainerId::new(container),
            details: details.clone(),
            still_owed: false,
        };
        assert_eq!(store.write_details(&lease, &[write("c7")]).expect("paid").written, 0);
        assert!(rows(&mut store, &lease)[0].details_owed);
        let report = store.write_details(&lease, &[write("c1")]).expect("paid");
        assert_eq!((report.written, report.revision), (1, None), "what an inspect adds is no change");
        let row = rows(&mut store, &lease).remove(0);
        assert_eq!((row.details_owed, row.observed.restart_count, row.observed.oom_killed), (false, Some(3), Some(false)));
        let again = store.write_details(&lease, &[write("c1")]).expect("paid");
        assert_eq!((again.written, again.revision), (1, None));
    }

    fn that_somebody_has_to_look_is_a_change_whoever_tells_it(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let pay = |store: &mut Store, oom_killed| {
            let details = InspectedDetails { oom_killed: Some(oom_killed), ..Default::default() };
            let (row, container) = (RowId::new("shop:web"), ContainerId::new("c1"));
            store.write_details(&lease, &[DetailsWrite { row, container, details, still_owed: false }]).expect("paid");
            store.changes(None, None, 1).expect("changes").changes.remove(0)
        };
        for (killed, from, to) in [(true, None, Some("out_of_memory")), (false, Some("out_of_memory"), None)] {
            let told = pay(&mut store, killed);
            let attention = &told.differences["attention"];
            assert_eq!((attention.from.as_deref(), attention.to.as_deref()), (from, to));
            assert_eq!(told.cause, ChangeCause::Observed);
            assert_eq!((told.workload_name.as_deref(), told.role.as_deref()), (Some("shop"), Some("web")));
            assert_eq!(told.name.as_deref(), Some("shop-web-1"));
            assert_eq!(database.line(&["attention"], "FROM containers_view"), to.unwrap_or_default());
        }
    }

    fn a_change_is_told_for_when_it_happened(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let earlier = crate::store::build::BEGAN.minus(std::time::Duration::from_secs(60));
        let row = rows(&mut store, &lease).remove(0);
        let stopped = RowWrite { at: earlier, ..update(&row, ContainerState::Stopped, ChangeCause::Observed) };
        let made = RowWrite { at: earlier, ..insert("api", "c2") };
        let met = [insert("db", "c3"), insert("queue", "c4")];
        let [db, queue] = met;
        store.commit(&lease, &plan(vec![made, db, queue, stopped])).expect("a commit");
        let told: Vec<_> = store.changes(None, None, 4).expect("changes").changes;
        let at = |row: &str| told.iter().find(|change| change.row_id.as_str() == row).expect("it is told").at;
        let listed = crate::store::build::BEGAN;
        let rows = ["shop:api", "shop:db", "shop:queue", "shop:web"];
        assert_eq!(rows.map(at), [earlier, listed, listed, earlier]);
        assert!(told.is_sorted_by(|a, b| a.revision < b.revision) && told.len() == 4, "{told:?}");
    }

    /// F9, F12
    fn what_an_inspect_knows_better_is_no_change(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        database.execute("UPDATE containers SET image_ref = ''");
        let row = rows(&mut store, &lease).remove(0);
        let (floor, created) = (Timestamp::from_millis(1), crate::store::build::BEGAN.minus(std::time::Duration::from_millis(7)));
        let mut met = update(&row, ContainerState::Created, ChangeCause::Observed);
        met.observed.image_ref = format!("sha256:{}", "ab".repeat(32)).into();
        met.observed.health = None;
        (met.state_after, met.details_owed) = (Some(floor), true);
        store.commit(&lease, &plan(vec![met])).expect("a commit");
        let stamped = database.line(&["revision", "updated_at"], "FROM containers");
        let details = InspectedDetails {
            state: Some(ContainerState::Created),
            created_at: Some(created),
            image_ref: Some("nginx:1.25".into()),
            ..InspectedDetails::default()
        };
        let write = |details: &InspectedDetails| DetailsWrite {
            row: RowId::new("shop:web"),
            container: ContainerId::new("c1"),
            details: details.clone(),
            still_owed: false,
        };
        assert_eq!(store.write_details(&lease, &[write(&details)]).expect("paid").revision, None);
        let row = rows(&mut store, &lease).remove(0);
        assert_eq!((&*row.observed.image_ref, row.observed.state_since), ("nginx:1.25", Some(created)));
        assert_eq!((row.state_after, row.details_owed), (None, false));
        assert_eq!(database.line(&["revision", "updated_at"], "FROM containers"), stamped, "no reader is told");
        let other = InspectedDetails { image_ref: Some("other:1".into()), ..details };
        store.write_details(&lease, &[write(&other)]).expect("paid");
        assert_eq!(&*rows(&mut store, &lease)[0].observed.image_ref, "nginx:1.25", "a name stays");
    }

    /// F12: Podman's list tells none before version 6.
    fn the_health_that_only_an_inspect_tells_is_written_where_there_was_none(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let pay = |store: &mut Store, word: &str, state, still_owed| {
            let details = InspectedDetails {
                state: Some(state),
                health: dockledger::model::HealthFact::Known(word.into()),
                ..InspectedDetails::default()
            };
            let (row, container) = (RowId::new("shop:web"), ContainerId::new("c1"));
            let report = store.write_details(&lease, &[DetailsWrite { row, container, details, still_owed }]);
            let health = rows(store, &lease).remove(0).observed.health.map(String::from);
            (report.expect("paid").revision.is_some(), health)
        };
        let running = ContainerState::Running;
        let healthy = Some("healthy".to_owned());
        assert_eq!(pay(&mut store, "unhealthy", running.clone(), false), (false, healthy), "a pass knows better");
        let mut silent = update(&rows(&mut store, &lease)[0], running.clone(), ChangeCause::Observed);
        silent.observed.health = None;
        store.commit(&lease, &plan(vec![silent])).expect("a commit");
        assert_eq!(pay(&mut store, "starting", ContainerState::Paused, false), (false, None), "of another state");
        assert_eq!(pay(&mut store, "starting", running.clone(), true), (false, None), "of before, perhaps");
        assert_eq!(pay(&mut store, "starting", running, false), (true, Some("starting".to_owned())));
        let told = store.changes(None, None, 1).expect("changes").changes.remove(0);
        assert_eq!(told.differences["health"].to.as_deref(), Some("starting"));
    }

    /// A pass opens, details are written, and only then the pass commits.
    fn a_pass_that_opened_before_details_came_takes_none_of_them_back(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let listed = crate::store::build::BEGAN;
        database.execute("UPDATE containers SET image_ref = ''");
        let mut met = update(&rows(&mut store, &lease)[0], ContainerState::Stopped, ChangeCause::Observed);
        met.observed.image_ref = format!("sha256:{}", "ab".repeat(32)).into();
        met.state_after = Some(listed.minus(std::time::Duration::from_secs(60)));
        store.commit(&lease, &plan(vec![met])).expect("a commit");
        let opened = rows(&mut store, &lease).remove(0);
        let ended = listed.minus(std::time::Duration::from_secs(7));
        let details = InspectedDetails {
            state: Some(ContainerState::Stopped),
            finished_at: Some(ended),
            restart_count: Some(4),
            image_ref: Some("nginx:1.25".into()),
            ..InspectedDetails::default()
        };
        let (row, container) = (RowId::new("shop:web"), ContainerId::new("c1"));
        store.write_details(&lease, &[DetailsWrite { row, container, details, still_owed: false }]).expect("paid");

        let mut late = update(&opened, ContainerState::Stopped, ChangeCause::Observed);
        late.observed.name = "renamed".into();
        store.commit(&lease, &plan(vec![late])).expect("a commit");
        let written = rows(&mut store, &lease).remove(0);
        let observed = &written.observed;
        assert_eq!((observed.finished_at, observed.restart_count), (Some(ended), Some(4)));
        assert_eq!((observed.state_since, written.state_after), (Some(ended), None));
        assert_eq!((&*observed.name, &*observed.image_ref), ("renamed", "nginx:1.25"));
    }

    /// What only a list told is dated by an event that comes later; a deployer's word in between stands.
    fn since_when_is_told_later_without_a_change(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let listed = crate::store::build::BEGAN;
        let mut met = update(&rows(&mut store, &lease)[0], ContainerState::Paused, ChangeCause::Observed);
        met.state_after = Some(listed.minus(std::time::Duration::from_secs(60)));
        store.commit(&lease, &plan(vec![met])).expect("a commit");
        let revision = database.line(&["revision"], "FROM containers");
        let dated = |row: &LedgerRow, seconds| RowWrite {
            observed: Observed {
                state_since: Some(listed.minus(std::time::Duration::from_secs(seconds))),
                ..row.observed.clone()
            },
            state_after: None,
            is_silent: true,
            ..update(row, ContainerState::Paused, ChangeCause::Observed)
        };
        let opened = rows(&mut store, &lease).remove(0);
        let report = store.commit(&lease, &plan(vec![dated(&opened, 7)])).expect("a commit");
        assert_eq!((report.updated, report.revision), (0, None));
        store.commit(&lease, &plan(vec![dated(&opened, 9)])).expect("a commit");
        let written = rows(&mut store, &lease).remove(0);
        let since = listed.minus(std::time::Duration::from_secs(7));
        assert_eq!((written.observed.state_since, written.state_after), (Some(since), None), "told once");
        assert!(!written.details_owed);
        assert_eq!(database.line(&["revision"], "FROM containers"), revision);
    }

    fn details_that_are_owed_anew_are_written_and_owed(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let write = |restarts| DetailsWrite {
            row: RowId::new("shop:web"),
            container: ContainerId::new("c1"),
            details: InspectedDetails { restart_count: Some(restarts), ..Default::default() },
            still_owed: true,
        };
        for restarts in [3, 3] {
            store.write_details(&lease, &[write(restarts)]).expect("paid");
            let row = rows(&mut store, &lease).remove(0);
            assert_eq!((row.details_owed, row.observed.restart_count), (true, Some(restarts)));
        }
    }

    fn a_large_first_pass_is_one_commit(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        let mut writes: Vec<_> = (0..2_500).map(|n| insert(&format!("r{n:05}"), &format!("k{n}"))).collect();
        writes.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(store.commit(&lease, &plan(writes)).expect("a commit").inserted, 2_500);
        let updates = rows(&mut store, &lease)
            .iter()
            .map(|row| update(row, ContainerState::Stopped, ChangeCause::Observed))
            .collect();
        let report = store.commit(&lease, &plan(updates)).expect("a commit");
        let expected = CommitReport { updated: 2_501, revision: report.revision, commit_ms: report.commit_ms, ..CommitReport::default() };
        assert_eq!(report, expected);
        assert_eq!(report.revision.map(|revision| revision.0), Some(5_002));
    }
}
