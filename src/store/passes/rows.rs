//! Rows as they are read, and as the reconciliation writes them: types that cannot name a deployer's column.
//!
//! Longer than most: each set of columns that one statement writes is a type here, beside those that it overlaps with.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::model::{
    AttentionSet, Binding, ContainerState, HostName, LedgerRow, Observed, RowId, Timestamp, WorkloadId, WorkloadKind,
    is_image_name,
};
use crate::store::passes::plan::RowWrite;
use crate::store::schema::containers;

/// What *open* reads of a row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = containers)]
pub(in crate::store) struct LedgerRecord {
    id: String,
    workload_id: String,
    workload_kind: String,
    role: String,
    container_id: Option<String>,
    name: String,
    image_ref: String,
    state: String,
    state_since: Option<Timestamp>,
    port: i32,
    ports: String,
    exit_code: Option<i64>,
    health: Option<String>,
    restart_count: Option<i64>,
    oom_killed: Option<bool>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    created_in_docker_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
    flapping_since: Option<Timestamp>,
    recent_starts: i32,
    recorded_state: Option<String>,
    seen_container_id: Option<String>,
    details_owed: bool,
    state_after: Option<Timestamp>,
    ended_by_request: Option<bool>,
    health_since: Option<Timestamp>,
    start_error: Option<String>,
    attention: String,
    attention_since: Option<Timestamp>,
    #[diesel(select_expression = bears_deployers_column(), select_expression_type = SqlLiteral<Bool>)]
    bears_deployers_column: bool,
}

/// Whether a column of the deployer holds anything; an empty text is nothing, as for the retention of missing rows.
fn bears_deployers_column() -> SqlLiteral<Bool> {
    sql::<Bool>(
        "(COALESCE(subdomain, '') <> '' OR COALESCE(proxy_route_id, '') <> '' OR COALESCE(npm_proxy_id, '') <> '' \
         OR COALESCE(image_tag, '') <> '' OR COALESCE(stage_id, '') <> '')",
    )
}

impl From<LedgerRecord> for LedgerRow {
    fn from(record: LedgerRecord) -> Self {
        Self {
            id: RowId::new(record.id),
            binding: Binding {
                workload_id: WorkloadId::new(record.workload_id),
                workload_kind: kind_of(&record.workload_kind),
                role: record.role.into(),
                container_id: record.container_id.map(Into::into),
            },
            observed: Observed {
                name: record.name.into(),
                image_ref: record.image_ref.into(),
                state: ContainerState::parse(&record.state),
                state_since: record.state_since,
                port: record.port,
                ports: record.ports.into(),
                exit_code: record.exit_code,
                health: record.health.map(Into::into),
                restart_count: record.restart_count,
                oom_killed: record.oom_killed,
                started_at: record.started_at,
                finished_at: record.finished_at,
                created_in_docker_at: record.created_in_docker_at,
                last_seen_at: record.last_seen_at,
                flapping_since: record.flapping_since,
                recent_starts: record.recent_starts,
                ended_by_request: record.ended_by_request,
                health_since: record.health_since,
                start_error: record.start_error.map(Into::into),
                attention: AttentionSet::parse(&record.attention),
                attention_since: record.attention_since,
            },
            recorded_state: record.recorded_state.as_deref().map(ContainerState::parse),
            seen_container_id: record.seen_container_id.map(Into::into),
            details_owed: record.details_owed,
            bears_deployers_column: record.bears_deployers_column,
            state_after: record.state_after,
        }
    }
}

/// The schema admits no other kinds. A row of a kind that we cannot read is treated as a deployer's: never bound by us.
pub(in crate::store) fn kind_of(text: &str) -> WorkloadKind {
    WorkloadKind::parse(text).unwrap_or(WorkloadKind::Project)
}

/// What is read again of a row under the transaction's lock.
#[derive(Queryable, Selectable)]
#[diesel(table_name = containers)]
pub(in crate::store) struct LockedRow {
    pub(in crate::store) id: String,
    pub(in crate::store) workload_kind: String,
    pub(in crate::store) container_id: Option<String>,
    pub(in crate::store) state: String,
    pub(in crate::store) recorded_state: Option<String>,
    pub(in crate::store) seen_container_id: Option<String>,
    #[diesel(select_expression = bears_deployers_column(), select_expression_type = SqlLiteral<Bool>)]
    pub(in crate::store) bears_deployers_column: bool,
    #[diesel(embed)]
    pub(in crate::store) examined: ExaminedColumns,
    #[diesel(embed)]
    pub(in crate::store) attended: AttendedColumns,
}

/// Whether somebody has to look, and what that follows from. It differs in few of the rows that are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = containers)]
pub(in crate::store) struct AttendedColumns {
    pub(in crate::store) ended_by_request: Option<bool>,
    pub(in crate::store) health_since: Option<Timestamp>,
    pub(in crate::store) start_error: Option<String>,
    pub(in crate::store) attention: String,
    pub(in crate::store) attention_since: Option<Timestamp>,
}

impl AttendedColumns {
    /// As a row has them after a write.
    pub(in crate::store) fn of(observed: &Observed) -> Self {
        Self {
            ended_by_request: observed.ended_by_request,
            health_since: observed.health_since,
            start_error: observed.start_error.as_deref().map(str::to_owned),
            attention: observed.attention.to_string(),
            attention_since: observed.attention_since,
        }
    }
}

/// What inspects wrote, perhaps since *open* read the row.
#[derive(Default, Queryable, Selectable)]
#[diesel(table_name = containers)]
pub(in crate::store) struct ExaminedColumns {
    pub(in crate::store) image_ref: String,
    pub(in crate::store) state_since: Option<Timestamp>,
    pub(in crate::store) state_after: Option<Timestamp>,
    pub(in crate::store) restart_count: Option<i64>,
    pub(in crate::store) oom_killed: Option<bool>,
    pub(in crate::store) started_at: Option<Timestamp>,
    pub(in crate::store) finished_at: Option<Timestamp>,
}

/// What one write gets in its transaction.
#[derive(Clone, Copy)]
pub(in crate::store) struct WriteStamp {
    pub(in crate::store) now: Timestamp,
    pub(in crate::store) revision: i64,
}

/// The columns that every row must have: an upsert names them to find its row, and writes none of them.
#[derive(Insertable)]
#[diesel(table_name = containers, treat_none_as_default_value = false)]
pub(in crate::store) struct RowKey<'a> {
    host: &'a str,
    id: &'a str,
    workload_id: &'a str,
    workload_kind: &'static str,
    role: &'a str,
}

impl<'a> RowKey<'a> {
    fn new(host: &'a HostName, write: &'a RowWrite) -> Self {
        Self {
            host: host.as_str(),
            id: write.id.as_str(),
            workload_id: write.binding.workload_id.as_str(),
            workload_kind: write.binding.workload_kind.as_str(),
            role: &write.binding.role,
        }
    }
}

/// The columns that change with the daemon, none of them indexed.
#[derive(Insertable)]
#[diesel(table_name = containers, treat_none_as_default_value = false)]
pub(in crate::store) struct Volatile<'a> {
    name: &'a str,
    image_ref: &'a str,
    state: &'a str,
    state_since: Option<Timestamp>,
    port: i32,
    ports: &'a str,
    exit_code: Option<i64>,
    health: Option<&'a str>,
    restart_count: Option<i64>,
    oom_killed: Option<bool>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    created_in_docker_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
    flapping_since: Option<Timestamp>,
    recent_starts: i32,
    recorded_state: &'a str,
    details_owed: bool,
    state_after: Option<Timestamp>,
    updated_at: Timestamp,
    revision: i64,
}

impl<'a> Volatile<'a> {
    fn new(write: &'a RowWrite, stamp: WriteStamp) -> Self {
        let Observed {
            name,
            image_ref,
            state,
            state_since,
            port,
            ports,
            exit_code,
            health,
            restart_count,
            oom_killed,
            started_at,
            finished_at,
            created_in_docker_at,
            last_seen_at,
            flapping_since,
            recent_starts,
            // In a statement of their own: see [`Attended`].
            ended_by_request: _,
            health_since: _,
            start_error: _,
            attention: _,
            attention_since: _,
        } = &write.observed;
        Self {
            name,
            image_ref,
            state: state.as_str(),
            state_since: *state_since,
            port: *port,
            ports,
            exit_code: *exit_code,
            health: health.as_deref(),
            restart_count: *restart_count,
            oom_killed: *oom_killed,
            started_at: *started_at,
            finished_at: *finished_at,
            created_in_docker_at: *created_in_docker_at,
            last_seen_at: *last_seen_at,
            flapping_since: *flapping_since,
            recent_starts: *recent_starts,
            recorded_state: state.as_str(),
            details_owed: write.details_owed,
            state_after: write.state_after,
            updated_at: stamp.now,
            revision: stamp.revision,
        }
    }
}

impl<'a> Volatile<'a> {
    /// Details are written while a pass is on its way: it knows nothing of them that is newer. Nor does it of the begin of
    /// a state that lasts, unless it tells better what only a list told.
    fn keep(&mut self, newer: &'a ExaminedColumns, write: &RowWrite) {
        if is_image_name(&newer.image_ref) && !is_image_name(self.image_ref) {
            self.image_ref = &newer.image_ref;
        }
        self.restart_count = newer.restart_count;
        // An event is ahead of the inspects.
        if self.oom_killed != Some(true) {
            self.oom_killed = newer.oom_killed;
        }
        self.started_at = newer.started_at;
        self.finished_at = newer.finished_at;
        let lasts = write.from_state.as_ref() == Some(&write.observed.state);
        if lasts && !tells_since(write, newer) {
            self.state_since = newer.state_since;
            self.state_after = newer.state_after;
        }
    }
}

/// Whether the write tells since when a state lasts that only a list told so far.
pub(in crate::store) fn tells_since(write: &RowWrite, stored: &ExaminedColumns) -> bool {
    write.state_after.is_none() && stored.state_after.is_some()
}

/// Whether somebody has to look at a row, written beside what follows the daemon where it differs.
#[derive(Insertable)]
#[diesel(table_name = containers, treat_none_as_default_value = false)]
pub(in crate::store) struct Attended<'a> {
    #[diesel(embed)]
    key: RowKey<'a>,
    ended_by_request: Option<bool>,
    health_since: Option<Timestamp>,
    start_error: Option<String>,
    attention: String,
    attention_since: Option<Timestamp>,
}

impl<'a> Attended<'a> {
    pub(in crate::store) fn new(host: &'a HostName, write: &'a RowWrite, columns: AttendedColumns) -> Self {
        let AttendedColumns { ended_by_request, health_since, start_error, attention, attention_since } = columns;
        Self { key: RowKey::new(host, write), ended_by_request, health_since, start_error, attention, attention_since }
    }
}

/// What a row has from its first sight on. What only an inspect tells, and when it was last seen, it does not have yet.
#[derive(Insertable)]
#[diesel(table_name = containers, treat_none_as_default_value = false)]
pub(in crate::store) struct First<'a> {
    name: &'a str,
    image_ref: &'a str,
    state: &'a str,
    state_since: Option<Timestamp>,
    port: i32,
    ports: &'a str,
    exit_code: Option<i64>,
    health: Option<&'a str>,
    created_in_docker_at: Option<Timestamp>,
    flapping_since: Option<Timestamp>,
    recent_starts: i32,
    recorded_state: &'a str,
    details_owed: bool,
    state_after: Option<Timestamp>,
    updated_at: Timestamp,
    revision: i64,
}

impl<'a> First<'a> {
    fn new(write: &'a RowWrite, stamp: WriteStamp) -> Self {
        let observed = &write.observed;
        Self {
            name: &observed.name,
            image_ref: &observed.image_ref,
            state: observed.state.as_str(),
            state_since: observed.state_since,
            port: observed.port,
            ports: &observed.ports,
            exit_code: observed.exit_code,
            health: observed.health.as_deref(),
            created_in_docker_at: observed.created_in_docker_at,
            flapping_since: observed.flapping_since,
            recent_starts: observed.recent_starts,
            recorded_state: observed.state.as_str(),
            details_owed: write.details_owed,
            state_after: write.state_after,
            updated_at: stamp.now,
            revision: stamp.revision,
        }
    }
}

/// A row that did not exist.
#[derive(Insertable)]
#[diesel(table_name = containers, treat_none_as_default_value = false)]
pub(in crate::store) struct NewRow<'a> {
    #[diesel(embed)]
    key: RowKey<'a>,
    container_id: Option<&'a str>,
    seen_container_id: Option<&'a str>,
    created_at: Timestamp,
    #[diesel(embed)]
    first: First<'a>,
}

impl<'a> NewRow<'a> {
    pub(in crate::store) const fn id(&self) -> &'a str {
        self.key.id
    }

    pub(in crate::store) fn new(host: &'a HostName, write: &'a RowWrite, stamp: WriteStamp) -> Self {
        Self {
            key: RowKey::new(host, write),
            container_id: bound_to(write),
            seen_container_id: bound_to(write),
            created_at: stamp.now,
            first: First::new(write, stamp),
        }
    }
}

/// A row that goes over to another container. The indexed columns, in a statement of their own.
#[derive(Insertable)]
#[diesel(table_name = containers, treat_none_as_default_value = false)]
pub(in crate::store) struct Rebinding<'a> {
    #[diesel(embed)]
    key: RowKey<'a>,
    container_id: Option<&'a str>,
    seen_container_id: Option<&'a str>,
}

impl<'a> Rebinding<'a> {
    pub(in crate::store) const fn id(&self) -> &'a str {
        self.key.id
    }

    pub(in crate::store) fn new(host: &'a HostName, write: &'a RowWrite) -> Self {
        Self { key: RowKey::new(host, write), container_id: bound_to(write), seen_container_id: bound_to(write) }
    }
}

/// A row that somebody else bound and that is looked at for the first time since.
#[derive(Insertable)]
#[diesel(table_name = containers, treat_none_as_default_value = false)]
pub(in crate::store) struct FirstSight<'a> {
    #[diesel(embed)]
    key: RowKey<'a>,
    seen_container_id: Option<&'a str>,
}

impl<'a> FirstSight<'a> {
    pub(in crate::store) fn new(host: &'a HostName, write: &'a RowWrite) -> Self {
        Self { key: RowKey::new(host, write), seen_container_id: bound_to(write) }
    }
}

/// A row whose observed columns follow the daemon.
#[derive(Insertable)]
#[diesel(table_name = containers, treat_none_as_default_value = false)]
pub(in crate::store) struct Observation<'a> {
    #[diesel(embed)]
    key: RowKey<'a>,
    #[diesel(embed)]
    volatile: Volatile<'a>,
}

impl<'a> Observation<'a> {
    pub(in crate::store) fn new(
        host: &'a HostName,
        write: &'a RowWrite,
        stamp: WriteStamp,
        newer: Option<&'a ExaminedColumns>,
    ) -> Self {
        let mut volatile = Volatile::new(write, stamp);
        if let Some(newer) = newer {
            volatile.keep(newer, write);
        }
        Self { key: RowKey::new(host, write), volatile }
    }
}

fn bound_to(write: &RowWrite) -> Option<&str> {
    write.binding.container_id.as_ref().map(AsRef::as_ref)
}
