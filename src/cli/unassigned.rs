//! `unassigned`: what the daemon runs and the ledger has no row for.

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::Printing;
use super::context::{Context, runtime};
use super::exit::{Exit, Failure};
use super::output::{Output, Spinner};
use super::table::Table;
use crate::config::Config;
use crate::docker::find_endpoint;
use crate::model::Unassigned;
use crate::telling::{ProjectNames, advice, escape, fix, project_names};
use crate::{Preview, preview};

pub(super) fn execute(printing: &Printing, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let projects = project_names(&mut context.read(&config)?)?;
    let seen = look(&config)?;
    let output = Output::of_this_process(printing.json);
    output.answer(&seen.unassigned, || text(&seen, &projects, output.width) + &same_flags(context))?;
    Ok(Exit::Fine)
}

/// Asks the daemon and assigns what it lists, without writing anything.
pub(super) fn look(config: &Config) -> Result<Preview, Failure> {
    // An address that makes no sense is a fault of the configuration, not of the daemon.
    find_endpoint(config)?;
    let _spinner = Spinner::start("asking the daemon");
    let runtime = runtime()?;
    let seen = runtime.block_on(Box::pin(preview(config)));
    runtime.shutdown_background();
    Ok(seen?)
}

/// The commands are shown without the flags that brought the reader to this ledger: a password may be among them.
fn same_flags(context: &Context) -> String {
    match context.given_flags().as_slice() {
        [] => String::new(),
        flags => format!("\nGive each of these commands the same {} as this one.\n", flags.join(" and ")),
    }
}

fn text(seen: &Preview, projects: &BTreeMap<String, ProjectNames>, width: usize) -> String {
    let containers = &seen.unassigned;
    let adopting: String = seen
        .adopting
        .iter()
        .map(|project| {
            format!(
                "compose project {}: the next pass registers it and gives it its rows (auto_adopt)\n",
                escape(project)
            )
        })
        .collect();
    if containers.is_empty() && adopting.is_empty() {
        return format!("Each of the {} containers that the daemon lists has a row.\n", seen.listed);
    }
    if containers.is_empty() {
        return adopting;
    }
    let mut table = Table::new(&["NAME", "STATE", "REASON", "DETAIL", "IMAGE", "CONTAINER"]);
    table.dispense_with(&["IMAGE", "CONTAINER", "STATE"]);
    for container in containers {
        table.row(vec![
            container.name.to_string(),
            container.state.to_string(),
            container.reason.to_string(),
            container.detail.clone(),
            container.image_ref.to_string(),
            container.container_id.short().into(),
        ]);
    }
    let partial = seen.unreadable.iter().map(|problem| format!("unreadable entry: {}\n", escape(problem)));
    adopting + &table.render(width) + &partial.collect::<String>() + &fixes(containers, projects)
}

/// For each reason that occurs, what it means and the commands that would help, each once and never cut.
fn fixes(containers: &[Unassigned], projects: &BTreeMap<String, ProjectNames>) -> String {
    let mut text = String::new();
    let reasons: BTreeSet<_> = containers.iter().map(|container| container.reason).collect();
    for reason in reasons {
        text.push_str(&format!("\n{reason}: {}\n", advice(reason)));
        let of_this_reason = containers.iter().filter(|container| container.reason == reason);
        let commands: BTreeSet<String> = of_this_reason.filter_map(|container| fix(container, projects)).collect();
        for command in commands {
            text.push_str(&format!("  {command}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnassignedReason;
    use crate::telling::unassigned;

    fn seen(unassigned: Vec<Unassigned>) -> Preview {
        Preview { listed: 3, unassigned, adopting: BTreeSet::new(), unreadable: Vec::new() }
    }

    #[test]
    fn each_reason_is_explained_once_and_each_command_stands_once() {
        let seen = seen(vec![
            unassigned(UnassignedReason::UnknownStack, "shop-web-1", "shop"),
            unassigned(UnassignedReason::UnknownStack, "shop-db-1", "shop"),
            unassigned(UnassignedReason::NoLabel, "old\u{1b}[31m", ""),
        ]);
        let text = text(&seen, &BTreeMap::new(), 120);
        assert_eq!(text.matches("  dockledger adopt shop\n").count(), 1, "{text}");
        assert!(text.contains("\nno_label: no label names an owner"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("stack add"), "{text}");
    }

    #[test]
    fn nothing_unassigned_is_said_in_a_sentence() {
        assert_eq!(
            text(&seen(Vec::new()), &BTreeMap::new(), 80),
            "Each of the 3 containers that the daemon lists has a row.\n"
        );
    }

    #[test]
    fn a_project_that_the_next_pass_adopts_is_told_and_not_called_one_with_rows() {
        let mut seen = seen(Vec::new());
        seen.adopting.insert("shop".into());
        let told = text(&seen, &BTreeMap::new(), 80);
        assert_eq!(told, "compose project shop: the next pass registers it and gives it its rows (auto_adopt)\n");
        seen.unassigned.push(unassigned(UnassignedReason::NoLabel, "db", ""));
        assert!(text(&seen, &BTreeMap::new(), 80).starts_with(&told), "beside what has none");
    }

    #[test]
    fn json_has_the_documented_fields() {
        let value = serde_json::to_value(unassigned(UnassignedReason::NoLabel, "db", "")).expect("serialised");
        let fields: Vec<&String> = value.as_object().expect("an object").keys().collect();
        assert_eq!(fields.len(), 6);
        for field in ["container_id", "name", "image_ref", "state", "reason", "detail"] {
            assert!(fields.iter().any(|name| *name == field), "{field}");
        }
    }
}
