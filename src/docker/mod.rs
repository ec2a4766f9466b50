//! The daemon.
//!
//! ```text
//! actor           one worker of calls, by message
//! source          the seam: what is asked of a daemon, as a trait
//! questions       many containers or images, each and all within bounds
//! client          the real source, and what else the other rooms ask of it: deadlines, identity; inner: its calls
//! endpoint        where the daemon is                                      (pure)
//! ways            there: sockets, TCP, TLS, ssh
//! connector, transport, bollard_client                                     clients that go them
//! list            the list, of all containers or of some, on a kept connection
//! each            one question for many keys, some at a time
//! listing         the list's body → a listing, while it comes in           (pure)
//! events          the stream of events; lines, event_line: its bytes → events (pure)
//! refusals        which calls are not carried out
//! action, labels, answers, identity, resolve, health, scalar, text         (pure)
//! error, fault    what a call may end in, and which it was                 (pure)
//! progress        how far a call came, for whoever cancels it
//! ```
//!
//! Comes in: requests by message, one kind of call for each worker. Goes out: listings, inspects and image labels in the
//! model's words, or a [`DaemonError`]. Never: a row, a decision on who owns a container, a name from bollard outside.

mod action;
mod actor;
mod answers;
mod bollard_client;
mod client;
mod connector;
#[cfg(feature = "testkit")]
mod decoder;
mod each;
mod endpoint;
mod error;
mod event_line;
mod events;
mod fault;
mod health;
mod identity;
mod labels;
mod lines;
mod list;
mod listing;
mod message;
mod progress;
mod questions;
mod refusals;
mod resolve;
mod scalar;
mod source;
mod text;
mod transport;
mod ways;

#[cfg(feature = "http")]
pub(crate) use action::action_deadline;
pub use actor::{DockerActor, DockerArgs};
pub use client::Daemon;
#[cfg(feature = "testkit")]
pub(crate) use decoder::ListDecoder;
#[cfg(feature = "cli")]
pub(crate) use endpoint::chosen_by_docker;
#[cfg(feature = "http")]
pub(crate) use endpoint::find_endpoint;
pub use endpoint::{Endpoint, EndpointError, SshEndpoint, TlsEndpoint, TlsFiles, UsualSockets, resolve_endpoint};
pub use error::DaemonError;
pub use identity::Identified;
pub use message::{Action, Connection, DockerMessage, Grace, ImageAnswer, Listed};
pub use progress::CallProgress;
pub(crate) use questions::DETAILS_AT_ONCE;
pub use questions::Questions;
pub use refusals::Refusals;
#[cfg(test)]
pub(crate) use refusals::refusal;
pub(crate) use refusals::unanswered;
pub use resolve::ResolveError;
pub use source::{ContainerSource, EventStream, SourceFactory, StreamItem};
