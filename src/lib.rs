//! Dockledger keeps a database table of containers, the *ledger*, true to the Docker daemon.

pub mod cli;
pub mod config;
pub mod dispatch;
pub mod docker;
pub mod model;
pub mod simulation;
pub mod store;
pub mod supervisor;
pub mod tick;
