//! What an application embeds: a ledger is put together, spawned and spoken to.
//!
//! Comes in: a configuration, services to attach, and what stands in for the daemon, the database or the clock. Goes out: a
//! handle. Never: a signal handler, a global, the name of what is attached.

mod anchor;
mod builder;
mod handle;
mod service;
mod spawn;

pub use builder::LedgerBuilder;
pub use handle::{LedgerHandle, Mode, StartError};
pub use service::Service;
pub use spawn::Ledger;
