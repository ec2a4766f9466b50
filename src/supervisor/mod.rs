//! The supervision tree.
//!
//! ```text
//! LedgerSupervisor
//! ├─ EventsActor
//! ├─ TickActor
//! ├─ DispatchActor
//! ├─ DockerActor × worker
//! ├─ StoreActor
//! └─ services: HttpActor, where the ledger is served
//! ```
//!
//! Comes in: deaths, deadlines, requests. Goes out: the refs of the living, in order of their epochs. Never: I/O in a
//! handler, a ref handed out by anybody else.

mod actor;
mod delivery;
mod ends;
mod lookout;
mod message;
mod policy;
mod reports;
mod service;
mod shutdown;
mod starts;
mod subscribers;
#[cfg(test)]
mod tests;
mod watchdog;
mod wiring;

#[cfg(feature = "http")]
pub(crate) use actor::CHILDREN;
pub(crate) use actor::{LedgerSupervisor, SupervisorArgs};
pub use delivery::{Delivered, Delivery, QUEUE, Sink, Subscription, SubscriptionId};
pub(crate) use delivery::{channel, to_actor};
pub use message::SupervisorMessage;
pub(crate) use service::ServiceFactory;
pub(crate) use shutdown::bound as shutdown_bound;
