//! What was ordered of containers, by whom, and what came of it.

use serde::Serialize;

use super::word_enum::word_enum;
use super::{ContainerId, HostName, RowId, Timestamp, WorkloadId};

word_enum! {
    /// What came of an order.
    AuditOutcome {
        /// The daemon carried it out.
        Ok = "ok",
        /// It was not sent: whoever gave it may not, or nothing could be ordered.
        Refused = "refused",
        /// It was sent, and the daemon did not carry it out; or no daemon was reached.
        Failed = "failed",
        /// It was sent and nothing definite came back, or this process ended meanwhile: the daemon may have carried it out, or may
        /// still do.
        Unknown = "unknown",
    }
}

word_enum! {
    /// What can be ordered of a container.
    AuditAction {
        /// Start it.
        Start = "start",
        /// Stop it.
        Stop = "stop",
        /// Stop it and start it.
        Restart = "restart",
        /// Remove it.
        Remove = "remove",
    }
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct AuditRecord {
    /// Grows with time.
    pub id: String,
    /// When it was given.
    pub at: Timestamp,
    /// The name of the token, or `control socket`.
    pub who: String,
    /// `start`, `stop`, `restart` or `remove`.
    pub action: String,
    /// The host.
    pub host: HostName,
    /// The row, as it was named.
    pub row_id: RowId,
    /// The owner of the row; null if the row was not found.
    pub workload_id: Option<WorkloadId>,
    /// The container; null if the row was not found or bound to none.
    pub container_id: Option<ContainerId>,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// How long the daemon took, in milliseconds; null if it was not asked, or the outcome was never heard.
    pub duration_ms: Option<i64>,
    /// Why it was refused, failed or is unknown.
    pub error: Option<String>,
}
