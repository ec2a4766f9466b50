//! A database of a test's own, on either backend, and what a deployer does to it in SQL.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use dockledger::config::Config;
use dockledger::model::HostName;
use dockledger::store::{Lease, LeaseHolder, OpenMode, Store};

use super::{postgres, skip};

/// An empty database and the configuration that names it.
pub(crate) struct TestDatabase {
    pub(crate) config: Config,
    directory: Option<tempfile::TempDir>,
}

/// A deployer's own connection.
pub(crate) enum Deployer {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl TestDatabase {
    /// A file in a directory of its own.
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let path = directory.path().join("ledger.db");
        Self { config: Config::new(path.to_str().expect("a plain path")), directory: Some(directory) }
    }

    /// A database on this process's server; `None`, said aloud, where there is none.
    pub(crate) fn postgres(test: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let directory = match postgres::server() {
            Ok(directory) => directory,
            Err(why) => {
                skip::skip(test, why);
                return None;
            }
        };
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Some(Self::made_on(directory, &name))
    }

    /// A new database on a server.
    pub(crate) fn made_on(directory: &str, name: &str) -> Self {
        let url = |name: &str| format!("postgres://dockledger@/{name}?host={}", directory.replace('/', "%2F"));
        let mut server = PgConnection::establish(&url("postgres")).expect("the server answers");
        server.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database for the test");
        Self { config: Config::new(url(name)), directory: None }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.directory.is_some()
    }

    /// The migrated ledger.
    pub(crate) fn open(&self) -> Store {
        Store::open(&self.config, OpenMode::Write).expect("the ledger opens")
    }

    /// The migrated ledger and the lease of its host.
    pub(crate) fn open_with_lease(&self) -> (Store, Lease) {
        let mut store = self.open();
        let lease = lease_of(&mut store, &self.config.host);
        (store, lease)
    }

    /// A connection as a deployer makes it.
    pub(crate) fn deployer(&self) -> Deployer {
        if self.is_sqlite() {
            let mut connection = SqliteConnection::establish(&self.config.database).expect("the file opens");
            connection.batch_execute("PRAGMA busy_timeout = 5000").expect("a setting");
            Deployer::Sqlite(connection)
        } else {
            let mut connection = PgConnection::establish(&self.config.database).expect("the server answers");
            connection.batch_execute("SET search_path = dockledger").expect("a setting");
            Deployer::Postgres(connection)
        }
    }

    /// Runs SQL as a deployer.
    pub(crate) fn execute(&self, sql: &str) {
        self.deployer().execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Every row of a query, its columns joined by `|`.
    pub(crate) fn lines(&self, columns: &[&str], rest: &str) -> Vec<String> {
        self.deployer().lines(columns, rest)
    }

    /// The first line of a query.
    pub(crate) fn line(&self, columns: &[&str], rest: &str) -> String {
        self.lines(columns, rest).into_iter().next().unwrap_or_default()
    }
}

/// The lease of a host, for a holder of its own.
pub(crate) fn lease_of(store: &mut Store, host: &HostName) -> Lease {
    let holder = LeaseHolder::of_this_process();
    store.acquire_lease(host, &holder, std::time::Duration::from_secs(90)).expect("the lease is free")
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Nullable<Text>)]
    line: Option<String>,
}

impl Deployer {
    pub(crate) fn execute(&mut self, sql: &str) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => connection.batch_execute(sql),
            Self::Postgres(connection) => connection.batch_execute(sql),
        }
    }

    pub(crate) fn lines(&mut self, columns: &[&str], rest: &str) -> Vec<String> {
        let columns: Vec<_> = columns.iter().map(|c| format!("COALESCE(CAST({c} AS TEXT), 'NULL')")).collect();
        let sql = format!("SELECT {} AS line {rest}", columns.join(" || '|' || "));
        self.query(&sql)
    }

    /// The one text column `line` of a query.
    pub(crate) fn query(&mut self, sql: &str) -> Vec<String> {
        let query = diesel::sql_query(sql);
        let lines: QueryResult<Vec<Line>> = match self {
            Self::Sqlite(connection) => query.load(connection),
            Self::Postgres(connection) => query.load(connection),
        };
        let lines = lines.unwrap_or_else(|error| panic!("{sql}: {error}"));
        lines.into_iter().map(|line| line.line.unwrap_or_default()).collect()
    }
}

/// Writes each claim once and runs it as `claim::sqlite` and `claim::postgres`.
macro_rules! on_both_backends {
    ($($(#[doc = $doc:literal])* fn $name:ident($database:ident: &TestDatabase) $body:block)*) => {$(
        $(#[doc = $doc])*
        mod $name {
            use super::*;

            fn claim($database: &TestDatabase) $body

            #[test]
            fn sqlite() {
                claim(&TestDatabase::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(database) = TestDatabase::postgres(module_path!()) {
                    claim(&database);
                }
            }
        }
    )*};
}
pub(crate) use on_both_backends;
