//! Details, paid after the commit in transactions of their own.

use diesel::prelude::*;

use crate::model::{
    AttentionSet, ChangeCause, ContainerState, Differences, HealthFact, InspectedDetails, Observed, Revision, Since,
    Timestamp, differences, is_image_name,
};
use crate::store::changes::{NewChange, Revisions, differences_text, record};
use crate::store::db::fault::Fault;
use crate::store::db::{Db, locked};
use crate::store::lease::{Lease, fence};
use crate::store::open::Store;
use crate::store::passes::plan::DetailsWrite;
use crate::store::schema::containers;
use crate::store::{DetailsReport, StoreError};

impl Store {
    /// Writes details to the rows that are still bound to the inspected container. What is already stored is no
    /// change; it only ends the pending_one, unless that stands. Nor is what the inspect knows better: since when, and what the
    /// image was called.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] for an older generation.
    pub fn write_details(&mut self, lease: &Lease, writes: &[DetailsWrite]) -> Result<DetailsReport, StoreError> {
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
    role: String,
    name: String,
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
    flapping_since: Option<Timestamp>,
    ended_by_request: Option<bool>,
    health_since: Option<Timestamp>,
    start_error: Option<String>,
    attention: String,
}

impl StoredDetails {
    fn equal(&self, details: &InspectedDetails) -> bool {
        (self.restart_count, self.oom_killed, self.started_at, self.finished_at, self.start_error.as_deref())
            == (
                details.restart_count,
                details.oom_killed,
                details.started_at,
                details.finished_at,
                details.start_error.as_deref(),
            )
    }

    /// What the attention is of, before the details.
    fn before(&self) -> Observed {
        Observed {
            state_since: self.state_since,
            exit_code: self.exit_code,
            health: self.health.as_deref().map(Into::into),
            oom_killed: self.oom_killed,
            flapping_since: self.flapping_since,
            ended_by_request: self.ended_by_request,
            health_since: self.health_since,
            start_error: self.start_error.as_deref().map(Into::into),
            attention: AttentionSet::parse(&self.attention),
            ..Observed::unseen(ContainerState::parse(&self.state))
        }
    }

    /// And after them.
    fn after(&self, write: &DetailsWrite, since: Option<Timestamp>, now: Timestamp) -> Observed {
        let before = self.before();
        let health = self.health(write);
        let after = Observed {
            state_since: since.or(self.state_since),
            oom_killed: write.details.oom_killed,
            health: health.or(self.health.as_deref()).map(Into::into),
            health_since: if health.is_some() { Some(now) } else { self.health_since },
            start_error: write.details.start_error.clone(),
            ..before
        };
        // Of what is gone a pass decides.
        if after.state == ContainerState::Missing { after } else { after.attended() }
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
    let mut changed = Vec::new();
    for (write, stored) in paid {
        let this = containers::table.find((host, write.row.as_str()));
        let correction = stored.correction(write, now);
        diesel::update(this).set(&correction).execute(db)?;
        if stored.equal(&write.details) && stored.health(write).is_none() {
            continue;
        }
        let after = stored.after(write, correction.state_since, now);
        diesel::update(this)
            .set((
                containers::restart_count.eq(write.details.restart_count),
                containers::oom_killed.eq(write.details.oom_killed),
                containers::started_at.eq(write.details.started_at),
                containers::finished_at.eq(write.details.finished_at),
                containers::health.eq(after.health.as_deref()),
                containers::health_since.eq(after.health_since),
                containers::start_error.eq(after.start_error.as_deref()),
                containers::attention.eq(after.attention.to_string()),
                containers::attention_since.eq(after.attention_since),
            ))
            .execute(db)?;
        let differences = differences(&stored.before(), &after);
        if !differences.is_empty() {
            changed.push((*write, stored, differences));
        }
    }
    let revision = if changed.is_empty() { None } else { Some(tell(db, host, &changed, now)?) };
    Ok(DetailsReport { written: paid.len(), revision })
}

/// What details add is no change of its own; what follows from them is: a health that no list tells, and that somebody has
/// to look.
fn tell(
    db: &mut Db,
    host: &str,
    changed: &[(&DetailsWrite, &StoredDetails, Differences)],
    now: Timestamp,
) -> Result<Revision, Fault> {
    let mut revisions = Revisions::lock(db)?;
    let mut changes = Vec::with_capacity(changed.len());
    for (write, stored, differences) in changed {
        let revision = revisions.take();
        diesel::update(containers::table.find((host, write.row.as_str())))
            .set((containers::updated_at.eq(now), containers::revision.eq(revision)))
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
            cause: ChangeCause::Observed.as_str(),
            pass_id: None,
            role: Some(&stored.role),
            name: Some(&stored.name),
            differences: differences_text(differences),
        });
    }
    record(db, &changes)?;
    Ok(revisions.store(db)?)
}
