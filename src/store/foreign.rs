//! What others wrote into rows in plain SQL, told in the history.
//!
//! Triggers note it where it happens. The process that keeps the host tells it: at each look for new bindings, and before a
//! pass over the whole host.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::StoreError;
use super::changes::{NewChange, Revisions, differences_text, record};
use super::db::{Db, locked};
use super::differences::without_attention;
use super::fault::Fault;
use super::lease::{Lease, fence};
use super::open::Store;
use super::schema::{changes, containers, foreign_writes};
use crate::model::{ChangeCause, ContainerState, Difference, Differences, HostName, Revision, RowId, Timestamp};

/// Notes that are told in one transaction: what remains is told by the next look.
const AT_ONCE: i64 = 500;

impl Store {
    /// Tells what others wrote into rows of the host since the last time. Returns the last revision; `None` if there was
    /// nothing to tell.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] for an older generation, if there is something to tell.
    pub fn tell_foreign_writes(&mut self, lease: &Lease) -> Result<Option<Revision>, StoreError> {
        let is_noted = self.read("look for what others wrote", |db| {
            let of_host = foreign_writes::table.filter(foreign_writes::host.eq(lease.host.as_str()));
            Ok(of_host.select(foreign_writes::seq).first::<i64>(db).optional()?.is_some())
        })?;
        if !is_noted {
            return Ok(None);
        }
        self.write("tell what others wrote", |db| {
            fence(db, lease)?;
            tell(db, &lease.host)
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = foreign_writes)]
struct Note {
    seq: i64,
    at: Timestamp,
    row_id: String,
    action: String,
    workload_id: Option<String>,
    role: Option<String>,
    name: Option<String>,
    container_id: Option<String>,
    state: String,
    attention: String,
    before: String,
    after: String,
}

impl Note {
    fn is(&self, action: &str) -> bool {
        self.action == action
    }

    /// The columns that the writer owns and that differ.
    fn differences(&self) -> Differences {
        let columns =
            |json: &str| -> BTreeMap<String, Option<String>> { serde_json::from_str(json).unwrap_or_default() };
        let (before, after) = (columns(&self.before), columns(&self.after));
        let names = before.keys().chain(after.keys());
        let value = |columns: &BTreeMap<String, Option<String>>, name: &str| {
            columns.get(name).cloned().flatten().filter(|text| !text.is_empty())
        };
        let differences =
            names.map(|name| (name.clone(), Difference { from: value(&before, name), to: value(&after, name) }));
        let mut differences: Differences =
            differences.filter(|(_, difference)| difference.from != difference.to).collect();
        if self.is("deleted") {
            differences = without_attention(&self.attention);
        }
        differences
    }

    /// The change that it is, after what was told of the row last; `None` if nothing of the row was ever told, or its end.
    fn change<'a>(&'a self, host: &'a HostName, revision: i64, told: Option<&'a LastTold>) -> Option<NewChange<'a>> {
        let told = told.filter(|told| told.state != ContainerState::Forgotten.as_str());
        let differences = self.differences();
        let (from_state, to_state, container_id) = match (self.action.as_str(), told) {
            ("inserted", None) => (None, self.state.as_str(), self.container_id.as_deref()),
            ("inserted", Some(_)) | (_, None) => return None,
            ("deleted", Some(told)) => {
                (Some(told.state.as_str()), ContainerState::Forgotten.as_str(), told.container_id.as_deref())
            }
            // What else it wrote, a state or another container, a pass tells by itself.
            (_, Some(told)) => {
                let is_unbound = differences.contains_key("container_id");
                let container_id = if is_unbound { &self.container_id } else { &told.container_id };
                (Some(told.state.as_str()), told.state.as_str(), container_id.as_deref())
            }
        };
        Some(NewChange {
            revision,
            at: self.at,
            host: host.as_str(),
            row_id: &self.row_id,
            container_id,
            workload_id: self.workload_id.as_deref(),
            from_state,
            to_state,
            exit_code: None,
            cause: ChangeCause::Deployer.as_str(),
            pass_id: None,
            role: self.role.as_deref(),
            name: self.name.as_deref(),
            differences: differences_text(&differences),
        })
    }
}

/// What the history said of a row last.
#[derive(Clone, Debug)]
struct LastTold {
    state: String,
    container_id: Option<String>,
}

fn tell(db: &mut Db, host: &HostName) -> Result<Option<Revision>, Fault> {
    let of_host = foreign_writes::table.filter(foreign_writes::host.eq(host.as_str()));
    let query = of_host.order(foreign_writes::seq).limit(AT_ONCE).select(Note::as_select());
    let notes: Vec<Note> = query.load(db)?;
    let Some(last) = notes.last().map(|note| note.seq) else { return Ok(None) };
    let rows = lock_rows(db, host, &notes)?;
    let mut revisions = Revisions::lock(db)?;
    let mut told = last_told(db, host, &notes, &rows)?;
    for note in &notes {
        let stored = rows.get(note.row_id.as_str());
        // A row that is gone by now, and of which nothing was told, was never there for anybody.
        if note.is("inserted") && stored.is_none() {
            continue;
        }
        let before = told.get(&note.row_id).cloned();
        let revision = revisions.last() + 1;
        let Some(change) = note.change(host, revision, before.as_ref()) else { continue };
        revisions.take();
        let after =
            LastTold { state: change.to_state.to_owned(), container_id: change.container_id.map(str::to_owned) };
        record(db, &[change])?;
        let this = containers::table.find((host.as_str(), note.row_id.as_str()));
        if note.is("inserted") {
            diesel::update(this).set(containers::recorded_state.eq(&note.state)).execute(db)?;
        }
        diesel::update(this).set(containers::revision.eq(revision)).execute(db)?;
        told.insert(note.row_id.clone(), after);
    }
    diesel::delete(of_host.filter(foreign_writes::seq.le(last))).execute(db)?;
    Ok(Some(revisions.store(db)?))
}

/// What is stored of a row: the state that was told, and the container.
type Stored = (Option<String>, Option<String>);

/// The rows that are still there.
fn lock_rows(db: &mut Db, host: &HostName, notes: &[Note]) -> QueryResult<BTreeMap<String, Stored>> {
    let ids: BTreeSet<&str> = notes.iter().map(|note| note.row_id.as_str()).collect();
    let rows: Vec<(String, Option<String>, Option<String>)> = locked!(
        db,
        for_update,
        load,
        containers::table
            .filter(containers::host.eq(host.as_str()))
            .filter(containers::id.eq_any(&ids))
            .order(containers::id)
            .select((containers::id, containers::recorded_state, containers::container_id))
    )?;
    Ok(rows.into_iter().map(|(id, recorded, container)| (id, (recorded, container))).collect())
}

/// What the history says last of each row; of one whose history is removed, what its line says.
fn last_told(
    db: &mut Db,
    host: &HostName,
    notes: &[Note],
    rows: &BTreeMap<String, Stored>,
) -> QueryResult<BTreeMap<String, LastTold>> {
    let ids: BTreeSet<&str> = notes.iter().map(|note| note.row_id.as_str()).collect();
    let mut told = BTreeMap::new();
    for id in ids {
        let last: Option<(String, Option<String>)> = changes::table
            .filter(changes::host.eq(host.as_str()))
            .filter(changes::row_id.eq(id))
            .order(changes::revision.desc())
            .select((changes::to_state, changes::container_id))
            .first(db)
            .optional()?;
        let of_row = || rows.get(id).and_then(|(recorded, container)| Some((recorded.clone()?, container.clone())));
        if let Some((state, container_id)) = last.or_else(of_row) {
            told.insert(id.to_owned(), LastTold { state, container_id });
        }
    }
    Ok(told)
}

/// The last note so far: what comes after it in this transaction is our own.
pub(super) fn last_note(db: &mut Db) -> QueryResult<i64> {
    let last: Option<i64> = foreign_writes::table.select(diesel::dsl::max(foreign_writes::seq)).first(db)?;
    Ok(last.unwrap_or(0))
}

/// Takes back what triggers noted of a row since: its change is told by whoever calls this.
pub(super) fn tell_by_ourselves(db: &mut Db, host: &HostName, row: &RowId, since: i64) -> QueryResult<()> {
    let of_row = foreign_writes::table
        .filter(foreign_writes::host.eq(host.as_str()))
        .filter(foreign_writes::row_id.eq(row.as_str()))
        .filter(foreign_writes::seq.gt(since));
    diesel::delete(of_row).execute(db).map(drop)
}

/// Takes back that rows of a host were removed: their changes are told by whoever removed them.
pub(super) fn tell_removals_by_ourselves(db: &mut Db, host: &str, rows: &[&str]) -> QueryResult<()> {
    for chunk in rows.chunks(1_000) {
        let removed = foreign_writes::table
            .filter(foreign_writes::host.eq(host))
            .filter(foreign_writes::action.eq("deleted"))
            .filter(foreign_writes::row_id.eq_any(chunk));
        diesel::delete(removed).execute(db)?;
    }
    Ok(())
}
