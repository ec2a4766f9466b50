//! The database: connections to either backend, what differs between them, the schema and its migrations.
//!
//! Comes in: where the ledger is. Goes out: transactions. Never: what a row means.

mod connection;
mod dialect;
pub(super) mod fault;
#[cfg(feature = "sqlite")]
pub(super) mod file_system;
pub(super) mod location;
pub(super) mod migrate;
pub(super) mod moment;
mod moment_of_either;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub(super) use connection::{Db, Session, each_backend, locked};
pub(super) use dialect::{Access, ConnectError, Terms, quoted};
