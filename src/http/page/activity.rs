//! The page of the activity: what happened lately to all rows, the latest first, and what of it is new to the visitor.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::activity_filters::ActivityFilters;
use super::ages::Moment;
use super::differences::{Differing, differing, tells_state};
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::links::Chip;
use super::marks::Mark;
use super::reply::reply;
use super::row_view::{history_href, workload_href};
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{Change, ChangeKind, Revision, Workload};

#[derive(Template)]
#[template(path = "activity.html")]
struct Activity {
    frame: Frame,
    t: &'static Texts,
    filters: ActivityFilters,
    chips: Vec<Chip>,
    /// Word, text, and whether it is chosen.
    kinds: Vec<(String, String, bool)>,
    hosts: Vec<(String, bool)>,
    /// Id, name, and whether it is chosen.
    owners: Vec<(String, String, bool)>,
    summary: String,
    /// How many changes are new to the visitor, in words.
    news: Option<String>,
    /// A kind that was asked for and that there is not, and those that there are.
    unknown_kind: Option<(String, String)>,
    is_empty: bool,
    shows_host: bool,
    entries: Vec<Entry>,
    /// Where older ones are.
    older: Option<String>,
    /// Where the latest ones are, if these are older.
    latest: Option<String>,
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
    /// The state after, where it is told.
    to: Option<Mark>,
    differing: Vec<Differing>,
    exit_code: Option<i64>,
    cause: &'static str,
    is_new: bool,
    /// Whether it is the first that the visitor has seen before, below some that are new.
    begins_seen: bool,
}

/// Changes of a page.
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
    let (seen, asked, before) = (visit.seen, filters.asked(), filters.before.map(Revision));
    let (filter, unknown_kind) = match asked {
        Ok(filter) => (Some(filter), None),
        Err(word) => (None, Some(word)),
    };
    let read = shared.readers.read(move |store| {
        let known = know(store, seen)?;
        let changes = match &filter {
            Some(filter) => store.changes_before(filter, before, MOST_SHOWN + 1)?,
            None => Vec::new(),
        };
        Ok((known, Found { changes, workloads: store.list_workloads()?, unknown_kind }))
    });
    let (known, found) = read.await?;
    Ok(show(shared, visit, &known, filters, &found))
}

/// What was found of what was asked for.
struct Found {
    /// The latest first, one more than a page has if there are older ones.
    changes: Vec<Change>,
    /// Those that there are now.
    workloads: Vec<Workload>,
    unknown_kind: Option<String>,
}

fn show(shared: &Shared, visit: &Visit, known: &Known, filters: ActivityFilters, found: &Found) -> Activity {
    let t = visit.language.texts();
    let frame = Frame::new(visit, shared, known, Section::Activity, t.nav_activity.to_owned());
    let shown = &found.changes[..found.changes.len().min(MOST_SHOWN)];
    let last = shown.last().filter(|_| shown.len() < found.changes.len()).map(|change| change.revision.0);
    let is_part = last.is_some() || filters.before.is_some();
    let workloads: BTreeSet<&str> = found.workloads.iter().map(|workload| workload.id.as_str()).collect();
    let entry = |change: &Change| Entry::of(change, &workloads, visit, known, &frame);
    let mut entries: Vec<Entry> = shown.iter().map(entry).collect();
    mark_what_was_seen(&mut entries);
    let news = known.news.filter(|news| *news > 0);
    Activity {
        chips: filters.chips(t),
        kinds: filters.kinds(t),
        hosts: filters.hosts(known.hosts.iter().map(|host| host.name.as_str())),
        owners: filters.owners(&found.workloads),
        summary: frame.language.count(if is_part { t.n_changes_here } else { t.n_changes }, shown.len()),
        news: news.map(|news| frame.language.count(t.n_new, news)),
        unknown_kind: found.unknown_kind.clone().map(|word| (word, ChangeKind::words().join(", "))),
        is_empty: found.changes.is_empty() && !filters.narrows() && filters.before.is_none(),
        older: last.map(|last| filters.older(last)),
        latest: filters.before.map(|_| filters.latest()),
        shows_host: known.hosts.len() > 1,
        entries,
        filters,
        frame,
        t,
    }
}

fn mark_what_was_seen(entries: &mut [Entry]) {
    let has_news = entries.first().is_some_and(|first| first.is_new);
    if let Some(first) = entries.iter_mut().find(|entry| !entry.is_new).filter(|_| has_news) {
        first.begins_seen = true;
    }
}

impl Entry {
    fn of(change: &Change, workloads: &BTreeSet<&str>, visit: &Visit, known: &Known, frame: &Frame) -> Self {
        let t = frame.t;
        let owner = change.workload_id.as_ref().map(|id| id.as_str());
        let state = Some(change).filter(|change| tells_state(change));
        Self {
            revision: change.revision.0,
            at: Moment::ago(change.at, frame.now, t),
            // What has no name yet is known by its row.
            name: shown(change.name.as_deref().unwrap_or(change.row_id.as_str())),
            href: history_href(&change.host, &change.row_id),
            workload: shown(change.workload_name.as_deref().or(owner).unwrap_or_default()),
            // One that is gone has no page.
            workload_href: owner.filter(|id| workloads.contains(id)).map(workload_href),
            role: shown(change.role.as_deref().unwrap_or_default()),
            host: shown(change.host.as_str()),
            from: change.from_state.as_ref().filter(|from| **from != change.to_state).map(|from| Mark::of(from, t)),
            to: state.map(|change| Mark::of(&change.to_state, t)),
            differing: differing(change, t),
            exit_code: state.and_then(|change| change.exit_code).filter(|_| !change.to_state.is_up()),
            cause: t.cause(change.cause),
            is_new: visit.seen.is_new(change.revision, known.revision),
            begins_seen: false,
        }
    }
}
