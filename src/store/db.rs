//! One connection to either database, its session's settings, and the transaction that every write is.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::fault::{FaultKind, kind_of};
use super::location::Location;
use crate::model::Timestamp;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub(super) enum Db {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// One body, checked against each concrete connection: for what the common backend cannot express.
macro_rules! each_backend {
    ($db:expr, $connection:ident => $body:expr) => {
        match $db {
            $crate::store::db::Db::Sqlite($connection) => $body,
            $crate::store::db::Db::Postgres($connection) => $body,
        }
    };
}
pub(super) use each_backend;

/// Loads rows and locks them until the transaction's end, `for_update` or `for_key_share`. On SQLite the transaction
/// has locked everything at its begin.
macro_rules! locked {
    ($db:expr, $lock:ident, $load:ident, $query:expr) => {
        match $db {
            $crate::store::db::Db::Sqlite(connection) => $query.$load(connection),
            $crate::store::db::Db::Postgres(connection) => $query.$lock().$load(connection),
        }
    };
}
pub(super) use locked;

type Transactions = <Db as Connection>::TransactionManager;

/// Less than half of the store's deadline: another writer's transaction is waited for, a stuck one is reported in time.
const SQLITE_WAIT: Duration = Duration::from_secs(2);

/// How long one attempt at SQLite's lock waits. SQLite's own wait grows to 100 ms between two looks, and a deployer that
/// writes in a loop frees the lock for microseconds: with it we would hardly ever write. So an attempt is short, and
/// [`take_lock`] makes many.
const SQLITE_ATTEMPT_MS: u32 = 3;

/// The journal shrinks to this after a checkpoint: a large pass leaves no large file behind. In bytes.
const JOURNAL_SIZE_LIMIT: u32 = 16 << 20;

/// A checkpoint is due after so many pages, 16 MiB: SQLite's own 1,000 would have a first pass over 10,000 containers
/// wait for one inside its commit.
const CHECKPOINT_PAGES: u32 = 4_000;

/// Pages that a connection may hold, in KiB. SQLite's own 2 MiB spill into the journal, and are read back, while 10,000
/// rows and their index entries are written; a steady pass fills far less.
const CACHE_KIB: u32 = 12 << 10;

/// Bounds of a session on the server: lock and statement end before the store's deadline of 5 s, and a transaction
/// whose client froze lets go of its locks.
const POSTGRES_SESSION: &str =
    "SET lock_timeout = '2s'; SET statement_timeout = '4s'; SET idle_in_transaction_session_timeout = '10s'";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    Read,
}

impl Db {
    /// Connects and sets the session. Creates nothing.
    pub(super) fn connect(location: &Location, schema: &str, access: Access) -> Result<Self, ConnectError> {
        match location {
            Location::Sqlite(path) => Self::connect_sqlite(path, access),
            Location::Postgres(url) => Self::connect_postgres(url, schema, access),
        }
    }

    fn connect_sqlite(path: &Path, access: Access) -> Result<Self, ConnectError> {
        let mut connection = SqliteConnection::establish(&Location::sqlite_uri(path))?;
        // The wait comes first: the settings after it take locks themselves.
        connection.batch_execute(&format!("PRAGMA busy_timeout = {}", SQLITE_WAIT.as_millis()))?;
        connection.batch_execute(&match access {
            Access::Read => "PRAGMA query_only = ON".to_owned(),
            Access::Write => format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT}; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; \
                 PRAGMA cache_size = -{CACHE_KIB}"
            ),
        })?;
        if access == Access::Write {
            connection.batch_execute(&format!("PRAGMA busy_timeout = {SQLITE_ATTEMPT_MS}"))?;
        }
        Ok(Self::Sqlite(connection))
    }

    fn connect_postgres(url: &str, schema: &str, access: Access) -> Result<Self, ConnectError> {
        let mut connection = PgConnection::establish(&Location::postgres_url(url, access == Access::Write))?;
        connection.batch_execute(POSTGRES_SESSION)?;
        connection.batch_execute(&format!("SET search_path = {}", quoted(schema)))?;
        ask_for_english(&mut connection)?;
        if access == Access::Read {
            connection.batch_execute("SET default_transaction_read_only = on")?;
        }
        Ok(Self::Postgres(connection))
    }

    /// One write transaction. SQLite takes its lock at the begin: a transaction that reads first and writes later is
    /// refused at once if somebody else wrote in between, however long it is willing to wait.
    pub(super) fn write<T, E: From<diesel::result::Error>>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite(connection) => {
                take_lock(|| AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE"))?;
            }
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN")?,
        }
        self.finish(body)
    }

    /// One snapshot: everything that is read in it is of the moment of its first read.
    pub(super) fn snapshot<T, E: From<diesel::result::Error>>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN")?,
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(
                connection,
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            )?,
        }
        self.finish(body)
    }

    fn finish<T, E: From<diesel::result::Error>>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        match body(self) {
            Ok(value) => {
                Transactions::commit_transaction(self)?;
                Ok(value)
            }
            Err(error) => {
                // SQLite rolls back by itself when its disk is full, and then has nothing to roll back: the first
                // error is the one that tells.
                let _ = Transactions::rollback_transaction(self);
                Err(error)
            }
        }
    }

    /// Whether a transaction was left in a state that nobody knows: such a connection is thrown away.
    pub(super) fn is_broken(&mut self) -> bool {
        Transactions::is_broken_transaction_manager(self)
    }

    /// The clock that leases and changes go by: the server's where there is one, so that hosts agree.
    pub(super) fn now(&mut self) -> QueryResult<Timestamp> {
        match self {
            Self::Sqlite(_) => Ok(Timestamp::now()),
            Self::Postgres(connection) => {
                diesel::select(diesel::dsl::sql::<super::moment::UtcTimestamp>("clock_timestamp()"))
                    .get_result(connection)
            }
        }
    }

    /// A number that is another once any other connection has committed to the database, whatever it wrote; this
    /// connection's own commits leave it. A server has no such number.
    pub(super) fn version(&mut self) -> QueryResult<Option<i64>> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = BigInt)]
            data_version: i64,
        }
        match self {
            Self::Sqlite(connection) => {
                let version: Version = diesel::sql_query("PRAGMA data_version").get_result(connection)?;
                Ok(Some(version.data_version))
            }
            Self::Postgres(_) => Ok(None),
        }
    }

    /// The names of tables and views in our schema.
    pub(super) fn relations(&mut self) -> QueryResult<Vec<String>> {
        #[derive(QueryableByName)]
        struct Relation {
            #[diesel(sql_type = Text)]
            name: String,
        }
        let catalogue = match self {
            Self::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')",
            Self::Postgres(_) => {
                "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v', 'm', 'p', 'f')"
            }
        };
        let rows: Vec<Relation> = diesel::sql_query(catalogue).load(self)?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }
}

/// The server's faults are told apart by their words, since the query layer drops their codes: a server that speaks
/// another language is asked for English. Only some roles may ask.
fn ask_for_english(connection: &mut PgConnection) -> QueryResult<()> {
    let language: String =
        diesel::select(diesel::dsl::sql::<Text>("current_setting('lc_messages')")).get_result(connection)?;
    if !speaks_english(&language) && connection.batch_execute("SET lc_messages = 'C'").is_err() {
        tracing::warn!(
            language,
            "the database's faults cannot be told apart in its language, so that one that passes by itself reads as one \
             that does not: as its superuser run `GRANT SET ON PARAMETER lc_messages TO` this role, or `ALTER DATABASE … \
             SET lc_messages = 'C'`"
        );
    }
    Ok(())
}

/// By the name of a locale; an empty one is the operating system's, which is not known.
fn speaks_english(locale: &str) -> bool {
    ["C", "POSIX", "en", "English"]
        .iter()
        .any(|name| locale.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_'])))
}

/// Tries until the lock is had, for as long as another writer's transaction is waited for.
fn take_lock(mut attempt: impl FnMut() -> QueryResult<()>) -> QueryResult<()> {
    let began = Instant::now();
    loop {
        match attempt() {
            Err(error) if kind_of(&error) == FaultKind::Busy && began.elapsed() < SQLITE_WAIT => {}
            other => return other,
        }
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    Connection(ConnectionError),
    Settings(diesel::result::Error),
}

impl From<ConnectionError> for ConnectError {
    fn from(error: ConnectionError) -> Self {
        Self::Connection(error)
    }
}

impl From<diesel::result::Error> for ConnectError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Settings(error)
    }
}

/// A name as PostgreSQL takes it, whatever it holds.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_for_english_where_its_locale_is_another() {
        for english in ["C", "C.UTF-8", "POSIX", "en_US.UTF-8", "en_GB", "English_United States.1252"] {
            assert!(speaks_english(english), "{english}");
        }
        for other in ["de_DE.UTF-8", "", "Cymraeg", "ru_RU"] {
            assert!(!speaks_english(other), "{other}");
        }
    }
}
