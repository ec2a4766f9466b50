//! The owners that a listing names, looked up once a pass, and the stacks that it makes.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use crate::model::{Directory, DirectoryKeys, Elsewhere, HostName, WorkloadId, WorkloadKind};
use crate::store::StoreError;
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::open::Store;
use crate::store::passes::rows::kind_of;
use crate::store::registry::{add_stack_if_new, is_name};
use crate::store::schema::{containers, hosts, stack_adopted_names, stacks, workloads};

/// Keys in one query: far below the number of values that either database takes.
const KEYS_PER_QUERY: usize = 2_000;

impl Store {
    /// Looks up owners. A key without an owner is not in the answer.
    ///
    /// # Errors
    /// If the database cannot be read: then nothing is known of any key.
    pub fn look_up(&mut self, keys: &DirectoryKeys) -> Result<Directory, StoreError> {
        self.read("look up workloads, sites and stacks", |db| {
            Ok(Directory {
                workloads: in_chunks(&keys.workloads, |chunk| workloads_by_id(db, chunk))?,
                sites: in_chunks(&keys.sites, |chunk| sites_by_id(db, chunk))?,
                stacks: in_chunks(&keys.compose_projects, |chunk| stacks_by_compose_project(db, chunk))?,
                adopted: in_chunks(&keys.adopted_names, |chunk| stacks_by_adopted_name(db, chunk))?,
                kept_by: match &keys.elsewhere {
                    Some(elsewhere) => another_host_with(db, elsewhere)?,
                    None => None,
                },
            })
        })
    }

    /// Whether a compose project can be registered as a stack by its own name.
    pub(crate) fn takes_as_name(compose_project: &str) -> bool {
        is_name(compose_project)
    }

    /// Registers compose projects as stacks of the same name, or with a number behind it if another stack has that
    /// name. Projects that are registered by now are left as they are; a text that cannot be a name stays unknown.
    /// Returns the stacks of all of them, and their workloads.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn adopt_stacks(&mut self, compose_projects: &BTreeSet<String>) -> Result<Directory, StoreError> {
        let mut adopt = || {
            self.write("register compose projects as stacks", |db| {
                for project in compose_projects.iter().filter(|project| is_name(project)) {
                    add_stack_if_new(db, project)?;
                }
                let stacks: HashMap<String, WorkloadId> =
                    in_chunks(compose_projects, |chunk| stacks_by_compose_project(db, chunk))?;
                let workloads = stacks.values().map(|id| (id.to_string(), WorkloadKind::Stack)).collect();
                Ok(Directory { stacks, workloads, ..Directory::default() })
            })
        };
        match adopt() {
            // Another host registered one of them at the same moment: it is found now.
            Err(StoreError::Clash { .. }) => adopt(),
            result => result,
        }
    }
}

/// Asks for `keys` a chunk at a time. No stored key holds a NUL, and PostgreSQL takes none.
fn in_chunks<V>(
    keys: &BTreeSet<String>,
    mut ask: impl FnMut(&[&str]) -> QueryResult<Vec<(String, V)>>,
) -> Result<HashMap<String, V>, Fault> {
    let keys: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !key.contains('\0')).collect();
    let mut found = HashMap::with_capacity(keys.len());
    for chunk in keys.chunks(KEYS_PER_QUERY) {
        found.extend(ask(chunk)?);
    }
    Ok(found)
}

fn workloads_by_id(db: &mut Db, ids: &[&str]) -> QueryResult<Vec<(String, WorkloadKind)>> {
    let query = workloads::table.filter(workloads::id.eq_any(ids.to_vec())).select((workloads::id, workloads::kind));
    let found: Vec<(String, String)> = query.load(db)?;
    Ok(found.into_iter().map(|(id, kind)| (id, kind_of(&kind))).collect())
}

fn sites_by_id(db: &mut Db, ids: &[&str]) -> QueryResult<Vec<(String, WorkloadId)>> {
    workloads::table
        .filter(workloads::kind.eq(WorkloadKind::Site.as_str()))
        .filter(workloads::ref_id.eq_any(ids.to_vec()))
        .select((workloads::ref_id, workloads::id))
        .load(db)
        .map(with_workload_ids)
}

fn stacks_by_compose_project(db: &mut Db, projects: &[&str]) -> QueryResult<Vec<(String, WorkloadId)>> {
    stacks::table
        .inner_join(workloads::table.on(workloads::ref_id.eq(stacks::id)))
        .filter(workloads::kind.eq(WorkloadKind::Stack.as_str()))
        .filter(stacks::compose_project_name.eq_any(projects.to_vec()))
        .select((stacks::compose_project_name.assume_not_null(), workloads::id))
        .load(db)
        .map(with_workload_ids)
}

fn stacks_by_adopted_name(db: &mut Db, names: &[&str]) -> QueryResult<Vec<(String, WorkloadId)>> {
    stack_adopted_names::table
        .inner_join(workloads::table.on(workloads::ref_id.eq(stack_adopted_names::stack_id)))
        .filter(workloads::kind.eq(WorkloadKind::Stack.as_str()))
        .filter(stack_adopted_names::container_name.eq_any(names.to_vec()))
        .select((stack_adopted_names::container_name, workloads::id))
        .load(db)
        .map(with_workload_ids)
}

/// Another host that a row of one of these containers is of. The names come first, since the index of bound rows begins
/// with the host.
fn another_host_with(db: &mut Db, elsewhere: &Elsewhere) -> QueryResult<Option<HostName>> {
    let others: Vec<String> =
        hosts::table.filter(hosts::name.ne(elsewhere.host.as_str())).select(hosts::name).load(db)?;
    if others.is_empty() || elsewhere.containers.is_empty() {
        return Ok(None);
    }
    let ids: Vec<&str> = elsewhere.containers.iter().take(KEYS_PER_QUERY).map(String::as_str).collect();
    let found: Option<String> = containers::table
        .filter(containers::host.eq_any(others))
        .filter(containers::container_id.eq_any(ids))
        .select(containers::host)
        .first(db)
        .optional()?;
    Ok(found.map(HostName::new))
}

fn with_workload_ids(found: Vec<(String, String)>) -> Vec<(String, WorkloadId)> {
    found.into_iter().map(|(key, id)| (key, WorkloadId::new(id))).collect()
}
