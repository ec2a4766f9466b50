//! The page of a row: what the ledger holds of it, and its history on a time line.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ages::Moment;
use super::facts::{Fact, Value, commands, engine_of, facts};
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::marks::Mark;
use super::reply::reply;
use super::row_view::{RowView, Showing, shown};
use super::texts::Texts;
use super::timeline::{Segment, timeline};
use super::visit::Visit;
use crate::http::extract::Path;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{Change, HostName, RowId, StoredRow};
use crate::store::{RowFilter, StoreError};

/// Changes that are drawn and listed; the line of more could not be read.
const MOST_CHANGES: usize = 200;

#[derive(Template)]
#[template(path = "history.html")]
struct History {
    frame: Frame,
    t: &'static Texts,
    name: String,
    /// `None` of a row that was removed.
    row: Option<RowView>,
    facts: Vec<Fact>,
    /// What tells more of its container, to be typed on its host.
    commands: Vec<String>,
    segments: Vec<Segment>,
    began: Option<Moment>,
    entries: Vec<Entry>,
    is_part: bool,
}

/// One change.
#[derive(Clone, Debug)]
struct Entry {
    revision: i64,
    at: Moment,
    from: Option<Mark>,
    to: Mark,
    exit_code: Option<i64>,
    cause: &'static str,
}

pub(super) async fn page(
    State(shared): State<Shared>,
    visit: Visit,
    Path((host, row)): Path<(String, String)>,
) -> Response {
    let made = make(&shared, &visit, HostName::new(host), RowId::new(row)).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit, host: HostName, id: RowId) -> Result<History, Problem> {
    let seen = visit.seen;
    let read = {
        let (host, id) = (host.clone(), id.clone());
        shared.readers.read(move |store| -> Result<_, StoreError> {
            let known = know(store, seen)?;
            let filter = RowFilter { host: Some(host.clone()), row: Some(id.clone()), ..RowFilter::default() };
            let row = store.rows(&filter)?.pop();
            let stage = store.row_stages(&filter)?.into_values().next();
            let mut changes = store.row_changes_before(&host, &id, None, MOST_CHANGES)?;
            changes.reverse();
            Ok((known, row.map(|row| (row, stage)), changes))
        })
    };
    let (known, row, changes) = read.await?;
    if row.is_none() && changes.is_empty() {
        return Err(Problem::not_found(visit.language.texts().failed_not_found));
    }
    Ok(show(shared, visit, &known, &id, row, &changes))
}

fn show(
    shared: &Shared,
    visit: &Visit,
    known: &Known,
    id: &RowId,
    row: Option<(StoredRow, Option<String>)>,
    changes: &[Change],
) -> History {
    let t = visit.language.texts();
    let (row, stage) = row.map_or((None, None), |(row, stage)| (Some(row), stage));
    let name = row.as_ref().map(|row| shown(&row.observed.name)).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| shown(id.as_str()));
    let frame = Frame::new(visit, shared, known, Section::Containers, name.clone());
    let now = frame.now;
    let showing = Showing { visit, own_host: &shared.config.host, now, stale: &frame.stale };
    let entry = |change: &Change| Entry {
        revision: change.revision.0,
        at: Moment::ago(change.at, now, t),
        from: change.from_state.as_ref().filter(|from| **from != change.to_state).map(|from| Mark::of(from, t)),
        to: Mark::of(&change.to_state, t),
        exit_code: change.exit_code,
        cause: t.cause(change.cause),
    };
    History {
        name,
        commands: row.as_ref().map(|row| commands(row, engine_of(&known.hosts, &row.host))).unwrap_or_default(),
        facts: row.as_ref().map(|row| facts(row, stage.as_deref(), showing.ports(row), &frame)).unwrap_or_default(),
        row: row.as_ref().map(|row| RowView { part: part_of(row, stage.as_deref()), ..RowView::of(row, showing) }),
        segments: timeline(changes, now, t),
        began: changes.first().map(|first| Moment::ago(first.at, now, t)),
        entries: changes.iter().rev().map(entry).collect(),
        is_part: changes.len() == MOST_CHANGES,
        frame,
        t,
    }
}

/// Which part of its workload a row is: its stage, or else its role.
fn part_of(row: &StoredRow, stage: Option<&str>) -> String {
    shown(stage.unwrap_or(&row.binding.role))
}
