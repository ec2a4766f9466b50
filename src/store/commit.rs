//! One pass, one transaction: fence, rows, changes, the pass's own line.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::upsert::excluded;

use super::StoreError;
use super::changes::{NewChange, Revisions, record};
use super::db::{Db, each_backend, locked};
use super::fault::{Fault, FaultKind, kind_of};
use super::judge::{Judgement, judge};
use super::lease::{Lease, lost};
use super::moment::UtcTimestamp;
use super::open::Store;
use super::plan::{CommitPlan, CommitReport, RowWrite};
use super::rows::{FirstSight, LockedRow, NewRow, Observation, Rebinding, WriteStamp};
use super::schema::{containers, hosts, passes, workloads};
use crate::model::{ChangeCause, Completeness, ContainerState, HostName, PassOutcome, Scope, Timestamp, Trigger};

/// Rows in one statement: 27 values each stay below the 32,766 that SQLite takes.
const ROWS_PER_STATEMENT: usize = 1_000;

impl Store {
    /// Writes one pass, all or nothing; with `row_by_row` a row that the database refuses costs only itself.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] for an older generation, [`StoreError::IdentityTaken`] if the daemon that the host
    /// meets for the first time is kept under another host, [`StoreError::Clash`] and [`StoreError::Refused`] if a row
    /// is not taken.
    pub fn commit(&mut self, lease: &Lease, plan: &CommitPlan) -> Result<CommitReport, StoreError> {
        let began = Instant::now();
        let mut report = self.write("commit a pass", |db| {
            let now = db.now()?;
            stamp_host(db, lease, plan, now)?;
            let mut report = CommitReport::default();
            if !plan.rows.is_empty() && !has_failed(plan) {
                write_rows(db, lease, plan, now, &mut report)?;
            }
            if !is_counted_only(plan) {
                record_pass(db, lease, plan, &report, began)?;
            }
            Ok(report)
        })?;
        report.commit_ms = millis(began);
        Ok(report)
    }
}

/// A pass that failed, or met another daemon, writes nothing but the host's status.
const fn has_failed(plan: &CommitPlan) -> bool {
    matches!(plan.pass.outcome, PassOutcome::Failed | PassOutcome::WrongDaemon)
}

/// A whole pass by tick that changed nothing is counted in the host's line and leaves no line of its own.
fn is_counted_only(plan: &CommitPlan) -> bool {
    plan.rows.is_empty()
        && plan.pass.trigger == Trigger::Tick
        && plan.pass.scope == Scope::Host
        && plan.pass.completeness == Completeness::Complete
        && plan.pass.outcome == PassOutcome::Committed
}

/// Fence, lease, stamp and status in one statement, the first of the transaction. The identity is learned once, and
/// not if another host has it, unless an operator confirmed that both names are meant.
const STAMP: &str = "\
    UPDATE hosts SET lease_expires_at = $1, status = $2, last_error = $3, endpoint = COALESCE($4, endpoint), \
        engine = COALESCE($5, engine), engine_version = COALESCE($6, engine_version), \
        engine_identity = COALESCE(engine_identity, $7), \
        identity_confirmed = CASE WHEN $7 IS NULL THEN identity_confirmed ELSE FALSE END, \
        last_complete_pass_at = COALESCE($8, last_complete_pass_at), last_pass_id = COALESCE($9, last_pass_id), \
        unchanged_passes = unchanged_passes + $10 \
    WHERE name = $11 AND lease_generation = $12 AND ($7 IS NULL OR engine_identity IS NOT NULL OR identity_confirmed \
        OR NOT EXISTS (SELECT 1 FROM hosts other WHERE other.engine_identity = $7 AND other.name <> $11))";

fn stamp_host(db: &mut Db, lease: &Lease, plan: &CommitPlan, now: Timestamp) -> Result<(), Fault> {
    let failed = has_failed(plan);
    let identity = plan.host.identity.as_ref().filter(|_| !failed);
    let stamped = diesel::sql_query(STAMP)
        .bind::<UtcTimestamp, _>(now.plus(lease.time_to_live))
        .bind::<Text, _>(plan.host.status.as_str())
        .bind::<Nullable<Text>, _>(plan.pass.error.as_deref())
        .bind::<Nullable<Text>, _>((!failed).then_some(plan.host.endpoint.as_str()))
        .bind::<Nullable<Text>, _>(identity.map(|identity| identity.engine.as_str()))
        .bind::<Nullable<Text>, _>(identity.map(|identity| identity.version.as_str()))
        .bind::<Nullable<Text>, _>(identity.map(|identity| identity.key.as_str()))
        .bind::<Nullable<UtcTimestamp>, _>((plan.host.complete && !failed).then_some(plan.pass.started_at))
        .bind::<Nullable<Text>, _>((!failed).then_some(plan.pass.id.as_str()))
        .bind::<BigInt, _>(i64::from(is_counted_only(plan)))
        .bind::<Text, _>(lease.host.as_str())
        .bind::<BigInt, _>(lease.generation)
        .execute(db)?;
    if stamped == 1 { Ok(()) } else { Err(not_stamped(db, lease, plan)?) }
}

/// Why the fence let nothing through: the lease, or the identity.
fn not_stamped(db: &mut Db, lease: &Lease, plan: &CommitPlan) -> Result<Fault, Fault> {
    let generation: Option<i64> =
        hosts::table.find(lease.host.as_str()).select(hosts::lease_generation).first(db).optional()?;
    let Some(identity) = plan.host.identity.as_ref().filter(|_| generation == Some(lease.generation)) else {
        return Ok(lost(db, lease));
    };
    let other: String = hosts::table
        .filter(hosts::engine_identity.eq(&identity.key))
        .filter(hosts::name.ne(lease.host.as_str()))
        .select(hosts::name)
        .first(db)?;
    let endpoint = plan.host.endpoint.clone();
    Ok(StoreError::IdentityTaken { endpoint, host: lease.host.to_string(), other }.into())
}

/// A row that is written, with what is stored of it.
struct Accepted<'a> {
    write: &'a RowWrite,
    stored: Option<LockedRow>,
}

impl Accepted<'_> {
    fn changes_binding(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| stored.container_id.as_deref() != bound_to(self.write))
    }

    fn is_seen_first(&self) -> bool {
        let seen = |stored: &LockedRow| stored.seen_container_id.as_deref() == bound_to(self.write);
        !self.changes_binding() && self.stored.as_ref().is_some_and(|stored| !seen(stored))
    }

    /// A state that someone else wrote gets a change of its own, unless this write is that change.
    fn foreign_state(&self) -> Option<&ContainerState> {
        self.write.foreign_state.as_ref().filter(|_| self.write.cause != ChangeCause::Deployer)
    }
}

fn write_rows(
    db: &mut Db,
    lease: &Lease,
    plan: &CommitPlan,
    now: Timestamp,
    report: &mut CommitReport,
) -> Result<(), Fault> {
    let accepted = accept(db, &lease.host, plan, report)?;
    if accepted.is_empty() {
        return Ok(());
    }
    let mut revisions = Revisions::lock(db)?;
    let before = revisions.last();
    if plan.row_by_row {
        for row in accepted.chunks(1) {
            let kept = revisions.last();
            match db.transaction(|db| write_batch(db, &lease.host, plan, row, now, &mut revisions)) {
                Ok(()) => count(row, report),
                Err(fault) => {
                    revisions.rewind(kept);
                    report.refused.push(refusal(row, fault)?);
                }
            }
        }
    } else {
        write_batch(db, &lease.host, plan, &accepted, now, &mut revisions)?;
        count(&accepted, report);
    }
    if revisions.last() > before {
        report.revision = Some(revisions.store(db)?);
    }
    Ok(())
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
    for write in &plan.rows {
        let row = stored.remove(write.id.as_str());
        match judge(write, row.as_ref(), owners.contains(write.binding.workload_id.as_str())) {
            Judgement::Write => accepted.push(Accepted { write, stored: row }),
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
    let mut wanted: Vec<&str> = rows.iter().map(|write| write.id.as_str()).collect();
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

/// Writes rows and their changes. New rows, re-bound rows, rows seen for the first time, and what follows the daemon
/// are statements of their own: an indexed column that did not change is never set.
fn write_batch(
    db: &mut Db,
    host: &HostName,
    plan: &CommitPlan,
    rows: &[Accepted<'_>],
    now: Timestamp,
    revisions: &mut Revisions,
) -> Result<(), Fault> {
    let mut new_changes = Vec::with_capacity(rows.len());
    let mut stamped = Vec::with_capacity(rows.len());
    for row in rows {
        push_changes(row, host, plan, now, revisions, &mut new_changes);
        stamped.push((row, WriteStamp { now, revision: revisions.last() }));
    }
    let new: Vec<_> = stamped
        .iter()
        .filter(|(row, _)| row.stored.is_none())
        .map(|(row, stamp)| NewRow::new(host, row.write, *stamp))
        .collect();
    let rebound: Vec<_> =
        rows.iter().filter(|row| row.changes_binding()).map(|row| Rebinding::new(host, row.write)).collect();
    let first_seen: Vec<_> =
        rows.iter().filter(|row| row.is_seen_first()).map(|row| FirstSight::new(host, row.write)).collect();
    let observed: Vec<_> = stamped
        .iter()
        .filter(|(row, _)| row.stored.is_some())
        .map(|(row, stamp)| Observation::new(host, row.write, *stamp))
        .collect();
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
    record(db, &new_changes)?;
    Ok(())
}

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
        });
    }
    changes.push(NewChange {
        revision: revisions.take(),
        at: now,
        host: host.as_str(),
        row_id: write.id.as_str(),
        container_id: bound_to(write),
        workload_id: Some(write.binding.workload_id.as_str()),
        from_state: write.from_state.as_ref().map(ContainerState::as_str),
        to_state: write.observed.state.as_str(),
        exit_code: write.observed.exit_code,
        cause: write.cause.as_str(),
        pass_id: Some(plan.pass.id.as_str()),
    });
}

macro_rules! excluded_columns {
    ($($column:ident),* $(,)?) => { ($(containers::$column.eq(excluded(containers::$column)),)*) };
}

fn rebind(db: &mut Db, rows: &[Rebinding<'_>]) -> QueryResult<usize> {
    each_backend!(db, connection => diesel::insert_into(containers::table)
        .values(rows)
        .on_conflict((containers::host, containers::id))
        .do_update()
        .set(excluded_columns!(role, container_id, seen_container_id))
        .execute(connection))
}

fn see_first(db: &mut Db, rows: &[FirstSight<'_>]) -> QueryResult<usize> {
    each_backend!(db, connection => diesel::insert_into(containers::table)
        .values(rows)
        .on_conflict((containers::host, containers::id))
        .do_update()
        .set(excluded_columns!(seen_container_id))
        .execute(connection))
}

fn observe(db: &mut Db, rows: &[Observation<'_>]) -> QueryResult<usize> {
    each_backend!(db, connection => diesel::insert_into(containers::table)
        .values(rows)
        .on_conflict((containers::host, containers::id))
        .do_update()
        .set(excluded_columns!(
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
            recorded_state,
            details_owed,
            updated_at,
            revision,
        ))
        .execute(connection))
}

/// Only what concerns the row itself may cost only the row; any other fault ends the transaction.
fn refusal(row: &[Accepted<'_>], fault: Fault) -> Result<(crate::model::RowId, String), Fault> {
    match (row.first(), fault) {
        (Some(row), Fault::Database(error)) if matches!(kind_of(&error), FaultKind::Clash | FaultKind::Refused) => {
            Ok((row.write.id.clone(), error.to_string()))
        }
        (_, fault) => Err(fault),
    }
}

fn count(rows: &[Accepted<'_>], report: &mut CommitReport) {
    for row in rows {
        if row.stored.is_none() {
            report.inserted += 1;
            continue;
        }
        report.updated += 1;
        match row.write.cause {
            ChangeCause::Missing => report.missing += 1,
            ChangeCause::Returned => report.returned += 1,
            ChangeCause::Rebound => report.rebound += 1,
            _ => {}
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = passes, treat_none_as_default_value = false)]
struct NewPass<'a> {
    pass_id: &'a str,
    host: &'a str,
    trigger: &'static str,
    scope: String,
    completeness: &'static str,
    outcome: &'static str,
    started_at: Timestamp,
    duration_ms: i64,
    list_ms: i64,
    listed: i32,
    inserted: i32,
    updated: i32,
    missing: i32,
    returned: i32,
    error: Option<&'a str>,
}

/// A pass whose first commit was not answered may commit again: its line is there already.
fn record_pass(
    db: &mut Db,
    lease: &Lease,
    plan: &CommitPlan,
    report: &CommitReport,
    began: Instant,
) -> QueryResult<usize> {
    let pass = &plan.pass;
    let line = NewPass {
        pass_id: pass.id.as_str(),
        host: lease.host.as_str(),
        trigger: pass.trigger.as_str(),
        scope: pass.scope.to_string(),
        completeness: pass.completeness.as_str(),
        outcome: pass.outcome.as_str(),
        started_at: pass.started_at,
        duration_ms: as_i64(pass.elapsed_ms.saturating_add(millis(began))),
        list_ms: as_i64(pass.list_ms),
        listed: as_i32(pass.listed),
        inserted: as_i32(report.inserted),
        updated: as_i32(report.updated),
        missing: as_i32(report.missing),
        returned: as_i32(report.returned),
        error: pass.error.as_deref(),
    };
    each_backend!(db, connection => diesel::insert_into(passes::table)
        .values(&line)
        .on_conflict_do_nothing()
        .execute(connection))
}

fn bound_to(write: &RowWrite) -> Option<&str> {
    write.binding.container_id.as_ref().map(AsRef::as_ref)
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn as_i32(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
