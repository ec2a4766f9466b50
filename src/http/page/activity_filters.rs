//! Which changes the page of the activity shows, as the URL says.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::links::{Chip, query};
use super::marks::look;
use super::row_view::shown;
use super::texts::Texts;
use crate::model::{Change, ChangeCause, ContainerState};

/// What the URL asks for; empty is the same as absent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct ActivityFilters {
    /// The id of a workload.
    pub(super) workload: String,
    pub(super) host: String,
    /// Why the change was made.
    pub(super) cause: String,
    /// The state after: a state's word, `down` or `up`.
    pub(super) state: String,
    pub(super) text: String,
}

/// A change with what the ledger knows of its row now.
#[derive(Clone, Debug)]
pub(super) struct Happening<'a> {
    pub(super) change: &'a Change,
    pub(super) name: &'a str,
    pub(super) role: &'a str,
    pub(super) owner: Option<Owner<'a>>,
}

/// Whose row it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) id: &'a str,
    /// `None` of a workload that was removed.
    pub(super) name: Option<&'a str>,
}

/// From up to any other state.
const DOWN: &str = "down";

/// From any other state to up.
const UP: &str = "up";

impl ActivityFilters {
    pub(super) fn narrows(&self) -> bool {
        [&self.workload, &self.host, &self.cause, &self.state, &self.text].into_iter().any(|filter| !filter.is_empty())
    }

    /// Whether a change passes all filters but that of its state.
    pub(super) fn lets_pass(&self, happening: &Happening<'_>) -> bool {
        let change = happening.change;
        let is_owners = || happening.owner.is_some_and(|owner| owner.id == self.workload);
        (self.workload.is_empty() || is_owners())
            && (self.host.is_empty() || self.host == change.host.as_str())
            && (self.cause.is_empty() || self.cause == change.cause.as_str())
            && holds(happening, &self.text)
    }

    /// Whether a change passes the filter of its state.
    pub(super) fn lets_state_pass(&self, change: &Change) -> bool {
        let was_up = change.from_state.as_ref().is_some_and(ContainerState::is_up);
        match self.state.as_str() {
            "" => true,
            DOWN => was_up && !change.to_state.is_up(),
            UP => !was_up && change.to_state.is_up(),
            word => change.to_state.as_str() == word,
        }
    }

    /// What became of the containers, to choose from, with how many changes each would show.
    pub(super) fn chips(&self, all: &[&Happening<'_>], t: &Texts) -> Vec<Chip> {
        let chip = |state: &str, text: &str, look| {
            let chosen = Self { state: state.to_owned(), ..self.clone() };
            Chip {
                href: chosen.href(),
                text: text.to_owned(),
                look,
                count: all.iter().filter(|happening| chosen.lets_state_pass(happening.change)).count(),
                is_chosen: self.state == state,
            }
        };
        let mut chips =
            vec![chip("", t.activity_any, None), chip(DOWN, t.activity_down, None), chip(UP, t.activity_up, None)];
        let mut states: Vec<ContainerState> = all.iter().map(|happening| happening.change.to_state.clone()).collect();
        if !["", DOWN, UP].contains(&self.state.as_str()) {
            states.push(ContainerState::parse(&self.state));
        }
        states.sort_by_key(|state| (super::filters::rank(state), state.to_string()));
        states.dedup();
        chips.extend(states.iter().map(|state| chip(state.as_str(), &shown(t.state(state)), Some(look(state)))));
        chips
    }

    /// Why changes are made, to choose from.
    pub(super) fn causes(&self, t: &Texts) -> Vec<(&'static str, &'static str, bool)> {
        let all = ChangeCause::ALL.iter();
        all.map(|cause| (cause.as_str(), t.cause(*cause), self.cause == cause.as_str())).collect()
    }

    pub(super) fn hosts<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<(String, bool)> {
        names.map(|name| (name.to_owned(), self.host == name)).collect()
    }

    /// The owners of what changed, by name, to choose from.
    pub(super) fn owners(&self, all: &[Happening<'_>]) -> Vec<(String, String, bool)> {
        let named: BTreeMap<(&str, &str), &str> = all
            .iter()
            .filter_map(|happening| happening.owner)
            .map(|owner| ((owner.name.unwrap_or(owner.id), owner.id), owner.id))
            .collect();
        let choice = |((name, _), id): ((&str, &str), &str)| (id.to_owned(), shown(name), self.workload == id);
        named.into_iter().map(choice).collect()
    }

    fn href(&self) -> String {
        query(
            "/activity",
            &[
                ("workload", &self.workload),
                ("host", &self.host),
                ("cause", &self.cause),
                ("state", &self.state),
                ("text", &self.text),
            ],
        )
    }
}

/// Whether each word of the search is somewhere in what is shown of the change, or in an id.
fn holds(happening: &Happening<'_>, text: &str) -> bool {
    if text.trim().is_empty() {
        return true;
    }
    let change = happening.change;
    let haystack = [
        happening.name,
        happening.role,
        happening.owner.and_then(|owner| owner.name).unwrap_or_default(),
        happening.owner.map_or("", |owner| owner.id),
        change.host.as_str(),
        change.row_id.as_str(),
        change.container_id.as_ref().map_or("", |id| id.as_str()),
        change.from_state.as_ref().map_or("", |state| state.as_str()),
        change.to_state.as_str(),
    ]
    .join("\n")
    .to_lowercase();
    text.split_whitespace().all(|word| haystack.contains(&word.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::texts::ENGLISH;
    use crate::model::{HostName, Revision, RowId, Timestamp, WorkloadId};

    fn change(from: Option<&str>, to: &str) -> Change {
        Change {
            revision: Revision(1),
            at: Timestamp::from_millis(1_000),
            host: HostName::new("local"),
            row_id: RowId::new("w:web"),
            container_id: None,
            workload_id: Some(WorkloadId::new("w")),
            from_state: from.map(ContainerState::parse),
            to_state: ContainerState::parse(to),
            exit_code: None,
            cause: ChangeCause::Observed,
            workload_kind: None,
            workload_name: None,
            role: None,
            name: None,
            differences: BTreeMap::default(),
            pass_id: None,
        }
    }

    fn happening(change: &Change) -> Happening<'_> {
        Happening { change, name: "shop-web-1", role: "web", owner: Some(Owner { id: "w", name: Some("Shop") }) }
    }

    fn filters(change: impl FnOnce(&mut ActivityFilters)) -> ActivityFilters {
        let mut filters = ActivityFilters::default();
        change(&mut filters);
        filters
    }

    #[test]
    fn a_change_is_found_by_owner_host_cause_and_every_word() {
        let change = change(Some("running"), "stopped");
        for (filters, passes) in [
            (filters(|_| {}), true),
            (filters(|filters| filters.workload = "w".into()), true),
            (filters(|filters| filters.workload = "v".into()), false),
            (filters(|filters| filters.host = "edge".into()), false),
            (filters(|filters| filters.cause = "observed".into()), true),
            (filters(|filters| filters.cause = "missing".into()), false),
            (filters(|filters| filters.text = "SHOP web".into()), true),
            (filters(|filters| filters.text = "shop nowhere".into()), false),
        ] {
            assert_eq!(filters.lets_pass(&happening(&change)), passes, "{filters:?}");
        }
    }

    #[test]
    fn going_down_and_coming_up_are_told_from_what_stays() {
        for (from, to, down, up) in [
            (Some("running"), "stopped", true, false),
            (Some("running"), "paused", false, false),
            (Some("stopped"), "missing", false, false),
            (Some("missing"), "running", false, true),
            (None, "running", false, true),
            (None, "stopped", false, false),
        ] {
            let change = change(from, to);
            let passes = |state: &str| filters(|filters| filters.state = state.into()).lets_state_pass(&change);
            assert_eq!((passes("down"), passes("up"), passes(to)), (down, up, true), "{from:?} to {to}");
        }
    }

    #[test]
    fn a_choice_keeps_the_other_filters() {
        let (stopped, started) = (change(Some("running"), "stopped"), change(Some("created"), "running"));
        let all = [happening(&stopped), happening(&started)];
        let chosen = filters(|filters| (filters.workload, filters.text) = ("w".into(), "a b".into()));
        let chips = chosen.chips(&all.iter().collect::<Vec<_>>(), &ENGLISH);
        let told: Vec<(&str, usize)> = chips.iter().map(|chip| (chip.text.as_str(), chip.count)).collect();
        assert_eq!(told, [("every change", 2), ("went down", 1), ("came up", 1), ("stopped", 1), ("running", 1)]);
        assert_eq!(chips[1].href, "/activity?workload=w&state=down&text=a%20b");
    }
}
