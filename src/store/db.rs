//! One connection to either database, its session's settings, and the transaction that every write is. A build has one
//! database or both; what they do each in their own way is in the file of each.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use diesel::connection::{BoxableConnection, TransactionManager};
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::Text;
use diesel_migrations::EmbeddedMigrations;

use super::location::Location;
use crate::model::Timestamp;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub(super) enum Db {
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
pub(super) use each_backend;

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
pub(super) use locked;

type Transactions = <Db as Connection>::TransactionManager;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    Read,
}

/// What the databases do each in their own way.
trait Dialect: Connection + BoxableConnection<<Self as Connection>::Backend> {
    /// What makes the schema, under the same names for each.
    const MIGRATIONS: EmbeddedMigrations;

    /// The query of each `name` of a table or view in our schema.
    const RELATIONS: &str;

    fn begin_write(&mut self) -> QueryResult<()>;

    fn begin_snapshot(&mut self) -> QueryResult<()>;

    fn now(&mut self) -> QueryResult<Timestamp>;

    fn version(&mut self) -> QueryResult<Option<i64>>;

    #[cfg(feature = "http")]
    fn state(&mut self) -> QueryResult<String>;

    fn damage(&mut self) -> QueryResult<Option<String>>;

    fn narrow_encoding(&mut self) -> QueryResult<Option<String>>;

    fn prepare_migrations(&mut self, schema: &str) -> QueryResult<()>;
}

impl Db {
    /// Connects and sets the session. Creates nothing.
    pub(super) fn connect(location: &Location, schema: &str, access: Access) -> Result<Self, ConnectError> {
        match location {
            #[cfg(feature = "sqlite")]
            Location::Sqlite(path) => sqlite::connect(path, schema, access).map(Self::Sqlite),
            #[cfg(feature = "postgres")]
            Location::Postgres(url) => postgres::connect(url, schema, access).map(Self::Postgres),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => unreachable!("a location of a database that is not built in is refused when it is read"),
        }
    }

    /// One write transaction.
    pub(super) fn write<T, E: From<Error>>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        each_backend!(self, connection => Dialect::begin_write(connection))?;
        self.finish(body)
    }

    /// One snapshot: everything that is read in it is of the moment of its first read.
    pub(super) fn snapshot<T, E: From<Error>>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        each_backend!(self, connection => Dialect::begin_snapshot(connection))?;
        self.finish(body)
    }

    fn finish<T, E: From<Error>>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
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
        each_backend!(self, connection => Dialect::now(connection))
    }

    /// A number that is another once any other connection has committed to the database, whatever it wrote; this
    /// connection's own commits leave it. A server has no such number.
    pub(super) fn version(&mut self) -> QueryResult<Option<i64>> {
        each_backend!(self, connection => Dialect::version(connection))
    }

    /// What this connection would see of the database: another text once anybody else has committed anything to it. The
    /// text means nothing to another connection to a file.
    #[cfg(feature = "http")]
    pub(super) fn state(&mut self) -> QueryResult<String> {
        each_backend!(self, connection => Dialect::state(connection))
    }

    /// The names of tables and views in our schema.
    pub(super) fn relations(&mut self) -> QueryResult<Vec<String>> {
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
    pub(super) fn damage(&mut self) -> QueryResult<Option<String>> {
        each_backend!(self, connection => Dialect::damage(connection))
    }

    /// The database's encoding, if there are characters that it cannot hold.
    pub(super) fn narrow_encoding(&mut self) -> QueryResult<Option<String>> {
        each_backend!(self, connection => Dialect::narrow_encoding(connection))
    }

    /// Keeps other migrations out until the transaction's end, and makes the schema that they go into.
    pub(super) fn prepare_migrations(&mut self, schema: &str) -> QueryResult<()> {
        each_backend!(self, connection => Dialect::prepare_migrations(connection, schema))
    }

    /// The names of every migration of this program, in order.
    pub(super) fn migrations(&self) -> Vec<String> {
        each_backend!(self, connection => names_of(connection))
    }

    /// Runs one of [`Self::migrations`].
    pub(super) fn migrate(&mut self, name: &str) -> QueryResult<()> {
        each_backend!(self, connection => run(connection, name))
    }
}

const fn relations_of<D: Dialect>(_connection: &D) -> &'static str {
    D::RELATIONS
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

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    Connection(ConnectionError),
    Settings(Error),
}

impl From<ConnectionError> for ConnectError {
    fn from(error: ConnectionError) -> Self {
        Self::Connection(error)
    }
}

impl From<Error> for ConnectError {
    fn from(error: Error) -> Self {
        Self::Settings(error)
    }
}

/// A name as PostgreSQL takes it, whatever it holds.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
