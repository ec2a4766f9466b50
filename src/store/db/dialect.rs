//! What a connection is made for, and what the databases do each in their own way.

use std::time::Duration;

use diesel::connection::BoxableConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel_migrations::EmbeddedMigrations;

use crate::config::Config;
use crate::model::Timestamp;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Access {
    Write,
    Read,
}

/// How long the database may take, from what the configuration allows one transaction: it tells of a lock or a statement
/// that takes too long before its caller gives it up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// For a lock that somebody else holds.
    pub(super) lock: Duration,
    /// For one statement.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite has no bound of a statement"))]
    pub(super) statement: Duration,
    /// For a transaction whose client says nothing.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "a file notices at once that its client is gone")
    )]
    pub(super) idle: Duration,
}

impl Bounds {
    fn of(config: &Config) -> Self {
        let deadline = config.store_call_deadline();
        // What a transaction does besides takes a second or two; and a deadline below the 5 s that are shipped ends the
        // wait for an answer, not the work.
        let less = |seconds: u64, shortest: u64| {
            deadline.saturating_sub(Duration::from_secs(seconds)).max(Duration::from_secs(shortest))
        };
        Self { lock: less(3, 2), statement: less(1, 4), idle: (deadline * 2).max(Duration::from_secs(10)) }
    }
}

/// What a connection is made for, and what its transactions are held to.
#[derive(Clone, Debug)]
pub(in crate::store) struct Terms {
    pub(super) access: Access,
    pub(super) schema: String,
    pub(super) bounds: Bounds,
}

impl Terms {
    pub(in crate::store) fn of(config: &Config, access: Access) -> Self {
        Self { access, schema: config.database_schema.clone(), bounds: Bounds::of(config) }
    }

    pub(super) const fn schema(&self) -> &str {
        self.schema.as_str()
    }
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Write,
    /// Everything that is read in it is of the moment of its first read.
    Snapshot,
    /// Nothing but the settings of its begin: where each transaction may be on another session.
    Read,
}

/// What the databases do each in their own way.
pub(super) trait Dialect: Connection + BoxableConnection<<Self as Connection>::Backend> {
    /// What makes the schema, under the same names for each.
    const MIGRATIONS: EmbeddedMigrations;

    /// The query of each `name` of a table or view in our schema.
    const RELATIONS: &str;

    fn begin(&mut self, purpose: Purpose, terms: &Terms, own_settings: Option<&str>) -> QueryResult<()>;

    /// Whether nobody else writes from the begin of a write transaction to its end.
    const BEGIN_LOCKS_EVERYTHING: bool;

    fn now(&mut self) -> QueryResult<Timestamp>;

    fn version(&mut self) -> QueryResult<Option<i64>>;

    #[cfg(feature = "http")]
    fn state(&mut self) -> QueryResult<String>;

    fn damage(&mut self) -> QueryResult<Option<String>>;

    fn narrow_encoding(&mut self) -> QueryResult<Option<String>>;

    fn prepare_migrations(&mut self, schema: &str) -> QueryResult<()>;

    fn lock_identities(&mut self) -> QueryResult<()>;

    fn empty_log(&mut self) -> QueryResult<()>;
}

/// Why there is no connection.
#[derive(Debug)]
pub(in crate::store) enum ConnectError {
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
pub(in crate::store) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
