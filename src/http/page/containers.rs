//! The page at `/`: the containers, and the part that shows those of one workload wherever that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::filters::Filters;
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::links::{Chip, Kind, kinds};
use super::reply::reply;
use super::row_view::{RowView, Showing};
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{HostName, RowId, StoredRow, WorkloadKind};
use crate::store::RowFilter;

/// Rows as a table, which is cards on a phone.
#[derive(Clone, Debug)]
pub(super) struct RowsTable {
    pub(super) rows: Vec<RowView>,
    /// What names the table for a screen reader.
    pub(super) label: String,
    pub(super) shows_workload: bool,
    /// What says which part of its workload each row is: the head of a column.
    pub(super) part: Option<&'static str>,
    pub(super) shows_host: bool,
}

#[derive(Template)]
#[template(path = "containers.html")]
struct Containers {
    frame: Frame,
    t: &'static Texts,
    filters: Filters,
    chips: Vec<Chip>,
    kinds: [Kind; 3],
    hosts: Vec<(String, bool)>,
    sorts: Vec<(String, &'static str, bool)>,
    summary: String,
    table: RowsTable,
    /// A state that was asked for and that nobody knows.
    unknown_state: Option<String>,
    /// What to do next, of an empty ledger.
    empty: Option<Empty>,
}

/// Rows of one page: some 4 MiB. Whoever has more of them looks for some, and the counts are of all.
const MOST_ROWS: usize = 5_000;

/// Why there is nothing to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Empty {
    /// Nobody has looked yet.
    Unlooked,
    /// Nothing that runs has an owner.
    Unowned,
    /// The filters leave nothing.
    Unmatched,
}

pub(super) async fn page(State(shared): State<Shared>, visit: Visit, Query(filters): Query<Filters>) -> Response {
    let made = make(&shared, &visit, filters).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit, filters: Filters) -> Result<Containers, Problem> {
    let seen = visit.seen;
    let (known, mut rows) =
        shared.readers.read(move |store| Ok((know(store, seen)?, store.rows(&RowFilter::default())?))).await?;
    let t = visit.language.texts();
    filters.order().sort(&mut rows);
    let passing: Vec<&StoredRow> = rows.iter().filter(|row| filters.lets_pass(row)).collect();
    let chips = filters.chips(&passing, t);
    let mut shown = filters.of_state(passing);
    let count = shown.len();
    shown.truncate(MOST_ROWS);
    let frame = Frame::new(visit, shared, &known, Section::Containers, t.nav_containers.to_owned());
    let names: BTreeSet<&str> =
        rows.iter().map(|row| row.host.as_str()).chain(known.hosts.iter().map(|host| host.name.as_str())).collect();
    let table = RowsTable::new(shared, visit, &frame, &shown, t.nav_containers.to_owned());
    Ok(Containers {
        chips,
        kinds: kinds(&filters.kind, t),
        hosts: names.into_iter().map(|name| (name.to_owned(), filters.host == name)).collect(),
        sorts: filters.sorts(t),
        summary: summary(&frame, count, rows.len()),
        unknown_state: filters.unknown_state(&rows),
        empty: empty(&known, &filters, rows.len(), shown.len()),
        table,
        filters,
        frame,
        t,
    })
}

fn summary(frame: &Frame, count: usize, all: usize) -> String {
    let t = frame.t;
    let said = if count == all {
        frame.language.count(t.n_containers, all)
    } else {
        frame.language.count(t.n_containers_of, count).replace("{all}", &all.to_string())
    };
    if count <= MOST_ROWS {
        return said;
    }
    format!("{said} · {}", frame.language.count(t.n_first_alone, MOST_ROWS))
}

fn empty(known: &Known, filters: &Filters, all: usize, shown: usize) -> Option<Empty> {
    let has_looked = known.hosts.iter().any(|host| host.last_complete_pass_at.is_some());
    match (shown, all, has_looked) {
        (1.., ..) => None,
        (0, 1.., _) => Some(Empty::Unmatched),
        (0, 0, _) if filters.narrows() => Some(Empty::Unmatched),
        (0, 0, false) => Some(Empty::Unlooked),
        (0, 0, true) => Some(Empty::Unowned),
    }
}

impl Containers {
    fn is_unlooked(&self) -> bool {
        self.empty == Some(Empty::Unlooked)
    }

    fn is_unowned(&self) -> bool {
        self.empty == Some(Empty::Unowned)
    }

    fn is_unmatched(&self) -> bool {
        self.empty == Some(Empty::Unmatched)
    }
}

impl RowsTable {
    /// With a column for the workload.
    pub(super) fn new(shared: &Shared, visit: &Visit, frame: &Frame, rows: &[&StoredRow], label: String) -> Self {
        let showing = Showing { visit, own_host: &shared.config.host, now: frame.now, stale: &frame.stale };
        let hosts: BTreeSet<_> = rows.iter().map(|row| &row.host).collect();
        Self {
            rows: rows.iter().map(|row| RowView::of(row, showing)).collect(),
            label,
            shows_workload: true,
            part: None,
            shows_host: hosts.len() > 1,
        }
    }

    /// Those of one workload, which is named above them: what each is within it takes the workload's place.
    pub(super) fn of_one(
        mut self,
        kind: WorkloadKind,
        stages: &BTreeMap<(HostName, RowId), String>,
        t: &'static Texts,
    ) -> Self {
        self.shows_workload = false;
        self.part = match kind {
            WorkloadKind::Project => Some(t.column_stage),
            WorkloadKind::Stack => Some(t.column_service),
            WorkloadKind::Site => None,
        };
        for row in &mut self.rows {
            if let Some(stage) = stages.get(&row.id) {
                row.part = shown(stage);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Revision;

    #[test]
    fn an_empty_page_says_why() {
        let known = Known { hosts: Vec::new(), rows: 0, attention: 0, revision: Revision(0), news: None };
        let none = Filters::default();
        let some = Filters { kind: "site".into(), ..Filters::default() };
        assert_eq!(empty(&known, &none, 0, 0), Some(Empty::Unlooked));
        assert_eq!(empty(&known, &some, 0, 0), Some(Empty::Unmatched));
        assert_eq!(empty(&known, &some, 3, 0), Some(Empty::Unmatched));
        assert_eq!(empty(&known, &none, 3, 3), None);
    }
}
