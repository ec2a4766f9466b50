//! Dockledger keeps a database table of containers, the *ledger*, true to the Docker daemon.

pub mod cli;
pub mod config;
pub mod dispatch;
pub mod docker;
mod ledger;
pub mod model;
mod preview;
pub mod simulation;
pub mod store;
pub mod supervisor;
pub mod tick;

pub use ledger::{Ledger, LedgerHandle, Life, StartError};
pub use preview::{Preview, preview};
