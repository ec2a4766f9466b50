//! The supervision tree.
//!
//! ```text
//! LedgerSupervisor
//! ├─ EventsActor
//! ├─ TickActor
//! ├─ DispatchActor
//! ├─ DockerActor × lane
//! └─ StoreActor
//! ```
//!
//! Comes in: deaths, deadlines, requests. Goes out: the refs of the living, in order of their epochs. Never: I/O in a
//! handler, a ref handed out by anybody else.

mod actor;
mod births;
mod message;
mod policy;
mod shutdown;
mod status;
#[cfg(test)]
mod tests;
mod wiring;

pub(crate) use actor::{LedgerSupervisor, SupervisorArgs};
pub use message::{Child, SupervisorMessage};
pub use status::Status;
