//! When the ledger looks.
//!
//! Comes in: time, requests, invalidation from the event stream, news from the others. Goes out: one order at a time, an answer
//! to every caller, and a word for every batch of invalidation.
//! Never: a second pass beside one that runs, a caller without an answer.

mod actor;
mod message;
mod moved;
mod schedule;
#[cfg(test)]
mod tests;
mod wanted;

pub(crate) use actor::{TickActor, TickArgs};
pub use message::{PassNews, TickEvent, TickMessage};
