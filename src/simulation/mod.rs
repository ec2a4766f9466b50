//! A simulated daemon, for tests, benchmarks and demonstrations.
//!
//! ```text
//! world        what exists: engine, images, containers                         (pure)
//! happenings   what becomes of a container                                     (pure)
//! events       what the daemon tells of that                                   (pure)
//! recreation   what compose does to a service whose configuration changed      (pure)
//! render       the JSON that the engine's API answers with                     (pure)
//! api          one request against a world                                     (pure)
//! life         a seeded random life of a world                                 (pure)
//! server       the API served over a unix socket, with faults
//! streams      the streams of events that are followed there
//! proxy        a daemon's socket with faults of the transport in between
//! socket       where both listen
//!
//! plan         which calls meet which faults
//! host         a daemon in this process, without a socket, behind a plan
//! source       what a ledger asks of that daemon
//! stream       its events
//! unanswered   what a call comes to in place of an answer                      (pure)
//! store        the real ledger behind a plan
//! ```
//!
//! Comes in: what a test wants to exist or to go wrong. Goes out: the answers of a daemon. Never: a real daemon, a
//! random number without a seed, a wall clock.

mod api;
mod chance;
mod container;
mod error;
mod events;
mod happenings;
mod host;
mod life;
mod plan;
mod populate;
mod proxy;
mod recreation;
mod render;
mod server;
mod socket;
mod source;
mod status;
mod store;
mod stream;
mod streams;
mod unanswered;
mod world;

pub use container::{Engine, Health, NewContainer, PublishedPort, RestartPolicy, SimulatedContainer, SimulatedState};
pub use error::WorldError;
pub use events::SimulatedEvent;
pub use host::{Answered, SimulatedHost};
pub use life::{Life, LifeEvent};
pub use plan::{Call, FaultPlan, FaultRule, PLANNED_PANIC, PlannedFault, RuleId};
pub use populate::Population;
pub use proxy::{Fault, FaultProxy, Injection, Reply, Traffic};
pub use recreation::{Recreation, RecreationStep};
pub use server::SimulatedDaemon;
pub use store::{CommittedPass, FaultyStore, LedgerEvent, LedgerLog};
pub use world::World;
