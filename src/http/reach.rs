//! How far a caller sees: the whole ledger, or the projects that his token is bound to. What is beyond is not there for him.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::auth::{Access, Caller};
use crate::model::{HostName, Project, RowId, StoredRow, Workload, WorkloadId};
use crate::store::{RegistryError, RowFilter, Store, StoreError};

/// What a caller may see, and who he is.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// As the log and the audit name him.
    pub(super) who: Arc<str>,
    pub(super) access: Access,
    /// Ids of projects; `None` for everything.
    projects: Option<Arc<[String]>>,
}

/// Nobody gets as far as a handler without being known: whoever does sees nothing.
impl<S: Sync> FromRequestParts<S> for Reach {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let Some(caller) = parts.extensions.get::<Caller>() else {
            return Ok(Self { who: "nobody".into(), access: Access::Read, projects: Some(Arc::default()) });
        };
        Ok(Self { who: Arc::clone(&caller.name), access: caller.access, projects: caller.projects.clone() })
    }
}

impl Reach {
    /// Whether he sees everything.
    pub(super) const fn is_whole(&self) -> bool {
        self.projects.is_none()
    }

    /// The project of this name or id, if he sees it.
    pub(super) fn project(&self, store: &mut Store, key: &str) -> Result<Project, StoreError> {
        let project = store.show_project(key)?;
        if self.has(&project) { Ok(project) } else { Err(unknown("project", key)) }
    }

    /// Whether he sees a project.
    pub(super) fn has(&self, project: &Project) -> bool {
        self.projects.as_ref().is_none_or(|projects| projects.contains(&project.id))
    }

    /// The workloads whose rows he sees; `None` for all.
    pub(super) fn workloads(&self, store: &mut Store) -> Result<Option<Vec<WorkloadId>>, StoreError> {
        if self.is_whole() {
            return Ok(None);
        }
        let projects = store.list_projects()?.into_iter().filter(|project| self.has(project));
        Ok(Some(projects.map(|project| project.workload_id).collect()))
    }

    /// Rows by a filter, of those that he sees.
    pub(super) fn rows(&self, store: &mut Store, filter: RowFilter) -> Result<Vec<StoredRow>, StoreError> {
        let workloads = self.workloads(store)?;
        if let (Some(workloads), Some(named)) = (&workloads, &filter.workload)
            && !workloads.contains(&store.show_workload(named)?.id)
        {
            return Err(unknown("workload", named));
        }
        if let Some(stage) = &filter.stage {
            self.knows_stage(store, stage)?;
        }
        store.rows(&RowFilter { workloads, ..filter })
    }

    /// A stage's name that only projects beyond bear tells that it is there.
    fn knows_stage(&self, store: &mut Store, stage: &str) -> Result<(), StoreError> {
        let Some(projects) = &self.projects else { return Ok(()) };
        let of = store.projects_of_stage(stage)?;
        if of.iter().any(|id| projects.contains(id)) { Ok(()) } else { Err(unknown("stage", stage)) }
    }

    /// The workload of this id, name or `kind/name`, if he sees it.
    pub(super) fn workload(&self, store: &mut Store, key: &str) -> Result<Workload, StoreError> {
        let (seen, found) = (self.workloads(store)?, store.show_workload(key)?);
        if seen.is_none_or(|seen| seen.contains(&found.id)) { Ok(found) } else { Err(unknown("workload", key)) }
    }

    /// One row, if he sees it.
    pub(super) fn row(&self, store: &mut Store, host: &HostName, row: &RowId) -> Result<StoredRow, StoreError> {
        let filter = RowFilter { host: Some(host.clone()), row: Some(row.clone()), ..RowFilter::default() };
        self.rows(store, filter)?.pop().ok_or_else(|| unknown("row", row.as_str()))
    }
}

fn unknown(kind: &'static str, name: &str) -> StoreError {
    RegistryError::Unknown { kind, name: name.to_owned() }.into()
}
