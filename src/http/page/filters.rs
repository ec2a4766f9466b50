//! Which rows the page shows, as the URL says.

use serde::Deserialize;

use super::links::{Chip, query};
use super::texts::Texts;
use crate::model::{ContainerState, StoredRow};

/// What the URL asks for; empty is the same as absent, and what nobody knows matches nothing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Filters {
    pub(super) kind: String,
    pub(super) host: String,
    pub(super) state: String,
    pub(super) text: String,
    pub(super) sort: String,
}

/// Every state that is not up.
const DOWN: &str = "down";

/// What somebody should look at: gone, failed, unhealthy, flapping, ended badly.
const ATTENTION: &str = "attention";

/// The states that are offered, in the order of the chips; others are offered when a row has them.
const OFFERED: [&str; 2] = [ATTENTION, DOWN];

/// How rows can be sorted.
const SORTS: [&str; 4] = ["workload", "name", "state", "since"];

impl Filters {
    /// Whether fewer than all rows are asked for.
    pub(super) fn narrows(&self) -> bool {
        [&self.kind, &self.host, &self.state, &self.text].into_iter().any(|filter| !filter.is_empty())
    }

    /// Whether a row passes all filters but that of its state.
    pub(super) fn lets_pass(&self, row: &StoredRow) -> bool {
        let kind = self.kind.is_empty() || self.kind == row.binding.workload_kind.as_str();
        let host = self.host.is_empty() || self.host == row.host.as_str();
        kind && host && (self.text.trim().is_empty() || contains(row, &self.text))
    }

    /// Whether a row passes the filter of its state.
    pub(super) fn lets_state_pass(&self, row: &StoredRow) -> bool {
        match self.state.as_str() {
            "" => true,
            DOWN => !row.observed.state.is_up(),
            ATTENTION => needs_attention(row),
            word => row.observed.state.as_str() == word,
        }
    }

    /// The states to choose from, with how many rows each would show.
    pub(super) fn chips(&self, rows: &[&StoredRow], t: &Texts) -> Vec<Chip> {
        let chip = |state: &str, text: &str, look| {
            let chosen = Self { state: state.to_owned(), ..self.clone() };
            Chip {
                href: chosen.href(),
                text: text.to_owned(),
                look,
                count: rows.iter().filter(|row| chosen.lets_state_pass(row)).count(),
                is_chosen: self.state == state,
            }
        };
        let mut chips = vec![chip("", t.state_all, None)];
        chips.extend(OFFERED.map(|state| {
            let text = if state == DOWN { t.state_down } else { t.state_attention };
            chip(state, text, None)
        }));
        let mut states: Vec<ContainerState> = rows.iter().map(|row| row.observed.state.clone()).collect();
        if !self.state.is_empty() && !OFFERED.contains(&self.state.as_str()) {
            states.push(ContainerState::parse(&self.state));
        }
        states.sort_by_key(|state| (rank(state), state.to_string()));
        states.dedup();
        chips.extend(states.iter().map(|state| {
            let word = super::row_view::shown(t.state(state));
            chip(state.as_str(), &word, Some(super::marks::look(state)))
        }));
        chips
    }

    /// Sorts what is shown; by owner unless another order is asked for.
    pub(super) fn sort(&self, rows: &mut [&StoredRow]) {
        let since = |row: &StoredRow| std::cmp::Reverse(row.observed.state_since);
        let owner = |row: &StoredRow| {
            (row.workload_name.clone().unwrap_or_default(), row.binding.role.clone(), row.observed.name.clone())
        };
        match self.sort.as_str() {
            "name" => rows.sort_by_cached_key(|row| row.observed.name.clone()),
            "state" => rows.sort_by_cached_key(|row| (rank(&row.observed.state), owner(row))),
            "since" => rows.sort_by_cached_key(|row| since(row)),
            _ => rows.sort_by_cached_key(|row| owner(row)),
        }
    }

    /// The orders to choose from: link, text, whether it is this one.
    pub(super) fn sorts(&self, t: &Texts) -> Vec<(String, &'static str, bool)> {
        let texts = [t.column_workload, t.column_container, t.column_state, t.column_since];
        let chosen = if SORTS.contains(&self.sort.as_str()) { self.sort.as_str() } else { SORTS[0] };
        let each = SORTS.into_iter().zip(texts);
        each.map(|(sort, text)| {
            let sorted = if sort == SORTS[0] { String::new() } else { sort.to_owned() };
            (Self { sort: sorted, ..self.clone() }.href(), text, sort == chosen)
        })
        .collect()
    }

    /// The address of these filters.
    pub(super) fn href(&self) -> String {
        query(
            "/",
            &[
                ("kind", &self.kind),
                ("host", &self.host),
                ("state", &self.state),
                ("text", &self.text),
                ("sort", &self.sort),
            ],
        )
    }
}

/// Whether each word of the search is somewhere in what the row shows.
fn contains(row: &StoredRow, text: &str) -> bool {
    let haystack = [
        &*row.observed.name,
        row.workload_name.as_deref().unwrap_or_default(),
        &*row.binding.role,
        &*row.observed.image_ref,
        &*row.observed.ports,
        row.host.as_str(),
        row.id.as_str(),
        row.binding.container_id.as_ref().map_or("", |id| id.as_str()),
    ]
    .join("\n")
    .to_lowercase();
    text.split_whitespace().all(|word| haystack.contains(&word.to_lowercase()))
}

fn needs_attention(row: &StoredRow) -> bool {
    let observed = &row.observed;
    let ended_badly = observed.state == ContainerState::Stopped && observed.exit_code.is_some_and(|code| code != 0);
    let is_unwell = observed.state.is_up() && observed.health.as_deref() == Some("unhealthy");
    let is_lost =
        matches!(observed.state, ContainerState::Missing | ContainerState::Failed | ContainerState::Restarting);
    ended_badly || is_unwell || is_lost || observed.flapping_since.is_some()
}

/// The gravest first.
pub(super) const fn rank(state: &ContainerState) -> u8 {
    match state {
        ContainerState::Failed => 0,
        ContainerState::Missing => 1,
        ContainerState::Restarting => 2,
        ContainerState::Other(_) => 3,
        ContainerState::Removing => 4,
        ContainerState::Stopped => 5,
        ContainerState::Created => 6,
        ContainerState::Paused => 7,
        ContainerState::Running => 8,
        ContainerState::Forgotten => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::row_view::tests::row;
    use crate::http::page::texts::ENGLISH;

    fn filters(change: impl FnOnce(&mut Filters)) -> Filters {
        let mut filters = Filters::default();
        change(&mut filters);
        filters
    }

    #[test]
    fn every_word_of_the_search_has_to_be_found() {
        let row = row();
        for (text, found) in
            [("SHOP", true), ("web shop", true), ("8080", true), ("abab", true), ("shop nowhere", false), (" ", true)]
        {
            assert_eq!(filters(|filters| filters.text = text.into()).lets_pass(&row), found, "{text:?}");
        }
    }

    #[test]
    fn what_needs_attention_is_lost_unwell_or_ended_badly() {
        let passes = |change: fn(&mut StoredRow)| {
            let mut row = row();
            change(&mut row);
            filters(|filters| filters.state = "attention".into()).lets_state_pass(&row)
        };
        assert!(!passes(|_| {}));
        assert!(passes(|row| row.observed.state = ContainerState::Missing));
        assert!(passes(|row| row.observed.health = Some("unhealthy".into())));
        assert!(passes(|row| {
            (row.observed.state, row.observed.exit_code) = (ContainerState::Stopped, Some(1));
        }));
        assert!(!passes(|row| {
            (row.observed.state, row.observed.exit_code) = (ContainerState::Stopped, Some(0));
        }));
    }

    /// B6: a filter cannot leave the link that keeps it.
    #[test]
    fn filters_are_kept_in_the_address_whatever_they_hold() {
        assert_eq!(Filters::default().href(), "/");
        let hostile = filters(|filters| {
            filters.state = "stopped".into();
            filters.text = "\"><img onerror=x>&kind=site".into();
        });
        assert_eq!(hostile.href(), "/?state=stopped&text=%22%3E%3Cimg%20onerror%3Dx%3E%26kind%3Dsite");
    }

    #[test]
    fn chips_count_what_they_would_show() {
        let (running, mut stopped) = (row(), row());
        stopped.observed.state = ContainerState::Stopped;
        let chips = filters(|filters| filters.state = "stopped".into()).chips(&[&running, &stopped], &ENGLISH);
        let told: Vec<(&str, usize, bool)> =
            chips.iter().map(|chip| (chip.text.as_str(), chip.count, chip.is_chosen)).collect();
        let expected = [
            ("all", 2, false),
            ("need attention", 0, false),
            ("not running", 1, false),
            ("stopped", 1, true),
            ("running", 1, false),
        ];
        assert_eq!(told, expected);
        assert_eq!(chips[4].href, "/?state=running");
    }
}
