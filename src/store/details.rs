//! Details, paid after the commit in transactions of their own.

use diesel::prelude::*;

use super::changes::{NewChange, Revisions, record};
use super::db::{Db, locked};
use super::fault::Fault;
use super::lease::{Lease, fence};
use super::open::Store;
use super::plan::DetailsWrite;
use super::schema::containers;
use super::{DetailsReport, StoreError};
use crate::model::{ChangeCause, InspectedDetails, Timestamp};

impl Store {
    /// Writes details to the rows that are still bound to the inspected container. What is already stored is no
    /// change; it only ends the debt, unless that stands.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] for an older generation.
    pub fn pay_details(&mut self, lease: &Lease, writes: &[DetailsWrite]) -> Result<DetailsReport, StoreError> {
        let mut writes: Vec<&DetailsWrite> = writes.iter().collect();
        writes.sort_unstable_by(|a, b| a.row.cmp(&b.row));
        self.write("write details", |db| {
            let now = fence(db, lease)?;
            let mut paid = Vec::with_capacity(writes.len());
            for &write in &writes {
                let stored = still_bound(db, lease, write)?;
                paid.extend(stored.map(|stored| (write, stored)));
            }
            pay(db, lease, &paid, now)
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = containers)]
struct StoredDetails {
    workload_id: String,
    state: String,
    exit_code: Option<i32>,
    restart_count: Option<i64>,
    oom_killed: Option<bool>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

impl StoredDetails {
    fn equal(&self, details: &InspectedDetails) -> bool {
        (self.restart_count, self.oom_killed, self.started_at, self.finished_at)
            == (details.restart_count, details.oom_killed, details.started_at, details.finished_at)
    }
}

fn still_bound(db: &mut Db, lease: &Lease, write: &DetailsWrite) -> QueryResult<Option<StoredDetails>> {
    locked!(
        db,
        for_update,
        first,
        containers::table
            .find((lease.host.as_str(), write.row.as_str()))
            .filter(containers::container_id.eq(write.container.as_str()))
            .select(StoredDetails::as_select())
    )
    .optional()
}

fn pay(
    db: &mut Db,
    lease: &Lease,
    paid: &[(&DetailsWrite, StoredDetails)],
    now: Timestamp,
) -> Result<DetailsReport, Fault> {
    let host = lease.host.as_str();
    let (same, different): (Vec<_>, Vec<_>) = paid.iter().partition(|(write, stored)| stored.equal(&write.details));
    for (write, _) in same {
        diesel::update(containers::table.find((host, write.row.as_str())))
            .set(containers::details_owed.eq(write.still_owed))
            .execute(db)?;
    }
    if different.is_empty() {
        return Ok(DetailsReport { written: paid.len(), revision: None });
    }
    let mut revisions = Revisions::lock(db)?;
    let mut changes = Vec::with_capacity(different.len());
    for (write, stored) in different {
        let revision = revisions.take();
        let details = &write.details;
        diesel::update(containers::table.find((host, write.row.as_str())))
            .set((
                containers::restart_count.eq(details.restart_count),
                containers::oom_killed.eq(details.oom_killed),
                containers::started_at.eq(details.started_at),
                containers::finished_at.eq(details.finished_at),
                containers::details_owed.eq(write.still_owed),
                containers::updated_at.eq(now),
                containers::revision.eq(revision),
            ))
            .execute(db)?;
        changes.push(NewChange {
            revision,
            at: now,
            host,
            row_id: write.row.as_str(),
            container_id: Some(write.container.as_str()),
            workload_id: Some(&stored.workload_id),
            from_state: Some(&stored.state),
            to_state: &stored.state,
            exit_code: stored.exit_code,
            cause: ChangeCause::Details.as_str(),
            pass_id: None,
        });
    }
    record(db, &changes)?;
    Ok(DetailsReport { written: paid.len(), revision: Some(revisions.store(db)?) })
}
