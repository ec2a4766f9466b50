//! One pass, one transaction: fence, rows, changes, the pass's own line.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::model::{
    Completeness, DaemonIdentity, HostStatus, PassOutcome, Refusal, Scope, Timestamp, Trigger, whole_millis,
};
use crate::store::StoreError;
use crate::store::db::fault::Fault;
use crate::store::db::moment::UtcTimestamp;
use crate::store::db::{Db, each_backend};
use crate::store::lease::{Lease, lost};
use crate::store::open::Store;
use crate::store::passes::plan::{CommitPlan, CommitReport};
use crate::store::passes::write::write_rows;
use crate::store::schema::{hosts, passes};

impl Store {
    /// Writes one pass, all or nothing; with `row_by_row` a row that the database refuses costs only itself.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] for an older generation, [`StoreError::IdentityTaken`] if the daemon that the host
    /// meets for the first time is kept under another host, [`StoreError::Clash`] and [`StoreError::Refused`] if a row
    /// is not taken.
    pub fn commit(&mut self, lease: &Lease, plan: &CommitPlan) -> Result<CommitReport, StoreError> {
        let began = Instant::now();
        let transaction = |db: &mut Db| write_pass(db, lease, plan, began);
        let attempt = "commit a pass";
        let mut report = if writes_rows(plan) {
            self.write(attempt, transaction)
        } else {
            self.write_beside_rows(attempt, transaction)
        }?;
        report.commit_ms = whole_millis(began.elapsed());
        Ok(report)
    }
}

fn write_pass(db: &mut Db, lease: &Lease, plan: &CommitPlan, began: Instant) -> Result<CommitReport, Fault> {
    let now = db.now()?;
    let begun = now.minus(Duration::from_millis(plan.pass.elapsed_ms).saturating_add(began.elapsed()));
    stamp_host(db, lease, plan, (now, begun))?;
    let mut report = CommitReport::default();
    if writes_rows(plan) {
        write_rows(db, lease, plan, now, &mut report)?;
    }
    if !is_counted_only(plan) {
        record_pass(db, lease, plan, &report, began)?;
    }
    Ok(report)
}

fn writes_rows(plan: &CommitPlan) -> bool {
    !plan.rows.is_empty() && !has_failed(plan)
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

/// Fence, lease, stamp and status in one statement, the first of the transaction. An identity is learned, and learned anew
/// where the containers proved the daemon, but not if another host has its id, unless an operator confirmed that both names
/// are meant. What only stands for an id may be the same on two machines.
///
/// SQLite counts the parameters in the order in which they come up first, PostgreSQL by their numbers: both are the same here.
const STAMP: &str = "\
    UPDATE hosts SET lease_expires_at = $1, last_error = CASE WHEN $2 IS NULL THEN last_error ELSE $3 END, \
        status = COALESCE($2, status), endpoint = COALESCE($4, endpoint), \
        engine = COALESCE($5, engine), engine_version = COALESCE($6, engine_version), \
        engine_identity = CASE WHEN $7 IS NULL THEN engine_identity \
            WHEN engine_identity IS NULL OR identity_confirmed OR $8 IS NULL THEN $7 \
            WHEN EXISTS (SELECT 1 FROM hosts other WHERE other.engine_identity = $8 AND other.name <> $9) \
                THEN engine_identity ELSE $7 END, \
        identity_confirmed = CASE WHEN $7 IS NULL AND $10 = 0 THEN identity_confirmed ELSE FALSE END, \
        last_complete_pass_at = COALESCE($11, last_complete_pass_at), last_pass_id = COALESCE($12, last_pass_id), \
        unchanged_passes = unchanged_passes + $13, refusals = COALESCE($14, refusals), interval_ms = $15 \
    WHERE name = $9 AND lease_generation = $16";

/// In nearly every pass: the host's daemon is known.
const LEARNS_NOTHING: &str = " AND ($8 IS NULL OR engine_identity IS NOT NULL)";

const LEARNS_IF_FREE: &str = " AND ($8 IS NULL OR engine_identity IS NOT NULL OR identity_confirmed \
        OR NOT EXISTS (SELECT 1 FROM hosts other WHERE other.engine_identity = $8 AND other.name <> $9))";

/// `at` is the transaction's moment, and the begin of the pass by the same clock, the database's: whoever asks for the age of
/// the last complete pass goes by that clock, whatever the one of this process says.
fn stamp_host(db: &mut Db, lease: &Lease, plan: &CommitPlan, at: (Timestamp, Timestamp)) -> Result<(), Fault> {
    if stamp(db, lease, plan, at, LEARNS_NOTHING)? == 1 {
        return Ok(());
    }
    // Either the lease is lost, or a daemon is met for the first time: then nobody else learns one at the same moment.
    db.lock_identities()?;
    if stamp(db, lease, plan, at, LEARNS_IF_FREE)? == 1 { Ok(()) } else { Err(not_stamped(db, lease, plan)?) }
}

fn stamp(
    db: &mut Db,
    lease: &Lease,
    plan: &CommitPlan,
    (now, begun): (Timestamp, Timestamp),
    identities: &str,
) -> QueryResult<usize> {
    let failed = has_failed(plan);
    let identity = plan.host.identity.as_ref().filter(|_| !failed);
    diesel::sql_query(format!("{STAMP}{identities}"))
        .bind::<UtcTimestamp, _>(now.plus(lease.time_to_live))
        .bind::<Nullable<Text>, _>(plan.host.status.map(HostStatus::as_str))
        .bind::<Nullable<Text>, _>(plan.pass.error.as_deref())
        .bind::<Nullable<Text>, _>((!failed).then_some(plan.host.endpoint.as_str()))
        .bind::<Nullable<Text>, _>(identity.map(|identity| identity.engine.as_str()))
        .bind::<Nullable<Text>, _>(identity.map(|identity| identity.version.as_str()))
        .bind::<Nullable<Text>, _>(identity.and_then(DaemonIdentity::shown))
        .bind::<Nullable<Text>, _>(identity.and_then(|identity| identity.id.as_deref()))
        .bind::<Text, _>(lease.host.as_str())
        .bind::<BigInt, _>(i64::from(plan.host.uses_confirmation))
        .bind::<Nullable<UtcTimestamp>, _>((plan.host.complete && !failed).then_some(begun))
        .bind::<Nullable<Text>, _>((!failed).then_some(plan.pass.id.as_str()))
        .bind::<BigInt, _>(i64::from(is_counted_only(plan)))
        .bind::<Nullable<Text>, _>(plan.host.refusals.as_deref().map(as_json))
        .bind::<BigInt, _>(as_i64(whole_millis(plan.host.interval)))
        .bind::<BigInt, _>(lease.generation)
        .execute(db)
}

fn as_json(refusals: &[Refusal]) -> String {
    serde_json::to_string(refusals).expect("words, numbers and texts")
}

/// Why the fence let nothing through: the lease, or the identity.
fn not_stamped(db: &mut Db, lease: &Lease, plan: &CommitPlan) -> Result<Fault, Fault> {
    let generation: Option<i64> =
        hosts::table.find(lease.host.as_str()).select(hosts::lease_generation).first(db).optional()?;
    let id = plan.host.identity.as_ref().and_then(|identity| identity.id.as_deref());
    let Some(id) = id.filter(|_| generation == Some(lease.generation)) else {
        return Ok(lost(db, lease));
    };
    let other: String = hosts::table
        .filter(hosts::engine_identity.eq(id))
        .filter(hosts::name.ne(lease.host.as_str()))
        .select(hosts::name)
        .first(db)?;
    let endpoint = plan.host.endpoint.clone();
    Ok(StoreError::IdentityTaken { endpoint, host: lease.host.to_string(), other }.into())
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
        duration_ms: as_i64(pass.elapsed_ms.saturating_add(whole_millis(began.elapsed()))),
        list_ms: as_i64(pass.list_ms),
        listed: as_i32(pass.listed),
        inserted: as_i32(report.inserted),
        // The rows that went were written too, for the last time.
        updated: as_i32(report.updated + report.scaled),
        missing: as_i32(report.missing),
        returned: as_i32(report.returned),
        error: pass.error.as_deref(),
    };
    each_backend!(db, connection => diesel::insert_into(passes::table)
        .values(&line)
        .on_conflict_do_nothing()
        .execute(connection))
}

fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn as_i32(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
