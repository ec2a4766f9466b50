//! The listing, decoded while it comes in.
//!
//! ```text
//! memory     the body's pieces → the listing, the one before if they say the same
//! reader     the body's pieces → the listing
//! splitter   pieces → elements of the array
//! entry      one element → a container, a quarantined one, or nothing that can be told
//! examined   one inspect → what a list says of the container
//! status     `Status` → exit code and health
//! ports      `Ports` → one stable text
//! ```
//!
//! Comes in: bytes. Goes out: a [`Listing`](crate::model::Listing). Never: I/O; memory for what one container alone
//! asks for; a listing that lacks a container without saying so.

mod entry;
mod examined;
mod memory;
mod ports;
mod reader;
mod splitter;
mod status;

pub(super) use entry::bounded_image;
pub(super) use examined::examine;
pub(super) use memory::{Memory, RememberingReader};
pub(super) use reader::ListingReader;
pub(super) use splitter::SplitError;
pub(super) use status::examined_health;
