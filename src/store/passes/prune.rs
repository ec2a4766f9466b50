//! What is kept for a time only: changes, the audit, passes, and rows that nobody needs any more. Nothing else grows.

use std::time::Duration;

use diesel::prelude::*;

use crate::config::Retention;
use crate::model::{ContainerState, HostName, Timestamp};
use crate::store::StoreError;
use crate::store::changes::Revisions;
use crate::store::db::Db;
use crate::store::lease::{Lease, fence};
use crate::store::open::Store;
use crate::store::registry::audit::prune_audit;
use crate::store::registry::forget::{DeletedRow, deleted_rows, forget, tell_forgotten};
use crate::store::schema::{changes, containers, hosts, passes};

/// What one call removes of each at most, so that no pass waits long for it. What is left waits for the next call.
const AT_ONCE: i64 = 5_000;

impl Store {
    /// Removes what is beyond its time or count, a bounded part at a time. Returns how much was removed.
    ///
    /// A host loses the oldest part of its own history only, as its own configuration says: what is kept of it has no holes.
    /// Of hosts that are no more, each host removes what is too old for itself.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] for an older generation.
    pub fn prune(&mut self, lease: &Lease, retention: &Retention, now: Timestamp) -> Result<usize, StoreError> {
        self.write("remove what is no longer kept", |db| {
            fence(db, lease)?;
            let passes = prune_passes(db, lease, now.minus(retention.passes), retention.passes_count)?;
            let before = now.minus(retention.changes);
            let changes = prune_changes(db, &lease.host, before, retention.changes_count)?;
            let audit = prune_audit(db, &lease.host, before, retention.changes_count, AT_ONCE)?;
            // Last: they take the counter of revisions.
            let lost = prune_lost_hosts(db, before)?;
            let forgotten = forget_missing(db, lease, now.minus(retention.missing))?;
            Ok(forgotten + passes + changes + audit + lost)
        })
    }
}

/// A row with a deployer's fact in it stays for ever: whether that fact is still needed only the deployer knows.
fn forget_missing(db: &mut Db, lease: &Lease, since: Timestamp) -> QueryResult<usize> {
    macro_rules! is_empty {
        ($column:ident) => {
            containers::$column.is_null().or(containers::$column.eq(""))
        };
    }
    let candidates: Vec<String> = containers::table
        .filter(containers::host.eq(lease.host.as_str()))
        .filter(containers::state.eq(ContainerState::Missing.as_str()))
        .filter(containers::state_since.lt(since))
        .filter(is_empty!(subdomain).and(is_empty!(proxy_route_id)).and(is_empty!(npm_proxy_id)))
        .filter(is_empty!(image_tag).and(is_empty!(stage_id)))
        .order(containers::id)
        .limit(AT_ONCE)
        .select(containers::id)
        .load(db)?;
    // Read again under lock: a deployer may have written in between.
    let rows: Vec<DeletedRow> = deleted_rows!(
        db,
        containers::host
            .eq(lease.host.as_str())
            .and(containers::id.eq_any(&candidates))
            .and(containers::state.eq(ContainerState::Missing.as_str()))
            .and(is_empty!(subdomain).and(is_empty!(proxy_route_id)).and(is_empty!(npm_proxy_id)))
            .and(is_empty!(image_tag).and(is_empty!(stage_id)))
    )?;
    forget(db, &rows)?;
    tell_forgotten(db, &rows)?;
    Ok(rows.len())
}

fn prune_passes(db: &mut Db, lease: &Lease, before: Timestamp, count: u64) -> QueryResult<usize> {
    let ours = || passes::table.filter(passes::host.eq(lease.host.as_str()));
    // The first line beyond the count, seen from the newest.
    let beyond: Option<Timestamp> = ours()
        .order(passes::started_at.desc())
        .offset(i64::try_from(count).unwrap_or(i64::MAX))
        .select(passes::started_at)
        .first(db)
        .optional()?;
    // One millisecond on, so that the line itself goes too.
    let beyond = beyond.map(|beyond| beyond.plus(Duration::from_millis(1)));
    let first_kept = beyond.map_or(before, |beyond| beyond.max(before));
    let oldest: Vec<String> = ours()
        .filter(passes::started_at.lt(first_kept))
        .order(passes::started_at)
        .limit(AT_ONCE)
        .select(passes::pass_id)
        .load(db)?;
    diesel::delete(passes::table.filter(passes::pass_id.eq_any(&oldest))).execute(db)
}

fn prune_changes(db: &mut Db, host: &HostName, before: Timestamp, count: u64) -> QueryResult<usize> {
    let ours = || changes::table.filter(changes::host.eq(host.as_str()));
    // The first one beyond the count, seen from the newest.
    let beyond: Option<i64> = ours()
        .order(changes::revision.desc())
        .offset(i64::try_from(count).unwrap_or(i64::MAX))
        .select(changes::revision)
        .first(db)
        .optional()?;
    let first_young: Option<i64> = ours()
        .filter(changes::at.ge(before))
        .order(changes::revision)
        .select(changes::revision)
        .first(db)
        .optional()?;
    let first_kept = first_young.unwrap_or(i64::MAX).max(beyond.map_or(0, |beyond| beyond + 1));
    let oldest: Vec<i64> = ours()
        .filter(changes::revision.lt(first_kept))
        .order(changes::revision)
        .limit(AT_ONCE)
        .select(changes::revision)
        .load(db)?;
    let Some(last) = oldest.last() else { return Ok(0) };
    diesel::update(hosts::table.find(host.as_str())).set(hosts::changes_pruned_to.eq(last)).execute(db)?;
    diesel::delete(ours().filter(changes::revision.le(last))).execute(db)
}

/// Nobody else would remove them, and hosts come and go.
fn prune_lost_hosts(db: &mut Db, before: Timestamp) -> QueryResult<usize> {
    let lost = changes::host.ne_all(hosts::table.select(hosts::name));
    let old: Vec<i64> = changes::table
        .filter(changes::at.lt(before))
        .filter(lost)
        .order(changes::revision)
        .limit(AT_ONCE)
        .select(changes::revision)
        .load(db)?;
    let Some(last) = old.last() else { return Ok(0) };
    let removed = diesel::delete(changes::table.filter(changes::revision.eq_any(&old))).execute(db)?;
    Revisions::prune_to(db, *last)?;
    Ok(removed)
}
