//! The database as a seed's checks read it: on a connection of their own, whole, and only when it changed.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

/// One row, of any host.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = Text)]
    pub(crate) host: String,
    #[diesel(sql_type = Text)]
    pub(crate) id: String,
    #[diesel(sql_type = Text)]
    pub(crate) workload_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) workload_kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) role: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) container_id: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Text)]
    pub(crate) image_ref: String,
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = Integer)]
    pub(crate) port: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(crate) exit_code: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) health: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) subdomain: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) proxy_route_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) npm_proxy_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) image_tag: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) stage_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub(crate) updated_at: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) revision: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) recorded_state: Option<String>,
    #[diesel(sql_type = Bool)]
    pub(crate) details_owed: bool,
}

const ROWS: &str = "SELECT host, id, workload_id, workload_kind, role, container_id, name, image_ref, state, port, \
     exit_code, health, subdomain, proxy_route_id, npm_proxy_id, image_tag, stage_id, updated_at, revision, \
     recorded_state, details_owed FROM containers";

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct Told {
    #[diesel(sql_type = BigInt)]
    pub(crate) revision: i64,
    #[diesel(sql_type = Text)]
    pub(crate) host: String,
    #[diesel(sql_type = Text)]
    pub(crate) row_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) container_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) from_state: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) to_state: String,
    #[diesel(sql_type = Text)]
    pub(crate) cause: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) pass_id: Option<String>,
}

const CHANGES: &str = "SELECT revision, host, row_id, container_id, from_state, to_state, cause, pass_id FROM changes \
     WHERE revision > ";

/// The host's line, as far as it is checked, and the counter of revisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, QueryableByName)]
pub(crate) struct HostLine {
    #[diesel(sql_type = BigInt)]
    pub(crate) lease_generation: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) lease_holder: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) engine_identity: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub(crate) counter: i64,
}

const HOST: &str = "SELECT COALESCE(lease_generation, 0) AS lease_generation, lease_holder, engine_identity, \
     value AS counter FROM revision_counter LEFT JOIN hosts ON name = 'local'";

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

/// What is stored now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Picture {
    /// By host and id.
    pub(crate) rows: BTreeMap<(String, String), Row>,
    /// All changes so far, in their order.
    pub(crate) changes: Vec<Told>,
    pub(crate) host: HostLine,
}

impl Picture {
    pub(crate) fn local(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(|row| row.host == "local")
    }

    pub(crate) fn row(&self, id: &str) -> Option<&Row> {
        self.rows.get(&("local".to_owned(), id.to_owned()))
    }
}

/// A connection of the checks, and one for what a deployer does in SQL.
pub(crate) struct Database {
    reader: SqliteConnection,
    writer: SqliteConnection,
    version: i64,
}

impl Database {
    pub(crate) fn open(path: &str) -> Self {
        let connect = || {
            let mut connection = SqliteConnection::establish(path).expect("the file is there");
            connection.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF").expect("settings");
            connection
        };
        Self { reader: connect(), writer: connect(), version: -1 }
    }

    /// What is stored now; `None` if nothing was written since the last look.
    pub(crate) fn look(&mut self, before: &Picture) -> Option<Picture> {
        let version: Version = sql_query("PRAGMA data_version").get_result(&mut self.reader).expect("a number");
        if version.data_version == self.version {
            return None;
        }
        self.version = version.data_version;
        let rows: Vec<Row> = sql_query(ROWS).load(&mut self.reader).expect("the rows");
        let last = before.changes.last().map_or(0, |change| change.revision);
        // From a little before: a change that came later with an older revision is what is looked for.
        let from = last.saturating_sub(64);
        let recent: Vec<Told> =
            sql_query(format!("{CHANGES}{from} ORDER BY revision")).load(&mut self.reader).expect("changes");
        let kept = before.changes.partition_point(|change| change.revision <= from);
        let mut changes = before.changes[..kept].to_vec();
        changes.extend(recent);
        let host: HostLine = sql_query(HOST).get_result(&mut self.reader).expect("the host and the counter");
        let rows = rows.into_iter().map(|row| ((row.host.clone(), row.id.clone()), row)).collect();
        Some(Picture { rows, changes, host })
    }

    /// Runs SQL as a deployer; returns how many rows it touched.
    pub(crate) fn execute(&mut self, sql: &str) -> usize {
        sql_query(sql).execute(&mut self.writer).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}
