//! Who owns a container: one verdict for each listed container, by rules of which the first that applies decides.
//!
//! 0. A bound container keeps its row while the row's workload exists (`assign`).
//! 1. The workload label. 2. The static-site label. 3. The compose labels. 4. A name that a stack adopted (`claim`).
//!
//! A claim by label does not count where the image carries it (`image`), and of several claims on one row one wins
//! (`contest`).
//!
//! Comes in: a [`Picture`] of ledger and daemon, and the answers so far. Goes out: an [`Assignment`], with what is still
//! to be asked. Never: I/O, an order of the listing that matters, a row of a project that is made or bound.

mod assign;
mod claim;
mod contest;
mod dispute;
#[cfg(test)]
pub(crate) mod fixtures;
mod image;
#[cfg(test)]
mod properties;
mod rule_set;
#[cfg(test)]
mod tests;

#[cfg(feature = "cli")]
pub(crate) use assign::is_adoptable;
pub(crate) use assign::{Assignment, Picture, Verdict, assign, unassigned};
#[cfg(feature = "http")]
pub(crate) use dispute::dispute;
pub(crate) use rule_set::RuleSet;
