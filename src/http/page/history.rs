//! The page of a row: what the ledger holds of it, and its history on a time line.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::acts::{Act, target};
use super::ages::Moment;
use super::audit::audit_href;
use super::differences::{Differing, differing, tells_state};
use super::facts::{Fact, Value, commands, engine_of, facts};
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::marks::Mark;
use super::order::{Ordered, order_href, ordered};
use super::reply::reply;
use super::row_view::{RowView, Showing};
use super::shown::shown;
use super::texts::Texts;
use super::timeline::{Segment, timeline};
use super::visit::Visit;
use crate::config::Config;
use crate::http::extract::{Path, Query};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::shared::Shared;
use crate::model::{AuditRecord, Change, HostName, RowId, StoredRow};
use crate::store::{RowFilter, Store, StoreError};

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
    /// What the visitor may order: the command, and where it is confirmed.
    acts: Vec<(&'static str, String)>,
    /// What came of the order that led here.
    ordered: Option<Ordered>,
    /// All orders about the row, for those who see them.
    orders_href: Option<String>,
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
    /// The state after, where it is told.
    to: Option<Mark>,
    differing: Vec<Differing>,
    exit_code: Option<i64>,
    cause: &'static str,
}

/// What the URL asks for besides.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The id of the order that led here.
    order: String,
}

/// A row as it was read, and who may do what with it.
#[derive(Debug)]
struct Found {
    row: StoredRow,
    stage: Option<String>,
    is_reached: bool,
    ordered: Option<AuditRecord>,
}

pub(super) async fn page(
    State(shared): State<Shared>,
    visit: Visit,
    reach: Reach,
    Path((host, row)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let made = make(&shared, &visit, reach, (HostName::new(host), RowId::new(row)), asked).await;
    reply(&shared, &visit, made).await
}

async fn make(
    shared: &Shared,
    visit: &Visit,
    reach: Reach,
    (host, id): (HostName, RowId),
    asked: Asked,
) -> Result<History, Problem> {
    let (seen, config) = (visit.seen, Arc::clone(&shared.config));
    let read = {
        let (host, id) = (host.clone(), id.clone());
        shared.readers.read(move |store| -> Result<_, StoreError> {
            let known = know(store, seen)?;
            let row = find(store, &config, &reach, (&host, &id), &asked.order)?;
            let seen_by = reach.workloads(store)?;
            let mut changes = store.row_changes_before(&host, &id, seen_by.as_deref(), None, MOST_CHANGES)?;
            changes.reverse();
            Ok((known, row, changes))
        })
    };
    let (known, found, changes) = read.await?;
    // What outlives its row tells nobody whose it was.
    if found.is_none() && (changes.is_empty() || !visit.may_read) {
        return Err(Problem::not_found(visit.language.texts().failed_not_found));
    }
    Ok(show(shared, visit, &known, &id, found.as_ref(), &changes))
}

fn find(
    store: &mut Store,
    config: &Config,
    reach: &Reach,
    (host, id): (&HostName, &RowId),
    order: &str,
) -> Result<Option<Found>, StoreError> {
    let filter = RowFilter { host: Some(host.clone()), row: Some(id.clone()), ..RowFilter::default() };
    let Some(row) = reach.rows(store, filter.clone())?.pop() else { return Ok(None) };
    Ok(Some(Found {
        stage: store.row_stages(&filter)?.into_values().next(),
        is_reached: target(store, config, reach, &row)?.is_ok(),
        ordered: ordered(store, reach, host, id, order)?,
        row,
    }))
}

fn show(
    shared: &Shared,
    visit: &Visit,
    known: &Known,
    id: &RowId,
    found: Option<&Found>,
    changes: &[Change],
) -> History {
    let t = visit.language.texts();
    let row = found.map(|found| &found.row);
    let stage = found.and_then(|found| found.stage.as_deref());
    let name = row.map(|row| shown(&row.observed.name)).filter(|name| !name.is_empty());
    // A row that was removed is known by what it was called last.
    let last = || changes.last().and_then(|change| change.name.as_deref());
    let name = name.unwrap_or_else(|| shown(last().unwrap_or(id.as_str())));
    let frame = Frame::new(visit, shared, known, Section::Containers, name.clone());
    let now = frame.now;
    let showing = Showing { visit, own_host: &shared.config.host, now, stale: &frame.stale };
    let entry = |change: &Change| Entry {
        revision: change.revision.0,
        at: Moment::ago(change.at, now, t),
        from: change.from_state.as_ref().filter(|from| **from != change.to_state).map(|from| Mark::of(from, t)),
        to: Some(change).filter(|change| tells_state(change)).map(|change| Mark::of(&change.to_state, t)),
        differing: differing(change, t),
        exit_code: change.exit_code,
        cause: t.cause(change.cause),
    };
    History {
        name,
        acts: found.map(|found| acts(found, t)).unwrap_or_default(),
        ordered: found.and_then(|found| found.ordered.as_ref()).map(|record| Ordered::of(record, &frame)),
        orders_href: row.filter(|_| visit.sees_orders).map(|row| audit_href(&row.host, &row.id)),
        commands: row.map(|row| commands(row, engine_of(&known.hosts, &row.host))).unwrap_or_default(),
        facts: row.map(|row| facts(row, stage, showing.ports(row), &frame)).unwrap_or_default(),
        row: row.map(|row| RowView { part: part_of(row, stage), ..RowView::of(row, showing) }),
        segments: timeline(changes, now, t),
        began: changes.first().map(|first| Moment::ago(first.at, now, t)),
        entries: changes.iter().rev().map(entry).collect(),
        is_part: changes.len() == MOST_CHANGES,
        frame,
        t,
    }
}

/// What may be ordered of a container in its state.
fn acts(found: &Found, t: &'static Texts) -> Vec<(&'static str, String)> {
    let row = &found.row;
    let each = Act::of_state(&row.observed.state).filter(|_| found.is_reached);
    each.map(|act| (t.verb(act), order_href(&row.host, &row.id, act))).collect()
}

/// Which part of its workload a row is: its stage, or else its role.
fn part_of(row: &StoredRow, stage: Option<&str>) -> String {
    shown(stage.unwrap_or(&row.binding.role))
}
