//! One connection to either database, its session's settings, and the transaction that every write is. A build has one
//! database or both; what they do each in their own way is in the file of each.

use diesel::connection::TransactionManager;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::Text;

use super::dialect::{ConnectError, Dialect, Purpose, Terms};
use super::location::Location;
#[cfg(feature = "postgres")]
use super::postgres;
#[cfg(feature = "sqlite")]
use super::sqlite;
use crate::model::Timestamp;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub(in crate::store) enum Db {
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteConnection),
}

/// One body, checked against each concrete connection: for what the common backend cannot express.
macro_rules! each_backend {
    ($db:expr, $connection:ident => $body:expr) => {
        match $db {
            #[cfg(feature = "sqlite")]
            $crate::store::db::Db::Sqlite($connection) => $body,
            #[cfg(feature = "postgres")]
            $crate::store::db::Db::Postgres($connection) => $body,
        }
    };
}
pub(in crate::store) use each_backend;

/// Loads rows and locks them until the transaction's end, `for_update` or `for_key_share`. On SQLite the transaction
/// has locked everything at its begin.
macro_rules! locked {
    ($db:expr, $lock:ident, $load:ident, $query:expr) => {
        match $db {
            #[cfg(feature = "sqlite")]
            $crate::store::db::Db::Sqlite(connection) => $query.$load(connection),
            #[cfg(feature = "postgres")]
            $crate::store::db::Db::Postgres(connection) => $query.$lock().$load(connection),
        }
    };
}
pub(in crate::store) use locked;

type Transactions = <Db as Connection>::TransactionManager;

/// A connection, and how its transactions begin.
pub(in crate::store) struct Session {
    db: Db,
    terms: Terms,
    /// Settings that each transaction makes for itself: behind a pooler the session is not ours, and another one the next
    /// time. Without, they are made once.
    own_settings: Option<String>,
}

impl Session {
    /// Connects. Creates nothing.
    pub(in crate::store) fn connect(location: &Location, terms: &Terms) -> Result<Self, ConnectError> {
        let terms = terms.clone();
        match location {
            #[cfg(feature = "sqlite")]
            Location::Sqlite(path) => {
                let db = Db::Sqlite(sqlite::connect(path, &terms)?);
                Ok(Self { db, terms, own_settings: None })
            }
            #[cfg(feature = "postgres")]
            Location::Postgres(url) => {
                let (connection, own_settings) = postgres::connect(url, &terms)?;
                Ok(Self { db: Db::Postgres(connection), terms, own_settings })
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => unreachable!("a location of a database that is not built in is refused when it is read"),
        }
    }

    /// One write transaction.
    pub(in crate::store) fn write<T, E: From<Error>>(
        &mut self,
        body: impl FnOnce(&mut Db) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(Purpose::Write, body)
    }

    /// One snapshot: everything that is read in it is of the moment of its first read.
    pub(in crate::store) fn snapshot<T, E: From<Error>>(
        &mut self,
        body: impl FnOnce(&mut Db) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(Purpose::Snapshot, body)
    }

    /// Reads. More than one of them see one state only inside [`Self::snapshot`].
    pub(in crate::store) fn read<T, E: From<Error>>(
        &mut self,
        body: impl FnOnce(&mut Db) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.own_settings.is_some() { self.transaction(Purpose::Read, body) } else { body(&mut self.db) }
    }

    /// Whether a transaction was left in a state that nobody knows: such a connection is thrown away.
    pub(in crate::store) fn is_broken(&mut self) -> bool {
        Transactions::is_broken_transaction_manager(&mut self.db)
    }

    /// The names of every migration of this program, in order.
    pub(in crate::store) fn migrations(&self) -> Vec<String> {
        self.db.migrations()
    }

    pub(in crate::store) const fn schema(&self) -> &str {
        self.terms.schema()
    }

    #[cfg(all(test, feature = "sqlite"))]
    pub(in crate::store) fn db(&mut self) -> &mut Db {
        &mut self.db
    }

    fn transaction<T, E: From<Error>>(
        &mut self,
        purpose: Purpose,
        body: impl FnOnce(&mut Db) -> Result<T, E>,
    ) -> Result<T, E> {
        let (terms, own) = (&self.terms, self.own_settings.as_deref());
        each_backend!(&mut self.db, connection => Dialect::begin(connection, purpose, terms, own))?;
        match body(&mut self.db) {
            Ok(value) => {
                Transactions::commit_transaction(&mut self.db)?;
                Ok(value)
            }
            Err(error) => {
                // SQLite rolls back by itself when its disk is full, and then has nothing to roll back: the first
                // error is the one that tells.
                let _ = Transactions::rollback_transaction(&mut self.db);
                Err(error)
            }
        }
    }
}

impl Session {
    /// Moves what stands in the log of a file into the file, and gives the log's space back; who reads or writes just now
    /// keeps it from that. A server looks after itself. Outside of any transaction.
    pub(in crate::store) fn empty_log(&mut self) -> QueryResult<()> {
        each_backend!(&mut self.db, connection => Dialect::empty_log(connection))
    }
}

impl Db {
    /// Whether nobody else writes from the begin of a write transaction to its end.
    pub(in crate::store) fn begin_locks_everything(&self) -> bool {
        each_backend!(self, connection => locks_everything(connection))
    }

    /// The clock that leases and changes go by: the server's where there is one, so that hosts agree.
    pub(in crate::store) fn now(&mut self) -> QueryResult<Timestamp> {
        each_backend!(self, connection => Dialect::now(connection))
    }

    /// A number that is another once any other connection has committed to the database, whatever it wrote; this
    /// connection's own commits leave it. A server has no such number.
    pub(in crate::store) fn version(&mut self) -> QueryResult<Option<i64>> {
        each_backend!(self, connection => Dialect::version(connection))
    }

    /// What this connection would see of the database: another text once anybody else has committed anything to it. The
    /// text means nothing to another connection to a file.
    #[cfg(feature = "http")]
    pub(in crate::store) fn state(&mut self) -> QueryResult<String> {
        each_backend!(self, connection => Dialect::state(connection))
    }

    /// The names of tables and views in our schema.
    pub(in crate::store) fn relations(&mut self) -> QueryResult<Vec<String>> {
        #[derive(QueryableByName)]
        struct Relation {
            #[diesel(sql_type = Text)]
            name: String,
        }
        let query = each_backend!(self, connection => relations_of(connection));
        let rows: Vec<Relation> = diesel::sql_query(query).load(self)?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    /// What a look at the whole file finds damaged.
    pub(in crate::store) fn damage(&mut self) -> QueryResult<Option<String>> {
        each_backend!(self, connection => Dialect::damage(connection))
    }

    /// The database's encoding, if there are characters that it cannot hold.
    pub(in crate::store) fn narrow_encoding(&mut self) -> QueryResult<Option<String>> {
        each_backend!(self, connection => Dialect::narrow_encoding(connection))
    }

    /// Keeps other migrations out until the transaction's end, and makes the schema that they go into.
    pub(in crate::store) fn prepare_migrations(&mut self, schema: &str) -> QueryResult<()> {
        each_backend!(self, connection => Dialect::prepare_migrations(connection, schema))
    }

    /// Until the transaction's end no other host learns which daemon it has.
    pub(in crate::store) fn lock_identities(&mut self) -> QueryResult<()> {
        each_backend!(self, connection => Dialect::lock_identities(connection))
    }

    /// The names of every migration of this program, in order.
    pub(in crate::store) fn migrations(&self) -> Vec<String> {
        each_backend!(self, connection => names_of(connection))
    }

    /// Runs one of [`Self::migrations`].
    pub(in crate::store) fn migrate(&mut self, name: &str) -> QueryResult<()> {
        each_backend!(self, connection => run(connection, name))
    }
}

const fn relations_of<D: Dialect>(_connection: &D) -> &'static str {
    D::RELATIONS
}

const fn locks_everything<D: Dialect>(_connection: &D) -> bool {
    D::BEGIN_LOCKS_EVERYTHING
}

fn names_of<D: Dialect>(_connection: &D) -> Vec<String> {
    let mut names: Vec<_> = embedded::<D>().iter().map(|migration| migration.name().to_string()).collect();
    names.sort_unstable();
    names
}

fn run<D: Dialect>(connection: &mut D, name: &str) -> QueryResult<()> {
    let migrations = embedded::<D>();
    let migration = migrations
        .iter()
        .find(|migration| migration.name().to_string() == name)
        .expect("a name that is lacking was read from these migrations");
    migration.run(connection).map_err(|error| match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(format!("migration {name}: {error}"))),
    })
}

fn embedded<D: Dialect>() -> Vec<Box<dyn Migration<D::Backend>>> {
    D::MIGRATIONS.migrations().expect("the embedded migrations were read when this program was built")
}
