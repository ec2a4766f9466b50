//! What was ordered of containers: written before an order goes out, completed when its outcome is known.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;

use crate::model::{AuditAction, AuditOutcome, AuditRecord, ContainerId, HostName, RowId, Timestamp, WorkloadId};
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::open::Store;
use crate::store::registry::find_workload;
use crate::store::schema::{audit, containers, hosts};
use crate::store::{RegistryError, StoreError};

/// An order as it is given.
#[derive(Clone, Debug)]
pub struct NewAudit {
    /// The name of the token, or how whoever gave it came in.
    pub who: String,
    /// The word of the action.
    pub action: &'static str,
    /// The host.
    pub host: HostName,
    /// The row, as it was named.
    pub row: RowId,
    /// The owner, where the row was found.
    pub workload: Option<WorkloadId>,
    /// The container, where the row is bound.
    pub container: Option<ContainerId>,
    /// What is known of its outcome by now.
    pub outcome: AuditOutcome,
    /// Why, if it is refused.
    pub error: Option<String>,
}

/// Which orders; what is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The one of this id.
    pub id: Option<String>,
    /// Of this host.
    pub host: Option<HostName>,
    /// About this row.
    pub row: Option<RowId>,
    /// About rows of the workload with this id, name or `kind/name`; one that was removed is known by its id.
    pub workload: Option<String>,
    /// About the container with this id, or the start of one, or with this name now; or about the row with this id.
    pub container: Option<String>,
    /// Given by this one.
    pub who: Option<String>,
    /// One of these was ordered; none does not narrow.
    pub actions: Vec<AuditAction>,
    /// One of these came of it; none does not narrow.
    pub outcomes: Vec<AuditOutcome>,
    /// Given at this moment or later.
    pub from: Option<Timestamp>,
    /// Given before this moment.
    pub to: Option<Timestamp>,
    /// Given before the one of this id.
    pub before: Option<String>,
    /// At most this many.
    pub limit: Option<usize>,
}

/// A name or an error beyond that says nothing more.
const LONGEST_TEXT: usize = 1_000;

impl Store {
    /// Enters an order. Returns its id.
    ///
    /// # Errors
    /// If the database cannot be written: then nothing is to be ordered.
    pub fn enter_audit(&mut self, new: &NewAudit) -> Result<String, StoreError> {
        self.write("enter the order into the audit", |db| {
            let id = uuid::Uuid::now_v7().to_string();
            let now = db.now()?;
            diesel::insert_into(audit::table)
                .values((
                    audit::id.eq(&id),
                    audit::at.eq(now),
                    audit::who.eq(&new.who),
                    audit::action.eq(new.action),
                    audit::host.eq(new.host.as_str()),
                    audit::row_id.eq(bounded(new.row.as_str())),
                    audit::workload_id.eq(new.workload.as_ref().map(WorkloadId::as_str)),
                    audit::container_id.eq(new.container.as_ref().map(ContainerId::as_str)),
                    audit::outcome.eq(new.outcome.as_str()),
                    audit::error.eq(new.error.as_deref().map(bounded)),
                ))
                .execute(db)?;
            Ok(id)
        })
    }

    /// Says what came of an order that was entered.
    ///
    /// # Errors
    /// If the database cannot be written: the order stays `unknown`.
    pub fn complete_audit(
        &mut self,
        id: &str,
        outcome: AuditOutcome,
        took: Duration,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        self.write("enter the outcome into the audit", |db| {
            let took = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
            let outcome =
                (audit::outcome.eq(outcome.as_str()), audit::duration_ms.eq(took), audit::error.eq(error.map(bounded)));
            diesel::update(audit::table.find(id)).set(outcome).execute(db)?;
            Ok(())
        })
    }

    /// Orders, the latest first.
    ///
    /// # Errors
    /// If the database cannot be read; [`RegistryError::Unknown`] for a workload that neither is registered nor had an order.
    pub fn audit(&mut self, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
        self.snapshot("read the audit", |db| {
            let workload = filter.workload.as_deref().map(|key| workload_of(db, key)).transpose()?;
            let called = filter.container.as_deref().map(|called| Called::read(db, called)).transpose()?;
            Ok(found(db, filter, workload.as_ref(), called.as_ref())?)
        })
    }
}

/// Orders that are read at once where containers are sifted by what they are called.
const SIFTED_AT_ONCE: usize = 1_000;

fn found(
    db: &mut Db,
    filter: &AuditFilter,
    workload: Option<&WorkloadId>,
    called: Option<&Called<'_>>,
) -> QueryResult<Vec<AuditRecord>> {
    let limit = filter.limit.unwrap_or(usize::MAX);
    let step = if called.is_some() { SIFTED_AT_ONCE } else { limit };
    let (mut passed, mut before) = (Vec::new(), filter.before.clone());
    loop {
        let read = page(db, filter, workload, before.as_deref(), step)?;
        let is_last = read.len() < step;
        before = read.last().map(|order| order.id.clone()).or(before);
        passed.extend(read.into_iter().filter(|order| called.is_none_or(|called| called.is_about(order))));
        if is_last || passed.len() >= limit {
            passed.truncate(limit);
            return Ok(passed);
        }
    }
}

fn page(
    db: &mut Db,
    filter: &AuditFilter,
    workload: Option<&WorkloadId>,
    before: Option<&str>,
    limit: usize,
) -> QueryResult<Vec<AuditRecord>> {
    let mut query = audit::table.select(AuditLine::as_select()).order(audit::id.desc()).into_boxed();
    if let Some(id) = &filter.id {
        query = query.filter(audit::id.eq(id));
    }
    if let Some(host) = &filter.host {
        query = query.filter(audit::host.eq(host.as_str()));
    }
    if let Some(row) = &filter.row {
        query = query.filter(audit::row_id.eq(row.as_str()));
    }
    if let Some(workload) = workload {
        query = query.filter(audit::workload_id.eq(workload.as_str()));
    }
    if !filter.actions.is_empty() {
        query = query.filter(audit::action.eq_any(filter.actions.iter().map(|action| action.as_str())));
    }
    if !filter.outcomes.is_empty() {
        query = query.filter(audit::outcome.eq_any(filter.outcomes.iter().map(|outcome| outcome.as_str())));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit::at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit::at.lt(to));
    }
    if let Some(who) = &filter.who {
        query = query.filter(audit::who.eq(who));
    }
    if let Some(before) = before {
        query = query.filter(audit::id.lt(before));
    }
    let lines: Vec<AuditLine> = query.limit(i64::try_from(limit).unwrap_or(i64::MAX)).load(db)?;
    Ok(lines.into_iter().map(AuditRecord::from).collect())
}

/// The workload that is called so; what was ordered outlives it.
fn workload_of(db: &mut Db, key: &str) -> Result<WorkloadId, Fault> {
    match find_workload(db, key) {
        Ok(workload) => Ok(workload.id),
        Err(unknown @ Fault::Ours(StoreError::Registry(RegistryError::Unknown { .. }))) => {
            let of_it = audit::table.filter(audit::workload_id.eq(key)).select(audit::id);
            let order: Option<String> = of_it.first(db).optional()?;
            order.map(|_| WorkloadId::new(key)).ok_or(unknown)
        }
        Err(fault) => Err(fault),
    }
}

/// Shorter than this, the start of an id is nobody's.
const SHORTEST_ID: usize = 4;

/// What somebody calls a container.
struct Called<'a> {
    word: &'a str,
    /// Host and id of the rows whose container has that name now.
    rows: BTreeSet<(String, String)>,
}

impl<'a> Called<'a> {
    fn read(db: &mut Db, word: &'a str) -> QueryResult<Self> {
        let named = containers::table.filter(containers::name.eq(word));
        let rows: Vec<(String, String)> = named.select((containers::host, containers::id)).load(db)?;
        Ok(Self { word, rows: rows.into_iter().collect() })
    }

    fn is_about(&self, order: &AuditRecord) -> bool {
        let is_id = |id: &str| id == self.word || (self.word.len() >= SHORTEST_ID && id.starts_with(self.word));
        order.row_id.as_str() == self.word
            || order.container_id.as_ref().map(ContainerId::as_str).is_some_and(is_id)
            || self.rows.contains(&(order.host.to_string(), order.row_id.to_string()))
    }
}

/// Removes what is beyond its time or count, a bounded part at a time: of a host what it says itself, of hosts that are no more
/// what is too old for whoever looks.
pub(in crate::store) fn prune_audit(
    db: &mut Db,
    host: &HostName,
    before: Timestamp,
    count: u64,
    at_once: i64,
) -> QueryResult<usize> {
    let beyond: Option<String> = audit::table
        .filter(audit::host.eq(host.as_str()))
        .order(audit::id.desc())
        .offset(i64::try_from(count).unwrap_or(i64::MAX))
        .select(audit::id)
        .first(db)
        .optional()?;
    let is_ours = audit::host.eq(host.as_str());
    let is_lost = audit::host.ne_all(hosts::table.select(hosts::name));
    let is_old = audit::at.lt(before);
    let oldest: Vec<String> = audit::table
        .filter(is_ours.and(is_old.or(audit::id.le(beyond.unwrap_or_default()))).or(is_lost.and(is_old)))
        .order(audit::id)
        .limit(at_once)
        .select(audit::id)
        .load(db)?;
    diesel::delete(audit::table.filter(audit::id.eq_any(&oldest))).execute(db)
}

fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit)]
struct AuditLine {
    id: String,
    at: Timestamp,
    who: String,
    action: String,
    host: String,
    row_id: String,
    workload_id: Option<String>,
    container_id: Option<String>,
    outcome: String,
    duration_ms: Option<i64>,
    error: Option<String>,
}

impl From<AuditLine> for AuditRecord {
    fn from(line: AuditLine) -> Self {
        Self {
            id: line.id,
            at: line.at,
            who: line.who,
            action: line.action,
            host: line.host.into(),
            row_id: RowId::new(line.row_id),
            workload_id: line.workload_id.map(Into::into),
            container_id: line.container_id.map(Into::into),
            // The table holds no other word.
            outcome: AuditOutcome::parse(&line.outcome).unwrap_or(AuditOutcome::Unknown),
            duration_ms: line.duration_ms,
            error: line.error,
        }
    }
}
