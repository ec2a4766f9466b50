//! What people register, and what the ledger remembers besides rows.

use std::time::Duration;

use serde::Serialize;

use super::word_enum::word_enum;
use super::{ContainerId, ContainerState, HostName, PassId, Refusal, RowId, Timestamp, WorkloadId, WorkloadKind};

/// A workload as listed; the secret is shown only when made or rotated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Workload {
    /// Its id; it holds no `:`.
    pub id: WorkloadId,
    /// Its kind.
    pub kind: WorkloadKind,
    /// The project, stack or site that it stands for.
    pub ref_id: String,
    /// The parent's name.
    pub name: String,
}

/// What `add` prints: the parent, its workload, and the secret that is never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Registered {
    /// The parent's id.
    pub id: String,
    /// The parent's name.
    pub name: String,
    /// Its workload.
    pub workload_id: WorkloadId,
    /// The kind.
    pub kind: WorkloadKind,
    /// Of a stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_project: Option<String>,
    /// Shown once.
    pub webhook_secret: String,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// Its workload.
    pub workload_id: WorkloadId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A stage of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Stage {
    /// Its id.
    pub id: String,
    /// Its project.
    pub project_id: String,
    /// Its name, unique in the project.
    pub name: String,
    /// The names that it bore before, oldest first.
    pub former_names: Vec<String>,
    /// Stored for the deployer, not enforced.
    pub max_instances: Option<i32>,
}

word_enum! {
    /// How a stack, or a container's name in it, came into the ledger.
    Origin {
        /// Somebody registered it: `stack add`, or a call to the API.
        Added = "added",
        /// It was running already: `adopt`, or `auto_adopt` in a pass.
        Adopted = "adopted",
        /// It is from before that was kept, or somebody wrote it in plain SQL.
        Unknown = "unknown",
    }
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Stack {
    /// Its id.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// The compose project that it stands for; unique.
    pub compose_project: Option<String>,
    /// Its workload.
    pub workload_id: WorkloadId,
    /// How it came into the ledger.
    pub origin: Origin,
    /// Names of plain containers that it adopted.
    pub adopted: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A static site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Site {
    /// Its id: what the label names.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// Its workload.
    pub workload_id: WorkloadId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A row with a subdomain or a route, with its project and stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Route {
    /// The row.
    pub row_id: RowId,
    /// The host.
    pub host: HostName,
    /// The name under which a proxy serves it.
    pub subdomain: Option<String>,
    /// The proxy's own id of the route.
    pub proxy_route_id: Option<String>,
    /// The id at Nginx Proxy Manager.
    pub npm_proxy_id: Option<String>,
    /// The port to send to: the lowest TCP port that is published on the host.
    pub port: Option<u16>,
    /// The state.
    pub state: ContainerState,
    /// The container.
    pub container_id: Option<ContainerId>,
    /// The owner.
    pub workload_id: WorkloadId,
    /// The project's name, if a project owns it.
    pub project: Option<String>,
    /// The stage's name, if one is found.
    pub stage: Option<String>,
    /// The names of other workloads with a row of the same subdomain: one of them gets what is meant for another.
    pub contested_by: Vec<String>,
}

word_enum! {
    /// How far a host's rows can be trusted.
    HostStatus {
        /// The last pass was complete.
        Fresh = "fresh",
        /// The last pass failed or was partial, yet a daemon answers; or the last complete one is older than three intervals,
        /// whatever the last one said.
        Stale = "stale",
        /// No daemon answers.
        Unreachable = "unreachable",
        /// Single containers answer and the listing does not.
        Degraded = "degraded",
        /// Another daemon answers than the one of this host.
        WrongDaemon = "wrong_daemon",
    }
}

impl HostStatus {
    /// Without a complete pass for this long a host is stale, whatever its last pass said. Three ticks that are missed are no
    /// coincidence. The view `host_freshness` says the same in SQL, for whoever reads the ledger.
    #[must_use]
    pub fn stale_after(interval: Duration) -> Duration {
        interval * 3
    }
}

/// Who writes a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct LeaseRecord {
    /// Who: a random id with machine, boot, pid namespace, pid and start time.
    pub holder: Option<String>,
    /// Raised by each epoch of the StoreActor.
    pub generation: i64,
    /// When it may be taken over by anybody.
    pub expires_at: Option<Timestamp>,
}

/// One line of `hosts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct HostRecord {
    /// The host.
    pub name: HostName,
    /// The daemon's address, as resolved.
    pub endpoint: Option<String>,
    /// `docker` or `podman`.
    pub engine: Option<String>,
    /// The engine's version.
    pub engine_version: Option<String>,
    /// What tells its daemon from another.
    pub engine_identity: Option<String>,
    /// Whether an operator said that the daemon that answers next is this host's.
    #[serde(skip)]
    pub identity_confirmed: bool,
    /// When its last complete pass of the whole host began, by the database's clock.
    pub last_complete_pass_at: Option<Timestamp>,
    /// The last pass that committed.
    pub last_pass_id: Option<PassId>,
    /// How far its rows can be trusted at the moment of the question: what its last pass said, and `stale` where its last
    /// complete one is older than three intervals.
    pub status: Option<HostStatus>,
    /// What its last pass said, whenever that was.
    pub last_pass_status: Option<HostStatus>,
    /// Why, if they cannot.
    pub last_error: Option<String>,
    /// Calls that its daemon, or a proxy before it, does not carry out, as its last passes found.
    pub refusals: Vec<Refusal>,
    /// Whole passes by tick that changed nothing and left no line in `passes`.
    pub unchanged_passes: i64,
    /// Between two passes by tick, in milliseconds, as the process that wrote it last was configured.
    pub interval_ms: i64,
    /// Who writes it.
    pub lease: LeaseRecord,
}

/// One line of `passes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct PassRecord {
    /// The pass.
    pub pass_id: PassId,
    /// The host.
    pub host: HostName,
    /// Why it ran.
    pub trigger: String,
    /// What it looked at.
    pub scope: String,
    /// How much its listing held.
    pub completeness: String,
    /// What came of it.
    pub outcome: String,
    /// When it began.
    pub started_at: Timestamp,
    /// From its begin to its commit.
    pub duration_ms: i64,
    /// Its list call.
    pub list_ms: i64,
    /// Containers listed.
    pub listed: i32,
    /// Rows made.
    pub inserted: i32,
    /// Rows written.
    pub updated: i32,
    /// Rows that went missing.
    pub missing: i32,
    /// Rows that came back.
    pub returned: i32,
    /// Why it failed.
    pub error: Option<String>,
}

/// A deployer's call: makes or binds a project row. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Name or id of the project.
    pub project: String,
    /// Name or id of the stage; sets role and stage.
    pub stage: Option<String>,
    /// The full id of the container to bind.
    pub container_id: Option<ContainerId>,
    /// The row to make or change; a fresh one if there is none.
    pub row: Option<RowId>,
    /// See [`super::DeployerColumns`].
    pub subdomain: Option<String>,
    /// See [`super::DeployerColumns`].
    pub proxy_route: Option<String>,
    /// See [`super::DeployerColumns`].
    pub npm_proxy: Option<String>,
    /// See [`super::DeployerColumns`].
    pub image_tag: Option<String>,
    /// Whether its container could not be made: a row that is not bound is `failed` then.
    pub has_failed: bool,
    /// Whether the subdomain is taken away from every other row that bears it.
    pub takes_subdomain: bool,
    /// The workloads that it may be taken from; `None` for all.
    pub takes_from: Option<Vec<WorkloadId>>,
}
