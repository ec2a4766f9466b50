//! What is kept for a time only: changes, passes, and rows that nobody needs any more. Nothing else grows.

use std::time::Duration;

use diesel::prelude::*;

use super::StoreError;
use super::db::Db;
use super::forget::{Doomed, doomed, forget};
use super::lease::{Lease, fence};
use super::open::Store;
use super::schema::{changes, containers, passes, revision_counter};
use crate::config::Retention;
use crate::model::{ContainerState, Timestamp};

/// What one call removes of each at most, so that no pass waits long for it. What is left waits for the next call.
const AT_ONCE: i64 = 5_000;

impl Store {
    /// Removes what is beyond its time or count, a bounded part at a time. Returns how much was removed.
    ///
    /// The history loses its oldest part only: what is kept has no holes.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] for an older generation.
    pub fn prune(&mut self, lease: &Lease, retention: &Retention, now: Timestamp) -> Result<usize, StoreError> {
        self.write("remove what is no longer kept", |db| {
            fence(db, lease)?;
            let forgotten = forget_missing(db, lease, now.minus(retention.missing))?;
            let passes = prune_passes(db, lease, now.minus(retention.passes), retention.passes_count)?;
            let changes = prune_changes(db, now.minus(retention.changes), retention.changes_count)?;
            Ok(forgotten + passes + changes)
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
    let rows: Vec<Doomed> = doomed!(
        db,
        containers::host
            .eq(lease.host.as_str())
            .and(containers::id.eq_any(&candidates))
            .and(containers::state.eq(ContainerState::Missing.as_str()))
            .and(is_empty!(subdomain).and(is_empty!(proxy_route_id)).and(is_empty!(npm_proxy_id)))
            .and(is_empty!(image_tag).and(is_empty!(stage_id)))
    )?;
    forget(db, &rows)?;
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

fn prune_changes(db: &mut Db, before: Timestamp, count: u64) -> QueryResult<usize> {
    let latest: i64 = revision_counter::table.select(revision_counter::value).first(db)?;
    let by_count = latest.saturating_sub(i64::try_from(count).unwrap_or(i64::MAX)).saturating_add(1);
    let first_young: Option<i64> =
        changes::table.filter(changes::at.ge(before)).select(diesel::dsl::min(changes::revision)).first(db)?;
    let first_kept = first_young.unwrap_or(latest + 1).max(by_count);
    let oldest: Option<i64> = changes::table.select(diesel::dsl::min(changes::revision)).first(db)?;
    let Some(oldest) = oldest.filter(|oldest| *oldest < first_kept) else { return Ok(0) };
    let end = first_kept.min(oldest.saturating_add(AT_ONCE));
    diesel::delete(changes::table.filter(changes::revision.lt(end))).execute(db)
}
