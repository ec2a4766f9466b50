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
mod life;
mod populate;
mod proxy;
mod recreation;
mod render;
mod server;
mod socket;
mod status;
mod streams;
mod world;

pub use container::{Engine, Health, NewContainer, PublishedPort, RestartPolicy, SimulatedContainer, SimulatedState};
pub use error::WorldError;
pub use events::SimulatedEvent;
pub use life::{Life, LifeEvent};
pub use populate::Population;
pub use proxy::{Fault, FaultProxy, Injection, Reply, Traffic};
pub use recreation::{Recreation, RecreationStep};
pub use server::SimulatedDaemon;
pub use world::World;
