//! What people and platforms ask: rows by what is known of them, and proxy routes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use diesel::prelude::*;

use crate::model::{
    AttentionSet, Binding, CONDITION_WORDS, Condition, ContainerId, ContainerState, DeployerColumns, HealthCondition,
    HostName, Observed, Revision, Route, RowId, RowOrder, RowSummary, StoredRow, Timestamp, WorkloadId, WorkloadKind,
    lowest_tcp_port,
};
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::open::Store;
use crate::store::passes::rows::kind_of;
use crate::store::registry::{find_workload, matching_stages};
use crate::store::schema::{containers, containers_view, revision_counter, stages};
use crate::store::{RegistryError, StoreError};

/// Which rows; what is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Of this host.
    pub host: Option<HostName>,
    /// In one of these conditions; none does not narrow.
    pub conditions: Vec<Condition>,
    /// Whose health is one of these; none does not narrow.
    pub health: Vec<HealthCondition>,
    /// Of workloads of one of these kinds; none does not narrow.
    pub kinds: Vec<WorkloadKind>,
    /// Of the workload with this id, name or `kind/name`.
    pub workload: Option<String>,
    /// Of one of these workloads.
    pub workloads: Option<Vec<WorkloadId>>,
    /// Of the stage with this id or name, as their own `stage_id` or else their role says.
    pub stage: Option<String>,
    /// Whose containers start too often.
    pub flapping: bool,
    /// This one.
    pub row: Option<RowId>,
    /// Bound to this container.
    pub container_id: Option<ContainerId>,
    /// With this text, in any case, in one of the columns that people know a row by.
    pub text: Option<String>,
    /// In which order.
    pub order: RowOrder,
    /// After this one, in that order.
    pub after: Option<(HostName, RowId)>,
    /// At most this many.
    pub limit: Option<usize>,
}

/// The whole ledger as of a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerSnapshot {
    /// The last change that is in the rows.
    pub revision: Revision,
    /// By host and id.
    pub rows: Arc<Vec<StoredRow>>,
}

impl Store {
    /// Rows by host and id.
    ///
    /// # Errors
    /// [`crate::store::RegistryError::Unknown`] if the filter names a workload or a stage that does not exist, or
    /// [`crate::store::RegistryError::Invalid`] a state that no row can have.
    pub fn rows(&mut self, filter: &RowFilter) -> Result<Vec<StoredRow>, StoreError> {
        self.snapshot("read the rows", |db| {
            require_known(db, &filter.conditions)?;
            let found = filtered(db, filter)?;
            Ok(ordered(found.into_iter().map(StoredRow::from).collect(), filter))
        })
    }

    /// How many rows there are of each condition, among those that a filter lets pass.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn row_summary(&mut self, filter: &RowFilter) -> Result<RowSummary, StoreError> {
        Ok(RowSummary::of(&self.rows(filter)?))
    }

    /// The rows of every host, and the last revision that is in them.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn ledger_snapshot(&mut self) -> Result<LedgerSnapshot, StoreError> {
        self.snapshot("read the rows", |db| {
            let revision: i64 = revision_counter::table.select(revision_counter::value).first(db)?;
            let found = filtered(db, &RowFilter::default())?;
            let rows = found.into_iter().map(StoredRow::from).collect();
            Ok(LedgerSnapshot { revision: Revision(revision), rows: Arc::new(rows) })
        })
    }

    /// How many rows somebody has to look at, of every host.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn count_attention(&mut self) -> Result<usize, StoreError> {
        self.read("count the rows that need attention", |db| {
            let count: i64 = containers::table.filter(containers::attention.ne("")).count().get_result(db)?;
            Ok(usize::try_from(count).unwrap_or(0))
        })
    }

    /// How many rows there are, of every host.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn count_rows(&mut self) -> Result<usize, StoreError> {
        self.read("count the rows", |db| {
            let count: i64 = containers::table.count().get_result(db)?;
            Ok(usize::try_from(count).unwrap_or(0))
        })
    }

    /// The stages of the rows that belong to one, by host and row: the view says which.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn row_stages(&mut self, filter: &RowFilter) -> Result<BTreeMap<(HostName, RowId), String>, StoreError> {
        self.snapshot("read the stages of the rows", |db| {
            let names = stage_names(db)?;
            let of = |row: ViewRecord| {
                let stage = names.get(row.effective_stage_id.as_ref()?)?.clone();
                Some(((row.host.into(), RowId::new(row.id)), stage))
            };
            Ok(filtered(db, filter)?.into_iter().filter_map(of).collect())
        })
    }

    /// Rows with a subdomain or a route, with their project and stage.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn routes(&mut self, host: Option<&HostName>) -> Result<Vec<Route>, StoreError> {
        self.snapshot("read the routes", |db| {
            // Of every host: a subdomain is held in the whole fleet.
            let rows = filtered(db, &RowFilter::default())?.into_iter().filter(ViewRecord::has_route);
            let names = stage_names(db)?;
            let (rows, holders) = with_holders(rows.collect());
            let rows = rows.into_iter().filter(|row| host.is_none_or(|host| row.host == host.as_str()));
            Ok(rows.map(|row| row.into_route(&names, &holders)).collect())
        })
    }
}

/// The names of all stages, by id.
fn stage_names(db: &mut Db) -> QueryResult<HashMap<String, String>> {
    let names: Vec<(String, String)> = stages::table.select((stages::id, stages::name)).load(db)?;
    Ok(names.into_iter().collect())
}

/// Who holds each subdomain, in small letters: ids of workloads with their names.
type Holders = BTreeMap<String, BTreeMap<String, String>>;

fn with_holders(rows: Vec<ViewRecord>) -> (Vec<ViewRecord>, Holders) {
    let mut holders = Holders::new();
    for row in &rows {
        let Some(subdomain) = row.subdomain.as_deref().filter(|subdomain| !subdomain.is_empty()) else { continue };
        let name = row.workload_name.as_ref().unwrap_or(&row.workload_id).clone();
        holders.entry(subdomain.to_ascii_lowercase()).or_default().insert(row.workload_id.clone(), name);
    }
    (rows, holders)
}

/// The one way from a filter to rows: the view says which stage a row belongs to.
fn filtered(db: &mut Db, filter: &RowFilter) -> Result<Vec<ViewRecord>, Fault> {
    use containers_view as view;
    let mut query = view::table.select(ViewRecord::as_select()).order((view::host, view::id)).into_boxed();
    if let Some(host) = &filter.host {
        query = query.filter(view::host.eq(host.as_str()));
    }
    if !filter.kinds.is_empty() {
        query = query.filter(view::workload_kind.eq_any(filter.kinds.iter().map(|kind| kind.as_str())));
    }
    if let Some(workload) = &filter.workload {
        query = query.filter(view::workload_id.eq(find_workload(db, workload)?.id.to_string()));
    }
    if let Some(workloads) = &filter.workloads {
        query = query.filter(view::workload_id.eq_any(workloads.iter().map(WorkloadId::as_str)));
    }
    if let Some(stage) = &filter.stage {
        query = query.filter(view::effective_stage_id.eq_any(matching_stages(db, stage)?));
    }
    if let Some(row) = &filter.row {
        query = query.filter(view::id.eq(row.as_str()));
    }
    if let Some(container) = &filter.container_id {
        query = query.filter(view::container_id.eq(container.as_str()));
    }
    if filter.flapping {
        query = query.filter(view::flapping_since.is_not_null());
    }
    if let (RowOrder::Id, Some((host, row))) = (filter.order, &filter.after) {
        let later = view::host.eq(host.as_str()).and(view::id.gt(row.as_str()));
        query = query.filter(view::host.gt(host.as_str()).or(later));
    }
    let text = filter.text.as_deref().filter(|text| !text.is_empty());
    if text.is_none() && filter.is_decided_by_columns() {
        let limit = i64::try_from(filter.limit.unwrap_or(usize::MAX)).unwrap_or(i64::MAX);
        return Ok(query.limit(limit).load(db)?);
    }
    let found: Vec<ViewRecord> = query.load(db)?;
    // Here and not there: the databases do not agree on what a capital letter is.
    let Some(text) = text.map(str::to_lowercase) else { return Ok(found) };
    Ok(found.into_iter().filter(|record| record.shows(&text)).collect())
}

impl RowFilter {
    /// Whether the database can say which rows are asked for, and which of them come first.
    fn is_decided_by_columns(&self) -> bool {
        self.conditions.is_empty() && self.health.is_empty() && self.order == RowOrder::Id
    }

    fn lets_pass(&self, row: &StoredRow) -> bool {
        let condition = self.conditions.is_empty() || self.conditions.iter().any(|condition| condition.holds(row));
        condition && (self.health.is_empty() || self.health.iter().any(|health| health.holds(row)))
    }
}

/// What passes, in the order that is asked for, from the place that is asked for. A place whose row is gone is the begin.
fn ordered(mut rows: Vec<StoredRow>, filter: &RowFilter) -> Vec<StoredRow> {
    rows.retain(|row| filter.lets_pass(row));
    if filter.order != RowOrder::Id {
        filter.order.sort(&mut rows);
        let is_place =
            |row: &StoredRow| filter.after.as_ref().is_some_and(|(host, id)| row.host == *host && row.id == *id);
        if let Some(place) = rows.iter().position(is_place) {
            rows.drain(..=place);
        }
    }
    rows.truncate(filter.limit.unwrap_or(usize::MAX));
    rows
}

/// A daemon may say words that are none of ours; what no row says is a typing error.
fn require_known(db: &mut Db, conditions: &[Condition]) -> Result<(), Fault> {
    for word in conditions.iter().filter_map(Condition::foreign_word) {
        let found = containers::table.filter(containers::state.eq(word)).select(containers::id);
        let is_known = found.first::<String>(db).optional()?.is_some();
        if !is_known {
            let name = word.chars().take(40).collect();
            return Err(RegistryError::Invalid { what: "state", name, rule: CONDITION_WORDS }.into());
        }
    }
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = containers_view)]
struct ViewRecord {
    host: String,
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
    subdomain: Option<String>,
    proxy_route_id: Option<String>,
    npm_proxy_id: Option<String>,
    image_tag: Option<String>,
    stage_id: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
    workload_name: Option<String>,
    host_status: Option<String>,
    last_complete_pass_at: Option<Timestamp>,
    effective_stage_id: Option<String>,
    ended_by_request: Option<bool>,
    health_since: Option<Timestamp>,
    start_error: Option<String>,
    attention: String,
    attention_since: Option<Timestamp>,
}

impl ViewRecord {
    /// Whether one of the columns that people know a row by holds a text, which is in small letters.
    fn shows(&self, text: &str) -> bool {
        let columns = [
            Some(&self.name),
            Some(&self.image_ref),
            Some(&self.id),
            Some(&self.role),
            Some(&self.ports),
            self.container_id.as_ref(),
            self.workload_name.as_ref(),
            self.subdomain.as_ref(),
            self.image_tag.as_ref(),
        ];
        columns.into_iter().flatten().any(|column| column.to_lowercase().contains(text))
    }

    fn has_route(&self) -> bool {
        [&self.subdomain, &self.proxy_route_id, &self.npm_proxy_id]
            .into_iter()
            .any(|column| column.as_deref().is_some_and(|text| !text.is_empty()))
    }

    fn into_route(self, stage_names: &HashMap<String, String>, holders: &Holders) -> Route {
        let held = self.subdomain.as_ref().and_then(|subdomain| holders.get(&subdomain.to_ascii_lowercase()));
        let others = held.into_iter().flatten().filter(|(workload, _)| **workload != self.workload_id);
        let contested_by = others.map(|(_, name)| name.clone()).collect();
        let project = self.workload_name.filter(|_| kind_of(&self.workload_kind) == WorkloadKind::Project);
        Route {
            row_id: RowId::new(self.id),
            host: self.host.into(),
            subdomain: self.subdomain,
            proxy_route_id: self.proxy_route_id,
            npm_proxy_id: self.npm_proxy_id,
            port: lowest_tcp_port(&self.ports),
            state: ContainerState::parse(&self.state),
            container_id: self.container_id.map(Into::into),
            workload_id: self.workload_id.into(),
            project,
            stage: self.effective_stage_id.and_then(|id| stage_names.get(&id).cloned()),
            contested_by,
        }
    }
}

impl From<ViewRecord> for StoredRow {
    fn from(record: ViewRecord) -> Self {
        Self {
            id: RowId::new(record.id),
            host: record.host.into(),
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
            deployer: DeployerColumns {
                subdomain: record.subdomain,
                proxy_route_id: record.proxy_route_id,
                npm_proxy_id: record.npm_proxy_id,
                image_tag: record.image_tag,
                stage_id: record.stage_id,
            },
            created_at: record.created_at,
            updated_at: record.updated_at,
            revision: Revision(record.revision),
            workload_name: record.workload_name,
            host_status: record.host_status,
            last_complete_pass_at: record.last_complete_pass_at,
        }
    }
}
