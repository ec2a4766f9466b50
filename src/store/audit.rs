//! What was ordered of containers: written before an order goes out, completed when its outcome is known.

use std::time::Duration;

use diesel::prelude::*;

use super::StoreError;
use super::db::Db;
use super::open::Store;
use super::schema::{audit, hosts};
use crate::model::{AuditOutcome, AuditRecord, ContainerId, HostName, RowId, Timestamp, WorkloadId};

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
    /// About rows of this workload.
    pub workload: Option<WorkloadId>,
    /// Given by this one.
    pub who: Option<String>,
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
    /// If the database cannot be read.
    pub fn audit(&mut self, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
        self.read("read the audit", |db| {
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
            if let Some(workload) = &filter.workload {
                query = query.filter(audit::workload_id.eq(workload.as_str()));
            }
            if let Some(who) = &filter.who {
                query = query.filter(audit::who.eq(who));
            }
            if let Some(before) = &filter.before {
                query = query.filter(audit::id.lt(before));
            }
            let limit = i64::try_from(filter.limit.unwrap_or(usize::MAX)).unwrap_or(i64::MAX);
            let lines: Vec<AuditLine> = query.limit(limit).load(db)?;
            Ok(lines.into_iter().map(AuditRecord::from).collect())
        })
    }
}

/// Removes what is beyond its time or count, a bounded part at a time: of a host what it says itself, of hosts that are no more
/// what is too old for whoever looks.
pub(super) fn prune_audit(
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
