//! What SQLite does in its own way.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::backend::Backend;
use diesel::connection::{AnsiTransactionManager, SimpleConnection};
use diesel::deserialize::{self, FromSql};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::dialect::{Access, ConnectError, Dialect, Purpose, Terms};
use crate::model::Timestamp;
use crate::store::db::fault::{FaultKind, kind_of};
use crate::store::db::moment::UtcTimestamp;

/// How long one attempt at the lock waits. SQLite's own wait grows to 100 ms between two looks, and a deployer that
/// writes in a loop frees the lock for microseconds: with it we would hardly ever write. So an attempt is short, and
/// [`take_lock`] makes many.
const ATTEMPT_MS: u32 = 3;

/// The journal shrinks to this after a checkpoint: a large pass leaves no large file behind. In bytes.
const JOURNAL_SIZE_LIMIT: u32 = 16 << 20;

/// A checkpoint is due after so many pages, 16 MiB: SQLite's own 1,000 would have a first pass over 10,000 containers
/// wait for one inside its commit.
const CHECKPOINT_PAGES: u32 = 4_000;

/// Pages that a connection may hold, in KiB. SQLite's own 2 MiB spill into the journal, and are read back, while 10,000
/// rows and their index entries are written; a steady pass fills far less.
const CACHE_KIB: u32 = 12 << 10;

/// What would end or change the path in a SQLite URI.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ');

/// Opens the file, which has no schemas of its own, and sets the session.
pub(super) fn connect(path: &Path, terms: &Terms) -> Result<SqliteConnection, ConnectError> {
    let mut connection = SqliteConnection::establish(&uri(path))?;
    // The wait comes first: the settings after it take locks themselves.
    connection.batch_execute(&format!("PRAGMA busy_timeout = {}", terms.bounds.lock.as_millis()))?;
    connection.batch_execute(&match terms.access {
        Access::Read => "PRAGMA query_only = ON".to_owned(),
        Access::Write => format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT}; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; \
             PRAGMA cache_size = -{CACHE_KIB}"
        ),
    })?;
    if terms.access == Access::Write {
        connection.batch_execute(&format!("PRAGMA busy_timeout = {ATTEMPT_MS}"))?;
    }
    Ok(connection)
}

/// What SQLite is told to open: it must exist, so that no reader and no reconnect creates an empty ledger.
fn uri(path: &Path) -> String {
    let path = path.to_string_lossy();
    let dot = if path.starts_with('/') { "" } else { "./" };
    format!("file:{dot}{}?mode=rw", utf8_percent_encode(&path, NOT_IN_A_PATH))
}

impl Dialect for SqliteConnection {
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

    const RELATIONS: &str = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')";

    const BEGIN_LOCKS_EVERYTHING: bool = true;

    /// A write takes the lock at the begin: a transaction that reads first and writes later is refused at once if somebody
    /// else wrote in between, however long it is willing to wait.
    fn begin(&mut self, purpose: Purpose, terms: &Terms, _own_settings: Option<&str>) -> QueryResult<()> {
        match purpose {
            Purpose::Write => {
                take_lock(terms.bounds.lock, || AnsiTransactionManager::begin_transaction_sql(self, "BEGIN IMMEDIATE"))
            }
            Purpose::Snapshot | Purpose::Read => AnsiTransactionManager::begin_transaction_sql(self, "BEGIN"),
        }
    }

    fn now(&mut self) -> QueryResult<Timestamp> {
        Ok(Timestamp::now())
    }

    fn version(&mut self) -> QueryResult<Option<i64>> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = BigInt)]
            data_version: i64,
        }
        let version: Version = diesel::sql_query("PRAGMA data_version").get_result(self)?;
        Ok(Some(version.data_version))
    }

    #[cfg(feature = "http")]
    fn state(&mut self) -> QueryResult<String> {
        self.version().map(|version| version.unwrap_or_default().to_string())
    }

    fn damage(&mut self) -> QueryResult<Option<String>> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text)]
            quick_check: String,
        }
        let lines: Vec<Line> = diesel::sql_query("PRAGMA quick_check(1)").load(self)?;
        Ok(lines.into_iter().next().map(|line| line.quick_check).filter(|found| found != "ok"))
    }

    fn narrow_encoding(&mut self) -> QueryResult<Option<String>> {
        Ok(None)
    }

    fn prepare_migrations(&mut self, _schema: &str) -> QueryResult<()> {
        Ok(())
    }

    /// The transaction's begin has locked everything.
    fn lock_identities(&mut self) -> QueryResult<()> {
        Ok(())
    }

    fn empty_log(&mut self) -> QueryResult<()> {
        // What takes long, the copying, keeps nobody from reading and writing; only then the file is cut, which is done at once.
        self.batch_execute("PRAGMA wal_checkpoint(PASSIVE); PRAGMA wal_checkpoint(TRUNCATE)")
    }
}

/// Tries until the lock is had, for as long as another writer's transaction is waited for.
fn take_lock(wait: Duration, mut attempt: impl FnMut() -> QueryResult<()>) -> QueryResult<()> {
    let began = Instant::now();
    loop {
        match attempt() {
            Err(error) if kind_of(&error) == FaultKind::Busy && began.elapsed() < wait => {}
            other => return other,
        }
    }
}

impl ToSql<UtcTimestamp, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.as_millis());
        Ok(IsNull::No)
    }
}

impl FromSql<UtcTimestamp, Sqlite> for Timestamp {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_itself_in_a_uri() {
        assert_eq!(uri("a b/50%?#.db".as_ref()), "file:./a%20b/50%25%3F%23.db?mode=rw");
        assert_eq!(uri("/var/l.db".as_ref()), "file:/var/l.db?mode=rw");
    }
}
