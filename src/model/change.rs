//! A change: one committed difference of one row.

use serde::Serialize;

use super::word_enum::word_enum;
use super::{
    AttentionSet, ContainerId, ContainerState, HostName, PassId, Revision, RowId, Timestamp, WorkloadId, WorkloadKind,
};

word_enum! {
    /// Why a change was made.
    ChangeCause {
        /// A row was made for a container.
        Inserted = "inserted",
        /// The daemon says something else than the row did.
        Observed = "observed",
        /// A row went over to another container.
        Rebound = "rebound",
        /// The container is verified gone.
        Missing = "missing",
        /// The container of a missing row is back.
        Returned = "returned",
        /// A compose service has fewer containers: its row was removed, or kept for what a deployer wrote into it.
        Scaled = "scaled",
        /// Somebody else wrote the row: its state, a deployer's column, or all of it. This is where we first met it.
        Deployer = "deployer",
        /// Its container began to start too often.
        Flapping = "flapping",
        /// Its container no longer starts too often.
        Settled = "settled",
        /// Its container is gone, as was asked for: by an action of ours, or with all of its workload.
        Removed = "removed",
        /// Its process ended by itself with a code other than 0, and runs again.
        Crashed = "crashed",
        /// A claim made or bound the row.
        Claimed = "claimed",
        /// The row was removed.
        Forgotten = "forgotten",
    }
}

/// What one column held, and holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Difference {
    /// Before.
    pub from: Option<String>,
    /// After.
    pub to: Option<String>,
    /// What `from` is called now, where it is the id of something that is still there: of a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// What `to` is called now, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_name: Option<String>,
}

impl Difference {
    /// From one value to another, neither of which has a name.
    #[must_use]
    pub const fn new(from: Option<String>, to: Option<String>) -> Self {
        Self { from, to, from_name: None, to_name: None }
    }

    /// What it was and is, in the words of people: a name where there is one.
    #[must_use]
    pub fn said(&self) -> (Option<&str>, Option<&str>) {
        (self.from_name.as_deref().or(self.from.as_deref()), self.to_name.as_deref().or(self.to.as_deref()))
    }
}

/// The columns that differ, by their names.
pub type Differences = std::collections::BTreeMap<String, Difference>;

/// One committed difference of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Change {
    /// Grows in the order of commits.
    pub revision: Revision,
    /// When it was committed, by the wall clock.
    pub at: Timestamp,
    /// The host.
    pub host: HostName,
    /// The row.
    pub row_id: RowId,
    /// The container after the change.
    pub container_id: Option<ContainerId>,
    /// The owner.
    pub workload_id: Option<WorkloadId>,
    /// The owner's kind.
    pub workload_kind: Option<WorkloadKind>,
    /// The owner's name; of one that was removed, its last.
    pub workload_name: Option<String>,
    /// What the container is within its workload: stage or service.
    pub role: Option<String>,
    /// The container's name.
    pub name: Option<String>,
    /// The state before; `None` for a row that was not there.
    pub from_state: Option<ContainerState>,
    /// The state after.
    pub to_state: ContainerState,
    /// The exit code after: 32 bits, with or without sign.
    pub exit_code: Option<i64>,
    /// Why.
    pub cause: ChangeCause,
    /// What else is different than the state, by the column: `health`, `name`, `image_ref`, `ports`, `exit_code`,
    /// `container_id`, `role`, `attention`, and a deployer's columns.
    pub differences: Differences,
    /// The pass that made it; a claim or a removal has none.
    pub pass_id: Option<PassId>,
}

impl Change {
    /// Why somebody has to look from this change on, and why nobody has to any more.
    #[must_use]
    pub fn attention(&self) -> (AttentionSet, AttentionSet) {
        attention_between(&self.differences)
    }
}

/// The reasons that begin and those that end with these differences.
pub(crate) fn attention_between(differences: &Differences) -> (AttentionSet, AttentionSet) {
    let read = |words: &Option<String>| words.as_deref().map_or(AttentionSet::NONE, AttentionSet::parse);
    let Some(Difference { from, to, .. }) = differences.get("attention") else {
        return (AttentionSet::NONE, AttentionSet::NONE);
    };
    let (from, to) = (read(from), read(to));
    (to.without(from), from.without(to))
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::*;

    /// A change that says nothing but this state, of the row `w:web` on `local`.
    pub(crate) fn change_to(state: &str) -> Change {
        Change {
            revision: Revision(1),
            at: Timestamp::from_millis(0),
            host: HostName::new("local"),
            row_id: RowId::new("w:web"),
            container_id: None,
            workload_id: None,
            workload_kind: None,
            workload_name: None,
            role: None,
            name: None,
            from_state: None,
            to_state: ContainerState::parse(state),
            exit_code: None,
            cause: ChangeCause::Observed,
            differences: Differences::new(),
            pass_id: None,
        }
    }
}
