//! Projects: their deployers make their rows.

use diesel::prelude::*;

use super::parents::{
    NewParent, add_workload, lock_parent, named_alike, remove_workload, rename_workload, require_free, require_name,
    tell_removed,
};
use crate::model::{Project, Registered, Timestamp, WorkloadId, WorkloadKind};
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::open::Store;
use crate::store::schema::{projects, workloads};
use crate::store::{RegistryError, StoreError};

impl Store {
    /// Registers a project and its workload in one transaction.
    ///
    /// # Errors
    /// [`RegistryError::Taken`], [`RegistryError::Invalid`].
    pub fn add_project(&mut self, new: &NewParent) -> Result<Registered, StoreError> {
        self.write("add the project", |db| {
            let id = new.checked()?;
            require_free("project", "name", &new.name, named_alike!(db, projects, vec![new.name.as_str()])?)?;
            require_free("project", "id", &id, named_alike!(db, projects, vec![id.as_str()])?)?;
            diesel::insert_into(projects::table)
                .values((projects::id.eq(&id), projects::name.eq(&new.name)))
                .execute(db)?;
            add_workload(db, WorkloadKind::Project, &id, new, None)
        })
    }

    /// Every project, by name.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn list_projects(&mut self) -> Result<Vec<Project>, StoreError> {
        self.read("list the projects", |db| Ok(all(db)?))
    }

    /// One project, by name or id.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn show_project(&mut self, key: &str) -> Result<Project, StoreError> {
        self.read("read the project", |db| find_project(db, key))
    }

    /// Renames a project and its workload in one transaction.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::Taken`], [`RegistryError::Invalid`].
    pub fn rename_project(&mut self, key: &str, new: &str) -> Result<(), StoreError> {
        self.write("rename the project", |db| {
            require_name("name", new)?;
            let project = find_project(db, key)?;
            if project.name == new {
                return Ok(());
            }
            // Its own id may become its name.
            let own = i64::from(project.id == new);
            require_free("project", "name", new, named_alike!(db, projects, vec![new])? - own)?;
            diesel::update(projects::table.find(&project.id)).set(projects::name.eq(new)).execute(db)?;
            rename_workload(db, &project.workload_id, new)?;
            Ok(())
        })
    }

    /// Removes a project with its workload and its rows, each with its change. Returns how many rows went.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::InUse`] without force while a row is not missing.
    pub fn remove_project(&mut self, key: &str, force: bool) -> Result<usize, StoreError> {
        self.write("remove the project", |db| {
            let project = find_project(db, key)?;
            lock_parent!(db, projects, &project.id)?;
            let rows = remove_workload(db, WorkloadKind::Project, &project.workload_id, &project.name, force)?;
            diesel::delete(projects::table.find(&project.id)).execute(db)?;
            tell_removed(db, WorkloadKind::Project, &project.workload_id, &project.name, &rows)?;
            Ok(rows.len())
        })
    }
}

type Line = (String, String, String, Timestamp);

fn all(db: &mut Db) -> QueryResult<Vec<Project>> {
    let lines: Vec<Line> = projects::table
        .inner_join(workloads::table.on(workloads::ref_id.eq(projects::id)))
        .filter(workloads::kind.eq(WorkloadKind::Project.as_str()))
        .order(projects::name)
        .select((projects::id, projects::name, workloads::id, projects::created_at))
        .load(db)?;
    Ok(lines.into_iter().map(from_line).collect())
}

/// Finds a project by name or id.
pub(in crate::store) fn find_project(db: &mut Db, key: &str) -> Result<Project, Fault> {
    let line: Option<Line> = projects::table
        .inner_join(workloads::table.on(workloads::ref_id.eq(projects::id)))
        .filter(workloads::kind.eq(WorkloadKind::Project.as_str()))
        .filter(projects::id.eq(key).or(projects::name.eq(key)))
        .select((projects::id, projects::name, workloads::id, projects::created_at))
        .first(db)
        .optional()?;
    let unknown = || RegistryError::Unknown { kind: "project", name: key.to_owned() };
    Ok(from_line(line.ok_or_else(unknown)?))
}

fn from_line((id, name, workload_id, created_at): Line) -> Project {
    Project { id, name, workload_id: WorkloadId::new(workload_id), created_at }
}
