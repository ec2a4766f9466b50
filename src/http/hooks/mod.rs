//! Hooks: whoever knows a workload's secret may ask for a pass, and needs no token.
//!
//! Comes in: a secret, in the path or in a header. Goes out: that a pass will run, or what came of it. Never: a secret in
//! a log, an error or a metric; a word on any workload but the secret's.

mod answers;
mod handlers;
mod limits;

pub(super) use handlers::{is_one, routes};
pub(super) use limits::Limits;
