//! The history: revisions in the order of commits, what is recorded, and reading on from a revision.
//!
//! Longer than most: what is recorded and what is read of it share the columns and the counter of revisions.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::StoreError;
use super::db::{Db, each_backend, locked};
use super::open::Store;
use super::schema::{changes, containers, hosts, revision_counter, stages, workloads};
use crate::model::{
    Became, Change, ChangeCause, ChangeFilter, ContainerState, Differences, HostName, PassId, Revision, RowId,
    Timestamp, WorkloadId, WorkloadKind,
};
use crate::store::db::moment::UtcTimestamp;

/// A part of the history.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct ChangesPage {
    /// In the order of their revisions.
    pub changes: Vec<Change>,
    /// From this revision on nothing of what was asked for was removed; the next one to come if nothing is left.
    pub oldest: Revision,
    /// The last revision that was given out.
    pub latest: Revision,
    /// Whether changes after the asked revision are no longer kept: start from the rows, then read on from `latest`.
    pub lagged: bool,
}

/// Changes with the names of their workloads.
macro_rules! named_changes {
    () => {
        changes::table
            .left_join(workloads::table.on(changes::workload_id.eq(workloads::id.nullable())))
            .select((ChangeRecord::as_select(), (workloads::kind, workloads::name).nullable()))
    };
}

/// The changes that a filter may let pass, and no fewer.
macro_rules! narrowed {
    ($filter:expr) => {{
        let filter: &ChangeFilter = $filter;
        let mut query = named_changes!().into_boxed();
        if let Some(host) = &filter.host {
            query = query.filter(changes::host.eq(host.as_str()));
        }
        if let Some(workloads) = &filter.workloads {
            query = query.filter(changes::workload_id.eq_any(workloads.iter().map(WorkloadId::as_str)));
        }
        if let Some(from) = filter.from {
            query = query.filter(changes::at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(changes::at.lt(to));
        }
        query = match &filter.became {
            None => query,
            Some(Became::Into(state)) => query.filter(changes::to_state.eq(state.as_str())),
            Some(Became::Down) => query.filter(changes::from_state.eq_any(UP)).filter(changes::to_state.ne_all(UP)),
            Some(Became::Up) => query
                .filter(changes::to_state.eq_any(UP))
                .filter(changes::from_state.is_null().or(changes::from_state.ne_all(UP))),
        };
        for pattern in patterns(&filter.text) {
            query = query.filter(
                lower(changes::name)
                    .like(pattern.clone())
                    .or(lower(changes::role).like(pattern.clone()))
                    .or(lower(changes::workload_name).like(pattern.clone()))
                    .or(lower(workloads::name.nullable()).like(pattern.clone()))
                    .or(lower(changes::workload_id).like(pattern.clone()))
                    .or(lower(changes::host.nullable()).like(pattern.clone()))
                    .or(lower(changes::row_id.nullable()).like(pattern.clone()))
                    .or(lower(changes::container_id).like(pattern.clone()))
                    .or(lower(changes::from_state).like(pattern.clone()))
                    .or(lower(changes::to_state.nullable()).like(pattern.clone()))
                    .or(lower(changes::differences).like(pattern)),
            );
        }
        query
    }};
}

impl Store {
    /// The changes after a revision, or the last ones without one, `limit` at most.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn changes(
        &mut self,
        after: Option<Revision>,
        host: Option<&HostName>,
        limit: usize,
    ) -> Result<ChangesPage, StoreError> {
        let filter = ChangeFilter { host: host.cloned(), ..ChangeFilter::default() };
        self.changes_of(&filter, after, limit)
    }

    /// The same of those that a filter lets pass.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn changes_of(
        &mut self,
        filter: &ChangeFilter,
        after: Option<Revision>,
        limit: usize,
    ) -> Result<ChangesPage, StoreError> {
        self.snapshot("read the changes", |db| {
            let latest: i64 = revision_counter::table.select(revision_counter::value).first(db)?;
            let oldest = oldest_whole(db, filter.host.as_ref(), latest)?;
            let way = after.map_or(Way::Down(None), |Revision(after)| Way::Up(after));
            let mut found = found(db, filter, way, limit)?;
            if after.is_none() {
                found.reverse();
            }
            name_stages(db, &mut found)?;
            Ok(ChangesPage {
                changes: found,
                oldest: Revision(oldest),
                latest: Revision(latest),
                lagged: after.is_some_and(|Revision(after)| after.saturating_add(1) < oldest),
            })
        })
    }

    /// Those before a revision that a filter lets pass, the latest first, `limit` at most.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn changes_before(
        &mut self,
        filter: &ChangeFilter,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError> {
        self.snapshot("read the changes", |db| {
            let mut found = found(db, filter, Way::Down(before.map(|Revision(before)| before)), limit)?;
            name_stages(db, &mut found)?;
            Ok(found)
        })
    }
}

/// Changes that are read at once where not each of them is asked for.
const SIFTED_AT_ONCE: usize = 1_000;

/// From where the history is read, and whereto.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Those after a revision, in the order of revisions.
    Up(i64),
    /// Those before one, or from the last one on, the latest first.
    Down(Option<i64>),
}

/// Host, workloads, time, words and what became of the container narrow what the database hands out; the rest is sifted here,
/// and so are words that it cannot compare: there it means the same as for a stream.
fn found(db: &mut Db, filter: &ChangeFilter, mut way: Way, limit: usize) -> QueryResult<Vec<Change>> {
    let by_columns = ChangeFilter {
        host: filter.host.clone(),
        workloads: filter.workloads.clone(),
        from: filter.from,
        to: filter.to,
        ..ChangeFilter::default()
    };
    let step = if *filter == by_columns { limit } else { SIFTED_AT_ONCE.max(limit) };
    let mut passed = Vec::new();
    loop {
        let mut query = narrowed!(filter).limit(i64::try_from(step).unwrap_or(i64::MAX));
        query = match way {
            Way::Up(after) => query.filter(changes::revision.gt(after)).order(changes::revision.asc()),
            Way::Down(before) => {
                query.filter(changes::revision.lt(before.unwrap_or(i64::MAX))).order(changes::revision.desc())
            }
        };
        let read: Vec<NamedChange> = query.load(db)?;
        let is_last = read.len() < step;
        let read: Vec<Change> = read.into_iter().map(Change::from).collect();
        if let Some(Revision(last)) = read.last().map(|change| change.revision) {
            way = match way {
                Way::Up(_) => Way::Up(last),
                Way::Down(_) => Way::Down(Some(last)),
            };
        }
        passed.extend(read.into_iter().filter(|change| filter.lets_pass(change)));
        if is_last || passed.len() >= limit {
            passed.truncate(limit);
            return Ok(passed);
        }
    }
}

diesel::define_sql_function! {
    /// Small letters; SQLite knows those of ASCII alone.
    fn lower(text: Nullable<Text>) -> Nullable<Text>;
}

/// The states that are up, as they are stored.
const UP: [&str; 3] = ["running", "paused", "restarting"];

/// The words that the database can look for: of ASCII, which it knows the small letters of, and with nothing that JSON or
/// `LIKE` escapes. `%` and `_` stand for themselves too.
fn patterns(text: &str) -> impl Iterator<Item = String> {
    let is_plain = |word: &&str| word.is_ascii() && !word.contains(['"', '\\']);
    text.split_whitespace().filter(is_plain).map(|word| format!("%{}%", word.to_lowercase()))
}

/// Gives each stage that a change tells of its name as it is now. One that is gone keeps its id alone, and so does one of
/// another project: whoever may see the change need not see that.
fn name_stages(db: &mut Db, found: &mut [Change]) -> QueryResult<()> {
    let told = found.iter().filter_map(|change| change.differences.get("stage_id"));
    let ids: BTreeSet<String> =
        told.flat_map(|difference| [&difference.from, &difference.to]).flatten().cloned().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let stages: Vec<(String, String, String)> = stages::table
        .inner_join(workloads::table.on(workloads::ref_id.eq(stages::project_id)))
        .filter(workloads::kind.eq(WorkloadKind::Project.as_str()))
        .filter(stages::id.eq_any(ids))
        .select((stages::id, workloads::id, stages::name))
        .load(db)?;
    let names: HashMap<(String, String), String> =
        stages.into_iter().map(|(stage, workload, name)| ((stage, workload), name)).collect();
    for change in found {
        let Some(workload) = change.workload_id.as_ref().map(ToString::to_string) else { continue };
        let Some(difference) = change.differences.get_mut("stage_id") else { continue };
        let name = |id: &Option<String>| names.get(&(id.clone()?, workload.clone())).cloned();
        (difference.from_name, difference.to_name) = (name(&difference.from), name(&difference.to));
    }
    Ok(())
}

/// From which revision on nothing was removed: of one host, or of any. What is kept of others below it has holes.
fn oldest_whole(db: &mut Db, host: Option<&HostName>, latest: i64) -> QueryResult<i64> {
    let of_lost_hosts: i64 = revision_counter::table.select(revision_counter::pruned_to).first(db)?;
    let Some(host) = host else {
        let of_hosts: Option<i64> = hosts::table.select(diesel::dsl::max(hosts::changes_pruned_to)).first(db)?;
        // Somebody may have removed more by hand.
        let kept: Option<i64> = changes::table.select(diesel::dsl::min(changes::revision)).first(db)?;
        return Ok((of_lost_hosts.max(of_hosts.unwrap_or(0)) + 1).max(kept.unwrap_or(latest + 1)));
    };
    let line = hosts::table.find(host.as_str()).select(hosts::changes_pruned_to).first::<i64>(db).optional()?;
    Ok(of_lost_hosts.max(line.unwrap_or(0)) + 1)
}

/// The counter, locked until the transaction's end: taken after everything that may wait for somebody else, so that
/// revisions grow in the order of commits and nobody waits for the counter behind a transaction that waits for a row.
pub(super) struct Revisions {
    last: i64,
    is_locked: bool,
}

impl Revisions {
    pub(super) fn lock(db: &mut Db) -> QueryResult<Self> {
        let last = locked!(db, for_update, first, revision_counter::table.select(revision_counter::value))?;
        Ok(Self { last, is_locked: true })
    }

    /// Numbers from 1 on, for what is written while it may still wait for somebody else: [`Self::settle`] says by how much
    /// they move. On SQLite nobody else writes from the transaction's begin on, and the numbers are the counter's own.
    pub(super) fn provisional(db: &mut Db) -> QueryResult<Self> {
        if db.begin_locks_everything() { Self::lock(db) } else { Ok(Self { last: 0, is_locked: false }) }
    }

    /// Locks the counter if it is not locked yet. Returns what is to be added to the numbers that were taken before.
    pub(super) fn settle(&mut self, db: &mut Db) -> QueryResult<i64> {
        if self.is_locked {
            return Ok(0);
        }
        let Self { last: base, .. } = Self::lock(db)?;
        *self = Self { last: self.last + base, is_locked: true };
        Ok(base)
    }

    pub(super) fn take(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    /// Gives numbers back that were taken for a row that the database refused.
    pub(super) const fn rewind(&mut self, last: i64) {
        self.last = last;
    }

    pub(super) const fn last(&self) -> i64 {
        self.last
    }

    /// Notes up to which revision the changes of hosts that are no more were removed. Locks the counter's row.
    pub(super) fn prune_to(db: &mut Db, revision: i64) -> QueryResult<()> {
        let below = revision_counter::table.filter(revision_counter::pruned_to.lt(revision));
        diesel::update(below).set(revision_counter::pruned_to.eq(revision)).execute(db).map(drop)
    }

    pub(super) fn store(self, db: &mut Db) -> QueryResult<Revision> {
        diesel::update(revision_counter::table).set(revision_counter::value.eq(self.last)).execute(db)?;
        Ok(Revision(self.last))
    }
}

/// A change on its way into the history.
#[derive(Insertable)]
#[diesel(table_name = changes, treat_none_as_default_value = false)]
pub(super) struct NewChange<'a> {
    pub(super) revision: i64,
    pub(super) at: Timestamp,
    pub(super) host: &'a str,
    pub(super) row_id: &'a str,
    pub(super) container_id: Option<&'a str>,
    pub(super) workload_id: Option<&'a str>,
    pub(super) from_state: Option<&'a str>,
    pub(super) to_state: &'a str,
    pub(super) exit_code: Option<i64>,
    pub(super) cause: &'static str,
    pub(super) pass_id: Option<&'a str>,
    pub(super) role: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) differences: Option<String>,
}

/// The differences of a change as they are kept.
pub(super) fn differences_text(differences: &Differences) -> Option<String> {
    (!differences.is_empty()).then(|| serde_json::to_string(differences).expect("texts under texts are JSON"))
}

/// Rows in one statement: 14 values each stay below what SQLite takes.
const CHANGES_PER_STATEMENT: usize = 2_000;

/// Writes changes.
pub(super) fn record(db: &mut Db, new: &[NewChange<'_>]) -> QueryResult<()> {
    for chunk in new.chunks(CHANGES_PER_STATEMENT) {
        each_backend!(db, connection => diesel::insert_into(changes::table).values(chunk).execute(connection))?;
    }
    Ok(())
}

/// Writes the changes of rows that were inserted a moment ago: each says what its row says, so the database copies it.
/// For a first pass over a large host that is a third of all values.
pub(super) fn record_inserted(
    db: &mut Db,
    host: &HostName,
    ids: &[&str],
    at: Timestamp,
    pass: &PassId,
) -> QueryResult<usize> {
    let cause = ChangeCause::Inserted.as_str().into_sql::<Text>();
    let pass = pass.as_str().into_sql::<Text>().nullable();
    let copied =
        containers::table.filter(containers::host.eq(host.as_str())).filter(containers::id.eq_any(ids)).select((
            containers::revision,
            at.into_sql::<UtcTimestamp>(),
            containers::host,
            containers::id,
            containers::container_id,
            containers::workload_id.nullable(),
            None::<String>.into_sql::<Nullable<Text>>(),
            containers::state,
            containers::exit_code,
            cause,
            pass,
            containers::role.nullable(),
            containers::name.nullable(),
        ));
    each_backend!(db, connection => diesel::insert_into(changes::table)
        .values(copied)
        .into_columns((
            changes::revision,
            changes::at,
            changes::host,
            changes::row_id,
            changes::container_id,
            changes::workload_id,
            changes::from_state,
            changes::to_state,
            changes::exit_code,
            changes::cause,
            changes::pass_id,
            changes::role,
            changes::name,
        ))
        .execute(connection))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = changes)]
struct ChangeRecord {
    revision: i64,
    at: Timestamp,
    host: String,
    row_id: String,
    container_id: Option<String>,
    workload_id: Option<String>,
    from_state: Option<String>,
    to_state: String,
    exit_code: Option<i64>,
    cause: String,
    pass_id: Option<String>,
    role: Option<String>,
    name: Option<String>,
    differences: Option<String>,
    workload_kind: Option<String>,
    workload_name: Option<String>,
}

/// A change, and kind and name of its workload as they are now, if it is there.
type NamedChange = (ChangeRecord, Option<(String, String)>);

impl From<NamedChange> for Change {
    fn from((record, owner): NamedChange) -> Self {
        let (workload_kind, workload_name) = owner.unzip();
        let workload_kind = workload_kind.or(record.workload_kind);
        Self {
            revision: Revision(record.revision),
            at: record.at,
            host: record.host.into(),
            row_id: record.row_id.into(),
            container_id: record.container_id.map(Into::into),
            workload_id: record.workload_id.map(Into::into),
            from_state: record.from_state.as_deref().map(ContainerState::parse),
            to_state: ContainerState::parse(&record.to_state),
            exit_code: record.exit_code,
            // Nobody but us writes the history; a word of a later version reads as the most general one.
            cause: ChangeCause::parse(&record.cause).unwrap_or(ChangeCause::Observed),
            pass_id: record.pass_id.map(Into::into),
            workload_kind: workload_kind.as_deref().and_then(WorkloadKind::parse),
            workload_name: workload_name.or(record.workload_name),
            role: record.role,
            name: record.name.filter(|name| !name.is_empty()),
            differences: record.differences.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
        }
    }
}

impl Store {
    /// The changes of one row before a revision, the latest first, `limit` at most: what its history is read back with.
    /// With `workloads` those alone that it had as a row of one of them.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn row_changes_before(
        &mut self,
        host: &HostName,
        row: &RowId,
        workloads: Option<&[WorkloadId]>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError> {
        self.read("read the history of the row", |db| {
            let mut query = named_changes!()
                .filter(changes::host.eq(host.as_str()))
                .filter(changes::row_id.eq(row.as_str()))
                .order(changes::revision.desc())
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .into_boxed();
            if let Some(workloads) = workloads {
                query = query.filter(changes::workload_id.eq_any(workloads.iter().map(WorkloadId::as_str)));
            }
            if let Some(Revision(before)) = before {
                query = query.filter(changes::revision.lt(before));
            }
            let found: Vec<NamedChange> = query.load(db)?;
            let mut found: Vec<Change> = found.into_iter().map(Change::from).collect();
            name_stages(db, &mut found)?;
            Ok(found)
        })
    }
}
