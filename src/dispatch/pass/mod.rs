//! One pass as a machine without I/O: events go in, requests and at last one report come out.
//!
//! ```text
//! open ─┬─ list ─┐
//!       └────────┴─ look up ─ (adopt) ─ assign ⇄ images, verify ─ commit ─ report
//! ```
//!
//! A scoped pass goes the same way with fewer rows and containers, and becomes a pass over the whole host where that is
//! not enough (`scope`). A listing that fails is replaced by single inspects, if they answer (`degraded`).
//!
//! DispatchActor carries the requests out. Never: a clock, a socket, a database; so tests drive it through any order
//! of answers, deaths and deadlines.

mod again;
mod cache;
mod decide;
mod degraded;
mod endings;
mod identity;
mod machine;
mod protocol;
mod report;
mod scope;
#[cfg(test)]
mod tests;

pub(super) use cache::PassCache;
pub(super) use machine::{LIST_TRIES_AT_FIRST, Pass};
pub(super) use protocol::{Ask, AttentionChange, Effect, Event, Finished, Moment, PassSettings};
