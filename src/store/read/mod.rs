//! What readers are answered: rows, counts and the history, beside the store that writes.
//!
//! Comes in: filters. Goes out: rows as they are stored. Never: a write.

pub(super) mod connections;
#[cfg(feature = "http")]
pub(super) mod counts;
pub(super) mod queries;
#[cfg(feature = "http")]
pub(super) mod readers;
pub(super) mod threaded_reader;
