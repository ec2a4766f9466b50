//! The daemon.
//!
//! Comes in: requests by message, one kind of call for each lane. Goes out: listings, inspects and image labels in the
//! model's words, or a [`DaemonError`]. Never: a row, a decision on who owns a container, a name from bollard outside.

mod endpoint;
mod labels;
mod listing;
mod message;
mod scalar;
mod text;

pub use endpoint::{Endpoint, EndpointError, Environment, Files, PathKind, resolve};
pub use message::{Action, DaemonError, DockerMessage, ImageAnswer, Lane, Listed};
