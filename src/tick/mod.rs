//! When the ledger looks.
//!
//! Comes in: time, requests, news from the others. Goes out: one order at a time, and an answer to every caller.
//! Never: a second pass beside one that runs, a caller without an answer.

mod actor;
mod failed;
mod message;
mod schedule;

pub(crate) use actor::{TickActor, TickArgs};
pub(crate) use failed::failed_report;
pub use message::TickMessage;
