//! Workloads: what owns rows, and where the secrets' digests live.

use diesel::prelude::*;

use super::secret;
use crate::model::{Workload, WorkloadId};
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::open::Store;
use crate::store::passes::rows::kind_of;
use crate::store::schema::workloads;
use crate::store::{RegistryError, StoreError};

impl Store {
    /// Every workload, by kind and name.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn list_workloads(&mut self) -> Result<Vec<Workload>, StoreError> {
        self.read("list the workloads", |db| {
            let lines: Vec<WorkloadLine> = workloads::table
                .order((workloads::kind, workloads::name))
                .select(WorkloadLine::as_select())
                .load(db)?;
            Ok(lines.into_iter().map(Workload::from).collect())
        })
    }

    /// One workload, named by id, name or `kind/name`.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn show_workload(&mut self, workload: &str) -> Result<Workload, StoreError> {
        self.read("read the workload", |db| find_workload(db, workload))
    }

    /// The workload whose secret this is: an index search for its digest.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn workload_by_secret(&mut self, secret: &str) -> Result<Option<Workload>, StoreError> {
        let digest = secret::digest(secret);
        self.read("find a workload by its secret", |db| {
            let line: Option<WorkloadLine> = workloads::table
                .filter(workloads::webhook_secret.eq(&digest))
                .select(WorkloadLine::as_select())
                .first(db)
                .optional()?;
            Ok(line.map(Workload::from))
        })
    }

    /// Gives a workload, named by id, name or `kind/name`, a new secret. The old one is void; the new one is returned
    /// this once.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn rotate_secret(&mut self, workload: &str) -> Result<(Workload, String), StoreError> {
        self.write("rotate the secret", |db| {
            let workload = find_workload(db, workload)?;
            let fresh = secret::fresh();
            diesel::update(workloads::table.find(workload.id.as_str()))
                .set(workloads::webhook_secret.eq(secret::digest(&fresh)))
                .execute(db)?;
            Ok((workload, fresh))
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = workloads)]
struct WorkloadLine {
    id: String,
    kind: String,
    ref_id: String,
    name: String,
}

impl From<WorkloadLine> for Workload {
    fn from(line: WorkloadLine) -> Self {
        Self { id: line.id.into(), kind: kind_of(&line.kind), ref_id: line.ref_id, name: line.name }
    }
}

/// Finds a workload by id, by `kind/name`, or by a name that only one has.
pub(in crate::store) fn find_workload(db: &mut Db, key: &str) -> Result<Workload, Fault> {
    let by_id = workloads::table.find(key).select(WorkloadLine::as_select()).first(db).optional()?;
    if let Some(line) = by_id {
        return Ok(line.into());
    }
    let mut named: Vec<WorkloadLine> = match key.split_once('/') {
        Some((kind, name)) => workloads::table
            .filter(workloads::kind.eq(kind).and(workloads::name.eq(name)).or(workloads::name.eq(key)))
            .select(WorkloadLine::as_select())
            .load(db)?,
        None => workloads::table.filter(workloads::name.eq(key)).select(WorkloadLine::as_select()).load(db)?,
    };
    match (named.pop(), named.is_empty()) {
        (Some(line), true) => Ok(line.into()),
        (None, _) => Err(RegistryError::Unknown { kind: "workload", name: key.to_owned() }.into()),
        (Some(_), false) => Err(RegistryError::Ambiguous { name: key.to_owned() }.into()),
    }
}

/// `kind "name"` of a workload, for messages.
pub(in crate::store) fn workload_name(db: &mut Db, id: &WorkloadId) -> QueryResult<String> {
    let found: Option<(String, String)> =
        workloads::table.find(id.as_str()).select((workloads::kind, workloads::name)).first(db).optional()?;
    Ok(found.map_or_else(|| format!("workload {id:?}"), |(kind, name)| format!("{kind} {name:?}")))
}
