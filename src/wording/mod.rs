//! What people are told, shared by the command line and the page.
//!
//! Comes in: what the ledger holds. Goes out: what is wrong with a host, the command that gives a container its row, ages,
//! text made harmless. Never: a language of its own beyond commands and the words of the command line, I/O.

mod ages;
mod escape;
mod fix;
mod freshness;

pub(crate) use ages::{Unit, largest_unit};
#[cfg(feature = "cli")]
pub(crate) use ages::{age_text, millis_text, since};
#[cfg(feature = "cli")]
pub(crate) use escape::escape_json;
pub(crate) use escape::{escape, shell_word};
#[cfg(feature = "cli")]
pub(crate) use fix::ignore_entry;
#[cfg(all(test, feature = "cli"))]
pub(crate) use fix::tests::unassigned;
pub(crate) use fix::{Fixes, advice};
pub(crate) use freshness::{Trouble, holder_text, is_served, trouble};
