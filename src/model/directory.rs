//! What a listing names, and whose that is.

use std::collections::{BTreeSet, HashMap};

use super::{HostName, RowId, WorkloadId, WorkloadKind};

/// Rows of one host that are asked for by what they are, and not by their container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowKeys {
    /// By their ids.
    pub rows: BTreeSet<RowId>,
    /// All rows of these owners.
    pub workloads: BTreeSet<WorkloadId>,
}

impl RowKeys {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.workloads.is_empty()
    }

    /// Asks for what `other` asks for too.
    pub fn extend(&mut self, other: &Self) {
        self.rows.extend(other.rows.iter().cloned());
        self.workloads.extend(other.workloads.iter().cloned());
    }
}

/// What a listing and the host's rows name: the keys of one look-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryKeys {
    /// Workloads by id.
    pub workloads: BTreeSet<String>,
    /// Static sites by id.
    pub sites: BTreeSet<String>,
    /// Stacks by compose project.
    pub compose_projects: BTreeSet<String>,
    /// Stacks by a container name that they adopted.
    pub adopted_names: BTreeSet<String>,
    /// Containers that another host may have rows of.
    pub elsewhere: Option<Elsewhere>,
}

/// Which containers are looked for among the rows of other hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The host that asks.
    pub host: HostName,
    /// Their ids.
    pub containers: BTreeSet<String>,
}

/// The answer to a look-up. A key that is not in its map is known to be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Kind by workload id.
    pub workloads: HashMap<String, WorkloadKind>,
    /// The site's workload by site id.
    pub sites: HashMap<String, WorkloadId>,
    /// The stack's workload by compose project.
    pub stacks: HashMap<String, WorkloadId>,
    /// The stack's workload by adopted container name.
    pub adopted: HashMap<String, WorkloadId>,
    /// Another host with a row that is bound to one of the containers that were looked for.
    pub kept_by: Option<HostName>,
}
