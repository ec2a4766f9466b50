//! A change in words. Pure.

use crate::model::{Change, ChangeCause, ContainerId, ContainerState, Difference};
use crate::wording::escape;

/// One change in a line of its own.
pub(in crate::cli) fn sentence(change: &Change) -> String {
    let words = [workload(change), change.role.clone().unwrap_or_default(), name(change), what(change)];
    let words: Vec<String> =
        words.iter().filter(|word| !word.is_empty()).map(|word| escape(word).into_owned()).collect();
    format!("{}  {}  {}\n", change.at, words.join("  "), change.cause)
}

/// `stack/shop`, or the id of what has no name any more.
pub(super) fn workload(change: &Change) -> String {
    match (&change.workload_kind, &change.workload_name) {
        (Some(kind), Some(name)) => format!("{kind}/{name}"),
        _ => change.workload_id.as_ref().map_or_else(|| "-".into(), ToString::to_string),
    }
}

/// The container's name, or the row's id where there was none yet.
pub(super) fn name(change: &Change) -> String {
    change.name.clone().unwrap_or_else(|| change.row_id.to_string())
}

/// All that a change changes: `running → stopped (137), needs attention: crashed`.
pub(in crate::cli) fn what(change: &Change) -> String {
    let mut parts = Vec::new();
    if change.from_state.as_ref() != Some(&change.to_state) || change.differences.is_empty() {
        parts.push(step(change));
    }
    let differing = change.differences.iter().filter(|(column, _)| *column != "exit_code" && *column != "attention");
    parts.extend(differing.map(|(column, difference)| difference_text(column, difference)));
    let (begun, ended) = change.attention();
    if !begun.is_empty() {
        parts.push(format!("needs attention: {}", begun.to_string().replace(',', ", ")));
    }
    if !ended.is_empty() {
        parts.push(format!("no longer {}", ended.to_string().replace(',', ", ")));
    }
    parts.join(", ")
}

fn difference_text(column: &str, difference: &Difference) -> String {
    let shown = |text: Option<&str>| match text {
        Some(id) if column == "container_id" => ContainerId::new(id).short().to_owned(),
        Some(text) => text.to_owned(),
        None => "none".to_owned(),
    };
    let (from, to) = difference.said();
    // It says the stage's name.
    let column = if column == "stage_id" { "stage" } else { column };
    format!("{column} {} → {}", shown(from), shown(to))
}

/// `running → stopped (137)`
pub(super) fn step(change: &Change) -> String {
    let after = match (&change.to_state, change.exit_code) {
        (state @ (ContainerState::Stopped | ContainerState::Restarting), Some(code)) => format!("{state} ({code})"),
        (state, Some(code)) if change.cause == ChangeCause::Crashed => format!("{state} again (ended with {code})"),
        (state, _) => state.to_string(),
    };
    match &change.from_state {
        Some(before) if *before != change.to_state => format!("{before} → {after}"),
        Some(_) => after,
        None => format!("new → {after}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{Revision, WorkloadKind, change_to};

    pub(crate) fn change(from: Option<&str>, to: &str, exit_code: Option<i64>) -> Change {
        Change { revision: Revision(7), from_state: from.map(ContainerState::parse), exit_code, ..change_to(to) }
    }

    #[test]
    fn a_change_says_from_where_to_where() {
        assert_eq!(step(&change(Some("running"), "stopped", Some(137))), "running → stopped (137)");
        assert_eq!(step(&change(None, "running", None)), "new → running");
        assert_eq!(step(&change(Some("running"), "running", None)), "running");
    }

    #[test]
    fn a_change_names_its_container_and_all_that_differs() {
        let mut ill = change(Some("running"), "running", None);
        ill.workload_kind = Some(WorkloadKind::Stack);
        (ill.workload_name, ill.role, ill.name) = (Some("shop".into()), Some("web".into()), Some("shop-web-1".into()));
        let difference =
            |from: Option<&str>, to: Option<&str>| Difference::new(from.map(str::to_owned), to.map(str::to_owned));
        ill.differences.insert("health".into(), difference(Some("healthy"), Some("unhealthy")));
        ill.differences.insert("attention".into(), difference(None, Some("unhealthy")));
        assert_eq!(what(&ill), "health healthy → unhealthy, needs attention: unhealthy");
        let line = sentence(&ill);
        assert!(line.contains("stack/shop  web  shop-web-1  health"), "{line}");
        let moved = Difference { to_name: Some("staging".into()), ..difference(Some("7f3a"), Some("8b2c")) };
        let moved = Change { differences: [("stage_id".to_owned(), moved)].into(), ..ill.clone() };
        assert_eq!(what(&moved), "stage 7f3a → staging", "the first is gone and has no name");
        ill.differences = [("attention".to_owned(), difference(Some("unhealthy"), None))].into();
        assert_eq!(what(&ill), "no longer unhealthy");
        let crashed = Change { cause: ChangeCause::Crashed, ..change(Some("running"), "running", Some(3)) };
        assert_eq!(what(&crashed), "running again (ended with 3)");
    }
}
