//! Static sites: one container that serves files.

use diesel::prelude::*;

use super::parents::{
    NewParent, add_workload, lock_parent, named_alike, remove_workload, rename_workload, require_free, require_name,
    tell_removed,
};
use crate::model::{Registered, Site, Timestamp, WorkloadId, WorkloadKind};
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::open::Store;
use crate::store::schema::{static_sites, workloads};
use crate::store::{RegistryError, StoreError};

impl Store {
    /// Registers a site and its workload in one transaction.
    ///
    /// # Errors
    /// [`RegistryError::Taken`], [`RegistryError::Invalid`].
    pub fn add_site(&mut self, new: &NewParent) -> Result<Registered, StoreError> {
        self.write("add the site", |db| {
            let id = new.checked()?;
            require_free("site", "name", &new.name, named_alike!(db, static_sites, vec![new.name.as_str()])?)?;
            require_free("site", "id", &id, named_alike!(db, static_sites, vec![id.as_str()])?)?;
            diesel::insert_into(static_sites::table)
                .values((static_sites::id.eq(&id), static_sites::name.eq(&new.name)))
                .execute(db)?;
            add_workload(db, WorkloadKind::Site, &id, new, None)
        })
    }

    /// Every site, by name.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn list_sites(&mut self) -> Result<Vec<Site>, StoreError> {
        self.read("list the sites", |db| Ok(all(db)?))
    }

    /// One site, by name or id.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn show_site(&mut self, key: &str) -> Result<Site, StoreError> {
        self.read("read the site", |db| find_site(db, key))
    }

    /// Renames a site and its workload in one transaction.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::Taken`], [`RegistryError::Invalid`].
    pub fn rename_site(&mut self, key: &str, new: &str) -> Result<(), StoreError> {
        self.write("rename the site", |db| {
            require_name("name", new)?;
            let site = find_site(db, key)?;
            if site.name == new {
                return Ok(());
            }
            // Its own id may become its name.
            let own = i64::from(site.id == new);
            require_free("site", "name", new, named_alike!(db, static_sites, vec![new])? - own)?;
            diesel::update(static_sites::table.find(&site.id)).set(static_sites::name.eq(new)).execute(db)?;
            rename_workload(db, &site.workload_id, new)?;
            Ok(())
        })
    }

    /// Removes a site with its workload and its rows, each with its change. Returns how many rows went.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::InUse`] without force while a row is not missing.
    pub fn remove_site(&mut self, key: &str, force: bool) -> Result<usize, StoreError> {
        self.write("remove the site", |db| {
            let site = find_site(db, key)?;
            lock_parent!(db, static_sites, &site.id)?;
            let rows = remove_workload(db, WorkloadKind::Site, &site.workload_id, &site.name, force)?;
            diesel::delete(static_sites::table.find(&site.id)).execute(db)?;
            tell_removed(db, WorkloadKind::Site, &site.workload_id, &site.name, &rows)?;
            Ok(rows.len())
        })
    }
}

type Line = (String, String, String, Timestamp);

fn all(db: &mut Db) -> QueryResult<Vec<Site>> {
    let lines: Vec<Line> = static_sites::table
        .inner_join(workloads::table.on(workloads::ref_id.eq(static_sites::id)))
        .filter(workloads::kind.eq(WorkloadKind::Site.as_str()))
        .order(static_sites::name)
        .select((static_sites::id, static_sites::name, workloads::id, static_sites::created_at))
        .load(db)?;
    Ok(lines.into_iter().map(from_line).collect())
}

/// Finds a site by name or id.
fn find_site(db: &mut Db, key: &str) -> Result<Site, Fault> {
    let line: Option<Line> = static_sites::table
        .inner_join(workloads::table.on(workloads::ref_id.eq(static_sites::id)))
        .filter(workloads::kind.eq(WorkloadKind::Site.as_str()))
        .filter(static_sites::id.eq(key).or(static_sites::name.eq(key)))
        .select((static_sites::id, static_sites::name, workloads::id, static_sites::created_at))
        .first(db)
        .optional()?;
    let unknown = || RegistryError::Unknown { kind: "site", name: key.to_owned() };
    Ok(from_line(line.ok_or_else(unknown)?))
}

fn from_line((id, name, workload_id, created_at): Line) -> Site {
    Site { id, name, workload_id: WorkloadId::new(workload_id), created_at }
}
