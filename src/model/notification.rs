//! What a receiver of notifications is told.

use serde::Serialize;

use super::word_enum::word_enum;
use super::{Change, HostName, HostStatus, Revision, StoredRow, Timestamp};

word_enum! {
    /// What is told.
    NotifyEvent {
        /// A container is verified gone, and that was not asked for.
        Missing = "missing",
        /// The row of a missing container has one again.
        Returned = "returned",
        /// The row of a container that somebody had to look at was removed.
        Forgotten = "forgotten",
        /// A container ended by itself with a code other than 0.
        Crashed = "crashed",
        /// The kernel ended a process of a container for want of memory.
        OutOfMemory = "out_of_memory",
        /// A container's process could not be started.
        FailedToStart = "failed_to_start",
        /// A container's health check fails.
        Unhealthy = "unhealthy",
        /// Nobody has to look at a container any more that had crashed, run out of memory, failed to start or was unhealthy.
        Recovered = "recovered",
        /// A container began to start too often.
        Flapping = "flapping",
        /// It no longer starts too often.
        Settled = "settled",
        /// The rows of the host are not kept true.
        Stale = "stale",
        /// They are again.
        Fresh = "fresh",
        /// Changes were removed from the history before they could be told.
        Lagged = "lagged",
        /// Nothing happened: somebody tries whether the receiver is told.
        Test = "test",
    }
}

impl NotifyEvent {
    /// Whether it is told because it happened, and not on request.
    #[must_use]
    pub const fn happens(self) -> bool {
        !matches!(self, Self::Test)
    }
}

word_enum! {
    /// How a receiver is told. Each has a place of its own in the history.
    ReceiverKind {
        /// Over HTTP.
        Webhook = "webhook",
        /// By a program.
        Command = "command",
    }
}

/// One thing that is told: a change of a row, a change of the host's status, or that changes were missed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Notification {
    /// The same each time that this is told: a receiver that knows it has heard this.
    pub id: String,
    /// What is told.
    pub event: NotifyEvent,
    /// The host.
    pub host: HostName,
    /// When it was committed, or noticed.
    pub at: Timestamp,
    /// The change, of whatever is told of a row: it names workload, role and container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The row as it is when this is told; absent if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<StoredRow>,
    /// The host's status, of `stale` and `fresh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<HostStatus>,
    /// Since when the host was not kept true, of `stale` and `fresh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The oldest change that is kept, of `lagged`: what came before it is to be read from the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Revision>,
}

impl Notification {
    /// Without particulars. `number` tells it from others of its event.
    #[must_use]
    pub fn new(event: NotifyEvent, host: &HostName, at: Timestamp, number: i64) -> Self {
        let id = format!("{host}/{event}/{number}/{}", at.as_millis());
        Self { id, event, host: host.clone(), at, change: None, row: None, status: None, since: None, oldest: None }
    }
}
