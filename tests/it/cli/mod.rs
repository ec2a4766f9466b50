//! The built program: its words, its exit codes, what it leaves alone.

mod configuration;
pub(crate) mod daemon;
mod demo;
mod faults;
mod follow;
mod help;
pub(crate) mod program;
mod readiness;
mod registry;
mod rows;
