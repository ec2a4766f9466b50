//! Removing rows, each with its change to `forgotten`.

use diesel::prelude::*;

use crate::model::{ChangeCause, ContainerState, Revision, without_attention};
use crate::store::changes::{NewChange, Revisions, differences_text, record};
use crate::store::db::Db;
use crate::store::passes::foreign::tell_removals_by_ourselves;
use crate::store::schema::containers;

/// What a change tells of a row that is removed.
#[derive(Queryable, Selectable)]
#[diesel(table_name = containers)]
pub(in crate::store) struct DeletedRow {
    host: String,
    id: String,
    container_id: Option<String>,
    workload_id: String,
    state: String,
    exit_code: Option<i64>,
    role: String,
    name: String,
    attention: String,
}

/// Reads rows that are about to be removed, locked in order.
macro_rules! deleted_rows {
    ($db:expr, $condition:expr) => {
        $crate::store::db::locked!(
            $db,
            for_update,
            load,
            containers::table
                .filter($condition)
                .order((containers::host, containers::id))
                .select($crate::store::registry::forget::DeletedRow::as_select())
        )
    };
}
pub(in crate::store) use deleted_rows;

impl DeletedRow {
    /// Whether it is this row.
    pub(in crate::store) fn is(&self, host: &str, id: &str) -> bool {
        self.host == host && self.id == id
    }

    /// Whether its container is not known to be gone.
    pub(in crate::store) fn is_in_use(&self) -> bool {
        self.state != ContainerState::Missing.as_str()
    }
}

/// Removes rows that are locked. [`tell_forgotten`] is to follow at the end of the transaction.
pub(in crate::store) fn forget(db: &mut Db, rows: &[DeletedRow]) -> QueryResult<()> {
    for row in rows {
        diesel::delete(containers::table.find((&row.host, &row.id))).execute(db)?;
        tell_removals_by_ourselves(db, &row.host, &[&row.id])?;
    }
    Ok(())
}

/// Records that rows were removed, after all that may wait for somebody else: it takes the counter of revisions. Returns
/// the last revision; `None` if there were none.
pub(in crate::store) fn tell_forgotten(db: &mut Db, rows: &[DeletedRow]) -> QueryResult<Option<Revision>> {
    if rows.is_empty() {
        return Ok(None);
    }
    let now = db.now()?;
    let mut revisions = Revisions::lock(db)?;
    let changes: Vec<_> = rows
        .iter()
        .map(|row| NewChange {
            revision: revisions.take(),
            at: now,
            host: &row.host,
            row_id: &row.id,
            container_id: row.container_id.as_deref(),
            workload_id: Some(&row.workload_id),
            from_state: Some(&row.state),
            to_state: ContainerState::Forgotten.as_str(),
            exit_code: row.exit_code,
            cause: ChangeCause::Forgotten.as_str(),
            pass_id: None,
            role: Some(&row.role),
            name: Some(&row.name),
            differences: differences_text(&without_attention(&row.attention)),
        })
        .collect();
    record(db, &changes)?;
    revisions.store(db).map(Some)
}
