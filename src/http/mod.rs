//! The ledger over HTTP.
//!
//! Comes in: requests of people, platforms and monitors. Goes out: what the ledger holds, the reports of passes, the
//! changes as they are committed, the page. Never: a decision of a pass, a write that the registry or StoreActor would
//! not make, text of the daemon unescaped.
//!
//! HttpActor is a service beside the ledger: its death harms no pass.

mod actor;
mod api;
mod auth;
mod bodies;
mod bounds;
mod compressed;
mod control;
mod document;
mod extract;
mod health;
mod hooks;
mod lifted;
mod listen;
mod looks;
mod metrics;
mod orders;
mod page;
mod peer;
mod problem;
mod rates;
mod reach;
#[cfg(feature = "cli")]
mod readiness;
mod refusals;
mod router;
mod schemas;
mod service;
mod shapes;
mod shared;
mod target;
mod tls;
mod turns;
mod write_timeout;

pub use auth::{GuardError, TokensError};
#[cfg(feature = "cli")]
pub(crate) use auth::{KnownToken, fresh, known, line, revoke, scope};
#[cfg(feature = "cli")]
pub(crate) use readiness::{Obstacle, examine_guard, examine_listener};
pub use service::HttpService;
pub use tls::CertificateError;
