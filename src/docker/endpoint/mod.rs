//! Where the daemon is.
//!
//! ```text
//! resolve       the choice among all that may name one
//! asked, context, environment, usual_places    what may name one
//! named, address, host_port                    how it is written            (pure)
//! checked, tls_wanted                          what it takes
//! kind, ssh, tls, usual                        what comes of it
//! error         why there is none
//! ```
//!
//! Comes in: our configuration, Docker's own, the environment. Goes out: an [`Endpoint`]. Never: a request to a daemon.

mod address;
mod asked;
mod checked;
mod context;
mod environment;
mod error;
mod host_port;
mod kind;
mod named;
mod resolve;
mod ssh;
mod tls;
mod tls_wanted;
mod usual;
mod usual_places;

pub use error::EndpointError;
pub(super) use host_port::TLS_PORT;
pub use kind::Endpoint;
#[cfg(feature = "cli")]
pub(crate) use resolve::chosen_by_docker;
#[cfg(feature = "http")]
pub(crate) use resolve::find_endpoint;
pub use resolve::resolve_endpoint;
pub use ssh::SshEndpoint;
pub use tls::{TlsEndpoint, TlsFiles};
pub use usual::UsualSockets;

#[cfg(test)]
mod tests;
