//! Taking back: a missing row is dismissed, an adoption undone. What a deployer wrote is never lost unasked.

use diesel::prelude::*;

use crate::model::{ContainerState, HostName, Revision, RowId};
use crate::store::open::Store;
use crate::store::registry::deployed::{Deployed, refuse_deployed};
use crate::store::registry::forget::{DeletedRow, deleted_rows, forget, tell_forgotten};
use crate::store::registry::{origin_of, require_adopted};
use crate::store::schema::{containers, stack_adopted_names, stacks, workloads};
use crate::store::{RegistryError, StoreError};

impl Store {
    /// Removes a row that is missing, with its change; one that bears a deployer's column only with `force`. Returns the
    /// change's revision.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] if the host has no such row, [`RegistryError::NotMissing`], [`RegistryError::Deployed`].
    pub fn dismiss(&mut self, host: &HostName, row: &RowId, force: bool) -> Result<Revision, StoreError> {
        self.write("forget the row", |db| {
            let this = || containers::host.eq(host.as_str()).and(containers::id.eq(row.as_str()));
            let rows: Vec<DeletedRow> = deleted_rows!(db, this())?;
            let unknown = || RegistryError::Unknown { kind: "row", name: row.to_string() };
            let state: Option<String> =
                containers::table.filter(this()).select(containers::state).first(db).optional()?;
            let state = ContainerState::parse(&state.ok_or_else(unknown)?);
            if state != ContainerState::Missing {
                return Err(RegistryError::NotMissing { row: row.to_string(), state: state.to_string() }.into());
            }
            if !force {
                let borne: Vec<Deployed> = containers::table.filter(this()).select(Deployed::as_select()).load(db)?;
                refuse_deployed(&borne, "`dockledger forget --force` forgets it all the same")?;
            }
            forget(db, &rows)?;
            tell_forgotten(db, &rows)?.ok_or_else(|| unknown().into())
        })
    }

    /// Takes back that a stack adopted containers of this name: they belong to nobody again, and their rows go. Returns the
    /// stack's name and how many rows went; `None` if no stack adopted the name.
    ///
    /// # Errors
    /// [`RegistryError::Deployed`] if a deployer wrote into one of the rows; [`RegistryError::NotAdopted`] without `force` if the
    /// name came into the stack in another way.
    pub fn leave_stack(&mut self, container_name: &str, force: bool) -> Result<Option<(String, usize)>, StoreError> {
        self.write("undo the adoption", |db| {
            let adopter: Option<(String, String, String)> = stack_adopted_names::table
                .inner_join(stacks::table.on(stacks::id.eq(stack_adopted_names::stack_id)))
                .inner_join(workloads::table.on(workloads::ref_id.eq(stacks::id)))
                .filter(stack_adopted_names::container_name.eq(container_name))
                .select((stack_adopted_names::origin, stacks::name, workloads::id))
                .first(db)
                .optional()?;
            let Some((origin, stack, workload)) = adopter else { return Ok(None) };
            if !force {
                require_adopted(format!("container {container_name:?} of stack {stack:?}"), origin_of(&origin))?;
            }
            // The role as the adoption gave it, and the name: a service of the stack may be called so too.
            let its_own = || {
                containers::workload_id
                    .eq(&workload)
                    .and(containers::role.eq(container_name))
                    .and(containers::name.eq(container_name))
            };
            let rows: Vec<DeletedRow> = deleted_rows!(db, its_own())?;
            let borne: Vec<Deployed> = containers::table.filter(its_own()).select(Deployed::as_select()).load(db)?;
            refuse_deployed(&borne, "`dockledger release` gives the row up first")?;
            forget(db, &rows)?;
            diesel::delete(stack_adopted_names::table.find(container_name)).execute(db)?;
            tell_forgotten(db, &rows)?;
            Ok(Some((stack, rows.len())))
        })
    }
}
