//! F6: a pooler that gives each transaction another session of the server, which others use in between.

use diesel::prelude::*;
use dockledger::config::Config;
use dockledger::model::{ClaimRequest, HostName, PassOutcome, WorkloadKind};
use dockledger::simulation::{NewContainer, SimulatedDaemon, World};
use dockledger::store::{NewParent, OpenMode, RowFilter, Store, StoreError};
use dockledger::{Ledger, Mode};

use super::build::{BEGAN, insert_for, parent, plan};
use crate::cli::program::Program;
use crate::support::database::{Deployer, TestDatabase, lease_of};
use crate::support::pgbouncer::PgBouncer;
use crate::support::skip;

/// One session for everybody.
const TRANSACTION_POOL_OF_1: [&str; 3] = ["pool_mode=transaction", "default_pool_size=1", "max_client_conn=50"];

fn pooled(test: &str, settings: &[&str]) -> Option<(TestDatabase, PgBouncer, Config)> {
    if !PgBouncer::is_there() {
        skip::skip(test, "PgBouncer is not installed");
        return None;
    }
    let database = TestDatabase::postgres(test)?;
    let pooler = PgBouncer::before(&database, settings).expect("the pooler starts");
    let config = pooler.config(&database);
    Some((database, pooler, config))
}

/// Another client of the pool: what it finds in the session that everybody shares.
struct Other(Deployer);

impl Other {
    fn of(config: &Config) -> Self {
        Self(Deployer::Postgres(PgConnection::establish(&config.database).expect("the pooler answers")))
    }

    /// It finds the session as the server makes it, and may write.
    fn finds_nothing_of_ours(&mut self) {
        let settings = "SELECT concat_ws(' ', current_setting('default_transaction_read_only'), \
             current_setting('search_path'), current_setting('statement_timeout'), current_setting('lock_timeout'), \
             current_setting('idle_in_transaction_session_timeout'), \
             (SELECT count(*) FROM pg_prepared_statements WHERE name LIKE '\\_\\_diesel%' AND statement LIKE '%container%')) AS line";
        assert_eq!(self.0.query(settings), ["off \"$user\", public 0 0 0 0"]);
        self.0
            .execute("CREATE TABLE IF NOT EXISTS public.theirs (n INT); INSERT INTO public.theirs VALUES (1)")
            .expect("it writes");
    }

    /// What a client leaves behind that takes the session for its own.
    fn leaves_its_own(&mut self) {
        self.0
            .execute(
                "SET search_path = nowhere; SET default_transaction_read_only = on; SET statement_timeout = '200ms'",
            )
            .expect("settings");
    }

    fn cleans_up(&mut self) {
        self.0.execute("RESET ALL").expect("settings");
    }
}

/// Row 6 of the field, with what each kind of call does to the session.
#[test]
fn f6_nothing_leaks_into_the_sessions_of_a_pool_nor_out_of_them() {
    const TEST: &str = "f6_nothing_leaks_into_the_sessions_of_a_pool_nor_out_of_them";
    for also in [&[][..], &["ignore_startup_parameters=options"]] {
        let settings: Vec<&str> = TRANSACTION_POOL_OF_1.iter().chain(also).copied().collect();
        let Some((_database, _pooler, config)) = pooled(TEST, &settings) else { return };
        let mut store = Store::open(&config, OpenMode::Write).expect("it migrates");
        let mut other = Other::of(&config);
        for left_behind in [false, true] {
            let name = if left_behind { "after" } else { "shop" };
            let mut step = || {
                if left_behind {
                    other.cleans_up();
                }
                other.finds_nothing_of_ours();
                if left_behind {
                    other.leaves_its_own();
                }
            };
            step();
            store.add_stack(&parent(name, name, name), None).expect("a stack");
            store.add_project(&parent(&format!("{name}-api"), name, &format!("{name}-w"))).expect("a project");
            step();
            let host = HostName::new(name);
            let lease = lease_of(&mut store, &host);
            let mut pass = plan(vec![insert_for(name, WorkloadKind::Stack, "web", "c1")]);
            pass.host.identity = None;
            assert_eq!(store.commit(&lease, &pass).expect("a pass").inserted, 1);
            step();
            let claim = ClaimRequest {
                project: format!("{name}-api"),
                container_id: Some("k1".into()),
                ..ClaimRequest::default()
            };
            store.claim(&host, &claim).expect("a claim");
            step();
            assert_eq!(store.open_pass(&host, || {}).expect("a pass").rows.len(), 2);
            step();
            let mut reader = Store::open(&config, OpenMode::Read).expect("it opens");
            assert!(reader.rows(&RowFilter::default()).expect("rows").len() >= 2);
            step();
            reader.add_project(&parent("x", "x", "x")).expect_err("a reader does not write");
            step();
            store.add_project(&parent(&format!("{name}-api"), "y", "y")).expect_err("it is there");
            step();
            assert!(Store::migration_status(&config).expect("status").iter().all(|(_, applied)| *applied));
            step();
        }
        other.cleans_up();
    }
}

/// As people meet it: commands, then somebody else, then a service for some passes, beside another service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_commands_and_services_work_behind_a_pool_of_one_session() {
    const TEST: &str = "f6_commands_and_services_work_behind_a_pool_of_one_session";
    let Some((database, _pooler, mut config)) = pooled(TEST, &TRANSACTION_POOL_OF_1) else { return };
    let daemon = SimulatedDaemon::start(World::new(1, BEGAN)).expect("a simulated daemon");
    daemon.with(|world| world.run(NewContainer::new("c0", "busybox").compose("shop", "s0", 1))).expect("a container");
    config.docker_host = Some(daemon.docker_host());
    let program =
        Program::new().variable("DATABASE_URL", &config.database).variable("DOCKER_HOST", &daemon.docker_host());
    let mut other = Other::of(&config);
    for line in [
        &["migrate", "up"][..],
        &["stack", "add", "shop"],
        &["project", "add", "api"],
        &["stage", "add", "api", "prod"],
        &["once"],
        &["claim", "--project", "api", "--stage", "prod", "--row", "r1"],
        &["ps"],
        &["unassigned"],
        &["changes", "--since", "0"],
        &["hosts"],
        &["release", "r1"],
    ] {
        let ended = program.run(line);
        assert_eq!(ended.code, Some(0), "{line:?}: {ended:?}");
        other.finds_nothing_of_ours();
    }
    let ledger = Ledger::spawn(config.clone(), Mode::Service, false).await.expect("it starts");
    let mut beside = config.clone();
    beside.host = HostName::new("beside");
    beside.docker_host = Some("unix:///nowhere.sock".into());
    let beside = Ledger::spawn(beside, Mode::Service, false).await.expect("it starts");
    for number in 0..5 {
        let which = |world: &mut World| if number % 2 == 0 { world.stop("c0") } else { world.start("c0") };
        daemon.with(which).expect("it is there");
        let report = ledger.reconcile().await;
        assert_eq!((report.error, report.outcome), (None, PassOutcome::Committed));
        beside.reconcile().await;
        let name = format!("later-{number}");
        ledger.registry(move |store| store.add_project(&NewParent::named(name))).await.expect("a project");
        other.finds_nothing_of_ours();
    }
    ledger.settle_details().await;
    assert_eq!(database.line(&["state"], "FROM containers"), "stopped");
    assert_eq!(ledger.status().store_trouble, None);
    beside.stop().await;
    ledger.stop().await;
    other.finds_nothing_of_ours();
    assert_eq!(database.line(&["lease_holder"], "FROM hosts WHERE name = 'local'"), "NULL", "it was given up");
}

/// Where no transaction is possible, that is said.
#[test]
fn f6_a_pool_that_splits_transactions_is_refused_with_the_cure() {
    const TEST: &str = "f6_a_pool_that_splits_transactions_is_refused_with_the_cure";
    let Some((_database, _pooler, config)) = pooled(TEST, &["pool_mode=statement"]) else { return };
    for mode in [OpenMode::Write, OpenMode::Read] {
        let error = Store::open(&config, mode).expect_err("no transaction is possible");
        let told = error.to_string();
        assert!(matches!(error, StoreError::Unopened { .. }), "{told}");
        assert!(told.contains("pool_mode = transaction"), "{told}");
    }
}

/// Straight to the server the session is ours: its settings are made once, and its statements are prepared once.
#[test]
fn a_direct_connection_keeps_its_prepared_statements() {
    let Some(database) = TestDatabase::postgres("a_direct_connection_keeps_its_prepared_statements") else { return };
    let mut url = database.config.database.clone();
    url.push_str("&options=-c%20application_name%3Dours");
    let mut store =
        Store::open(&Config { database: url, ..database.config.clone() }, OpenMode::Write).expect("it opens");
    store.list_projects().expect("none");
    let sessions = database
        .lines(&["query"], "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ours'");
    let [last] = &sessions[..] else { panic!("one session, with the options of the URL: {sessions:?}") };
    assert!(last.starts_with("SELECT") && last.contains("projects"), "no transaction around one read: {last}");
}
