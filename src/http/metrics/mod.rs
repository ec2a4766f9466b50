//! What is measured, as Prometheus reads it.
//!
//! Comes in: the status, counted rows, counted requests. Goes out: text. Never: a label whose value comes from a
//! container, an image or a request: each is a word of ours or a route's template.

mod exposition;
mod families;
mod handler;
mod requests;

pub(super) use handler::routes;
pub(super) use requests::{RequestCounts, count};
