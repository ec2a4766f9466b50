//! A deployer's calls: a row of a project is made, bound, changed or removed. None of them can name an observed column.

mod facts;

use diesel::prelude::*;

use facts::write_facts;

use crate::model::{
    ChangeCause, ClaimRequest, ContainerId, ContainerState, Differences, HostName, Revision, RowId, WorkloadId,
    WorkloadKind, changed_columns,
};
use crate::store::changes::{NewChange, Revisions, differences_text, record};
use crate::store::db::fault::Fault;
use crate::store::db::{Db, locked};
use crate::store::open::Store;
use crate::store::passes::foreign::{last_note, tell_by_ourselves};
use crate::store::registry::forget::{DeletedRow, deleted_rows, forget, tell_forgotten};
use crate::store::registry::{find_project, find_stage, require_id, workload_name};
use crate::store::schema::{containers, workloads};
use crate::store::{RegistryError, StoreError};

impl Store {
    /// Makes or binds a row of a project. Repeated, it changes only what is named; a deployer's column named with an
    /// empty text is cleared. Returns the row and the revision that it is at.
    ///
    /// Without a row, the claim is for the row that is bound to the container, else for a new one.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] for the project or the stage, [`RegistryError::Owned`] if the row is another
    /// workload's or the container another row's.
    pub fn claim(&mut self, host: &HostName, request: &ClaimRequest) -> Result<(RowId, Revision), StoreError> {
        self.claim_telling(host, request).map(|claimed| (claimed.row, claimed.revision))
    }

    /// As [`Self::claim`], and says whether the row was made by it.
    ///
    /// # Errors
    /// As [`Self::claim`]; [`RegistryError::Bound`] if the row is said to have failed and has a container.
    pub fn claim_telling(&mut self, host: &HostName, request: &ClaimRequest) -> Result<ClaimedRow, StoreError> {
        let request =
            &ClaimRequest { container_id: request.container_id.as_ref().map(as_daemons_write), ..request.clone() };
        self.write("claim a row", |db| {
            let claimed = claimed(db, host, request)?;
            write_facts(db, host, &claimed.row, request)?;
            Ok(claimed)
        })
    }

    /// Removes a row, with its change. Returns the change's revision.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] if the host has no such row.
    pub fn release(&mut self, host: &HostName, row: &RowId) -> Result<Revision, StoreError> {
        self.write("release the row", |db| {
            let rows: Vec<DeletedRow> =
                deleted_rows!(db, containers::host.eq(host.as_str()).and(containers::id.eq(row.as_str())))?;
            let unknown = || RegistryError::Unknown { kind: "row", name: row.to_string() };
            forget(db, &rows)?;
            tell_forgotten(db, &rows)?.ok_or_else(|| unknown().into())
        })
    }
}

impl Store {
    /// As [`Self::release`], if the row is the project's.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] for the project, and if it has no such row on the host.
    pub fn release_of(&mut self, host: &HostName, project: &str, row: &RowId) -> Result<Revision, StoreError> {
        self.write("release the row", |db| {
            let workload = find_project(db, project)?.workload_id;
            let owned = containers::workload_id.eq(workload.as_str());
            let this = containers::host.eq(host.as_str()).and(containers::id.eq(row.as_str()));
            let rows: Vec<DeletedRow> = deleted_rows!(db, this.and(owned))?;
            let unknown = || RegistryError::Unknown { kind: "row", name: row.to_string() };
            forget(db, &rows)?;
            tell_forgotten(db, &rows)?.ok_or_else(|| unknown().into())
        })
    }
}

/// The row of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedRow {
    /// Which it is.
    pub row: RowId,
    /// The revision that it is at.
    pub revision: Revision,
    /// Whether the claim made it.
    pub is_made: bool,
}

impl ClaimedRow {
    fn made((row, revision): (RowId, Revision)) -> Self {
        Self { row, revision, is_made: true }
    }

    fn kept((row, revision): (RowId, Revision)) -> Self {
        Self { row, revision, is_made: false }
    }
}

fn claimed(db: &mut Db, host: &HostName, request: &ClaimRequest) -> Result<ClaimedRow, Fault> {
    let project = find_project(db, &request.project)?;
    hold_workload(db, &project.workload_id, &request.project)?;
    let stage = request.stage.as_deref().map(|stage| find_stage(db, &project.id, stage)).transpose()?;
    let claim = Claim {
        host,
        request,
        workload: &project.workload_id,
        stage: stage.as_ref().map(|stage| (stage.id.as_str(), stage.name.as_str())),
    };
    claim.check_texts()?;
    let bound = bound_row(db, host, request.container_id.as_ref())?;
    let Some(row) = request.row.as_ref().or_else(|| bound.as_ref().map(|(row, _)| row)) else {
        return claim.make(db, &RowId::new(uuid::Uuid::now_v7().to_string())).map(ClaimedRow::made);
    };
    if let Some((other, owner)) = bound.as_ref().filter(|(other, _)| other != row) {
        let container = request.container_id.as_ref().map_or("", ContainerId::short);
        return Err(owned(db, format!("container {container} (row {other})"), owner)?);
    }
    match stored(db, host, row)? {
        None => claim.make(db, row).map(ClaimedRow::made),
        Some(stored) if stored.workload_id != project.workload_id.as_str() => {
            Err(owned(db, format!("row {row}"), &WorkloadId::new(stored.workload_id))?)
        }
        Some(stored) => claim.change(db, row, &stored).map(ClaimedRow::kept),
    }
}

struct Claim<'a> {
    host: &'a HostName,
    request: &'a ClaimRequest,
    workload: &'a WorkloadId,
    stage: Option<(&'a str, &'a str)>,
}

/// The columns of a claimed row; `None` leaves what is stored, an inner `None` clears it.
#[derive(AsChangeset)]
#[diesel(table_name = containers)]
struct Claimed<'a> {
    role: Option<&'a str>,
    container_id: Option<&'a str>,
    subdomain: Option<Option<&'a str>>,
    proxy_route_id: Option<Option<&'a str>>,
    npm_proxy_id: Option<Option<&'a str>>,
    image_tag: Option<Option<&'a str>>,
    stage_id: Option<&'a str>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = containers)]
struct StoredClaim {
    workload_id: String,
    role: String,
    name: String,
    container_id: Option<String>,
    state: String,
    recorded_state: Option<String>,
    exit_code: Option<i64>,
    subdomain: Option<String>,
    proxy_route_id: Option<String>,
    npm_proxy_id: Option<String>,
    image_tag: Option<String>,
    stage_id: Option<String>,
    revision: i64,
}

impl Claim<'_> {
    fn check_texts(&self) -> Result<(), RegistryError> {
        if let Some(row) = &self.request.row {
            require_id("row id", row.as_str())?;
        }
        if let Some(container) = &self.request.container_id {
            require_id("container id", container.as_str())?;
        }
        Ok(())
    }

    fn columns(&self) -> Claimed<'_> {
        Claimed {
            role: self.stage.map(|(_, name)| name),
            container_id: self.request.container_id.as_ref().map(AsRef::as_ref),
            subdomain: fact(self.request.subdomain.as_ref()),
            proxy_route_id: fact(self.request.proxy_route.as_ref()),
            npm_proxy_id: fact(self.request.npm_proxy.as_ref()),
            image_tag: fact(self.request.image_tag.as_ref()),
            stage_id: self.stage.map(|(id, _)| id),
        }
    }

    fn make(&self, db: &mut Db, row: &RowId) -> Result<(RowId, Revision), Fault> {
        let now = db.now()?;
        let key = (
            containers::host.eq(self.host.as_str()),
            containers::id.eq(row.as_str()),
            containers::workload_id.eq(self.workload.as_str()),
            containers::workload_kind.eq(WorkloadKind::Project.as_str()),
        );
        let stamp = (
            containers::recorded_state.eq(ContainerState::Created.as_str()),
            containers::created_at.eq(now),
            containers::updated_at.eq(now),
        );
        let noted = last_note(db)?;
        // In two statements: what the claim does not name takes the table's own defaults.
        diesel::insert_into(containers::table).values((key, stamp)).execute(db)?;
        self.write_columns(db, row)?;
        tell_by_ourselves(db, self.host, row, noted)?;
        let mut revisions = Revisions::lock(db)?;
        let revision = revisions.take();
        let this = containers::table.find((self.host.as_str(), row.as_str()));
        diesel::update(this).set(containers::revision.eq(revision)).execute(db)?;
        self.record(db, row, revision, None, ContainerState::Created.as_str(), None)?;
        Ok((row.clone(), revisions.store(db)?))
    }

    fn change(&self, db: &mut Db, row: &RowId, stored: &StoredClaim) -> Result<(RowId, Revision), Fault> {
        if !self.differs(stored) {
            return Ok((row.clone(), Revision(stored.revision)));
        }
        let noted = last_note(db)?;
        self.write_columns(db, row)?;
        tell_by_ourselves(db, self.host, row, noted)?;
        let this = containers::table.find((self.host.as_str(), row.as_str()));
        diesel::update(this).set(containers::updated_at.eq(db.now()?)).execute(db)?;
        let mut revisions = Revisions::lock(db)?;
        let revision = revisions.take();
        // A state that the deployer wrote himself is told by this change.
        let told = (containers::revision.eq(revision), containers::recorded_state.eq(&stored.state));
        diesel::update(this).set(told).execute(db)?;
        self.record(db, row, revision, Some(stored), &stored.state, stored.exit_code)?;
        Ok((row.clone(), revisions.store(db)?))
    }

    fn write_columns(&self, db: &mut Db, row: &RowId) -> QueryResult<()> {
        let this = containers::table.find((self.host.as_str(), row.as_str()));
        // A claim that names nothing has nothing to set, which is no error.
        diesel::update(this).set(self.columns()).execute(db).optional_empty_changeset().map(drop)
    }

    fn record(
        &self,
        db: &mut Db,
        row: &RowId,
        revision: i64,
        stored: Option<&StoredClaim>,
        state: &str,
        exit_code: Option<i64>,
    ) -> QueryResult<()> {
        let before = stored.and_then(|stored| stored.container_id.as_deref());
        let columns = self.columns();
        let change = NewChange {
            revision,
            at: db.now()?,
            host: self.host.as_str(),
            row_id: row.as_str(),
            container_id: columns.container_id.or(before),
            workload_id: Some(self.workload.as_str()),
            from_state: stored.and_then(|stored| stored.recorded_state.as_deref()),
            to_state: state,
            exit_code,
            cause: ChangeCause::Claimed.as_str(),
            pass_id: None,
            role: columns.role.or_else(|| stored.map(|stored| stored.role.as_str())),
            name: stored.map(|stored| stored.name.as_str()),
            differences: differences_text(&self.differences(stored)),
        };
        record(db, &[change])
    }

    /// What the claim names otherwise than it is stored.
    fn differences(&self, stored: Option<&StoredClaim>) -> Differences {
        let columns = self.columns();
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let kept = |column: fn(&StoredClaim) -> Option<&str>| stored.and_then(column).and_then(text);
        let named = |named: Option<&str>, kept: Option<String>| (kept.clone(), named.map_or(kept, text));
        let fact = |named: Option<Option<&str>>, kept: Option<String>| {
            (kept.clone(), named.map_or(kept, |named| named.and_then(text)))
        };
        let of = |column, (from, to)| (column, from, to);
        changed_columns([
            of("container_id", named(columns.container_id, kept(|stored| stored.container_id.as_deref()))),
            of("role", named(columns.role, kept(|stored| Some(&stored.role)))),
            of("stage_id", named(columns.stage_id, kept(|stored| stored.stage_id.as_deref()))),
            of("subdomain", fact(columns.subdomain, kept(|stored| stored.subdomain.as_deref()))),
            of("proxy_route_id", fact(columns.proxy_route_id, kept(|stored| stored.proxy_route_id.as_deref()))),
            of("npm_proxy_id", fact(columns.npm_proxy_id, kept(|stored| stored.npm_proxy_id.as_deref()))),
            of("image_tag", fact(columns.image_tag, kept(|stored| stored.image_tag.as_deref()))),
        ])
    }

    fn changes_binding(&self, stored: &StoredClaim) -> bool {
        let columns = self.columns();
        names_another(columns.role, Some(&stored.role))
            || names_another(columns.container_id, stored.container_id.as_deref())
    }

    fn differs(&self, stored: &StoredClaim) -> bool {
        let columns = self.columns();
        self.changes_binding(stored)
            || columns.subdomain.is_some_and(|named| named != stored.subdomain.as_deref())
            || columns.proxy_route_id.is_some_and(|named| named != stored.proxy_route_id.as_deref())
            || columns.npm_proxy_id.is_some_and(|named| named != stored.npm_proxy_id.as_deref())
            || columns.image_tag.is_some_and(|named| named != stored.image_tag.as_deref())
            || names_another(columns.stage_id, stored.stage_id.as_deref())
    }
}

/// A full id in capitals names the same container, and no listing writes it so.
fn as_daemons_write(id: &ContainerId) -> ContainerId {
    let lower = ContainerId::new(id.as_str().to_ascii_lowercase());
    if ContainerId::is_full(lower.as_str()) { lower } else { id.clone() }
}

/// A deployer's own fact: an empty text takes it away.
fn fact(named: Option<&String>) -> Option<Option<&str>> {
    named.map(|text| Some(text.as_str()).filter(|text| !text.is_empty()))
}

fn names_another(named: Option<&str>, stored: Option<&str>) -> bool {
    named.is_some() && named != stored
}

/// Keeps the workload from being removed until the commit. Before its rows, as a pass does and who removes it: nobody
/// waits for it with a row in hand.
fn hold_workload(db: &mut Db, workload: &WorkloadId, project: &str) -> Result<(), Fault> {
    let held: QueryResult<String> =
        locked!(db, for_key_share, first, workloads::table.find(workload.as_str()).select(workloads::id));
    let unknown = || RegistryError::Unknown { kind: "project", name: project.to_owned() };
    held.optional()?.map(drop).ok_or_else(|| unknown().into())
}

fn stored(db: &mut Db, host: &HostName, row: &RowId) -> QueryResult<Option<StoredClaim>> {
    locked!(
        db,
        for_update,
        first,
        containers::table.find((host.as_str(), row.as_str())).select(StoredClaim::as_select())
    )
    .optional()
}

/// The row that a container is bound to, and its workload.
fn bound_row(
    db: &mut Db,
    host: &HostName,
    container: Option<&ContainerId>,
) -> QueryResult<Option<(RowId, WorkloadId)>> {
    let Some(container) = container else { return Ok(None) };
    let found: Option<(String, String)> = containers::table
        .filter(containers::host.eq(host.as_str()))
        .filter(containers::container_id.eq(container.as_str()))
        .select((containers::id, containers::workload_id))
        .first(db)
        .optional()?;
    Ok(found.map(|(row, workload)| (RowId::new(row), WorkloadId::new(workload))))
}

fn owned(db: &mut Db, what: String, owner: &WorkloadId) -> Result<Fault, Fault> {
    Ok(RegistryError::Owned { what, owner: workload_name(db, owner)? }.into())
}
