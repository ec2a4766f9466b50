//! Writing the rows of a pass: what still holds is locked, written in batches, and told in the history.
//!
//! Longer than most, since its steps share what is written so far and are read one after the other.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use crate::model::{ChangeCause, ContainerState, HostName, Revision, RowId, Timestamp, without_attention};
use crate::store::changes::{NewChange, Revisions, differences_text, record, record_inserted};
use crate::store::db::fault::{Fault, FaultKind, kind_of};
use crate::store::db::{Db, each_backend, locked};
use crate::store::lease::Lease;
use crate::store::passes::foreign::tell_removals_by_ourselves;
use crate::store::passes::judge::{Judgement, can_be_left, judge};
use crate::store::passes::plan::{CommitPlan, CommitReport, PassStamp, RowWrite};
use crate::store::passes::rows::{
    Attended, AttendedColumns, ExaminedColumns, FirstSight, LockedRow, NewRow, Observation, Rebinding, WriteStamp,
    tells_since,
};
use crate::store::passes::upserts::{attend, observe, rebind, see_first};
use crate::store::schema::{containers, workloads};

/// Rows in one statement: 30 values each stay below the 32,766 that SQLite takes.
const ROWS_PER_STATEMENT: usize = 1_000;

/// Writes the rows of a plan that still rest on what is stored, each with its changes; reports the others.
pub(in crate::store) fn write_rows(
    db: &mut Db,
    lease: &Lease,
    plan: &CommitPlan,
    now: Timestamp,
    report: &mut CommitReport,
) -> Result<(), Fault> {
    let (silent, accepted): (Vec<_>, Vec<_>) =
        accept(db, &lease.host, plan, report)?.into_iter().partition(|row| row.write.is_silent);
    owe_details(db, &lease.host, &silent)?;
    tell_since(db, &lease.host, &silent)?;
    let attended: Vec<_> = silent.iter().filter_map(|row| row.explained(&lease.host)).collect();
    for chunk in attended.chunks(ROWS_PER_STATEMENT) {
        attend(db, chunk)?;
    }
    if accepted.is_empty() {
        return Ok(());
    }
    let (keyed, plain): (Vec<_>, Vec<_>) = accepted.iter().partition(|row| row.takes_a_key());
    let batch = Batch { host: &lease.host, plan, now };
    let mut written = Written::new(db)?;
    batch.write(db, &keyed, &mut written, report)?;
    written.settle(db, &lease.host)?;
    batch.write(db, &plain, &mut written, report)?;
    report.revision = written.tell(db, &lease.host, &plan.pass)?;
    Ok(())
}

/// What is written so far: the numbers that it took, and the changes that it is told with at the end.
struct Written<'a> {
    revisions: Revisions,
    changes: Vec<NewChange<'a>>,
    /// Of these the new rows, which an event told of; all others were met in one list.
    told_apart: BTreeSet<&'a str>,
    inserted: Vec<&'a str>,
    rebound: Vec<&'a str>,
}

impl Written<'_> {
    fn new(db: &mut Db) -> QueryResult<Self> {
        let revisions = Revisions::provisional(db)?;
        Ok(Self {
            revisions,
            changes: Vec::new(),
            told_apart: BTreeSet::new(),
            inserted: Vec::new(),
            rebound: Vec::new(),
        })
    }

    /// A place to come back to, if the database refuses what follows.
    fn place(&self) -> (i64, usize, usize, usize) {
        (self.revisions.last(), self.changes.len(), self.inserted.len(), self.rebound.len())
    }

    fn rewind(&mut self, (revision, changes, inserted, rebound): (i64, usize, usize, usize)) {
        self.revisions.rewind(revision);
        self.changes.truncate(changes);
        self.inserted.truncate(inserted);
        self.rebound.truncate(rebound);
    }

    /// Takes the counter of revisions, and moves what was written before by its value.
    fn settle(&mut self, db: &mut Db, host: &HostName) -> QueryResult<()> {
        let base = self.revisions.settle(db)?;
        if base == 0 {
            return Ok(());
        }
        for change in &mut self.changes {
            change.revision += base;
        }
        for ids in [&self.inserted, &self.rebound] {
            for chunk in ids.chunks(ROWS_PER_STATEMENT) {
                let rows = containers::table.filter(containers::host.eq(host.as_str()));
                diesel::update(rows.filter(containers::id.eq_any(chunk)))
                    .set(containers::revision.eq(containers::revision + base))
                    .execute(db)?;
            }
        }
        Ok(())
    }

    /// Records the changes. Returns the last revision, if there are any.
    fn tell(self, db: &mut Db, host: &HostName, pass: &PassStamp) -> QueryResult<Option<Revision>> {
        if self.changes.is_empty() && self.inserted.is_empty() {
            return Ok(None);
        }
        let alike: Vec<&str> = self.inserted.iter().copied().filter(|id| !self.told_apart.contains(id)).collect();
        for ids in alike.chunks(ROWS_PER_STATEMENT) {
            record_inserted(db, host, ids, pass.listed_at, &pass.id)?;
        }
        record(db, &self.changes)?;
        self.revisions.store(db).map(Some)
    }
}

/// The pending of rows that are as they were otherwise.
fn owe_details(db: &mut Db, host: &HostName, rows: &[Accepted<'_>]) -> QueryResult<()> {
    let owing = rows.iter().filter(|row| row.write.details_owed);
    let ids: Vec<&str> = owing.map(|row| row.write.id.as_str()).collect();
    for chunk in ids.chunks(ROWS_PER_STATEMENT) {
        let rows = containers::table.filter(containers::host.eq(host.as_str())).filter(containers::id.eq_any(chunk));
        diesel::update(rows).set(containers::details_owed.eq(true)).execute(db)?;
    }
    Ok(())
}

/// Since when rows are as they are, where only a list told it. A deployer may have written the state since.
fn tell_since(db: &mut Db, host: &HostName, rows: &[Accepted<'_>]) -> QueryResult<()> {
    for Accepted { write, stored, .. } in rows {
        let stands =
            |stored: &&LockedRow| stored.state == write.observed.state.as_str() && tells_since(write, &stored.examined);
        if stored.as_ref().filter(stands).is_some() {
            diesel::update(containers::table.find((host.as_str(), write.id.as_str())))
                .set((
                    containers::state_since.eq(write.observed.state_since),
                    containers::state_after.eq(None::<Timestamp>),
                ))
                .execute(db)?;
        }
    }
    Ok(())
}

/// A row that is written, with what is stored of it.
struct Accepted<'a> {
    write: &'a RowWrite,
    stored: Option<LockedRow>,
    /// What is stored of the row that its container leaves.
    left: Option<LockedRow>,
}

impl<'a> Accepted<'a> {
    /// Whether writing it may wait for somebody who wrote the same id or container and has not committed yet.
    fn takes_a_key(&self) -> bool {
        self.stored.is_none() || self.changes_binding()
    }

    fn changes_binding(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| stored.container_id.as_deref() != bound_to(self.write))
    }

    /// Of a row that is not told of: whether its end was asked for, where that is known by now.
    fn explained(&self, host: &'a HostName) -> Option<Attended<'a>> {
        let stored = self.stored.as_ref()?;
        let columns =
            AttendedColumns { ended_by_request: self.write.observed.ended_by_request, ..stored.attended.clone() };
        (stored.attended != columns).then(|| Attended::new(host, self.write, columns))
    }

    /// Whether it was missing before this write: then it tells more of that, or that nobody has to look any more.
    fn was_missing(&self) -> bool {
        self.write.cause == ChangeCause::Removed && self.write.from_state == Some(ContainerState::Missing)
    }

    /// Whether somebody has to look, where that is written otherwise or nowhere yet.
    fn attended(&self, host: &'a HostName) -> Option<Attended<'a>> {
        let columns = AttendedColumns::of(&self.write.observed);
        let is_stored = match &self.stored {
            Some(stored) => stored.attended == columns,
            None => columns == AttendedColumns::default(),
        };
        (!is_stored).then(|| Attended::new(host, self.write, columns))
    }

    /// What inspects told of the container that the write describes as well.
    fn examined(&self) -> Option<&ExaminedColumns> {
        let stored = self.stored.as_ref()?;
        let is_same = stored.seen_container_id.as_deref() == bound_to(self.write) && !self.changes_binding();
        is_same.then_some(&stored.examined)
    }

    /// Recording what a deployer wrote is no look: the container of such a row may not even have been listed.
    fn is_seen_first(&self) -> bool {
        let seen = |stored: &LockedRow| stored.seen_container_id.as_deref() == bound_to(self.write);
        self.write.cause != ChangeCause::Deployer
            && !self.changes_binding()
            && self.stored.as_ref().is_some_and(|stored| !seen(stored))
    }

    /// A state that someone else wrote gets a change of its own, unless this write is that change.
    fn foreign_state(&self) -> Option<&ContainerState> {
        self.write.foreign_state.as_ref().filter(|_| self.write.cause != ChangeCause::Deployer)
    }
}

/// Locks what the plan rests on, owners before rows, both in order: two writers never wait for each other in a circle.
fn accept<'a>(
    db: &mut Db,
    host: &HostName,
    plan: &'a CommitPlan,
    report: &mut CommitReport,
) -> Result<Vec<Accepted<'a>>, Fault> {
    let owners = lock_owners(db, &plan.rows)?;
    let mut stored = lock_rows(db, host, &plan.rows)?;
    let mut accepted = Vec::with_capacity(plan.rows.len());
    for write in plan.rows.iter() {
        let row = stored.remove(write.id.as_str());
        let left = write.leaves.as_ref().and_then(|row| stored.remove(row.as_str()));
        match judge(write, row.as_ref(), owners.contains(write.binding.workload_id.as_str())) {
            Judgement::Write if write.leaves.is_some() && !can_be_left(write, left.as_ref()) => {
                report.moved.push(write.id.clone());
            }
            Judgement::Write => accepted.push(Accepted { write, stored: row, left }),
            Judgement::Moved => report.moved.push(write.id.clone()),
            Judgement::Ownerless => report.ownerless.push(write.id.clone()),
            Judgement::NotOurs => {
                report.refused.push((write.id.clone(), "rows of a project are made and bound by its deployer".into()));
            }
        }
    }
    accepted.sort_unstable_by(|a, b| a.write.id.cmp(&b.write.id));
    Ok(accepted)
}

/// The workloads that new rows are to belong to, kept from being removed until the commit.
fn lock_owners(db: &mut Db, rows: &[RowWrite]) -> QueryResult<BTreeSet<String>> {
    let wanted: BTreeSet<&str> =
        rows.iter().filter(|write| write.expected.is_none()).map(|write| write.binding.workload_id.as_str()).collect();
    let wanted: Vec<&str> = wanted.into_iter().collect();
    let mut found = BTreeSet::new();
    for chunk in wanted.chunks(ROWS_PER_STATEMENT) {
        let ids: Vec<String> = locked!(
            db,
            for_key_share,
            load,
            workloads::table.filter(workloads::id.eq_any(chunk)).order(workloads::id).select(workloads::id)
        )?;
        found.extend(ids);
    }
    Ok(found)
}

fn lock_rows(db: &mut Db, host: &HostName, rows: &[RowWrite]) -> QueryResult<HashMap<String, LockedRow>> {
    let mut wanted: Vec<&str> =
        rows.iter().flat_map(|write| std::iter::once(&write.id).chain(&write.leaves)).map(RowId::as_str).collect();
    wanted.sort_unstable();
    let mut found = HashMap::with_capacity(wanted.len());
    for chunk in wanted.chunks(ROWS_PER_STATEMENT) {
        let rows: Vec<LockedRow> = locked!(
            db,
            for_update,
            load,
            containers::table
                .filter(containers::host.eq(host.as_str()))
                .filter(containers::id.eq_any(chunk))
                .order(containers::id)
                .select(LockedRow::as_select())
        )?;
        found.extend(rows.into_iter().map(|row| (row.id.clone(), row)));
    }
    Ok(found)
}

/// What all rows of a pass are written with.
struct Batch<'a> {
    host: &'a HostName,
    plan: &'a CommitPlan,
    now: Timestamp,
}

impl<'a> Batch<'a> {
    fn write(
        &self,
        db: &mut Db,
        rows: &[&'a Accepted<'a>],
        written: &mut Written<'a>,
        report: &mut CommitReport,
    ) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        if self.plan.row_by_row {
            return self.write_apart(db, rows, written, report);
        }
        self.write_together(db, rows, written)?;
        count(rows, report);
        Ok(())
    }

    /// Writes rows so that one that the database refuses costs only itself: in a savepoint, and if that fails each half by
    /// itself. One bad row among 10,000 costs 14 savepoints more, not 10,000.
    fn write_apart(
        &self,
        db: &mut Db,
        rows: &[&'a Accepted<'a>],
        written: &mut Written<'a>,
        report: &mut CommitReport,
    ) -> Result<(), Fault> {
        let place = written.place();
        match db.transaction(|db| self.write_together(db, rows, written)) {
            Ok(()) => count(rows, report),
            Err(fault) => {
                let words = refusal(fault)?;
                written.rewind(place);
                if let [row] = rows {
                    report.refused.push((row.write.id.clone(), words));
                } else {
                    let (first, second) = rows.split_at(rows.len() / 2);
                    self.write_apart(db, first, written, report)?;
                    self.write_apart(db, second, written, report)?;
                }
            }
        }
        Ok(())
    }

    /// New rows, re-bound rows, rows seen for the first time, and what follows the daemon are statements of their own: an
    /// indexed column that did not change is never set. What goes does so first, in the history too: at no moment have two
    /// rows one container.
    fn write_together(&self, db: &mut Db, rows: &[&'a Accepted<'a>], written: &mut Written<'a>) -> Result<(), Fault> {
        let (host, now) = (self.host, self.now);
        self.remove(db, rows, written)?;
        let rows: Vec<&'a Accepted<'a>> = rows.iter().copied().filter(|row| !row.write.removes()).collect();
        let mut stamped = Vec::with_capacity(rows.len());
        for row in rows.iter().copied() {
            if row.stored.is_some() {
                push_changes(row, host, self.plan, now, &mut written.revisions, &mut written.changes);
            } else {
                let revision = written.revisions.take();
                if row.write.at != self.plan.pass.listed_at || !row.write.differences.is_empty() {
                    written.changes.push(change_of(row, host, self.plan, revision));
                    written.told_apart.insert(row.write.id.as_str());
                }
            }
            stamped.push((row, WriteStamp { now, revision: written.revisions.last() }));
        }
        let of = |is_new: bool| stamped.iter().filter(move |(row, _)| row.stored.is_none() == is_new);
        let new: Vec<_> = of(true).map(|(row, stamp)| NewRow::new(host, row.write, *stamp)).collect();
        let rebound: Vec<_> =
            rows.iter().filter(|row| row.changes_binding()).map(|row| Rebinding::new(host, row.write)).collect();
        let first_seen: Vec<_> =
            rows.iter().filter(|row| row.is_seen_first()).map(|row| FirstSight::new(host, row.write)).collect();
        let observed: Vec<_> =
            of(false).map(|(row, stamp)| Observation::new(host, row.write, *stamp, row.examined())).collect();
        for chunk in new.chunks(ROWS_PER_STATEMENT) {
            each_backend!(db, connection => diesel::insert_into(containers::table).values(chunk).execute(connection))?;
        }
        for chunk in rebound.chunks(ROWS_PER_STATEMENT) {
            rebind(db, chunk)?;
        }
        for chunk in first_seen.chunks(ROWS_PER_STATEMENT) {
            see_first(db, chunk)?;
        }
        for chunk in observed.chunks(ROWS_PER_STATEMENT) {
            observe(db, chunk)?;
        }
        let attended: Vec<_> = rows.iter().filter_map(|row| row.attended(host)).collect();
        for chunk in attended.chunks(ROWS_PER_STATEMENT) {
            attend(db, chunk)?;
        }
        written.inserted.extend(new.iter().map(NewRow::id));
        written.rebound.extend(rebound.iter().map(Rebinding::id));
        Ok(())
    }

    /// Removes the rows that go, and those that a container leaves for another one: each from the state that its last
    /// change left.
    fn remove(&self, db: &mut Db, rows: &[&'a Accepted<'a>], written: &mut Written<'a>) -> QueryResult<()> {
        let mut gone = Vec::new();
        for row in rows.iter().copied() {
            let stored = if row.write.removes() { row.stored.as_ref() } else { row.left.as_ref() };
            let Some(stored) = stored else { continue };
            written.changes.push(NewChange {
                revision: written.revisions.take(),
                at: row.write.at,
                host: self.host.as_str(),
                row_id: &stored.id,
                container_id: stored.container_id.as_deref(),
                workload_id: Some(row.write.binding.workload_id.as_str()),
                from_state: stored.recorded_state.as_deref(),
                to_state: ContainerState::Forgotten.as_str(),
                exit_code: row.write.observed.exit_code,
                cause: ChangeCause::Scaled.as_str(),
                pass_id: Some(self.plan.pass.id.as_str()),
                role: Some(&row.write.binding.role),
                name: Some(&row.write.observed.name),
                differences: differences_text(&without_attention(&stored.attended.attention)),
            });
            gone.push(stored.id.as_str());
        }
        for chunk in gone.chunks(ROWS_PER_STATEMENT) {
            let rows = containers::table.filter(containers::host.eq(self.host.as_str()));
            diesel::delete(rows.filter(containers::id.eq_any(chunk))).execute(db)?;
            tell_removals_by_ourselves(db, self.host.as_str(), chunk)?;
        }
        Ok(())
    }
}

/// The changes of a row that is there already.
fn push_changes<'a>(
    row: &'a Accepted<'a>,
    host: &'a HostName,
    plan: &'a CommitPlan,
    now: Timestamp,
    revisions: &mut Revisions,
    changes: &mut Vec<NewChange<'a>>,
) {
    let write = row.write;
    if let (Some(state), Some(stored)) = (row.foreign_state(), &row.stored) {
        changes.push(NewChange {
            revision: revisions.take(),
            at: now,
            host: host.as_str(),
            row_id: write.id.as_str(),
            container_id: stored.container_id.as_deref(),
            workload_id: Some(write.binding.workload_id.as_str()),
            from_state: stored.recorded_state.as_deref(),
            to_state: state.as_str(),
            exit_code: None,
            cause: ChangeCause::Deployer.as_str(),
            pass_id: Some(plan.pass.id.as_str()),
            role: Some(&write.binding.role),
            name: Some(&write.observed.name),
            differences: None,
        });
    }
    changes.push(change_of(row, host, plan, revisions.take()));
}

/// The change that a write is.
fn change_of<'a>(row: &'a Accepted<'a>, host: &'a HostName, plan: &'a CommitPlan, revision: i64) -> NewChange<'a> {
    let write = row.write;
    NewChange {
        revision,
        at: write.at,
        host: host.as_str(),
        row_id: write.id.as_str(),
        container_id: bound_to(write),
        workload_id: Some(write.binding.workload_id.as_str()),
        from_state: write.from_state.as_ref().map(ContainerState::as_str),
        to_state: write.observed.state.as_str(),
        exit_code: write.crash.or(write.observed.exit_code),
        cause: write.cause.as_str(),
        pass_id: Some(plan.pass.id.as_str()),
        role: Some(&write.binding.role),
        name: Some(&write.observed.name),
        differences: differences_text(&write.differences),
    }
}

/// Only what concerns a row may cost only the row; any other fault ends the transaction.
fn refusal(fault: Fault) -> Result<String, Fault> {
    match fault {
        Fault::Database(error) if matches!(kind_of(&error), FaultKind::Clash | FaultKind::Refused) => {
            Ok(error.to_string())
        }
        fault => Err(fault),
    }
}

fn count(rows: &[&Accepted<'_>], report: &mut CommitReport) {
    for row in rows {
        if row.stored.is_none() {
            report.inserted += 1;
            continue;
        }
        if row.write.removes() {
            report.scaled += 1;
            continue;
        }
        report.updated += 1;
        report.scaled += usize::from(row.left.is_some());
        match row.write.cause {
            ChangeCause::Missing | ChangeCause::Removed if !row.was_missing() => report.missing += 1,
            ChangeCause::Returned => report.returned += 1,
            ChangeCause::Rebound => report.rebound += 1,
            _ => {}
        }
    }
}

fn bound_to(write: &RowWrite) -> Option<&str> {
    write.binding.container_id.as_ref().map(AsRef::as_ref)
}
