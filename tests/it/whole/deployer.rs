//! A deployer beside us: another process that writes its own columns in the same rows while we reconcile.
//!
//! The process is this test binary, started again with [`PLAN`] set; it runs [`deployer_process`] alone.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Nullable, Text};
use dockledger::Mode;
use dockledger::config::Config;
use dockledger::model::StoredRow;
use dockledger::simulation::NewContainer;
use dockledger::store::{NewParent, OpenMode, RowFilter, Store};
use serde::{Deserialize, Serialize};

use super::ledger::{Case, until};
use crate::support::database::TestDatabase;

/// Names the file that tells the deployer what to do.
const PLAN: &str = "DOCKLEDGER_TEST_DEPLOYER_PLAN";

/// Passes that run beside the deployer.
const PASSES: usize = 1_000;

#[derive(Serialize, Deserialize)]
struct Plan {
    database: String,
    schema: String,
    workload: String,
    containers: Vec<String>,
    /// The deployer ends when this file exists.
    stop: String,
    /// Where it says what it wrote last.
    told: String,
}

/// What the deployer wrote last to one row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    subdomain: Option<String>,
    proxy_route_id: Option<String>,
    image_tag: Option<String>,
    container_id: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Told {
    rows: BTreeMap<String, Written>,
    cycles: u64,
    binds: u64,
}

/// I2, I3: 1,000 passes beside a deployer in a loop; neither loses a write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployer_in_a_loop_and_a_thousand_passes_lose_no_write_on_sqlite() {
    beside_a_deployer(&TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployer_in_a_loop_and_a_thousand_passes_lose_no_write_on_postgres() {
    if let Some(database) = TestDatabase::postgres(module_path!()) {
        beside_a_deployer(&database).await;
    }
}

async fn beside_a_deployer(database: &TestDatabase) {
    let (case, workload, containers) = project_case(database, 24);
    let plan = Plan {
        database: case.config.database.clone(),
        schema: case.config.database_schema.clone(),
        workload,
        containers,
        stop: case.path("stop").display().to_string(),
        told: case.path("told").display().to_string(),
    };
    let deployer = start_deployer(&case, &plan);
    let ledger = case.spawn(Mode::Once { details_limit: 64 }).await;
    let mut updated = 0;
    for pass in 0..PASSES {
        let name = format!("p{}", pass % 24);
        // Something changes in each pass, so that each writes beside the deployer.
        let acted = case.daemon.with(|world| world.stop(&name).or_else(|_| world.start(&name)));
        acted.expect("it exists");
        let report = ledger.reconcile().await;
        assert_eq!(report.error, None, "pass {pass}");
        updated += report.updated;
    }
    let told = stop_deployer(deployer, &plan);
    ledger.reconcile().await;
    ledger.reconcile().await;
    ledger.stop().await;
    assert!(told.cycles > 50 && told.binds > 20 && updated > 100, "{} {} {updated}", told.cycles, told.binds);
    let rows = rows_of(&case.config);
    assert_eq!(rows.keys().collect::<Vec<_>>(), told.rows.keys().collect::<Vec<_>>(), "no row is lost or made");
    for (id, written) in &told.rows {
        let row = &rows[id];
        assert_eq!(&of_deployer(row), written, "what the deployer wrote last to {id} stands");
        assert_true(&case, row);
    }
}

/// A row that a deployer binds with SQL of its own is true within 2 s, between two ticks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_a_deployer_binds_is_true_within_two_seconds() {
    let databases = [Some(TestDatabase::sqlite()), TestDatabase::postgres(module_path!())];
    for database in databases.into_iter().flatten() {
        let (case, workload, _) = project_case(&database, 1);
        let ledger = case.spawn(Mode::Service).await;
        let booted = || ledger.watch_status().borrow().last_report.is_some();
        until(&ledger, Duration::from_secs(10), "the boot pass", booted).await;
        let mut deployer = Deployer::connect(&case.config.database, &case.config.database_schema);
        // One that the boot pass listed, and one that was made after it, which no pass has seen.
        for (row, name) in [("early", "p0"), ("late", "late")] {
            if name == "late" {
                let container = NewContainer::new(name, "busybox").label("tinyforge.workload.id", workload.as_str());
                case.daemon.with(|world| world.run(container)).expect("a fresh name");
            }
            let container = case.daemon.with(|world| world.container(name).expect("it exists").id.to_string());
            deployer.insert(&workload, row);
            deployer.bind(row, Some(&container));
            let is_true = || rows_of(&case.config)[row].observed.state.as_str() == "running";
            until(&ledger, Duration::from_secs(2), "the bound row is true", is_true).await;
        }
        ledger.stop().await;
    }
}

/// A project `app` and `count` running containers of it, named `p0` and so on.
fn project_case(database: &TestDatabase, count: usize) -> (Case, String, Vec<String>) {
    let mut case = Case::new();
    case.config = Config { docker_host: case.config.docker_host.clone(), ..database.config.clone() };
    let mut store = Store::open(&case.config, OpenMode::Write).expect("it opens");
    let workload = store.add_project(&NewParent::named("app")).expect("fresh").workload_id.to_string();
    let containers = (0..count)
        .map(|n| {
            let container =
                NewContainer::new(format!("p{n}"), "busybox").label("tinyforge.workload.id", workload.as_str());
            case.daemon.with(|world| world.run(container)).expect("a fresh name").to_string()
        })
        .collect();
    (case, workload, containers)
}

fn rows_of(config: &Config) -> BTreeMap<String, StoredRow> {
    let mut store = Store::open(config, OpenMode::Read).expect("it opens");
    let rows = store.rows(&RowFilter::default()).expect("it can be read");
    rows.into_iter().map(|row| (row.id.to_string(), row)).collect()
}

fn of_deployer(row: &StoredRow) -> Written {
    Written {
        subdomain: row.deployer.subdomain.clone(),
        proxy_route_id: row.deployer.proxy_route_id.clone(),
        image_tag: row.deployer.image_tag.clone(),
        container_id: row.binding.container_id.as_ref().map(ToString::to_string),
    }
}

fn assert_true(case: &Case, row: &StoredRow) {
    let Some(container) = &row.binding.container_id else { return };
    let state = case.daemon.with(|world| world.container(container.as_str()).expect("it exists").state.clone());
    let expected = if state.as_str() == "exited" { "stopped" } else { state.as_str() };
    assert_eq!(row.observed.state.as_str(), expected, "{}", row.id);
}

fn start_deployer(case: &Case, plan: &Plan) -> Child {
    let file = case.path("plan");
    std::fs::write(&file, serde_json::to_vec(plan).expect("plain data")).expect("a file");
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "whole::deployer::deployer_process", "--nocapture"])
        .env(PLAN, file)
        .stdout(Stdio::null())
        .spawn()
        .expect("this test can be started again")
}

fn stop_deployer(mut deployer: Child, plan: &Plan) -> Told {
    std::fs::write(&plan.stop, "").expect("a file");
    assert!(deployer.wait().expect("our own child").success(), "every write of the deployer succeeded");
    serde_json::from_slice(&std::fs::read(&plan.told).expect("it told")).expect("what it told")
}

/// The deployer itself, in a process of its own. Started as a test it has no plan and nothing to do.
#[test]
fn deployer_process() {
    let Some(file) = std::env::var_os(PLAN) else { return };
    let plan: Plan = serde_json::from_slice(&std::fs::read(file).expect("a plan")).expect("a plan");
    let mut deployer = Deployer::connect(&plan.database, &plan.schema);
    let mut told = Told::default();
    while !std::path::Path::new(&plan.stop).exists() {
        let cycle = told.cycles;
        told.cycles += 1;
        if told.rows.len() < 12 && cycle.is_multiple_of(3) {
            let id = format!("row-{}", told.rows.len());
            deployer.insert(&plan.workload, &id);
            told.rows.insert(id, Written::default());
        }
        let ids: Vec<String> = told.rows.keys().cloned().collect();
        let id = &ids[usize::try_from(cycle).expect("small") % ids.len()];
        if cycle.is_multiple_of(2) {
            let taken: Vec<_> = told.rows.values().filter_map(|written| written.container_id.clone()).collect();
            let start = usize::try_from(cycle * 7).expect("small") % plan.containers.len();
            let free =
                plan.containers.iter().cycle().skip(start).take(plan.containers.len()).find(|c| !taken.contains(c));
            deployer.bind(id, free.map(String::as_str));
            told.rows.get_mut(id).expect("its own").container_id = free.cloned();
            told.binds += 1;
        }
        let written = told.rows.get_mut(id).expect("its own");
        written.subdomain = Some(format!("s{cycle}"));
        written.image_tag = Some(format!("t{cycle}"));
        written.proxy_route_id = cycle.is_multiple_of(5).then(|| format!("r{cycle}"));
        deployer.write(id, written);
    }
    std::fs::write(&plan.told, serde_json::to_vec(&told).expect("plain data")).expect("a file");
}

/// A deployer's connection and its SQL, which knows only its own columns.
enum Deployer {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Deployer {
    fn connect(database: &str, schema: &str) -> Self {
        if database.starts_with("postgres") {
            let mut connection = PgConnection::establish(database).expect("it connects");
            connection.batch_execute(&format!("SET search_path TO {schema}")).expect("a schema");
            Self::Postgres(connection)
        } else {
            let mut connection = SqliteConnection::establish(database).expect("it opens");
            connection.batch_execute("PRAGMA busy_timeout = 20000").expect("a pragma");
            Self::Sqlite(connection)
        }
    }

    fn insert(&mut self, workload: &str, id: &str) {
        self.run(
            "INSERT INTO containers (host, id, workload_id, workload_kind, role, state) VALUES ('local', $1, $2, 'project', 'production', 'created')",
            &[Some(id), Some(workload)],
        );
    }

    fn bind(&mut self, id: &str, container: Option<&str>) {
        self.run("UPDATE containers SET container_id = $1 WHERE host = 'local' AND id = $2", &[container, Some(id)]);
    }

    fn write(&mut self, id: &str, written: &Written) {
        self.run(
            "UPDATE containers SET subdomain = $1, image_tag = $2, proxy_route_id = $3 WHERE host = 'local' AND id = $4",
            &[written.subdomain.as_deref(), written.image_tag.as_deref(), written.proxy_route_id.as_deref(), Some(id)],
        );
    }

    fn run(&mut self, sql: &str, values: &[Option<&str>]) {
        let rows = match self {
            Self::Sqlite(connection) => {
                let query = values
                    .iter()
                    .fold(sql_query(sql).into_boxed(), |q, v| q.bind::<Nullable<Text>, _>(v.map(str::to_owned)));
                query.execute(connection)
            }
            Self::Postgres(connection) => {
                let query = values
                    .iter()
                    .fold(sql_query(sql).into_boxed(), |q, v| q.bind::<Nullable<Text>, _>(v.map(str::to_owned)));
                query.execute(connection)
            }
        };
        assert_eq!(rows, Ok(1), "{sql} {values:?}");
    }
}
