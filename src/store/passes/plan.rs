//! What one pass wants written, and what came of it. It names nothing that Dockledger does not own.

use std::sync::Arc;

use crate::model::{
    Binding, ChangeCause, Completeness, ContainerId, ContainerState, DaemonIdentity, Differences, HostStatus, Observed,
    PassId, PassOutcome, Refusal, Revision, RowId, Scope, Timestamp, Trigger,
};

/// One transaction of the reconciliation.
#[derive(Clone, Debug)]
pub struct CommitPlan {
    /// The pass.
    pub pass: PassStamp,
    /// What becomes of the host's own line.
    pub host: HostStamp,
    /// The rows to write, sorted by id, each at most once. Empty in a steady pass.
    pub rows: Arc<Vec<RowWrite>>,
    /// Whether a row that the database refuses costs only itself. Slower; asked for after a clash or a refused value.
    pub row_by_row: bool,
}

/// What is recorded of the pass itself.
#[derive(Clone, Debug)]
pub struct PassStamp {
    /// The pass.
    pub id: PassId,
    /// Why it ran.
    pub trigger: Trigger,
    /// What it looked at.
    pub scope: Scope,
    /// How much its listing held.
    pub completeness: Completeness,
    /// What is about to come of it.
    pub outcome: PassOutcome,
    /// When it began.
    pub started_at: Timestamp,
    /// When its list was answered.
    pub listed_at: Timestamp,
    /// The list call.
    pub list_ms: u64,
    /// From the begin of the pass until this plan was sent.
    pub elapsed_ms: u64,
    /// Containers listed.
    pub listed: usize,
    /// Why it failed, bounded.
    pub error: Option<String>,
}

/// What becomes of the host's line.
#[derive(Clone, Debug)]
pub struct HostStamp {
    /// The daemon's address, as resolved.
    pub endpoint: String,
    /// Who answered, where that is this host's daemon; what it does not tell leaves what is stored.
    pub identity: Option<DaemonIdentity>,
    /// Whether an operator's word was needed to believe that, and counts no longer.
    pub uses_confirmation: bool,
    /// How far the rows can be trusted from now on; `None` leaves what is stored, with its error.
    pub status: Option<HostStatus>,
    /// Whether this was a complete pass over the whole host: moves `last_complete_pass_at` to the pass's begin.
    pub complete: bool,
    /// Between two passes by tick: without a complete one for three of them the host is stale.
    pub interval: std::time::Duration,
    /// Which calls are refused; `None` leaves what is stored.
    pub refusals: Option<Vec<Refusal>>,
}

/// One row's difference.
#[derive(Clone, Debug)]
pub struct RowWrite {
    /// The row.
    pub id: RowId,
    /// The binding that *open* read: the write is left out, as moved, if the row's container is another by now.
    /// `None` inside `Some` is a row that was not bound; `None` outside is a row that was not there.
    pub expected: Option<Option<ContainerId>>,
    /// The binding after the write. Differs from what was read only in rows of stacks and sites.
    pub binding: Binding,
    /// The observed columns after the write; with state `forgotten` the row is removed instead.
    pub observed: Observed,
    /// Whether details are owed after the write.
    pub details_owed: bool,
    /// As in [`crate::model::LedgerRow`], after the write.
    pub state_after: Option<Timestamp>,
    /// When what it tells happened, by the daemon's clock where the daemon tells, else when the list was answered.
    pub at: Timestamp,
    /// Whether nothing differs but that details are owed from now on, or since when the state is told better: that is no
    /// change, gets no revision and is not counted.
    pub is_silent: bool,
    /// Why.
    pub cause: ChangeCause,
    /// A state that someone else wrote and that no change has told yet: it gets a change of its own, with cause
    /// `deployer`, before this one.
    pub foreign_state: Option<ContainerState>,
    /// The state that the row had before, as the last change or `foreign_state` leaves it; `None` for a new row.
    pub from_state: Option<ContainerState>,
    /// The row that its container leaves for this one. It is removed in the same write, or nothing of it is written.
    pub leaves: Option<RowId>,
    /// The code with which its process ended, where it runs again already.
    pub crash: Option<i64>,
    /// What else than the state is different.
    pub differences: Differences,
}

impl RowWrite {
    /// Whether the row is removed.
    #[must_use]
    pub fn removes(&self) -> bool {
        self.observed.state == ContainerState::Forgotten
    }
}

/// What came of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitReport {
    /// Rows made.
    pub inserted: usize,
    /// Rows written that existed.
    pub updated: usize,
    /// Of those, the ones that went missing.
    pub missing: usize,
    /// Of those, the ones that were missing and are back.
    pub returned: usize,
    /// Of those, the ones that went over to another container.
    pub rebound: usize,
    /// Rows removed: their service has fewer containers.
    pub scaled: usize,
    /// Left out: their binding is another than *open* read, or they are gone, or somebody else made them.
    pub moved: Vec<RowId>,
    /// Left out: their workload went meanwhile.
    pub ownerless: Vec<RowId>,
    /// Left out in `row_by_row`: the database refused them, with its words.
    pub refused: Vec<(RowId, String)>,
    /// The revision of the last change; `None` if nothing changed.
    pub revision: Option<Revision>,
    /// The transaction, its fsync included.
    pub commit_ms: u64,
}

/// The details of one row, to be written if the row is still bound to the container.
#[derive(Clone, Debug)]
pub struct DetailsWrite {
    /// The row.
    pub row: RowId,
    /// The container that was inspected.
    pub container: ContainerId,
    /// What the inspect said.
    pub details: crate::model::InspectedDetails,
    /// Whether they are owed all the same after the write: something happened to the container since it was inspected.
    pub still_owed: bool,
}
