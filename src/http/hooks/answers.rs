//! What whoever knows a secret is told.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Completeness, FailureKind, PassId, PassOutcome, PassReport, Timestamp, WorkloadId};

/// That a pass will run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HookAccepted {
    /// The workload whose secret it is.
    pub(super) workload_id: WorkloadId,
    /// Whether the report was waited for and did not come within the bound of a pass: the pass runs all the same.
    pub(super) overdue: bool,
}

/// What came of the pass: the report without the names and ids of containers, since they may be others'.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HookReport {
    /// The workload whose secret it is.
    workload_id: WorkloadId,
    /// The pass.
    pass_id: PassId,
    /// What came of it.
    outcome: PassOutcome,
    /// How much the daemon's listing held.
    completeness: Completeness,
    /// When it began.
    started_at: Timestamp,
    /// From its begin to its commit.
    duration_ms: u64,
    /// The list call, the last try.
    list_ms: u64,
    /// The transaction.
    commit_ms: u64,
    /// Containers in the listing.
    listed: usize,
    /// Containers with a row.
    assigned: usize,
    /// Rows made.
    inserted: usize,
    /// Rows written that existed.
    updated: usize,
    /// Rows that were already true.
    unchanged: usize,
    /// Rows that went missing.
    missing: usize,
    /// Rows that are back.
    returned: usize,
    /// What kind of trouble it met; absent if none.
    error: Option<FailureKind>,
}

impl HookReport {
    pub(super) fn of(workload_id: WorkloadId, report: &PassReport) -> Self {
        Self {
            workload_id,
            pass_id: report.pass_id.clone(),
            outcome: report.outcome,
            completeness: report.completeness,
            started_at: report.started_at,
            duration_ms: report.duration_ms,
            list_ms: report.list_ms,
            commit_ms: report.commit_ms,
            listed: report.listed,
            assigned: report.assigned,
            inserted: report.inserted,
            updated: report.updated,
            unchanged: report.unchanged,
            missing: report.missing,
            returned: report.returned,
            error: report.error.as_ref().map(|error| error.kind),
        }
    }
}
