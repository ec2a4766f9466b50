//! What else than the state a change changes, in the language.

use super::shown::shown;
use super::texts::Texts;
use crate::model::{AttentionSet, Change, ContainerId, Difference};

/// One column that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Differing {
    pub(super) name: String,
    /// `None` where there was nothing.
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    /// `bad` where somebody has to look from then on.
    pub(super) tone: &'static str,
}

/// Columns that are shown in another way.
const SHOWN_ELSEWHERE: &str = "exit_code";

/// What differs, what somebody has to look at first. What a row is made with differs from nothing.
pub(super) fn differing(change: &Change, t: &Texts) -> Vec<Differing> {
    let is_made = change.from_state.is_none();
    let is_told = |column: &str| column != SHOWN_ELSEWHERE && (!is_made || column == "attention");
    let columns = change.differences.iter().filter(|(column, _)| is_told(column));
    let mut all: Vec<(bool, Differing)> =
        columns.map(|(column, difference)| (column != "attention", one(column, difference, t))).collect();
    all.sort_by_key(|(is_other, _)| *is_other);
    all.into_iter().map(|(_, differing)| differing).collect()
}

/// Whether the state is what is different, or at least all that there is to tell.
pub(super) fn tells_state(change: &Change) -> bool {
    change.from_state.as_ref() != Some(&change.to_state)
        || change.differences.keys().all(|column| column == SHOWN_ELSEWHERE)
}

fn one(column: &str, difference: &Difference, t: &Texts) -> Differing {
    let (from, to) = difference.said();
    let said = |text: Option<&str>| text.map(|text| value(column, text, t));
    let is_bad = match column {
        "attention" => to.is_some(),
        "health" => to == Some("unhealthy"),
        _ => false,
    };
    Differing {
        name: shown(t.column(column)),
        from: said(from),
        to: said(to),
        tone: if is_bad { "bad" } else { "calm" },
    }
}

fn value(column: &str, text: &str, t: &Texts) -> String {
    match column {
        "attention" => {
            let reasons: Vec<&str> = AttentionSet::parse(text).iter().map(|reason| t.attention(reason)).collect();
            reasons.join(", ")
        }
        "health" => shown(t.health(text)),
        "container_id" => shown(ContainerId::new(text.to_owned()).short()),
        _ => shown(text),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::http::page::texts::{ENGLISH, RUSSIAN};
    use crate::model::{ContainerState, Timestamp, WorkloadId, change_to};

    /// A change of the container `shop-web-1` of the workload `w`, named Shop.
    pub(in crate::http::page) fn change(from: Option<&str>, to: &str) -> Change {
        Change {
            at: Timestamp::from_millis(1_000),
            workload_id: Some(WorkloadId::new("w")),
            from_state: from.map(ContainerState::parse),
            workload_name: Some("Shop".into()),
            role: Some("web".into()),
            name: Some("shop-web-1".into()),
            ..change_to(to)
        }
    }

    fn with(differences: &[(&str, Option<&str>, Option<&str>)]) -> Change {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let differences = differences.iter();
        let differences = differences
            .map(|(column, from, to)| ((*column).to_owned(), Difference::new(owned(*from), owned(*to))))
            .collect();
        Change { differences, ..change(Some("running"), "running") }
    }

    fn told(change: &Change, t: &Texts) -> Vec<String> {
        let text = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let each = differing(change, t).into_iter();
        each.map(|one| format!("{}: {} > {} {}", one.name, text(one.from), text(one.to), one.tone)).collect()
    }

    #[test]
    fn what_differs_is_told_in_the_language_with_what_alarms_first() {
        let ill = with(&[
            ("health", Some("healthy"), Some("unhealthy")),
            ("exit_code", None, Some("1")),
            ("attention", None, Some("unhealthy")),
        ]);
        assert_eq!(told(&ill, &ENGLISH), ["Attention: - > unhealthy bad", "Health: healthy > unhealthy bad"]);
        assert_eq!(told(&ill, &RUSSIAN), ["Внимание: - > нездоров bad", "Здоровье: здоров > нездоров bad"]);
        let (old, new) = ("ab".repeat(32), "cd".repeat(32));
        let rebound = with(&[
            ("container_id", Some(&old), Some(&new)),
            ("image_ref", Some("web:1"), Some("web:2")),
            ("later", Some("a"), None),
        ]);
        let expected =
            ["Container: abababababab > cdcdcdcdcdcd calm", "Image: web:1 > web:2 calm", "later: a > - calm"];
        assert_eq!(told(&rebound, &ENGLISH), expected);
        assert!(!tells_state(&ill) && !tells_state(&rebound), "it ran before and runs");
        let mut moved = with(&[("stage_id", Some("7f3a"), Some("8b2c"))]);
        moved.differences.get_mut("stage_id").expect("it differs").to_name = Some("staging".into());
        assert_eq!(told(&moved, &ENGLISH), ["Stage: 7f3a > staging calm"], "the first is gone and has no name");
    }

    #[test]
    fn what_a_row_is_made_with_differs_from_nothing() {
        let claimed = with(&[("attention", None, Some("missing")), ("role", None, Some("web"))]);
        let claimed = Change { from_state: None, ..claimed };
        assert_eq!(told(&claimed, &ENGLISH), ["Attention: - > missing bad"]);
        assert!(tells_state(&claimed));
    }

    #[test]
    fn a_change_without_anything_else_tells_its_state() {
        assert!(tells_state(&change(Some("running"), "running")));
        assert!(tells_state(&change(Some("running"), "stopped")));
        assert!(tells_state(&with(&[("exit_code", None, Some("1"))])));
    }
}
