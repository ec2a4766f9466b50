//! What the commands on projects, stages, stacks and sites print alike.

use serde_json::json;

use super::arguments::Ids;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::object_text;
use crate::model::Registered;
use crate::store::NewParent;

/// What is to be registered.
pub(crate) fn new_parent(name: &str, ids: &Ids) -> NewParent {
    NewParent { name: name.to_owned(), id: ids.id.clone(), workload_id: ids.workload_id.clone() }
}

/// Prints what was registered, with the secret that is never shown again.
pub(crate) fn print_registered(registered: &Registered, json: bool) -> Result<Exit, Failure> {
    Output::of_this_process(json).answer(registered, || registered_text(registered))?;
    Ok(Exit::Fine)
}

/// Prints what was removed, and how many rows were forgotten with it.
pub(crate) fn print_removed(kind: &str, name: &str, rows_forgotten: usize, json: bool) -> Result<Exit, Failure> {
    let document = json!({ "removed": name, "rows_forgotten": rows_forgotten });
    Output::of_this_process(json).answer(&document, || {
        object_text(&[("removed", format!("{kind} {name}")), ("rows forgotten", rows_forgotten.to_string())])
    })?;
    Ok(Exit::Fine)
}

fn registered_text(registered: &Registered) -> String {
    let mut fields = vec![
        ("registered", format!("{} {}", registered.kind, registered.name)),
        ("id", registered.id.clone()),
        ("workload id", registered.workload_id.to_string()),
    ];
    if let Some(project) = &registered.compose_project {
        fields.push(("compose project", project.clone()));
    }
    fields.push(("webhook secret", format!("{} (shown only now)", registered.webhook_secret)));
    object_text(&fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WorkloadKind;

    #[test]
    fn ids_and_the_secret_are_shown_whole() {
        let registered = Registered {
            id: "i".repeat(80),
            name: "shop\u{1b}".into(),
            workload_id: crate::model::WorkloadId::new("w1"),
            kind: WorkloadKind::Stack,
            compose_project: Some("shop".into()),
            webhook_secret: "s".repeat(64),
        };
        let text = registered_text(&registered);
        assert!(text.contains(&"i".repeat(80)) && text.contains(&"s".repeat(64)), "{text}");
        assert!(text.starts_with("registered       stack shop\\u{1b}\n"), "{text}");
    }
}
