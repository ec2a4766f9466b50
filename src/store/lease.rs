//! One writer for each host: the lease, its generation, and the refusal of who lost it.

use std::time::Duration;

use diesel::prelude::*;

use super::StoreError;
use super::db::{Db, each_backend, locked};
use super::holder::{LeaseHolder, is_holder_alive, is_holder_dead};
use super::open::Store;
use super::schema::hosts;
use crate::model::{HostName, Timestamp};
use crate::store::db::fault::Fault;

/// The right to write a host, as long as no later generation has been given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The host.
    pub host: HostName,
    /// Raised by each acquisition: a transaction that carries an older one is refused.
    pub generation: i64,
    /// How long it holds after each renewal.
    pub time_to_live: Duration,
}

/// A process that is stopped in a debugger, or whose machine swaps, keeps its lease this long.
const SHORTEST_TIME_TO_LIVE: Duration = Duration::from_secs(90);

/// Of the longest interval, 5 min.
const LONGEST_TIME_TO_LIVE: Duration = Duration::from_secs(15 * 60);

/// How long a lease holds without renewal: three intervals, and at least 90 s.
#[must_use]
pub fn lease_time_to_live(interval: Duration) -> Duration {
    SHORTEST_TIME_TO_LIVE.max(interval * 3)
}

impl Store {
    /// Takes the host: from nobody, from this process's own earlier generation, from a holder that is provably dead on
    /// this machine, or from one whose lease has expired. Makes the host's line if there is none.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] if another process holds it.
    pub fn acquire_lease(
        &mut self,
        host: &HostName,
        holder: &LeaseHolder,
        time_to_live: Duration,
    ) -> Result<Lease, StoreError> {
        self.acquire_lease_unless(|| false, host, holder, time_to_live)
    }

    /// As [`Self::acquire_lease`], for a life of the store that may have been replaced while it came here: its successor
    /// has the lease then, or has released it, and neither may be undone. Asked while the host's line is locked.
    pub(super) fn acquire_lease_unless(
        &mut self,
        is_replaced: impl Fn() -> bool,
        host: &HostName,
        holder: &LeaseHolder,
        time_to_live: Duration,
    ) -> Result<Lease, StoreError> {
        let outcome = self.write("take the host's lease", |db| {
            each_backend!(db, connection => diesel::insert_into(hosts::table)
                .values(hosts::name.eq(host.as_str()))
                .on_conflict_do_nothing()
                .execute(connection))?;
            let line = locked_line(db, host)?;
            if is_replaced() {
                return Ok(Err(line.held_by_another(host)));
            }
            let now = db.now()?;
            if line
                .living_holder(now)
                .is_some_and(|other| !LeaseHolder::parse(other).is_some_and(|other| other.is(holder)))
            {
                if let Some(expiry) = line.expiry_after_a_clock_set_back(now) {
                    diesel::update(hosts::table.find(host.as_str()))
                        .set(hosts::lease_expires_at.eq(expiry))
                        .execute(db)?;
                }
                return Ok(Err(line.held_by_another(host)));
            }
            let generation = line.lease_generation + 1;
            diesel::update(hosts::table.find(host.as_str()))
                .set((
                    hosts::lease_holder.eq(holder.to_string()),
                    hosts::lease_generation.eq(generation),
                    hosts::lease_expires_at.eq(now.plus(time_to_live)),
                ))
                .execute(db)?;
            Ok(Ok(Lease { host: host.clone(), generation, time_to_live }))
        });
        outcome?
    }

    /// Moves the lease's expiry on.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] if a later generation was given out.
    pub fn renew_lease(&mut self, lease: &Lease) -> Result<(), StoreError> {
        self.write_beside_rows("renew the host's lease", |db| fence(db, lease).map(drop))
    }

    /// Gives the host up; nothing happens if a later generation has it.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn release_lease(&mut self, lease: &Lease) -> Result<(), StoreError> {
        self.write("release the host's lease", |db| {
            let mine = hosts::table.find(lease.host.as_str()).filter(hosts::lease_generation.eq(lease.generation));
            let nobody = (hosts::lease_holder.eq(None::<String>), hosts::lease_expires_at.eq(None::<Timestamp>));
            diesel::update(mine).set(nobody).execute(db)?;
            Ok(())
        })
    }
}

/// The first statement of a transaction that belongs to a host: renews the lease, locks out every other writer of the
/// host until the commit, and refuses an older generation. Returns the transaction's moment.
pub(super) fn fence(db: &mut Db, lease: &Lease) -> Result<Timestamp, Fault> {
    let now = db.now()?;
    let mine = hosts::table.find(lease.host.as_str()).filter(hosts::lease_generation.eq(lease.generation));
    let renewed = diesel::update(mine).set(hosts::lease_expires_at.eq(now.plus(lease.time_to_live))).execute(db)?;
    if renewed == 0 { Err(lost(db, lease)) } else { Ok(now) }
}

/// Why a fence let nothing through.
pub(super) fn lost(db: &mut Db, lease: &Lease) -> Fault {
    let line = hosts::table.find(lease.host.as_str()).select(LeaseLine::as_select()).first(db).optional();
    match line {
        Err(error) => error.into(),
        Ok(Some(line)) => line.held_by_another(&lease.host).into(),
        Ok(None) => StoreError::LeaseHeld {
            host: lease.host.to_string(),
            holder: "nobody any more: the host was renamed or forgotten".into(),
        }
        .into(),
    }
}

/// The host's lease, locked until the transaction's end.
pub(super) fn locked_line(db: &mut Db, host: &HostName) -> QueryResult<LeaseLine> {
    locked!(db, for_update, first, hosts::table.find(host.as_str()).select(LeaseLine::as_select()))
}

/// The lease's part of a host's line.
#[derive(Queryable, Selectable)]
#[diesel(table_name = hosts)]
pub(super) struct LeaseLine {
    lease_holder: Option<String>,
    lease_generation: i64,
    lease_expires_at: Option<Timestamp>,
}

impl LeaseLine {
    /// Who holds the lease: one that provably lives or dies on this machine does so whatever the clock says; of any
    /// other the expiry tells.
    pub(super) fn living_holder(&self, now: Timestamp) -> Option<&str> {
        let holder = self.lease_holder.as_deref()?;
        let expired = self.lease_expires_at.is_none_or(|expiry| expiry <= now);
        (is_holder_alive(holder) || !expired && !is_holder_dead(holder)).then_some(holder)
    }

    /// The latest expiry that a renewal can have written by now, if this one is later still: the clock was set back.
    fn expiry_after_a_clock_set_back(&self, now: Timestamp) -> Option<Timestamp> {
        let latest = now.plus(LONGEST_TIME_TO_LIVE);
        self.lease_expires_at.filter(|expiry| *expiry > latest).map(|_| latest)
    }

    /// The refusal that names the holder.
    pub(super) fn held_by_another(&self, host: &HostName) -> StoreError {
        let holder = match self.lease_holder.as_deref() {
            None => "nobody now, and a later generation was given out".to_owned(),
            Some(text) => LeaseHolder::parse(text).map_or_else(|| text.to_owned(), |holder| holder.described()),
        };
        let until = self.lease_expires_at.map(|expiry| format!(", until {expiry}")).unwrap_or_default();
        StoreError::LeaseHeld { host: host.to_string(), holder: format!("{holder}{until}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_holds_three_intervals_and_at_least_90_s() {
        assert_eq!(lease_time_to_live(Duration::from_secs(5)), Duration::from_secs(90));
        assert_eq!(lease_time_to_live(Duration::from_secs(60)), Duration::from_secs(180));
    }
}
