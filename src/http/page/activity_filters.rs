//! Which changes the page of the activity shows, as the URL says.

use serde::Deserialize;

use super::links::{Chip, query};
use super::marks::look;
use super::shown::shown;
use super::texts::Texts;
use crate::model::{Became, ChangeFilter, ChangeKind, ContainerState, HostName, Workload};

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
    /// Those before this revision: the last one of the page before.
    pub(super) before: Option<i64>,
}

/// What a change can make of a container, to choose from, whatever the history holds.
const STATES: [&str; 9] =
    ["running", "restarting", "paused", "created", "stopped", "removing", "missing", "failed", "forgotten"];

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
            text: self.text.clone(),
            became: given(&self.state).map(|word| Became::parse(&word)),
            ..ChangeFilter::default()
        })
    }

    /// What became of the containers, to choose from.
    pub(super) fn chips(&self, t: &Texts) -> Vec<Chip> {
        let chip = |state: &str, text: String, look| {
            let chosen = Self { state: state.to_owned(), before: None, ..self.clone() };
            Chip { href: chosen.href(), text, look, count: None, is_chosen: self.state == state }
        };
        let turns = [("", t.activity_any), ("down", t.activity_down), ("up", t.activity_up)];
        let is_offered = |state: &str| STATES.contains(&state) || turns.iter().any(|(word, _)| *word == state);
        let other = Some(self.state.as_str()).filter(|state| !is_offered(state));
        let states = STATES.into_iter().chain(other).map(ContainerState::parse);
        let states = states.map(|state| chip(state.as_str(), shown(t.state(&state)), Some(look(&state))));
        turns.iter().map(|(word, text)| chip(word, (*text).to_owned(), None)).chain(states).collect()
    }

    /// What is asked for before that change.
    pub(super) fn older(&self, last: i64) -> String {
        Self { before: Some(last), ..self.clone() }.href()
    }

    /// The latest of what is asked for.
    pub(super) fn latest(&self) -> String {
        Self { before: None, ..self.clone() }.href()
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
                ("before", &self.before.map(|before| before.to_string()).unwrap_or_default()),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn a_choice_keeps_the_other_filters_and_begins_at_the_latest() {
        let chosen = filters(|filters| {
            (filters.workload, filters.text) = ("w".into(), "a b".into());
            (filters.state, filters.before) = ("hibernating".into(), Some(7));
        });
        let chips = chosen.chips(&ENGLISH);
        assert_eq!(chips[1].href, "/activity?workload=w&state=down&text=a%20b");
        let is_chosen: Vec<&str> = chips.iter().filter(|chip| chip.is_chosen).map(|chip| chip.text.as_str()).collect();
        assert_eq!(
            (chips.len(), is_chosen),
            (13, vec!["hibernating"]),
            "one that only the daemon knows is offered too"
        );
        assert_eq!(chosen.older(3), "/activity?workload=w&state=hibernating&text=a%20b&before=3");
        assert_eq!(chosen.latest(), "/activity?workload=w&state=hibernating&text=a%20b");
        let asked = chosen.asked().expect("no kind");
        assert_eq!((asked.text.as_str(), asked.became), ("a b", Some(Became::parse("hibernating"))));
        assert_eq!(filters(|_| {}).chips(&ENGLISH).len(), 12);
    }
}
