//! Which changes the page of the activity shows, as the URL says.

use serde::Deserialize;

use super::links::{Chip, query};
use super::marks::look;
use super::shown::shown;
use super::texts::Texts;
use crate::model::{Change, ChangeFilter, ChangeKind, ContainerState, HostName, Workload};

/// What the URL asks for; empty is the same as absent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct ActivityFilters {
    /// Id or name of a workload.
    pub(super) workload: String,
    pub(super) host: String,
    /// One or more kinds of change, with commas between them.
    #[serde(alias = "cause")]
    pub(super) kind: String,
    /// The state after: a state's word, `down` or `up`.
    pub(super) state: String,
    pub(super) text: String,
}

/// From up to any other state.
const DOWN: &str = "down";

/// From any other state to up.
const UP: &str = "up";

impl ActivityFilters {
    pub(super) fn narrows(&self) -> bool {
        [&self.workload, &self.host, &self.kind, &self.state, &self.text].into_iter().any(|filter| !filter.is_empty())
    }

    /// What the history is asked for, or the kind that there is not.
    pub(super) fn asked(&self) -> Result<ChangeFilter, String> {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let words = self.kind.split(',').map(str::trim).filter(|word| !word.is_empty());
        let kinds = words.map(|word| ChangeKind::parse(word).ok_or_else(|| shown(word))).collect::<Result<_, _>>()?;
        Ok(ChangeFilter {
            host: given(&self.host).map(HostName::new),
            workload: given(&self.workload),
            kinds,
            ..ChangeFilter::default()
        })
    }

    /// Whether a change that was asked for has all words of the search.
    pub(super) fn lets_pass(&self, change: &Change) -> bool {
        holds(change, &self.text)
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
    pub(super) fn chips(&self, all: &[&Change], t: &Texts) -> Vec<Chip> {
        let chip = |state: &str, text: &str, look| {
            let chosen = Self { state: state.to_owned(), ..self.clone() };
            Chip {
                href: chosen.href(),
                text: text.to_owned(),
                look,
                count: all.iter().filter(|change| chosen.lets_state_pass(change)).count(),
                is_chosen: self.state == state,
            }
        };
        let mut chips =
            vec![chip("", t.activity_any, None), chip(DOWN, t.activity_down, None), chip(UP, t.activity_up, None)];
        let mut states: Vec<ContainerState> = all.iter().map(|change| change.to_state.clone()).collect();
        if !["", DOWN, UP].contains(&self.state.as_str()) {
            states.push(ContainerState::parse(&self.state));
        }
        states.sort_by_key(|state| (super::filters::rank(state), state.to_string()));
        states.dedup();
        chips.extend(states.iter().map(|state| chip(state.as_str(), &shown(t.state(state)), Some(look(state)))));
        chips
    }

    /// Kinds of change to choose from, one that is asked for with others among them.
    pub(super) fn kinds(&self, t: &Texts) -> Vec<(String, String, bool)> {
        let choice = |word: &str| (word.to_owned(), shown(t.change_kind(word)), self.kind == word);
        let mut kinds: Vec<_> = ChangeKind::words().into_iter().map(choice).collect();
        if !self.kind.is_empty() && !kinds.iter().any(|(.., is_chosen)| *is_chosen) {
            kinds.push((self.kind.clone(), shown(&self.kind), true));
        }
        kinds
    }

    pub(super) fn hosts<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<(String, bool)> {
        names.map(|name| (name.to_owned(), self.host == name)).collect()
    }

    /// The owners to choose from, and one that is asked for and was removed.
    pub(super) fn owners(&self, all: &[Workload]) -> Vec<(String, String, bool)> {
        let is_asked = |workload: &Workload| workload.id.as_str() == self.workload || workload.name == self.workload;
        let choice = |workload: &Workload| (workload.id.to_string(), shown(&workload.name), is_asked(workload));
        let mut owners: Vec<_> = all.iter().map(choice).collect();
        if !self.workload.is_empty() && !owners.iter().any(|(.., is_chosen)| *is_chosen) {
            owners.push((self.workload.clone(), shown(&self.workload), true));
        }
        owners.sort_by(|(_, a, _), (_, b, _)| a.cmp(b));
        owners
    }

    fn href(&self) -> String {
        query(
            "/activity",
            &[
                ("workload", &self.workload),
                ("host", &self.host),
                ("kind", &self.kind),
                ("state", &self.state),
                ("text", &self.text),
            ],
        )
    }
}

/// Whether each word of the search is somewhere in what is shown of the change, or in an id.
fn holds(change: &Change, text: &str) -> bool {
    if text.trim().is_empty() {
        return true;
    }
    let text_of = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut haystack = vec![
        text_of(&change.name),
        text_of(&change.role),
        text_of(&change.workload_name),
        change.workload_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        change.host.to_string(),
        change.row_id.to_string(),
        change.container_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        change.from_state.as_ref().map(ToString::to_string).unwrap_or_default(),
        change.to_state.to_string(),
    ];
    for difference in change.differences.values() {
        haystack.extend([text_of(&difference.from), text_of(&difference.to)]);
    }
    let haystack = haystack.join("\n").to_lowercase();
    text.split_whitespace().all(|word| haystack.contains(&word.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::differences::tests::change;
    use crate::http::page::texts::{ENGLISH, RUSSIAN};
    use crate::model::Attention;

    fn filters(change: impl FnOnce(&mut ActivityFilters)) -> ActivityFilters {
        let mut filters = ActivityFilters::default();
        change(&mut filters);
        filters
    }

    #[test]
    fn what_is_asked_for_is_asked_of_the_history_in_its_own_words() {
        let all = filters(|_| {}).asked().expect("nothing");
        assert!(all.is_everything());
        let asked = filters(|filters| {
            (filters.workload, filters.host) = ("w".into(), "edge".into());
            filters.kind = "health, crashed,".into();
        });
        let asked = asked.asked().expect("they are known");
        assert_eq!((asked.workload.as_deref(), asked.host), (Some("w"), Some(HostName::new("edge"))));
        assert_eq!(asked.kinds, [ChangeKind::Column("health"), ChangeKind::Because(Attention::Crashed)]);
        assert_eq!(filters(|filters| filters.kind = "health,bogus".into()).asked(), Err("bogus".into()));
    }

    #[test]
    fn a_change_is_found_by_every_word_of_what_it_shows() {
        let change = change(Some("running"), "stopped");
        for (text, passes) in [("", true), ("SHOP web", true), ("shop-web-1 stopped", true), ("shop nowhere", false)] {
            assert_eq!(filters(|filters| filters.text = text.into()).lets_pass(&change), passes, "{text}");
        }
    }

    #[test]
    fn every_kind_can_be_chosen_in_both_languages() {
        let kinds = filters(|filters| filters.kind = "health".into()).kinds(&ENGLISH);
        assert_eq!(kinds.iter().map(|(word, ..)| word.as_str()).collect::<Vec<_>>(), ChangeKind::words());
        assert_eq!(kinds.iter().filter(|(.., is_chosen)| *is_chosen).count(), 1);
        let is_cyrillic = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
        for (word, text, _) in filters(|_| {}).kinds(&RUSSIAN) {
            assert!(is_cyrillic(&text), "{word}: {text}");
        }
        let several = filters(|filters| filters.kind = "health,image".into()).kinds(&ENGLISH);
        assert_eq!(
            several.last().map(|(word, _, is_chosen)| (word.as_str(), *is_chosen)),
            Some(("health,image", true))
        );
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
        let chosen = filters(|filters| (filters.workload, filters.text) = ("w".into(), "a b".into()));
        let chips = chosen.chips(&[&stopped, &started], &ENGLISH);
        let told: Vec<(&str, usize)> = chips.iter().map(|chip| (chip.text.as_str(), chip.count)).collect();
        assert_eq!(told, [("every change", 2), ("went down", 1), ("came up", 1), ("stopped", 1), ("running", 1)]);
        assert_eq!(chips[1].href, "/activity?workload=w&state=down&text=a%20b");
    }
}
