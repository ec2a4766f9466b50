//! What is told of the stream.

use crate::model::Timestamp;

/// The state of the daemon's event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamStatus {
    /// Whether it is followed. While it is not, changes are seen one tick late.
    pub is_open: bool,
    /// Since when that is so.
    pub since: Timestamp,
    /// Events that this EventsActor was told; one that came twice counts once.
    pub events: u64,
    /// How often this EventsActor opened it again.
    pub reopened: u64,
}
