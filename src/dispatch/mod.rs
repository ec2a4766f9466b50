//! The pass: open, list, assign, verify, commit.
//!
//! Comes in: an order for a pass, and the answers of the daemon and of the ledger. Goes out: requests to both, and one
//! report. Never: I/O but in `preview`, which looks on behalf of a reader and writes nothing; a row that a rule did not
//! decide; two passes at once.

mod actor;
mod calls;
mod conditions;
mod details;
mod diff;
mod directory;
mod identification;
mod identify;
mod message;
mod pass;
mod pending_details;
mod preview;
mod probe;
mod refusals;
mod rules;
mod standing;
mod state;

pub(crate) use actor::DispatchActor;
#[cfg(feature = "http")]
pub(crate) use directory::directory_keys;
pub use message::{DispatchEvent, DispatchMessage, PassOrder, Peer};
pub use preview::{Preview, preview};
#[cfg(feature = "http")]
pub(crate) use rules::RuleSet;
#[cfg(feature = "cli")]
pub(crate) use rules::is_adoptable;
#[cfg(feature = "http")]
pub(crate) use rules::{OwnLabels, dispute, own_labels};
pub(crate) use state::DispatchArgs;
