//! What others wrote into rows in plain SQL, told in the history.
//!
//! Triggers note it where it happens. The process that keeps the host tells it: at each look for new bindings, and before a
//! pass over the whole host.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::model::{
    ChangeCause, ContainerState, Difference, Differences, HostName, Revision, RowId, Timestamp, without_attention,
};
use crate::store::StoreError;
use crate::store::changes::{NewChange, Revisions, differences_text, record};
use crate::store::db::fault::Fault;
use crate::store::db::{Db, locked};
use crate::store::lease::{Lease, fence};
use crate::store::open::Store;
use crate::store::schema::{changes, containers, foreign_writes};

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
        let differences = names.map(|name| (name.clone(), Difference::new(value(&before, name), value(&after, name))));
        let mut differences: Differences =
            differences.filter(|(_, difference)| difference.from != difference.to).collect();
        if self.is("deleted") {
            differences = without_attention(&self.attention);
        }
        differences
    }

    /// What it comes to after what was told of the row last; `None` if nothing of the row was ever told, or its end was.
    fn turn(&self, told: Option<&LastTold>) -> Option<Turn> {
        let told = told.filter(|told| told.state != ContainerState::Forgotten.as_str());
        match (self.action.as_str(), told) {
            ("inserted", None) => Some(Turn {
                from: None,
                to: LastTold { state: self.state.clone(), container_id: self.container_id.clone() },
            }),
            ("inserted", Some(_)) | (_, None) => None,
            ("deleted", Some(told)) => {
                let state = ContainerState::Forgotten.as_str().to_owned();
                Some(Turn { from: Some(told.state.clone()), to: LastTold { state, ..told.clone() } })
            }
            // What else it wrote, a state or another container, a pass tells by itself.
            (_, Some(told)) => {
                let is_unbound = self.differences().contains_key("container_id");
                let container_id = if is_unbound { &self.container_id } else { &told.container_id };
                let to = LastTold { state: told.state.clone(), container_id: container_id.clone() };
                Some(Turn { from: Some(told.state.clone()), to })
            }
        }
    }

    fn change<'a>(&'a self, host: &'a HostName, revision: i64, turn: &'a Turn) -> NewChange<'a> {
        NewChange {
            revision,
            at: self.at,
            host: host.as_str(),
            row_id: &self.row_id,
            container_id: turn.to.container_id.as_deref(),
            workload_id: self.workload_id.as_deref(),
            from_state: turn.from.as_deref(),
            to_state: &turn.to.state,
            exit_code: None,
            cause: ChangeCause::Deployer.as_str(),
            pass_id: None,
            role: self.role.as_deref(),
            name: self.name.as_deref(),
            differences: differences_text(&self.differences()),
        }
    }
}

/// From what was told last to what a note tells.
struct Turn {
    from: Option<String>,
    to: LastTold,
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
    let mut turns = Vec::with_capacity(notes.len());
    for note in &notes {
        // A row that is gone by now, and of which nothing was told, was never there for anybody.
        if note.is("inserted") && !rows.contains_key(&note.row_id) {
            continue;
        }
        if let Some(turn) = note.turn(told.get(&note.row_id)) {
            told.insert(note.row_id.clone(), turn.to.clone());
            turns.push((revisions.take(), note, turn));
        }
    }
    for (revision, note, _) in &turns {
        let this = containers::table.find((host.as_str(), note.row_id.as_str()));
        if note.is("inserted") {
            diesel::update(this).set(containers::recorded_state.eq(&note.state)).execute(db)?;
        }
        diesel::update(this).set(containers::revision.eq(revision)).execute(db)?;
    }
    let changes: Vec<_> = turns.iter().map(|(revision, note, turn)| note.change(host, *revision, turn)).collect();
    record(db, &changes)?;
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
    let of_rows = changes::table.filter(changes::host.eq(host.as_str())).filter(changes::row_id.eq_any(&ids));
    let last = of_rows.group_by(changes::row_id).select(diesel::dsl::max(changes::revision));
    let last: Vec<Option<i64>> = last.load(db)?;
    let lines: Vec<(String, String, Option<String>)> = changes::table
        .filter(changes::revision.eq_any(last.into_iter().flatten()))
        .select((changes::row_id, changes::to_state, changes::container_id))
        .load(db)?;
    let of_line = |(id, (recorded, container)): (&String, &Stored)| {
        Some((id.clone(), LastTold { state: recorded.clone()?, container_id: container.clone() }))
    };
    let mut told: BTreeMap<String, LastTold> = rows.iter().filter_map(of_line).collect();
    told.extend(lines.into_iter().map(|(id, state, container_id)| (id, LastTold { state, container_id })));
    Ok(told)
}

/// The last note so far: what comes after it in this transaction is our own.
pub(in crate::store) fn last_note(db: &mut Db) -> QueryResult<i64> {
    let last: Option<i64> = foreign_writes::table.select(diesel::dsl::max(foreign_writes::seq)).first(db)?;
    Ok(last.unwrap_or(0))
}

/// Takes back what triggers noted of a row since: its change is told by whoever calls this.
pub(in crate::store) fn tell_by_ourselves(db: &mut Db, host: &HostName, row: &RowId, since: i64) -> QueryResult<()> {
    let of_row = foreign_writes::table
        .filter(foreign_writes::host.eq(host.as_str()))
        .filter(foreign_writes::row_id.eq(row.as_str()))
        .filter(foreign_writes::seq.gt(since));
    diesel::delete(of_row).execute(db).map(drop)
}

/// Takes back that rows of a host were removed: their changes are told by whoever removed them.
pub(in crate::store) fn tell_removals_by_ourselves(db: &mut Db, host: &str, rows: &[&str]) -> QueryResult<()> {
    for chunk in rows.chunks(1_000) {
        let removed = foreign_writes::table
            .filter(foreign_writes::host.eq(host))
            .filter(foreign_writes::action.eq("deleted"))
            .filter(foreign_writes::row_id.eq_any(chunk));
        diesel::delete(removed).execute(db)?;
    }
    Ok(())
}
