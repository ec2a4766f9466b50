//! What projects, stacks and sites have in common: a name, an id, and a workload made and removed with them.

use diesel::prelude::*;

use super::secret;
use crate::model::{Registered, WorkloadId, WorkloadKind};
use crate::store::RegistryError;
use crate::store::db::fault::Fault;
use crate::store::db::{Db, locked};
use crate::store::registry::deployed::{deployed_of, refuse_deployed};
use crate::store::registry::forget::{DeletedRow, deleted_rows, forget, tell_forgotten};
use crate::store::schema::{changes, containers, workloads};

/// What is to be registered; ids are made up where none is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewParent {
    /// Its name, unique among its kind.
    pub name: String,
    /// Its id; of a site, what the label carries.
    pub id: Option<String>,
    /// The id of its workload, what `tinyforge.workload.id` carries.
    pub workload_id: Option<String>,
}

/// Longest name or id, in bytes: with a role behind it, it still fits an index entry of PostgreSQL.
const MAX_BYTES: usize = 255;

const NAME_RULE: &str = "1 to 255 bytes, no control characters, no space at either end, not `.` or `..`";
const WORKLOAD_ID_RULE: &str = "1 to 255 bytes, no control characters, no space at either end, no `:`, not `.` or `..`";

/// Whether a text can be a name or an id.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = !text.is_empty() && text.len() <= MAX_BYTES && text.trim() == text;
    fits && !text.chars().any(char::is_control) && !is_step(text)
}

/// What clients and proxies take out of a path, however it is encoded: what bears it could not be asked for.
fn is_step(text: &str) -> bool {
    matches!(text, "." | "..")
}

/// Refuses what cannot be a name.
pub(in crate::store) fn require_name(what: &'static str, text: &str) -> Result<(), RegistryError> {
    if is_name(text) { Ok(()) } else { Err(invalid(what, text, NAME_RULE)) }
}

/// Refuses what cannot be an id: longer than a name, since ids of rows hold names.
pub(in crate::store) fn require_id(what: &'static str, text: &str) -> Result<(), RegistryError> {
    const MAX_ID_BYTES: usize = 1_024;
    let fits = !text.is_empty() && text.len() <= MAX_ID_BYTES && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(invalid(what, text, "1 to 1024 bytes, no control characters")) }
}

fn invalid(what: &'static str, text: &str, rule: &'static str) -> RegistryError {
    RegistryError::Invalid { what, name: text.chars().take(MAX_BYTES).collect(), rule }
}

impl NewParent {
    /// Something of that name, with ids made up.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: None, workload_id: None }
    }

    pub(super) fn checked(&self) -> Result<String, RegistryError> {
        require_name("name", &self.name)?;
        if let Some(id) = &self.id {
            require_name("id", id)?;
        }
        if let Some(id) = self.workload_id.as_deref().filter(|id| !is_name(id) || id.contains(':')) {
            return Err(invalid("workload id", id, WORKLOAD_ID_RULE));
        }
        Ok(self.id.clone().unwrap_or_else(fresh_id))
    }
}

pub(super) fn fresh_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Refuses a name or id that would make another's name or id ambiguous.
pub(super) fn require_free(
    kind: &'static str,
    what: &'static str,
    name: &str,
    others: i64,
) -> Result<(), RegistryError> {
    if others == 0 { Ok(()) } else { Err(RegistryError::Taken { kind, what, name: name.to_owned() }) }
}

/// How many of a table's rows have one of these texts as name or id.
macro_rules! named_alike {
    ($db:expr, $table:ident, $texts:expr) => {{
        let texts: Vec<&str> = $texts;
        crate::store::schema::$table::table
            .filter(
                crate::store::schema::$table::name
                    .eq_any(texts.clone())
                    .or(crate::store::schema::$table::id.eq_any(texts)),
            )
            .count()
            .get_result::<i64>($db)
    }};
}
pub(super) use named_alike;

/// Locks a parent that is about to be removed, before its workload, as whoever renames it does. Whoever removed it
/// meanwhile has its workload too.
macro_rules! lock_parent {
    ($db:expr, $table:ident, $id:expr) => {{
        use crate::store::schema::$table as parents;
        let locked: diesel::QueryResult<String> =
            crate::store::db::locked!($db, for_update, first, parents::table.find($id).select(parents::id));
        locked.optional().map(drop)
    }};
}
pub(super) use lock_parent;

/// Makes the workload of a parent that is made in the same transaction.
pub(super) fn add_workload(
    db: &mut Db,
    kind: WorkloadKind,
    id: &str,
    new: &NewParent,
    compose_project: Option<String>,
) -> Result<Registered, Fault> {
    let workload_id = new.workload_id.clone().unwrap_or_else(fresh_id);
    let taken: i64 = workloads::table.find(&workload_id).count().get_result(db)?;
    require_free("workload", "id", &workload_id, taken)?;
    let webhook_secret = secret::fresh();
    diesel::insert_into(workloads::table)
        .values((
            workloads::id.eq(&workload_id),
            workloads::kind.eq(kind.as_str()),
            workloads::ref_id.eq(id),
            workloads::name.eq(&new.name),
            workloads::webhook_secret.eq(secret::digest(&webhook_secret)),
        ))
        .execute(db)?;
    Ok(Registered {
        id: id.to_owned(),
        name: new.name.clone(),
        workload_id: WorkloadId::new(workload_id),
        kind,
        compose_project,
        webhook_secret,
    })
}

/// The workload bears its parent's name.
pub(super) fn rename_workload(db: &mut Db, workload: &WorkloadId, name: &str) -> QueryResult<()> {
    diesel::update(workloads::table.find(workload.as_str())).set(workloads::name.eq(name)).execute(db).map(drop)
}

/// Removes a workload with its rows, whose parent is locked. Without force only rows whose containers are gone may go with
/// it. Returns the rows that went; that they did is told at the end of the transaction.
pub(super) fn remove_workload(
    db: &mut Db,
    kind: WorkloadKind,
    workload: &WorkloadId,
    name: &str,
    force: bool,
) -> Result<Vec<DeletedRow>, Fault> {
    let rows = lock_rows(db, workload)?;
    let in_use = rows.iter().filter(|row| row.is_in_use()).count();
    if in_use > 0 && !force {
        let rows = i64::try_from(in_use).unwrap_or(i64::MAX);
        return Err(RegistryError::InUse { kind: kind.as_str(), name: name.to_owned(), rows }.into());
    }
    remove_with_rows(db, workload, &rows)?;
    Ok(rows)
}

/// Tells that the rows of a removed workload went. Its history is named from here on by what is noted in it.
pub(super) fn tell_removed(
    db: &mut Db,
    kind: WorkloadKind,
    workload: &WorkloadId,
    name: &str,
    rows: &[DeletedRow],
) -> QueryResult<()> {
    tell_forgotten(db, rows)?;
    diesel::update(changes::table.filter(changes::workload_id.eq(workload.as_str())))
        .set((changes::workload_kind.eq(kind.as_str()), changes::workload_name.eq(name)))
        .execute(db)
        .map(drop)
}

/// As [`remove_workload`] with force, but that no row may bear what a deployer wrote.
pub(super) fn remove_undeployed_workload(
    db: &mut Db,
    workload: &WorkloadId,
    cure: &'static str,
) -> Result<Vec<DeletedRow>, Fault> {
    let rows = lock_rows(db, workload)?;
    refuse_deployed(&deployed_of(db, workload.as_str())?, cure)?;
    remove_with_rows(db, workload, &rows)?;
    Ok(rows)
}

/// The workload is locked before its rows, as a pass does: the two never wait for each other in a circle.
fn lock_rows(db: &mut Db, workload: &WorkloadId) -> QueryResult<Vec<DeletedRow>> {
    let locked: QueryResult<String> =
        locked!(db, for_update, first, workloads::table.find(workload.as_str()).select(workloads::id));
    locked.optional()?;
    deleted_rows!(db, containers::workload_id.eq(workload.as_str()))
}

fn remove_with_rows(db: &mut Db, workload: &WorkloadId, rows: &[DeletedRow]) -> QueryResult<()> {
    forget(db, rows)?;
    diesel::delete(workloads::table.find(workload.as_str())).execute(db).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_printable() {
        for good in ["web", "my shop", "имя", "a:b/c"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", " web", "web ", "a\nb", "a\0b", &"x".repeat(256)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_workload_id_holds_no_colon() {
        let new = NewParent { name: "n".into(), workload_id: Some("a:b".into()), ..NewParent::default() };
        assert!(matches!(new.checked(), Err(RegistryError::Invalid { what: "workload id", .. })));
    }
}
