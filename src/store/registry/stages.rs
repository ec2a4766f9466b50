//! Stages of projects, and the names that they bore before.

use diesel::prelude::*;

use super::parents::{fresh_id, require_free, require_name};
use super::projects::find_project;
use crate::model::{Project, Stage};
use crate::store::db::fault::Fault;
use crate::store::db::{Db, each_backend};
use crate::store::open::Store;
use crate::store::registry::forget::{DeletedRow, deleted_rows, forget, tell_forgotten};
use crate::store::schema::{containers, containers_view, stage_former_names, stages};
use crate::store::{RegistryError, StoreError};

impl Store {
    /// Adds a stage to a project. `max_instances` is stored for the deployer, not enforced.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] for the project, [`RegistryError::Taken`], [`RegistryError::Invalid`].
    pub fn add_stage(
        &mut self,
        project: &str,
        name: &str,
        id: Option<String>,
        max_instances: Option<i32>,
    ) -> Result<Stage, StoreError> {
        let id = id.unwrap_or_else(fresh_id);
        self.write("add the stage", |db| {
            require_name("name", name)?;
            let project = find_project(db, project)?;
            require_name("id", &id)?;
            if max_instances.is_some_and(|instances| instances < 0) {
                let rule = "0 or more";
                return Err(RegistryError::Invalid { what: "number of instances", name: name.to_owned(), rule }.into());
            }
            require_free("stage", "name", name, named_alike(db, &project, name, None)?)?;
            let with_id: i64 = stages::table.find(&id).count().get_result(db)?;
            require_free("stage", "id", &id, with_id + named_alike(db, &project, &id, None)?)?;
            let line = (
                stages::id.eq(&id),
                stages::project_id.eq(&project.id),
                stages::name.eq(name),
                stages::max_instances.eq(max_instances),
            );
            diesel::insert_into(stages::table).values(line).execute(db)?;
            find_stage(db, &project.id, &id)
        })
    }

    /// The stages of a project, by name.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] for the project.
    pub fn list_stages(&mut self, project: &str) -> Result<Vec<Stage>, StoreError> {
        self.snapshot("list the stages", |db| {
            let project = find_project(db, project)?;
            let lines: Vec<Line> = stages::table
                .filter(stages::project_id.eq(&project.id))
                .order(stages::name)
                .select((stages::id, stages::project_id, stages::name, stages::max_instances))
                .load(db)?;
            Ok(lines.into_iter().map(|line| with_former_names(db, line)).collect::<QueryResult<_>>()?)
        })
    }

    /// One stage, by name or id.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] for the project or the stage.
    pub fn show_stage(&mut self, project: &str, stage: &str) -> Result<Stage, StoreError> {
        self.snapshot("read the stage", |db| {
            let project = find_project(db, project)?;
            find_stage(db, &project.id, stage)
        })
    }

    /// The ids of the projects that have a stage of this id or name, also a former one.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] where there is none.
    pub fn projects_of_stage(&mut self, key: &str) -> Result<Vec<String>, StoreError> {
        let projects = |(project, _)| project;
        self.snapshot("read whose a stage is", |db| {
            Ok(stages_with_projects(db, key)?.into_iter().map(projects).collect())
        })
    }

    /// Renames a stage and keeps its name: rows that know the stage by their role alone stay its rows.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::Taken`], [`RegistryError::Invalid`].
    pub fn rename_stage(&mut self, project: &str, stage: &str, new: &str) -> Result<(), StoreError> {
        self.write("rename the stage", |db| {
            require_name("name", new)?;
            let project = find_project(db, project)?;
            let stage = find_stage(db, &project.id, stage)?;
            if stage.name == new {
                return Ok(());
            }
            require_free("stage", "name", new, named_alike(db, &project, new, Some(&stage))?)?;
            retire_name(db, &project, &stage)?;
            diesel::update(stages::table.find(&stage.id)).set(stages::name.eq(new)).execute(db)?;
            Ok(())
        })
    }

    /// Removes a stage and its rows, each with its change. Returns how many rows went.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::InUse`] without force while a row is not missing.
    pub fn remove_stage(&mut self, project: &str, stage: &str, force: bool) -> Result<usize, StoreError> {
        self.write("remove the stage", |db| {
            let project = find_project(db, project)?;
            let stage = find_stage(db, &project.id, stage)?;
            let rows = rows_of(db, &project, &stage)?;
            let in_use = rows.iter().filter(|row| row.is_in_use()).count();
            if in_use > 0 && !force {
                let rows = i64::try_from(in_use).unwrap_or(i64::MAX);
                return Err(RegistryError::InUse { kind: "stage", name: stage.name, rows }.into());
            }
            forget(db, &rows)?;
            let former = stage_former_names::table.filter(stage_former_names::stage_id.eq(&stage.id));
            diesel::delete(former).execute(db)?;
            diesel::delete(stages::table.find(&stage.id)).execute(db)?;
            tell_forgotten(db, &rows)?;
            Ok(rows.len())
        })
    }
}

type Line = (String, String, String, Option<i32>);

/// Finds a stage of a project by name or id.
pub(in crate::store) fn find_stage(db: &mut Db, project_id: &str, key: &str) -> Result<Stage, Fault> {
    let line: Option<Line> = stages::table
        .filter(stages::project_id.eq(project_id))
        .filter(stages::id.eq(key).or(stages::name.eq(key)))
        .select((stages::id, stages::project_id, stages::name, stages::max_instances))
        .first(db)
        .optional()?;
    let unknown = || RegistryError::Unknown { kind: "stage", name: key.to_owned() };
    Ok(with_former_names(db, line.ok_or_else(unknown)?)?)
}

/// The ids of all stages with this id or name, in whichever project; where a project has none, the one that bore the
/// name last.
pub(in crate::store) fn matching_stages(db: &mut Db, key: &str) -> Result<Vec<String>, Fault> {
    Ok(stages_with_projects(db, key)?.into_iter().map(|(_, stage)| stage).collect())
}

/// The same, each after its project.
fn stages_with_projects(db: &mut Db, key: &str) -> Result<Vec<(String, String)>, Fault> {
    let mut found: Vec<(String, String)> = stages::table
        .filter(stages::id.eq(key).or(stages::name.eq(key)))
        .select((stages::project_id, stages::id))
        .load(db)?;
    let bore_it: Vec<(String, String)> = stage_former_names::table
        .inner_join(stages::table.on(stages::id.eq(stage_former_names::stage_id)))
        .filter(stage_former_names::name.eq(key))
        .order(stage_former_names::retired.desc())
        .select((stages::project_id, stages::id))
        .load(db)?;
    for (project, stage) in bore_it {
        if !found.iter().any(|(other, _)| *other == project) {
            found.push((project, stage));
        }
    }
    if found.is_empty() {
        return Err(RegistryError::Unknown { kind: "stage", name: key.to_owned() }.into());
    }
    Ok(found)
}

fn named_alike(db: &mut Db, project: &Project, name: &str, but: Option<&Stage>) -> QueryResult<i64> {
    stages::table
        .filter(stages::project_id.eq(&project.id))
        .filter(stages::name.eq(name).or(stages::id.eq(name)))
        .filter(stages::id.ne(but.map_or("", |stage| stage.id.as_str())))
        .count()
        .get_result(db)
}

/// The greatest number bore a name last.
fn retire_name(db: &mut Db, project: &Project, stage: &Stage) -> QueryResult<()> {
    let last: Option<i64> = stage_former_names::table
        .filter(
            stage_former_names::stage_id
                .eq_any(stages::table.filter(stages::project_id.eq(&project.id)).select(stages::id)),
        )
        .select(diesel::dsl::max(stage_former_names::retired))
        .first(db)?;
    let retired = last.unwrap_or(0) + 1;
    let line = (
        stage_former_names::stage_id.eq(&stage.id),
        stage_former_names::name.eq(&stage.name),
        stage_former_names::retired.eq(retired),
    );
    each_backend!(db, connection => diesel::insert_into(stage_former_names::table)
        .values(line)
        .on_conflict((stage_former_names::stage_id, stage_former_names::name))
        .do_update()
        .set(stage_former_names::retired.eq(retired))
        .execute(connection))
    .map(drop)
}

/// The rows that belong to a stage, as the view says, locked.
fn rows_of(db: &mut Db, project: &Project, stage: &Stage) -> QueryResult<Vec<DeletedRow>> {
    let ids: Vec<(String, String)> = containers_view::table
        .filter(containers_view::workload_id.eq(project.workload_id.as_str()))
        .filter(containers_view::effective_stage_id.eq(&stage.id))
        .select((containers_view::host, containers_view::id))
        .load(db)?;
    let rows: Vec<DeletedRow> = deleted_rows!(db, containers::workload_id.eq(project.workload_id.as_str()))?;
    Ok(rows.into_iter().filter(|row| ids.iter().any(|(host, id)| row.is(host, id))).collect())
}

fn with_former_names(db: &mut Db, (id, project_id, name, max_instances): Line) -> QueryResult<Stage> {
    let former_names = stage_former_names::table
        .filter(stage_former_names::stage_id.eq(&id))
        .filter(stage_former_names::name.ne(&name))
        .order(stage_former_names::retired)
        .select(stage_former_names::name)
        .load(db)?;
    Ok(Stage { id, project_id, name, former_names, max_instances })
}
