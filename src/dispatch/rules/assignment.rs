//! What becomes of each listed container, and what is still to be asked.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ContainerId, ImageId, RowId, RowKeys, Unassigned, UnassignedReason, WorkloadId, WorkloadKind};

/// Whose the listed containers are.
///
/// It is whole once `wants_rows`, `wants_seen`, `wants_images`, `adoptable` and `wants_verified` are empty, and `wants_names`
/// was asked for once in the pass. Until then the caller asks for what is
/// wanted, in this order, and assigns again; what has an answer, of whatever kind, is not wanted again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// One for each of the listing's containers, in the same order.
    pub verdicts: Vec<Verdict>,
    /// Bound containers that keep their row although their labels name another owner.
    pub disputed: Vec<Unassigned>,
    /// In a scoped pass, rows that are claimed, or decide on the loss of another one, and were not read.
    pub wants_rows: RowKeys,
    /// In a scoped pass, containers beyond the scope that decide on one within it.
    pub wants_seen: BTreeSet<ContainerId>,
    /// Containers without a row whose image the list shows by its id: their inspects say what it was called.
    pub wants_names: BTreeSet<ContainerId>,
    /// Images whose labels decide a claim.
    pub wants_images: BTreeSet<ImageId>,
    /// Containers that a complete listing lacked: bound, their row not missing.
    pub wants_verified: BTreeSet<ContainerId>,
    /// With `auto_adopt`, compose projects that are no stacks yet. The caller registers them once in a pass and then
    /// assigns with `auto_adopt` off: one that cannot be registered stays `unknown_stack`.
    pub adoptable: BTreeSet<String>,
    /// Indices of the rows whose container a complete listing lacked: candidates to be swept, or taken by a claimant.
    pub absent: Vec<usize>,
    /// What becomes of slots whose container is gone, by the row's index. A row of `absent` that is not here goes missing.
    pub slot_ends: BTreeMap<usize, SlotEnd>,
    /// Of the rows that are taken, those whose container went missing without an alarm.
    pub returned_quietly: BTreeSet<usize>,
    /// Containers that claim a row and have not got it, or not yet.
    pub rivals: Vec<(RowId, ContainerId)>,
    /// Rows that may turn out to be those of containers whose images were not read in time; of a service, its first row.
    pub held_back: BTreeSet<RowId>,
}

/// What becomes of one listed container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It keeps the row of this index.
    Keeps(usize),
    /// The row of this index goes over to it, or was not bound: always a row of a stack or a site.
    Takes(usize),
    /// It leaves the row of one index for that of another, whose container is gone; the row that it leaves goes.
    Moves {
        /// The row that it leaves.
        from: usize,
        /// The row that it has from now on, of a lower slot of the same service.
        to: usize,
    },
    /// A row is made for it.
    Makes {
        /// The row's id.
        row: RowId,
        /// The owner.
        workload: WorkloadId,
        /// Its kind, never `project`.
        kind: WorkloadKind,
        /// The role within it.
        role: Box<str>,
    },
    /// It has no row.
    Unassigned {
        /// Why.
        reason: UnassignedReason,
        /// The particulars. For `unknown_workload`, `unclaimed_project`, `unknown_site`, `unknown_stack`, `other_prefix`
        /// and `one_off` it is the bare id or compose project that the container names, for `ignored` the entry of the
        /// ignore list, for `no_label` nothing, unless another orchestrator made it; else a short sentence. Not escaped.
        detail: String,
    },
}

impl Verdict {
    /// The row that goes over to the container.
    pub(super) const fn taken(&self) -> Option<usize> {
        match self {
            Self::Takes(row) => Some(*row),
            _ => None,
        }
    }
}

/// What becomes of a slot whose container is gone and that no container takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotEnd {
    /// It says that its service is missing: no container of that is left.
    Missing,
    /// It is missing and alarms nobody: a deployer's column keeps it from going.
    Kept,
    /// It goes.
    Surplus,
}

/// Where the listing has the container of a row; a row that is not bound is `Unlisted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// At this index.
    Listed(usize),
    /// Among those of which only the id was read: it exists, its state is unknown.
    Quarantined,
    /// Nowhere, and a scoped pass did not ask for it.
    Beyond,
    /// Nowhere.
    Unlisted,
}

/// The verdict on a container without a row.
pub(super) fn unassigned_verdict(reason: UnassignedReason, detail: impl Into<String>) -> Verdict {
    Verdict::Unassigned { reason, detail: detail.into() }
}
