//! The page of a row: what the ledger holds of it, and its history on a time line.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ages::Moment;
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
    id: String,
    /// `None` of a row that was removed.
    row: Option<RowView>,
    facts: Vec<Fact>,
    segments: Vec<Segment>,
    began: Option<Moment>,
    entries: Vec<Entry>,
    is_part: bool,
}

/// One line of what the ledger holds.
#[derive(Clone, Debug)]
struct Fact {
    name: &'static str,
    text: String,
    moment: Option<Moment>,
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
    reply(&visit, &made)
}

async fn make(shared: &Shared, visit: &Visit, host: HostName, id: RowId) -> Result<History, Problem> {
    let read = {
        let (host, id) = (host.clone(), id.clone());
        shared.readers.read(move |store| -> Result<(Known, Option<StoredRow>, Vec<Change>), StoreError> {
            let known = know(store)?;
            let filter = RowFilter { host: Some(host.clone()), row: Some(id.clone()), ..RowFilter::default() };
            let row = store.rows(&filter)?.pop();
            let mut changes = store.row_changes_before(&host, &id, None, MOST_CHANGES)?;
            changes.reverse();
            Ok((known, row, changes))
        })
    };
    let (known, row, changes) = read.await?;
    if row.is_none() && changes.is_empty() {
        return Err(Problem::not_found(visit.language.texts().failed_not_found));
    }
    Ok(show(shared, visit, &known, &id, row.as_ref(), &changes))
}

fn show(
    shared: &Shared,
    visit: &Visit,
    known: &Known,
    id: &RowId,
    row: Option<&StoredRow>,
    changes: &[Change],
) -> History {
    let t = visit.language.texts();
    let name = row.map(|row| shown(&row.observed.name)).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| shown(id.as_str()));
    let frame = Frame::new(visit, shared, known, Section::Containers, name.clone());
    let now = frame.now;
    let showing = Showing { visit, own_host: &shared.config.host, now };
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
        id: shown(id.as_str()),
        row: row.map(|row| RowView::of(row, showing)),
        facts: row.map(|row| facts(row, &frame)).unwrap_or_default(),
        segments: timeline(changes, now, t),
        began: changes.first().map(|first| Moment::ago(first.at, now, t)),
        entries: changes.iter().rev().map(entry).collect(),
        is_part: changes.len() == MOST_CHANGES,
        frame,
        t,
    }
}

fn facts(row: &StoredRow, frame: &Frame) -> Vec<Fact> {
    let t = frame.t;
    let observed = &row.observed;
    let mut facts = Vec::new();
    let mut text = |name, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            facts.push(Fact { name, text: shown(&text), moment: None });
        }
    };
    text(t.column_host, Some(row.host.to_string()));
    text(t.role, Some(row.binding.role.to_string()));
    text(t.container_id, row.binding.container_id.as_ref().map(ToString::to_string));
    text(t.column_image, Some(observed.image_ref.to_string()));
    text(t.column_ports, Some(observed.ports.to_string()));
    text(t.health, observed.health.as_deref().map(|health| t.health(health).to_owned()));
    text(t.exit_code, observed.exit_code.map(|code| code.to_string()));
    text(t.restart_count, observed.restart_count.map(|count| count.to_string()));
    text(t.image_tag, row.deployer.image_tag.clone());
    text(t.subdomain, row.deployer.subdomain.clone());
    text(t.proxy_route, row.deployer.proxy_route_id.clone().or_else(|| row.deployer.npm_proxy_id.clone()));
    for (name, at) in [
        (t.created_in_docker, observed.created_in_docker_at),
        (t.started_at, observed.started_at),
        (t.finished_at, observed.finished_at),
        (t.last_seen, observed.last_seen_at),
    ] {
        if let Some(at) = at {
            facts.push(Fact { name, text: String::new(), moment: Some(Moment::ago(at, frame.now, t)) });
        }
    }
    facts
}
