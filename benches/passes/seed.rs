//! The seed pass: the same work done row by row, as a first version of such a program does it: one look-up and one
//! committed upsert for each container, then a sweep row by row; on the same database settings.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::ContainerSummary;
use bollard::query_parameters::ListContainersOptions;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use dockledger::simulation::SimulatedDaemon;
use tempfile::TempDir;

use crate::disk::{self, WalGrowth};
use crate::ours::prepared;

pub(crate) struct Seed {
    docker: Docker,
    connection: SqliteConnection,
    database: PathBuf,
    _directory: TempDir,
}

#[derive(QueryableByName)]
struct WorkloadId {
    #[diesel(sql_type = Text)]
    id: String,
}

#[derive(QueryableByName)]
struct RowId {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    container_id: Option<String>,
}

impl Seed {
    pub(crate) fn new(daemon: &SimulatedDaemon, stacks: &[String]) -> Self {
        let (directory, _) = prepared(daemon, stacks);
        let database = directory.path().join("ledger.db");
        let mut connection = SqliteConnection::establish(&database.display().to_string()).expect("the ledger");
        connection
            .batch_execute("PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -12288;")
            .expect("the same settings");
        // Its table has no triggers, which would have it write each row twice and refuse the states that it writes.
        connection
            .batch_execute(
                "DROP TRIGGER containers_foreign_insert; DROP TRIGGER containers_foreign_update;
                 DROP TRIGGER containers_foreign_unbind; DROP TRIGGER containers_foreign_delete;
                 DROP TRIGGER containers_insert_guard; DROP TRIGGER containers_state_guard;
                 DROP TRIGGER containers_kind_guard;",
            )
            .expect("they are there");
        let socket = daemon.socket().display().to_string();
        let docker = Docker::connect_with_unix(&socket, 120, bollard::API_DEFAULT_VERSION).expect("a client");
        Self { docker, connection, database, _directory: directory }
    }

    pub(crate) async fn pass(&mut self) -> Duration {
        let begin = Instant::now();
        let options = ListContainersOptions { all: true, ..ListContainersOptions::default() };
        let containers = self.docker.list_containers(Some(options)).await.expect("the daemon answers");
        let seen: HashSet<String> = containers.iter().filter_map(|container| container.id.clone()).collect();
        for container in &containers {
            self.write(container);
        }
        self.sweep(&seen);
        begin.elapsed()
    }

    fn write(&mut self, container: &ContainerSummary) {
        let label =
            |key: &str| container.labels.as_ref().and_then(|labels| labels.get(key)).cloned().unwrap_or_default();
        let project = label("com.docker.compose.project");
        let found: Option<WorkloadId> = sql_query("SELECT w.id FROM stacks s JOIN workloads w ON w.kind = 'stack' AND w.ref_id = s.id WHERE s.compose_project_name = ?")
            .bind::<Text, _>(&project)
            .get_result(&mut self.connection)
            .optional()
            .expect("a look-up");
        let Some(workload) = found else { return };
        let id = container.id.clone().unwrap_or_default();
        let service = label("com.docker.compose.service");
        let number = label("com.docker.compose.container-number");
        let row = if number == "1" {
            format!("{}:{service}", workload.id)
        } else {
            format!("{}:{service}:{number}", workload.id)
        };
        let name = container.names.iter().flatten().next().cloned().unwrap_or_default();
        let state = container.state.map(|state| state.to_string()).unwrap_or_default();
        let port = container.ports.iter().flatten().filter_map(|port| port.public_port).min().unwrap_or(0);
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_millis())
            .expect("before the year 292277026");
        sql_query(
            "INSERT INTO containers (host, id, workload_id, workload_kind, role, container_id, name, image_ref, state, port, last_seen_at, updated_at)
             VALUES ('local', ?, ?, 'stack', ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (host, id) DO UPDATE SET workload_id = excluded.workload_id, role = excluded.role,
               container_id = excluded.container_id, name = excluded.name, image_ref = excluded.image_ref,
               state = excluded.state, port = excluded.port, last_seen_at = excluded.last_seen_at, updated_at = excluded.updated_at",
        )
        .bind::<Text, _>(row)
        .bind::<Text, _>(&workload.id)
        .bind::<Text, _>(service)
        .bind::<Text, _>(id)
        .bind::<Text, _>(name)
        .bind::<Text, _>(container.image.clone().unwrap_or_default())
        .bind::<Text, _>(state)
        .bind::<Integer, _>(i32::from(port))
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(now)
        .execute(&mut self.connection)
        .expect("an upsert");
    }

    fn sweep(&mut self, seen: &HashSet<String>) {
        let rows: Vec<RowId> =
            sql_query("SELECT id, container_id FROM containers WHERE host = 'local' AND state <> 'missing'")
                .load(&mut self.connection)
                .expect("the rows");
        for row in rows.iter().filter(|row| row.container_id.as_ref().is_none_or(|id| !seen.contains(id))) {
            sql_query("UPDATE containers SET state = 'missing' WHERE host = 'local' AND id = ?")
                .bind::<Text, _>(&row.id)
                .execute(&mut self.connection)
                .expect("a sweep");
        }
    }

    pub(crate) fn forget_wal(&mut self) {
        self.connection
            .batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0;")
            .expect("a checkpoint");
    }

    pub(crate) fn wal(&self) -> WalGrowth {
        disk::wal_of(&self.database)
    }
}
