//! Who owns a container: one verdict for each listed container, by rules of which the first that applies decides.
//!
//! 0. A bound container keeps its row while the row's workload exists (`assign`).
//! 1. The workload label. 2. The static-site label. 3. The compose labels. 4. A name that a stack adopted (`claim`).
//!
//! A claim by label does not count where the image carries it (`image`). The rows of a compose service are slots: which of
//! them a new container gets (`slots`, `kin`), and what becomes of those whose container is gone (`scaling`). Of several
//! claims on one row one wins (`contest`). Whom a container's own labels name where a deployer claims it (`own_labels`).
//!
//! Comes in: an [`AssignmentInput`] of ledger and daemon, and the answers so far. Goes out: an [`Assignment`], with what is still
//! to be asked. Never: I/O, an order of the listing that matters, a row of a project that is made or bound.

mod assign;
mod assignment;
mod brief;
mod claim;
mod contest;
mod dispute;
#[cfg(test)]
pub(crate) mod fixtures;
mod image;
mod image_name;
mod input;
mod kin;
mod orchestrated;
#[cfg(feature = "http")]
mod own_labels;
#[cfg(test)]
mod properties;
mod rule_set;
mod scaling;
mod slot;
#[cfg(test)]
mod slot_properties;
mod slots;
#[cfg(test)]
mod tests;

pub(crate) use assign::assign;
#[cfg(feature = "cli")]
pub(crate) use assign::is_adoptable;
pub(crate) use assignment::{Assignment, SlotEnd, Verdict};
#[cfg(feature = "http")]
pub(crate) use dispute::dispute;
pub(crate) use image_name::ImageNames;
pub(crate) use input::{AssignmentInput, Scoped};
#[cfg(feature = "http")]
pub(crate) use own_labels::{OwnLabels, own_labels};
pub(crate) use rule_set::RuleSet;
