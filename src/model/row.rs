//! A row of `containers`, split by who owns its columns.

use serde::Serialize;

#[cfg(feature = "http")]
use super::ports::PortsTold;
use super::ports::serialize_ports;
use super::{
    AttentionSet, ContainerId, ContainerState, HostName, Revision, RowId, Timestamp, WorkloadId, WorkloadKind,
};

/// Whose container a row stands for. The deployer's in rows of projects, ours in rows of stacks and sites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Binding {
    /// The owner.
    pub workload_id: WorkloadId,
    /// The owner's kind, repeated in the row for readers.
    pub workload_kind: WorkloadKind,
    /// The stage name or the compose service.
    pub role: Box<str>,
    /// The container; a row is *bound* when it has one.
    pub container_id: Option<ContainerId>,
}

/// The columns that Dockledger owns in every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Observed {
    /// The container's name.
    pub name: Box<str>,
    /// The image as it was named at creation.
    pub image_ref: Box<str>,
    /// The state.
    pub state: ContainerState,
    /// Since when it is in that state: by the daemon's clock where the daemon tells, else when a list first showed it.
    pub state_since: Option<Timestamp>,
    /// The lowest port that is published on the host, of any protocol; 0 without one. In JSON `port` is the lowest TCP port or
    /// null, and comes of `ports`.
    #[serde(skip)]
    pub port: i32,
    /// All ports in a stable order: one text in the ledger, a list in JSON.
    #[serde(flatten, serialize_with = "serialize_ports")]
    #[cfg_attr(feature = "http", schema(value_type = PortsTold))]
    pub ports: Box<str>,
    /// The exit code of the last run, if it ended: 32 bits, with or without sign.
    pub exit_code: Option<i64>,
    /// `starting`, `healthy`, `unhealthy`, or none.
    pub health: Option<Box<str>>,
    /// How often the restart policy started it again.
    pub restart_count: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    pub oom_killed: Option<bool>,
    /// When it last started.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub finished_at: Option<Timestamp>,
    /// When it was created, by the daemon's clock.
    pub created_in_docker_at: Option<Timestamp>,
    /// Stored when a row goes missing: the last complete pass that showed it.
    pub last_seen_at: Option<Timestamp>,
    /// Since when it starts too often; `None` if it does not.
    pub flapping_since: Option<Timestamp>,
    /// How often it started within the configured window, as last written; 0 if it does not flap.
    pub recent_starts: i32,
    /// Whether its end, or its removal, was asked for; `None` while it is up, and where nothing tells.
    pub ended_by_request: Option<bool>,
    /// Since when the health check says what it says.
    pub health_since: Option<Timestamp>,
    /// Why its process could not be started.
    pub start_error: Option<Box<str>>,
    /// Why somebody has to look at it; empty if nobody has to.
    pub attention: AttentionSet,
    /// Since when.
    pub attention_since: Option<Timestamp>,
}

impl Observed {
    /// As in a row that a deployer inserted: nothing but the state.
    pub(crate) fn unseen(state: ContainerState) -> Self {
        Self {
            name: "".into(),
            image_ref: "".into(),
            state,
            state_since: None,
            port: 0,
            ports: "".into(),
            exit_code: None,
            health: None,
            restart_count: None,
            oom_killed: None,
            started_at: None,
            finished_at: None,
            created_in_docker_at: None,
            last_seen_at: None,
            flapping_since: None,
            recent_starts: 0,
            ended_by_request: None,
            health_since: None,
            start_error: None,
            attention: AttentionSet::NONE,
            attention_since: None,
        }
    }
}

/// A row as a pass opens it: what the diff compares. It cannot hold a deployer's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Our id.
    pub id: RowId,
    /// Whose container, and which.
    pub binding: Binding,
    /// What we keep true.
    pub observed: Observed,
    /// The state that the last recorded change left; `None` if no change ever named this row. Differs from
    /// `observed.state` when someone else wrote the state.
    pub recorded_state: Option<ContainerState>,
    /// The container that the observed columns describe. Differs from the binding when someone else bound the row.
    pub seen_container_id: Option<ContainerId>,
    /// Whether details are still to be read for it.
    pub details_owed: bool,
    /// Whether a deployer wrote something into a column of its own: which is not read.
    pub bears_deployers_column: bool,
    /// Set while `state_since` is no more than the moment of the list that first showed the state: it began after this one.
    pub state_after: Option<Timestamp>,
}

/// The columns that belong to the deployer; read for people, never written by the reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct DeployerColumns {
    /// The name under which a proxy serves it.
    pub subdomain: Option<String>,
    /// The proxy's own id of the route.
    pub proxy_route_id: Option<String>,
    /// The id at Nginx Proxy Manager.
    pub npm_proxy_id: Option<String>,
    /// The image tag that was deployed.
    pub image_tag: Option<String>,
    /// The stage.
    pub stage_id: Option<String>,
}

/// A whole row with its host's freshness, as readers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct StoredRow {
    /// Our id.
    pub id: RowId,
    /// The host.
    pub host: HostName,
    /// Whose container, and which.
    #[serde(flatten)]
    pub binding: Binding,
    /// What we keep true. `last_seen_at` is already that of the view: of a row that is not missing, the host's last
    /// complete pass.
    #[serde(flatten)]
    pub observed: Observed,
    /// The deployer's.
    #[serde(flatten)]
    pub deployer: DeployerColumns,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// The revision of its last change.
    pub revision: Revision,
    /// The owner's name.
    pub workload_name: Option<String>,
    /// The host's status.
    pub host_status: Option<String>,
    /// The host's last complete pass.
    pub last_complete_pass_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_json_the_port_is_the_lowest_tcp_one_or_null_and_ports_are_a_list() {
        let told = |port: i32, ports: &str| {
            let observed = Observed { port, ports: ports.into(), ..Observed::unseen(ContainerState::Running) };
            let told = serde_json::to_value(observed).expect("JSON");
            (told["port"].clone(), told["ports"].as_array().map(Vec::len))
        };
        assert_eq!(told(53, "0.0.0.0:53->53/udp, 0.0.0.0:8080->80/tcp"), (8080.into(), Some(2)));
        assert_eq!(told(53, "0.0.0.0:53->53/udp"), (serde_json::Value::Null, Some(1)));
        assert_eq!(told(0, ""), (serde_json::Value::Null, Some(0)));
    }
}
