//! The ledger over HTTP: what is asked over a socket and answered by the whole tree.

mod actions;
mod balancers;
mod bodies;
mod changes;
mod claims;
mod clients;
mod contract;
mod guard;
mod limits;
mod ownership;
mod proxied;
mod reads;
mod tls;
mod writes;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::whole::ledger::Case;

/// SQL of somebody else, on the same file.
fn execute(case: &Case, sql: &str) {
    let mut database = SqliteConnection::establish(&case.config.database).expect("the file opens");
    database.batch_execute("PRAGMA busy_timeout = 5000").expect("a setting");
    database.batch_execute(sql).expect("it is written");
}
