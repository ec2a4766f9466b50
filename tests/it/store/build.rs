//! Plans as the pass machine makes them.

use dockledger::model::{
    AttentionSet, Binding, ChangeCause, Completeness, ContainerId, ContainerState, DaemonIdentity, HostStatus,
    LedgerRow, Observed, PassId, PassOutcome, RowId, Scope, Timestamp, Trigger, WorkloadId, WorkloadKind,
};
use dockledger::store::{CommitPlan, HostStamp, NewParent, PassStamp, RowWrite};

pub(crate) const BEGAN: Timestamp = Timestamp::from_millis(1_700_000_000_123);

/// A whole pass by tick, complete, of the daemon `daemon-1`.
pub(crate) fn plan(rows: Vec<RowWrite>) -> CommitPlan {
    CommitPlan {
        pass: PassStamp {
            id: PassId::fresh(),
            trigger: Trigger::Tick,
            scope: Scope::Host,
            completeness: Completeness::Complete,
            outcome: PassOutcome::Committed,
            started_at: BEGAN,
            listed_at: BEGAN,
            list_ms: 7,
            elapsed_ms: 9,
            listed: rows.len(),
            error: None,
        },
        host: HostStamp {
            endpoint: "unix:///run/docker.sock".into(),
            identity: Some(identity("daemon-1")),
            uses_confirmation: false,
            status: Some(HostStatus::Fresh),
            complete: true,
            interval: std::time::Duration::from_secs(30),
            refusals: None,
        },
        rows: rows.into(),
        row_by_row: false,
    }
}

pub(crate) fn identity(key: &str) -> DaemonIdentity {
    DaemonIdentity { engine: "docker".into(), version: "29.0".into(), id: Some(key.into()), place: None }
}

/// A row for a container that has none: of workload `shop`, service `role`, running.
pub(crate) fn insert(role: &str, container: &str) -> RowWrite {
    insert_for("shop", WorkloadKind::Stack, role, container)
}

pub(crate) fn insert_for(workload: &str, kind: WorkloadKind, role: &str, container: &str) -> RowWrite {
    RowWrite {
        id: RowId::new(format!("{workload}:{role}")),
        expected: None,
        binding: Binding {
            workload_id: WorkloadId::new(workload),
            workload_kind: kind,
            role: role.into(),
            container_id: Some(ContainerId::new(container)),
        },
        observed: observed(ContainerState::Running),
        details_owed: true,
        state_after: None,
        at: BEGAN,
        is_silent: false,
        cause: ChangeCause::Inserted,
        foreign_state: None,
        from_state: None,
        leaves: None,
        crash: None,
        differences: Default::default(),
    }
}

pub(crate) fn observed(state: ContainerState) -> Observed {
    Observed {
        name: "shop-web-1".into(),
        image_ref: "nginx:1".into(),
        state,
        state_since: Some(BEGAN),
        port: 8080,
        ports: "0.0.0.0:8080->80/tcp".into(),
        exit_code: None,
        health: Some("healthy".into()),
        restart_count: None,
        oom_killed: None,
        started_at: None,
        finished_at: None,
        created_in_docker_at: Some(BEGAN),
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

/// A write that keeps the binding and moves the row to `state`.
pub(crate) fn update(row: &LedgerRow, state: ContainerState, cause: ChangeCause) -> RowWrite {
    RowWrite {
        id: row.id.clone(),
        expected: Some(row.binding.container_id.clone()),
        binding: row.binding.clone(),
        observed: Observed { state, ..row.observed.clone() },
        details_owed: false,
        state_after: row.state_after,
        at: BEGAN,
        is_silent: false,
        cause,
        foreign_state: None,
        from_state: Some(row.observed.state.clone()),
        leaves: None,
        crash: None,
        differences: Default::default(),
    }
}

/// A write that takes the row over to another container.
pub(crate) fn rebind(row: &LedgerRow, container: &str) -> RowWrite {
    let mut write = update(row, ContainerState::Running, ChangeCause::Rebound);
    write.binding.container_id = Some(ContainerId::new(container));
    write
}

/// What `add` takes, with ids that a test can name.
pub(crate) fn parent(name: &str, id: &str, workload_id: &str) -> NewParent {
    NewParent { name: name.into(), id: Some(id.into()), workload_id: Some(workload_id.into()) }
}
