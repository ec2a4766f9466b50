//! Who is told what happens without asking: a receiver over HTTP, a program.
//!
//! Comes in: the durable changes of this host, and its status. Goes out: one notification after the other to each
//! receiver, again until it is taken. Never: a word to an address that the operator did not allow, a secret in a log, a
//! wait of a pass.
//!
//! NotifyActor is a service beside the ledger: its death harms no pass, and its successor goes on from the stored place.

mod actor;
mod address;
mod command;
mod follower;
mod receiver;
mod retry;
mod selection;
mod signature;
mod staleness;
mod tls;
#[cfg(feature = "cli")]
mod trial;
mod webhook;

pub use actor::notify_service;
#[cfg(feature = "cli")]
pub(crate) use trial::{Tried, examine_receivers, try_receivers};
