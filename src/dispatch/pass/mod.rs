//! One pass as a machine without I/O: events go in, requests and at last one report come out.
//!
//! ```text
//! open ─┬─ list ─┐
//!       └────────┴─ look up ─ (adopt) ─ assign ⇄ images, verify ─ commit ─ report
//! ```
//!
//! DispatchActor carries the requests out. Never: a clock, a socket, a database; so tests drive it through any order
//! of answers, deaths and deadlines.

mod again;
mod endings;
mod identity;
mod knowledge;
mod machine;
mod protocol;
mod report;
#[cfg(test)]
mod tests;

pub(super) use knowledge::Knowledge;
pub(super) use machine::{LIST_TRIES_AT_FIRST, Pass};
pub(super) use protocol::{Ask, Effect, Event, Finished, Moment, PassSettings};
