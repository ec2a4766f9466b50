//! The page of the activity: what happened lately to all rows, the latest first, and what of it is new to the visitor.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::activity_filters::{ActivityFilters, Happening, Owner};
use super::ages::Moment;
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::links::Chip;
use super::marks::Mark;
use super::reply::reply;
use super::row_view::{history_href, shown, workload_href};
use super::texts::Texts;
use super::visit::Visit;
use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{Change, HostName, RowId, StoredRow, Workload};
use crate::store::RowFilter;

#[derive(Template)]
#[template(path = "activity.html")]
struct Activity {
    frame: Frame,
    t: &'static Texts,
    filters: ActivityFilters,
    chips: Vec<Chip>,
    causes: Vec<(&'static str, &'static str, bool)>,
    hosts: Vec<(String, bool)>,
    /// Id, name, and whether it is chosen.
    owners: Vec<(String, String, bool)>,
    summary: String,
    /// How many changes are new to the visitor, in words.
    news: Option<String>,
    is_empty: bool,
    shows_host: bool,
    entries: Vec<Entry>,
}

/// One change.
#[derive(Clone, Debug)]
struct Entry {
    revision: i64,
    at: Moment,
    name: String,
    href: String,
    workload: String,
    workload_href: Option<String>,
    role: String,
    host: String,
    from: Option<Mark>,
    to: Mark,
    exit_code: Option<i64>,
    cause: &'static str,
    is_new: bool,
    /// Whether it is the first that the visitor has seen before, below some that are new.
    begins_seen: bool,
}

/// Changes that are looked through; older ones are in the history of their rows.
const MOST_SEARCHED: usize = 2_000;

/// Changes that are shown.
const MOST_SHOWN: usize = 300;

pub(super) async fn page(
    State(shared): State<Shared>,
    visit: Visit,
    Query(filters): Query<ActivityFilters>,
) -> Response {
    let made = make(&shared, &visit, filters).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit, filters: ActivityFilters) -> Result<Activity, Problem> {
    let seen = visit.seen;
    let read = shared.readers.read(move |store| {
        let known = know(store, seen)?;
        let changes = store.changes(None, None, MOST_SEARCHED)?.changes;
        Ok((known, changes, store.list_workloads()?, store.rows(&RowFilter::default())?))
    });
    let (known, changes, workloads, rows) = read.await?;
    Ok(show(shared, visit, &known, filters, &happenings(&changes, &workloads, &rows, visit.language.texts())))
}

/// The changes with what the ledger knows of their rows now, the latest first.
fn happenings<'a>(
    changes: &'a [Change],
    workloads: &'a [Workload],
    rows: &'a [StoredRow],
    t: &'static Texts,
) -> Vec<Happening<'a>> {
    let owners: BTreeMap<&str, &Workload> = workloads.iter().map(|workload| (workload.id.as_str(), workload)).collect();
    let rows: BTreeMap<(&HostName, &RowId), &StoredRow> = rows.iter().map(|row| ((&row.host, &row.id), row)).collect();
    let of = |change: &'a Change| {
        let row = rows.get(&(&change.host, &change.row_id)).copied();
        let id = change.workload_id.as_ref().map(|id| id.as_str());
        Happening {
            change,
            // A row that was removed is known by its id alone.
            name: row.map_or(change.row_id.as_str(), |row| name_of(row, t)),
            role: row.map_or("", |row| &row.binding.role),
            owner: id.map(|id| Owner { id, name: owners.get(id).map(|owner| owner.name.as_str()) }),
        }
    };
    changes.iter().rev().map(of).collect()
}

fn name_of<'a>(row: &'a StoredRow, t: &'static Texts) -> &'a str {
    if row.observed.name.is_empty() { t.no_name } else { &row.observed.name }
}

fn show(shared: &Shared, visit: &Visit, known: &Known, filters: ActivityFilters, all: &[Happening<'_>]) -> Activity {
    let t = visit.language.texts();
    let frame = Frame::new(visit, shared, known, Section::Activity, t.nav_activity.to_owned());
    let passing: Vec<&Happening<'_>> = all.iter().filter(|happening| filters.lets_pass(happening)).collect();
    let chips = filters.chips(&passing, t);
    let shown: Vec<&Happening<'_>> = passing.into_iter().filter(|one| filters.lets_state_pass(one.change)).collect();
    let mut entries: Vec<Entry> =
        shown.iter().take(MOST_SHOWN).map(|happening| Entry::of(happening, visit, known, &frame)).collect();
    mark_what_was_seen(&mut entries);
    let news = known.news.filter(|news| *news > 0);
    Activity {
        chips,
        causes: filters.causes(t),
        hosts: filters.hosts(known.hosts.iter().map(|host| host.name.as_str())),
        owners: filters.owners(all),
        summary: summary(&frame, shown.len(), all.len()),
        news: news.map(|news| frame.language.count(t.n_new, news)),
        is_empty: all.is_empty(),
        shows_host: known.hosts.len() > 1,
        entries,
        filters,
        frame,
        t,
    }
}

fn summary(frame: &Frame, count: usize, all: usize) -> String {
    let t = frame.t;
    let said = if count == all && all < MOST_SEARCHED {
        frame.language.count(t.n_changes, all)
    } else {
        frame.language.count(t.n_changes_of, count).replace("{all}", &all.to_string())
    };
    if count <= MOST_SHOWN {
        return said;
    }
    format!("{said} · {}", frame.language.count(t.n_changes_shown, MOST_SHOWN))
}

fn mark_what_was_seen(entries: &mut [Entry]) {
    let has_news = entries.first().is_some_and(|first| first.is_new);
    if let Some(first) = entries.iter_mut().find(|entry| !entry.is_new).filter(|_| has_news) {
        first.begins_seen = true;
    }
}

impl Entry {
    fn of(happening: &Happening<'_>, visit: &Visit, known: &Known, frame: &Frame) -> Self {
        let (t, change) = (frame.t, happening.change);
        let owner = happening.owner.as_ref();
        Self {
            revision: change.revision.0,
            at: Moment::ago(change.at, frame.now, t),
            name: shown(happening.name),
            href: history_href(&change.host, &change.row_id),
            workload: shown(owner.map_or("", |owner| owner.name.unwrap_or(owner.id))),
            // One that is gone has no page.
            workload_href: owner.filter(|owner| owner.name.is_some()).map(|owner| workload_href(owner.id)),
            role: shown(happening.role),
            host: shown(change.host.as_str()),
            from: change.from_state.as_ref().filter(|from| **from != change.to_state).map(|from| Mark::of(from, t)),
            to: Mark::of(&change.to_state, t),
            exit_code: change.exit_code.filter(|_| !change.to_state.is_up()),
            cause: t.cause(change.cause),
            is_new: visit.seen.is_new(change.revision, known.revision),
            begins_seen: false,
        }
    }
}
