//! Stacks: compose projects, and plain containers adopted by name.

use diesel::prelude::*;

use super::parents::{
    NewParent, add_workload, is_name, lock_parent, named_alike, remove_undeployed_workload, remove_workload,
    rename_workload, require_free, require_name, tell_removed,
};
use crate::model::{Origin, Registered, Stack, Timestamp, WorkloadId, WorkloadKind};
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::open::Store;
use crate::store::registry::forget::DeletedRow;
use crate::store::schema::{stack_adopted_names, stacks, workloads};
use crate::store::{RegistryError, StoreError};

impl Store {
    /// Registers a stack and its workload in one transaction. The compose project is the name unless given.
    ///
    /// # Errors
    /// [`RegistryError::Taken`], [`RegistryError::Invalid`].
    pub fn add_stack(&mut self, new: &NewParent, compose_project: Option<String>) -> Result<Registered, StoreError> {
        let compose_project = compose_project.unwrap_or_else(|| new.name.clone());
        self.write("add the stack", |db| add(db, new, compose_project.clone(), Origin::Added))
    }

    /// Registers a compose project that runs already as a stack of its name.
    ///
    /// # Errors
    /// As [`Self::add_stack`].
    pub fn adopt_project(&mut self, compose_project: &str) -> Result<Registered, StoreError> {
        let new = NewParent { name: compose_project.to_owned(), ..NewParent::default() };
        self.write("adopt the compose project", |db| add(db, &new, compose_project.to_owned(), Origin::Adopted))
    }

    /// Every stack, by name.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn list_stacks(&mut self) -> Result<Vec<Stack>, StoreError> {
        self.snapshot("list the stacks", |db| {
            let lines: Vec<Line> = stacks::table
                .inner_join(workloads::table.on(workloads::ref_id.eq(stacks::id)))
                .filter(workloads::kind.eq(WorkloadKind::Stack.as_str()))
                .order(stacks::name)
                .select(COLUMNS)
                .load(db)?;
            Ok(lines.into_iter().map(|line| with_adopted(db, line)).collect::<QueryResult<_>>()?)
        })
    }

    /// One stack, by name or id.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn show_stack(&mut self, key: &str) -> Result<Stack, StoreError> {
        self.snapshot("read the stack", |db| find(db, key))
    }

    /// Renames a stack and its workload in one transaction; its compose project stays.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::Taken`], [`RegistryError::Invalid`].
    pub fn rename_stack(&mut self, key: &str, new: &str) -> Result<(), StoreError> {
        self.write("rename the stack", |db| {
            require_name("name", new)?;
            let stack = find(db, key)?;
            if stack.name == new {
                return Ok(());
            }
            // Its own id may become its name.
            let own = i64::from(stack.id == new);
            require_free("stack", "name", new, named_alike!(db, stacks, vec![new])? - own)?;
            diesel::update(stacks::table.find(&stack.id)).set(stacks::name.eq(new)).execute(db)?;
            rename_workload(db, &stack.workload_id, new)?;
            Ok(())
        })
    }

    /// Removes a stack with its workload and its rows, each with its change. Returns how many rows went.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::InUse`] without force while a row is not missing.
    pub fn remove_stack(&mut self, key: &str, force: bool) -> Result<usize, StoreError> {
        self.write("remove the stack", |db| {
            let stack = find(db, key)?;
            lock_parent!(db, stacks, &stack.id)?;
            let rows = remove_workload(db, WorkloadKind::Stack, &stack.workload_id, &stack.name, force)?;
            remove(db, &stack, &rows)
        })
    }

    /// Takes back that a compose project was adopted as a stack: the stack goes with its workload and its rows, each with its
    /// change, whatever their state. It is named by its name, its id or its compose project. Returns the stack and how many
    /// rows went; `None` if there is no such stack.
    ///
    /// # Errors
    /// [`RegistryError::Deployed`] if a deployer wrote into one of the rows; [`RegistryError::NotAdopted`] without `force` if the
    /// stack came into the ledger in another way.
    pub fn unadopt_stack(&mut self, key: &str, force: bool) -> Result<Option<(Stack, usize)>, StoreError> {
        const CURE: &str = "`dockledger stack rm --force` removes the stack all the same";
        self.write("undo the adoption", |db| {
            let Some(stack) = find_adopted(db, key)? else { return Ok(None) };
            if !force {
                require_adopted(format!("stack {:?}", stack.name), stack.origin)?;
            }
            lock_parent!(db, stacks, &stack.id)?;
            let rows = remove_undeployed_workload(db, &stack.workload_id, CURE)?;
            let forgotten = remove(db, &stack, &rows)?;
            Ok(Some((stack, forgotten)))
        })
    }

    /// Lets a stack adopt plain containers of one exact name. Adopting it twice is once, of the first origin.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::Taken`] if another stack adopted it, [`RegistryError::Invalid`].
    pub fn adopt_name(&mut self, key: &str, container_name: &str, origin: Origin) -> Result<(), StoreError> {
        self.write("adopt the container", |db| {
            require_name("container name", container_name)?;
            let stack = find(db, key)?;
            let owner: Option<String> = stack_adopted_names::table
                .find(container_name)
                .select(stack_adopted_names::stack_id)
                .first(db)
                .optional()?;
            match owner {
                Some(owner) if owner == stack.id => Ok(()),
                Some(_) => Err(taken("container name", container_name).into()),
                None => {
                    let adopted = (
                        stack_adopted_names::container_name.eq(container_name),
                        stack_adopted_names::stack_id.eq(&stack.id),
                        stack_adopted_names::origin.eq(origin.as_str()),
                    );
                    diesel::insert_into(stack_adopted_names::table).values(adopted).execute(db)?;
                    Ok(())
                }
            }
        })
    }
}

/// Refuses what came into the ledger in another way than by an adoption, or in one that nobody knows.
pub(in crate::store) fn require_adopted(what: String, origin: Origin) -> Result<(), RegistryError> {
    if origin == Origin::Adopted { Ok(()) } else { Err(RegistryError::NotAdopted { what, origin }) }
}

/// The word in the ledger; one of a later version is not known.
pub(in crate::store) fn origin_of(word: &str) -> Origin {
    Origin::parse(word).unwrap_or(Origin::Unknown)
}

/// Removes a stack whose workload and rows are removed. Returns how many rows those were.
fn remove(db: &mut Db, stack: &Stack, rows: &[DeletedRow]) -> Result<usize, Fault> {
    let adopted = stack_adopted_names::table.filter(stack_adopted_names::stack_id.eq(&stack.id));
    diesel::delete(adopted).execute(db)?;
    diesel::delete(stacks::table.find(&stack.id)).execute(db)?;
    tell_removed(db, WorkloadKind::Stack, &stack.workload_id, &stack.name, rows)?;
    Ok(rows.len())
}

/// Registers a compose project as a stack of its name, unless it is registered. Another stack may have the name: then
/// a number is put behind it.
pub(in crate::store) fn add_stack_if_new(db: &mut Db, compose_project: &str) -> Result<(), Fault> {
    if is_registered(db, compose_project)? {
        return Ok(());
    }
    let mut name = compose_project.to_owned();
    let mut number = 1;
    while named_alike!(db, stacks, vec![name.as_str()])? > 0 {
        number += 1;
        name = format!("{compose_project}-{number}");
    }
    if is_name(&name) {
        add(db, &NewParent { name, ..NewParent::default() }, compose_project.to_owned(), Origin::Adopted)?;
    }
    Ok(())
}

fn add(db: &mut Db, new: &NewParent, compose_project: String, origin: Origin) -> Result<Registered, Fault> {
    let id = new.checked()?;
    require_name("compose project", &compose_project)?;
    require_free("stack", "name", &new.name, named_alike!(db, stacks, vec![new.name.as_str()])?)?;
    require_free("stack", "id", &id, named_alike!(db, stacks, vec![id.as_str()])?)?;
    if is_registered(db, &compose_project)? {
        return Err(taken("compose project", &compose_project).into());
    }
    let line = (
        stacks::id.eq(&id),
        stacks::name.eq(&new.name),
        stacks::compose_project_name.eq(&compose_project),
        stacks::origin.eq(origin.as_str()),
    );
    diesel::insert_into(stacks::table).values(line).execute(db)?;
    add_workload(db, WorkloadKind::Stack, &id, new, Some(compose_project))
}

fn is_registered(db: &mut Db, compose_project: &str) -> QueryResult<bool> {
    let found: i64 = stacks::table.filter(stacks::compose_project_name.eq(compose_project)).count().get_result(db)?;
    Ok(found > 0)
}

fn taken(what: &'static str, name: &str) -> RegistryError {
    RegistryError::Taken { kind: "stack", what, name: name.to_owned() }
}

type Line = (String, String, Option<String>, String, Timestamp, String);

type Columns =
    (stacks::id, stacks::name, stacks::compose_project_name, workloads::id, stacks::created_at, stacks::origin);

const COLUMNS: Columns =
    (stacks::id, stacks::name, stacks::compose_project_name, workloads::id, stacks::created_at, stacks::origin);

fn find(db: &mut Db, key: &str) -> Result<Stack, Fault> {
    let line: Option<Line> = stacks::table
        .inner_join(workloads::table.on(workloads::ref_id.eq(stacks::id)))
        .filter(workloads::kind.eq(WorkloadKind::Stack.as_str()))
        .filter(stacks::id.eq(key).or(stacks::name.eq(key)))
        .select(COLUMNS)
        .first(db)
        .optional()?;
    let unknown = || RegistryError::Unknown { kind: "stack", name: key.to_owned() };
    Ok(with_adopted(db, line.ok_or_else(unknown)?)?)
}

/// By name, id or compose project.
fn find_adopted(db: &mut Db, key: &str) -> Result<Option<Stack>, Fault> {
    let known: Option<String> =
        stacks::table.filter(stacks::id.eq(key).or(stacks::name.eq(key))).select(stacks::id).first(db).optional()?;
    let of_project = stacks::table.filter(stacks::compose_project_name.eq(key)).select(stacks::id);
    let known = known.map_or_else(|| of_project.first(db).optional(), |id| Ok(Some(id)))?;
    known.map(|id| find(db, &id)).transpose()
}

fn with_adopted(db: &mut Db, (id, name, compose_project, workload_id, created_at, origin): Line) -> QueryResult<Stack> {
    let adopted = stack_adopted_names::table
        .filter(stack_adopted_names::stack_id.eq(&id))
        .order(stack_adopted_names::container_name)
        .select(stack_adopted_names::container_name)
        .load(db)?;
    Ok(Stack {
        id,
        name,
        compose_project,
        workload_id: WorkloadId::new(workload_id),
        origin: origin_of(&origin),
        adopted,
        created_at,
    })
}
