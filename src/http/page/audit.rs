//! The page of the audit: what was ordered of containers, by whom, and what came of it. For those who see all orders.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::ages::{Moment, millis_text};
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::links::query;
use super::order::tone;
use super::reply::reply;
use super::row_view::{history_href, workload_href};
use super::sentences::Told;
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{AuditRecord, HostName, RowId, Workload};
use crate::store::{AuditFilter, RowFilter, Store, StoreError};

/// Orders on one page.
const MOST_ORDERS: usize = 100;

/// What the URL asks for; empty is the same as absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    host: String,
    row: String,
    who: String,
    /// Those before the order of this id.
    before: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Audit {
    frame: Frame,
    t: &'static Texts,
    asked: Asked,
    orders: Vec<Line>,
    shows_host: bool,
    /// The orders before these.
    older: Option<String>,
}

/// One order.
#[derive(Clone, Debug)]
struct Line {
    id: String,
    at: Moment,
    who: String,
    who_href: String,
    action: String,
    /// The container's name as the row has it now, or the row's id.
    name: String,
    href: String,
    workload: String,
    workload_href: Option<String>,
    host: String,
    outcome: &'static str,
    tone: &'static str,
    took: Option<String>,
    why: Option<Told>,
}

/// An order with what the ledger knows of its row now.
struct Found {
    record: AuditRecord,
    name: Option<String>,
    workload: Option<Workload>,
}

pub(super) async fn page(State(shared): State<Shared>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let made = make(&shared, &visit, asked).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit, asked: Asked) -> Result<Audit, Problem> {
    if !visit.sees_orders {
        let detail = "who ordered what is for those with a token of the scope admin";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    let (seen, filter) = (visit.seen, asked.filter());
    let read = shared.readers.read(move |store| Ok((know(store, seen)?, find(store, &filter)?)));
    let (known, found) = read.await?;
    Ok(show(shared, visit, &known, asked, &found))
}

fn find(store: &mut Store, filter: &AuditFilter) -> Result<Vec<Found>, StoreError> {
    let records = store.audit(filter)?;
    let workloads = store.list_workloads()?;
    let mut names = BTreeMap::new();
    for record in &records {
        if let Entry::Vacant(place) = names.entry((record.host.clone(), record.row_id.clone())) {
            let name = name_of(store, place.key())?;
            place.insert(name);
        }
    }
    let found = |record: AuditRecord| Found {
        name: names.get(&(record.host.clone(), record.row_id.clone())).cloned().flatten(),
        workload: workloads.iter().find(|workload| Some(&workload.id) == record.workload_id.as_ref()).cloned(),
        record,
    };
    Ok(records.into_iter().map(found).collect())
}

/// The name of a row's container; `None` of a row that is gone or has none yet.
fn name_of(store: &mut Store, (host, row): &(HostName, RowId)) -> Result<Option<String>, StoreError> {
    let filter = RowFilter { host: Some(host.clone()), row: Some(row.clone()), ..RowFilter::default() };
    Ok(store.rows(&filter)?.pop().map(|row| row.observed.name.to_string()).filter(|name| !name.is_empty()))
}

fn show(shared: &Shared, visit: &Visit, known: &Known, asked: Asked, found: &[Found]) -> Audit {
    let t = visit.language.texts();
    let frame = Frame::new(visit, shared, known, Section::Audit, t.nav_audit.to_owned());
    let last = found.get(MOST_ORDERS - 1).filter(|_| found.len() > MOST_ORDERS);
    Audit {
        orders: found.iter().take(MOST_ORDERS).map(|found| Line::of(found, &asked, &frame)).collect(),
        older: last.map(|last| Asked { before: last.record.id.clone(), ..asked.clone() }.href()),
        shows_host: known.hosts.len() > 1,
        asked,
        frame,
        t,
    }
}

/// The orders about one row.
pub(super) fn audit_href(host: &HostName, row: &RowId) -> String {
    Asked { host: host.to_string(), row: row.to_string(), ..Asked::default() }.href()
}

impl Asked {
    fn narrows(&self) -> bool {
        [&self.host, &self.row, &self.who, &self.before].into_iter().any(|asked| !asked.is_empty())
    }

    /// Asks for one order more, which tells whether there is another page.
    fn filter(&self) -> AuditFilter {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        AuditFilter {
            host: given(&self.host).map(HostName::new),
            row: given(&self.row).map(RowId::new),
            who: given(&self.who),
            before: given(&self.before),
            limit: Some(MOST_ORDERS + 1),
            ..AuditFilter::default()
        }
    }

    fn href(&self) -> String {
        let Self { host, row, who, before } = self;
        query("/audit", &[("host", host), ("row", row), ("who", who), ("before", before)])
    }
}

impl Line {
    fn of(found: &Found, asked: &Asked, frame: &Frame) -> Self {
        let (t, record) = (frame.t, &found.record);
        let owner = record.workload_id.as_ref().map_or("", |id| id.as_str());
        Self {
            id: record.id.clone(),
            at: Moment::ago(record.at, frame.now, t),
            who: shown(&record.who),
            who_href: Asked { who: record.who.clone(), before: String::new(), ..asked.clone() }.href(),
            action: shown(t.action(&record.action)),
            name: shown(found.name.as_deref().unwrap_or(record.row_id.as_str())),
            href: history_href(&record.host, &record.row_id),
            workload: shown(found.workload.as_ref().map_or(owner, |workload| &workload.name)),
            workload_href: found.workload.as_ref().map(|workload| workload_href(workload.id.as_str())),
            host: shown(record.host.as_str()),
            outcome: t.audit_outcome(record.outcome),
            tone: tone(record.outcome),
            took: record.duration_ms.map(|millis| millis_text(millis, t)),
            why: record.error.as_deref().map(|error| t.sentence(error)),
        }
    }
}
