//! The page of the workloads: every project, stack and site with how many of its containers are up, what is down first.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::frame::{Frame, Section};
use super::known::know;
use super::links::{Chip, Kind, kinds, query};
use super::marks::Mark;
use super::reply::reply;
use super::row_view::{history_href, workload_href};
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{StoredRow, Workload};
use crate::store::RowFilter;

#[derive(Template)]
#[template(path = "workloads.html")]
struct WorkloadsPage {
    frame: Frame,
    t: &'static Texts,
    asked: Asked,
    kinds: [Kind; 3],
    chips: Vec<Chip>,
    summary: String,
    is_empty: bool,
    lines: Vec<Line>,
}

/// Which workloads, as the URL says; empty is the same as absent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Asked {
    kind: String,
    /// Empty, or a word of [`Fullness`].
    state: String,
    text: String,
}

/// How many of a workload's containers are up; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fullness {
    Down,
    Partly,
    Up,
    Without,
}

/// A workload with its containers.
#[derive(Clone, Debug)]
struct Line {
    id: String,
    href: String,
    name: String,
    kind: &'static str,
    fullness: Fullness,
    mark: Mark,
    up: usize,
    all: usize,
    down: Vec<Down>,
    /// Those that are down and not shown.
    more: Option<String>,
    hosts: String,
    /// Whether one of its containers is on a host that is not fresh.
    is_stale: bool,
}

/// A container that is down.
#[derive(Clone, Debug)]
struct Down {
    name: String,
    href: String,
    mark: Mark,
}

/// Of one workload; its own page shows all.
const MOST_DOWN: usize = 4;

pub(super) async fn page(State(shared): State<Shared>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let made = make(&shared, &visit, asked).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit, asked: Asked) -> Result<WorkloadsPage, Problem> {
    let seen = visit.seen;
    let read = shared
        .readers
        .read(move |store| Ok((know(store, seen)?, store.list_workloads()?, store.rows(&RowFilter::default())?)));
    let (known, workloads, rows) = read.await?;
    let t = visit.language.texts();
    let frame = Frame::new(visit, shared, &known, Section::Workloads, t.nav_workloads.to_owned());
    let mut of_workloads: BTreeMap<&str, Vec<&StoredRow>> = BTreeMap::new();
    for row in &rows {
        of_workloads.entry(row.binding.workload_id.as_str()).or_default().push(row);
    }
    let of = |workload: &Workload| of_workloads.get(workload.id.as_str()).map(Vec::as_slice).unwrap_or_default();
    let passing = workloads.iter().filter(|workload| asked.lets_pass(workload, of(workload)));
    let mut lines: Vec<Line> = passing.map(|workload| Line::of(workload, of(workload), &frame)).collect();
    let chips = asked.chips(&lines, t);
    lines.retain(|line| asked.state.is_empty() || line.fullness.as_str() == asked.state);
    lines.sort_by_cached_key(|line| (line.fullness, line.name.to_lowercase()));
    Ok(WorkloadsPage {
        kinds: kinds(&asked.kind, t),
        chips,
        summary: frame.language.count(t.n_workloads, lines.len()),
        is_empty: workloads.is_empty(),
        lines,
        asked,
        frame,
        t,
    })
}

impl Asked {
    /// Whether a workload passes all filters but that of its state.
    fn lets_pass(&self, workload: &Workload, rows: &[&StoredRow]) -> bool {
        let holds = |text: &str| {
            let of_rows = rows.iter().flat_map(|row| [&*row.observed.name, &*row.binding.role, row.host.as_str()]);
            of_rows.chain([workload.name.as_str(), workload.id.as_str()]).any(|held| held.to_lowercase().contains(text))
        };
        (self.kind.is_empty() || self.kind == workload.kind.as_str())
            && self.text.split_whitespace().all(|word| holds(&word.to_lowercase()))
    }

    fn narrows(&self) -> bool {
        [&self.kind, &self.state, &self.text].into_iter().any(|filter| !filter.is_empty())
    }

    fn chips(&self, lines: &[Line], t: &'static Texts) -> Vec<Chip> {
        let count = |fullness| lines.iter().filter(|line| line.fullness == fullness).count();
        let chip = |state: &str, text: &str, look, count| Chip {
            href: query("/workloads", &[("kind", &self.kind), ("state", state), ("text", &self.text)]),
            text: text.to_owned(),
            look,
            count: Some(count),
            is_chosen: self.state == state,
        };
        let mut chips = vec![chip("", t.state_all, None, lines.len())];
        for fullness in Fullness::ALL {
            let is_chosen = self.state == fullness.as_str();
            if count(fullness) > 0 || is_chosen {
                chips.push(chip(fullness.as_str(), fullness.text(t), Some(fullness.look()), count(fullness)));
            }
        }
        chips
    }
}

impl Fullness {
    const ALL: [Self; 4] = [Self::Down, Self::Partly, Self::Up, Self::Without];

    const fn of(up: usize, all: usize) -> Self {
        match (up, all) {
            (_, 0) => Self::Without,
            (0, _) => Self::Down,
            (up, all) if up < all => Self::Partly,
            _ => Self::Up,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Partly => "partly",
            Self::Up => "up",
            Self::Without => "empty",
        }
    }

    const fn text(self, t: &Texts) -> &'static str {
        match self {
            Self::Down => t.workloads_none_up,
            Self::Partly => t.workloads_some_up,
            Self::Up => t.workloads_all_up,
            Self::Without => t.workloads_without,
        }
    }

    const fn look(self) -> (&'static str, &'static str) {
        match self {
            Self::Down => ("cross", "bad"),
            Self::Partly => ("half", "busy"),
            Self::Up => ("disc", "good"),
            Self::Without => ("dash", "calm"),
        }
    }
}

impl Line {
    fn of(workload: &Workload, rows: &[&StoredRow], frame: &Frame) -> Self {
        let t = frame.t;
        let mut down: Vec<&StoredRow> = rows.iter().filter(|row| !row.observed.state.is_up()).copied().collect();
        down.sort_by_key(|row| (super::filters::rank(&row.observed.state), &row.observed.name));
        let fullness = Fullness::of(rows.len() - down.len(), rows.len());
        let (shape, tone) = fullness.look();
        let mut hosts: Vec<&str> = rows.iter().map(|row| row.host.as_str()).collect();
        hosts.dedup();
        let more = down.len().saturating_sub(MOST_DOWN);
        Self {
            id: workload.id.to_string(),
            href: workload_href(workload.id.as_str()),
            name: shown(&workload.name),
            kind: t.kind(workload.kind),
            fullness,
            mark: Mark { shape, tone, word: fullness.text(t).to_owned() },
            up: rows.len() - down.len(),
            all: rows.len(),
            down: down.iter().take(MOST_DOWN).map(|row| Down::of(row, t)).collect(),
            more: (more > 0).then(|| frame.language.count(t.n_more, more)),
            is_stale: rows.iter().any(|row| frame.stale.contains(&row.host)),
            hosts: shown(&hosts.join(", ")),
        }
    }
}

impl Down {
    fn of(row: &StoredRow, t: &Texts) -> Self {
        let name = if row.observed.name.is_empty() { t.no_name } else { &row.observed.name };
        Self { name: shown(name), href: history_href(&row.host, &row.id), mark: Mark::of_row(&row.observed, t) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::row_view::tests::row;
    use crate::model::{WorkloadId, WorkloadKind};

    #[test]
    fn a_workload_is_as_full_as_its_containers_are_up() {
        for ((up, all), fullness) in [((0, 0), "empty"), ((0, 2), "down"), ((1, 2), "partly"), ((2, 2), "up")] {
            assert_eq!(Fullness::of(up, all).as_str(), fullness, "{up} of {all}");
        }
        let mut order = Fullness::ALL;
        order.sort();
        assert_eq!(order, Fullness::ALL, "what is down comes first");
    }

    #[test]
    fn every_word_of_the_search_is_in_the_workload_or_one_of_its_containers() {
        let workload =
            Workload { id: WorkloadId::new("w"), kind: WorkloadKind::Stack, ref_id: "s".into(), name: "Shop".into() };
        let row = row();
        for (text, found) in [("shop", true), ("SHOP web-1", true), ("local", true), ("shop nowhere", false)] {
            let asked = Asked { text: text.into(), ..Asked::default() };
            assert_eq!(asked.lets_pass(&workload, &[&row]), found, "{text}");
        }
    }
}
