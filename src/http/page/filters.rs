//! Which rows the page shows, as the URL says.

use serde::Deserialize;

use super::links::{Chip, query};
use super::marks::look;
use super::shown::shown;
use super::texts::Texts;
use crate::model::{Attention, Condition, ContainerState, RowOrder, StoredRow};

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

/// How rows can be sorted, the first unless another is asked for.
const ORDERS: [RowOrder; 5] =
    [RowOrder::Attention, RowOrder::Workload, RowOrder::Name, RowOrder::State, RowOrder::Since];

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

    /// The rows that pass the filter of their state.
    pub(super) fn of_state<'a>(&self, rows: Vec<&'a StoredRow>) -> Vec<&'a StoredRow> {
        let conditions = Condition::parse_all(&self.state);
        rows.into_iter().filter(|row| passes(&conditions, row)).collect()
    }

    /// A word of the filter of the state that nobody knows and no row has.
    pub(super) fn unknown_state(&self, rows: &[StoredRow]) -> Option<String> {
        let conditions = Condition::parse_all(&self.state);
        let nobody = |condition: &&Condition| !rows.iter().any(|row| condition.holds(row));
        let mut foreign = conditions.iter().filter(nobody).filter_map(Condition::foreign_word);
        foreign.next().map(shown)
    }

    /// The conditions to choose from, with how many rows each would show.
    pub(super) fn chips(&self, rows: &[&StoredRow], t: &Texts) -> Vec<Chip> {
        let chip = |state: &str, text: &str, look| {
            let conditions = Condition::parse_all(state);
            let chosen = Self { state: state.to_owned(), ..self.clone() };
            Chip {
                href: chosen.href(),
                text: text.to_owned(),
                look,
                count: Some(rows.iter().filter(|row| passes(&conditions, row)).count()),
                is_chosen: self.state == state,
            }
        };
        let mut chips = vec![chip("", t.state_all, None), chip("attention", t.state_attention, None)];
        // What is gone is a state as well.
        let reasons = Attention::ALL.iter().filter(|reason| **reason != Attention::Missing);
        let reasons = reasons.map(|reason| chip(reason.as_str(), t.attention(*reason), Some(("triangle", "bad"))));
        chips.extend(reasons.filter(|chip| chip.count != Some(0) || chip.is_chosen));
        chips.push(chip("down", t.state_down, None));
        let mut states: Vec<ContainerState> = rows.iter().map(|row| row.observed.state.clone()).collect();
        states.extend(Condition::parse_all(&self.state).into_iter().filter_map(|condition| match condition {
            Condition::In(state) => Some(state),
            _ => None,
        }));
        states.sort_by_key(|state| (rank(state), state.to_string()));
        states.dedup();
        chips.extend(states.iter().map(|state| chip(state.as_str(), &shown(t.state(state)), Some(look(state)))));
        chips
    }

    /// In which order the rows are shown.
    pub(super) fn order(&self) -> RowOrder {
        RowOrder::parse(&self.sort).filter(|order| ORDERS.contains(order)).unwrap_or(ORDERS[0])
    }

    /// The orders to choose from: link, text, whether it is this one.
    pub(super) fn sorts(&self, t: &Texts) -> Vec<(String, &'static str, bool)> {
        let texts = [t.sort_attention, t.column_workload, t.column_container, t.column_state, t.column_since];
        let each = ORDERS.into_iter().zip(texts);
        each.map(|(order, text)| {
            let sort = if order == ORDERS[0] { String::new() } else { order.to_string() };
            (Self { sort, ..self.clone() }.href(), text, order == self.order())
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

/// Whether a row is in one of the conditions; none does not narrow.
fn passes(conditions: &[Condition], row: &StoredRow) -> bool {
    conditions.is_empty() || conditions.iter().any(|condition| condition.holds(row))
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
    use crate::model::AttentionSet;

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
    fn several_words_of_one_filter_are_or_and_an_unknown_one_is_told() {
        let mut row = row();
        row.observed.attention = AttentionSet::NONE.with(Attention::Crashed);
        for (state, passes, unknown) in [
            ("attention", true, None),
            ("crashed", true, None),
            ("stopped,crashed", true, None),
            ("unhealthy", false, None),
            ("down", false, None),
            ("bogus", false, Some("bogus")),
            ("running, bogus", true, Some("bogus")),
        ] {
            let filters = filters(|filters| filters.state = state.into());
            assert_eq!(filters.of_state(vec![&row]).len() == 1, passes, "{state}");
            assert_eq!(filters.unknown_state(std::slice::from_ref(&row)).as_deref(), unknown, "{state}");
        }
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
        let told: Vec<(&str, Option<usize>, bool)> =
            chips.iter().map(|chip| (chip.text.as_str(), chip.count, chip.is_chosen)).collect();
        let expected = [
            ("all", Some(2), false),
            ("need attention", Some(0), false),
            ("not running", Some(1), false),
            ("stopped", Some(1), true),
            ("running", Some(1), false),
        ];
        assert_eq!(told, expected);
        assert_eq!(chips[4].href, "/?state=running");
    }
}
