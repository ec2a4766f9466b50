//! Details, paid after the commit in transactions of their own.

use diesel::prelude::*;

use super::changes::{NewChange, Revisions, record};
use super::db::{Db, locked};
use super::fault::Fault;
use super::lease::{Lease, fence};
use super::open::Store;
use super::plan::DetailsWrite;
use super::schema::containers;
use super::since::Since;
use super::{DetailsReport, StoreError};
use crate::model::{ChangeCause, ContainerState, HealthFact, InspectedDetails, Timestamp, is_image_name};

impl Store {
    /// Writes details to the rows that are still bound to the inspected container. What is already stored is no
    /// change; it only ends the debt, unless that stands. Nor is what the inspect knows better: since when, and what the
    /// image was called.
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
    state_since: Option<Timestamp>,
    state_after: Option<Timestamp>,
    image_ref: String,
    health: Option<String>,
    exit_code: Option<i64>,
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

    /// The health, where no list told it: a later pass knows better than an inspect that was on its way.
    fn health<'a>(&self, write: &'a DetailsWrite) -> Option<&'a str> {
        let is_of_now =
            !write.still_owed && write.details.state.as_ref().is_some_and(|state| state.as_str() == self.state);
        match &write.details.health {
            HealthFact::Known(word) if is_of_now && self.health.is_none() => Some(word),
            _ => None,
        }
    }

    /// What an inspect knows better and what is no change of the container: since when, and what its image was called.
    fn correction(&self, write: &DetailsWrite, now: Timestamp) -> Correction {
        let state = ContainerState::parse(&self.state);
        let since = self.state_since.filter(|_| !write.still_owed).map(|at| Since { at, after: self.state_after });
        let since = since.and_then(|since| since.corrected(&state, &write.details, now));
        let image = write.details.image_ref.as_deref().filter(|_| !is_image_name(&self.image_ref));
        Correction {
            image_ref: image.map(str::to_owned),
            state_since: since.map(|since| since.at),
            state_after: since.map(|since| since.after),
            details_owed: write.still_owed,
        }
    }
}

/// What is written without a change.
#[derive(AsChangeset)]
#[diesel(table_name = containers)]
struct Correction {
    image_ref: Option<String>,
    state_since: Option<Timestamp>,
    /// `None` leaves what is stored, an inner `None` clears it.
    state_after: Option<Option<Timestamp>>,
    details_owed: bool,
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
    for (write, stored) in paid {
        diesel::update(containers::table.find((host, write.row.as_str())))
            .set(&stored.correction(write, now))
            .execute(db)?;
    }
    let different: Vec<_> =
        paid.iter().filter(|(write, stored)| !stored.equal(&write.details) || stored.health(write).is_some()).collect();
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
                containers::health.eq(stored.health(write).or(stored.health.as_deref())),
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
