//! `unassigned`: what the daemon runs and the ledger has no row for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::arguments::UnassignedArguments;
use super::command_line::CommandLine;
use super::context::{Context, runtime};
use super::exit::{Exit, Failure};
use super::output::{Output, Spinner, list_call};
use super::table::Table;
use crate::config::Config;
use crate::docker::find_endpoint;
use crate::model::{Unassigned, UnassignedReason};
use crate::wording::{Fixes, advice, escape, escape_json, ignore_entry};
use crate::{Preview, preview};

pub(super) fn execute(arguments: &UnassignedArguments, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let config = &settings.config;
    let line = context.command_line();
    let fixes = Fixes::read(&mut context.read(config)?, &line.text)?;
    let mut seen = look(config)?;
    // What the reader looks for stands together: one reason, and within it one project.
    seen.unassigned.sort_by(|a, b| (a.reason, &a.detail, &a.name).cmp(&(b.reason, &b.detail, &b.name)));
    let output = Output::of_this_process(arguments.printing.json);
    output.answer(&seen.unassigned, || {
        let shown = shown(&seen, arguments.all);
        let mut text = text(&seen, &shown, &fixes, output.width);
        text.push_str(&ignoring(&shown, config, settings.file.as_deref()));
        text + &withheld(&line)
    })?;
    Ok(Exit::Fine)
}

/// What lacks an owner; one-offs, and what the configuration leaves out, only if they are asked for.
fn shown(seen: &Preview, all: bool) -> Vec<&Unassigned> {
    seen.unassigned.iter().filter(|container| all || container.reason.needs_owner()).collect()
}

/// Asks the daemon and assigns what it lists, without writing anything.
pub(super) fn look(config: &Config) -> Result<Preview, Failure> {
    // An address that makes no sense is a fault of the configuration, not of the daemon.
    let found = find_endpoint(config)?;
    let _spinner = Spinner::start(list_call(&found.endpoint, config));
    let runtime = runtime()?;
    let seen = runtime.block_on(Box::pin(preview(config)));
    runtime.shutdown_background();
    Ok(seen?)
}

/// Flags that had to be left out of the commands.
fn withheld(line: &CommandLine) -> String {
    match line.withheld.as_slice() {
        [] => String::new(),
        flags => format!("\nGive each of these commands the same {} as this one.\n", flags.join(" and ")),
    }
}

fn text(seen: &Preview, shown: &[&Unassigned], fixes: &Fixes, width: usize) -> String {
    let mut text = String::new();
    for project in &seen.adopting {
        let project = escape(project);
        text.push_str(&format!(
            "compose project {project}: the next pass registers it and gives it its rows (auto_adopt)\n"
        ));
    }
    if seen.unassigned.is_empty() && seen.adopting.is_empty() {
        return format!("Each of the {} containers that the daemon lists has a row.\n", seen.listed);
    }
    let mut table = Table::new(&["NAME", "STATE", "REASON", "DETAIL", "IMAGE", "CONTAINER"]);
    table.dispense_with(&["IMAGE", "CONTAINER", "STATE"]);
    for container in shown {
        table.row(vec![
            container.name.to_string(),
            container.state.to_string(),
            container.reason.to_string(),
            container.detail.clone(),
            container.image_ref.to_string(),
            container.container_id.short().into(),
        ]);
    }
    text.push_str(&count(shown));
    text.push_str(&table.render(width));
    text.push_str(&left_out(seen, shown));
    for problem in &seen.unreadable {
        text.push_str(&format!("unreadable entry: {}\n", escape(problem)));
    }
    text + &fix_lines(shown, fixes)
}

/// How many lack an owner, before they are listed.
fn count(shown: &[&Unassigned]) -> String {
    match shown.iter().filter(|container| container.reason.needs_owner()).count() {
        0 => "No container lacks an owner.\n".into(),
        1 => "1 container lacks an owner:\n".into(),
        count => format!("{count} containers lack an owner:\n"),
    }
}

/// How many are not among those shown, and why nobody misses them.
fn left_out(seen: &Preview, shown: &[&Unassigned]) -> String {
    let mut by_reason: BTreeMap<UnassignedReason, usize> = BTreeMap::new();
    for container in seen.unassigned.iter().filter(|container| !container.reason.needs_owner()) {
        *by_reason.entry(container.reason).or_default() += 1;
    }
    if by_reason.is_empty() || shown.len() == seen.unassigned.len() {
        return String::new();
    }
    let counts: Vec<String> = by_reason.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    format!("Left out, since they need none: {}; --all shows them.\n", counts.join(", "))
}

/// For each reason that occurs, what it means and the commands that would help, each once and never cut.
fn fix_lines(shown: &[&Unassigned], fixes: &Fixes) -> String {
    let mut text = String::new();
    let reasons: BTreeSet<_> = shown.iter().map(|container| container.reason).collect();
    for reason in reasons {
        text.push_str(&format!("\n{reason}: {}\n", advice(reason)));
        let of_this_reason = shown.iter().filter(|container| container.reason == reason);
        let commands: BTreeSet<String> = of_this_reason.filter_map(|container| fixes.of(container)).collect();
        for command in commands {
            text.push_str(&format!("  {command}\n"));
        }
    }
    text
}

/// The other way out: how `ignore` would have to be written to leave all of them out, with what it holds already.
fn ignoring(shown: &[&Unassigned], config: &Config, file: Option<&Path>) -> String {
    let entries: BTreeSet<String> = shown.iter().filter_map(|container| ignore_entry(container)).collect();
    if entries.is_empty() {
        return String::new();
    }
    let file = file.unwrap_or(Path::new("/etc/dockledger/dockledger.toml")).display().to_string();
    let mut text = format!(
        "\nOr leave those out that are nobody's business here, in {}; then restart the service:\n  ignore = [\n",
        escape(&file)
    );
    for entry in config.ignore.iter().map(ToString::to_string).chain(entries) {
        text.push_str(&format!("    {},\n", escape_json(toml::Value::String(entry).to_string())));
    }
    text + "  ]\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::unassigned;

    fn seen(unassigned: Vec<Unassigned>) -> Preview {
        Preview { listed: 3, unassigned, adopting: BTreeSet::new(), unreadable: Vec::new() }
    }

    fn told(seen: &Preview, all: bool) -> String {
        text(seen, &shown(seen, all), &Fixes::called("dockledger"), 120)
    }

    const ADOPTING: &str = "compose project shop: the next pass registers it and gives it its rows (auto_adopt)\n";

    #[test]
    fn only_what_needs_an_owner_is_counted_and_the_others_can_be_asked_for() {
        let seen = seen(vec![
            unassigned(UnassignedReason::NoLabel, "db", ""),
            unassigned(UnassignedReason::OneOff, "shop-run-1", "shop"),
            unassigned(UnassignedReason::Ignored, "tmp-1", "name:tmp-*"),
            unassigned(UnassignedReason::Ignored, "tmp-2", "name:tmp-*"),
        ]);
        let text = told(&seen, false);
        assert!(text.starts_with("1 container lacks an owner:\n"), "{text}");
        assert!(text.contains("Left out, since they need none: 1 one_off, 2 ignored; --all shows them.\n"), "{text}");
        assert!(!text.contains("tmp-1") && !text.contains("\nignored:"), "{text}");
        let all = told(&seen, true);
        assert!(all.starts_with("1 container lacks an owner:\n") && all.contains("tmp-1"), "{all}");
        assert!(!all.contains("Left out"), "{all}");
    }

    #[test]
    fn ignoring_is_shown_as_it_is_written_with_what_is_ignored_already() {
        let mut config = Config::new("x");
        config.ignore = crate::config::IgnoreEntry::parse("image:busybox*").into_iter().collect();
        let found = [
            unassigned(UnassignedReason::UnknownStack, "shop-web-1", "shop"),
            unassigned(UnassignedReason::UnknownStack, "shop-db-1", "shop"),
            unassigned(UnassignedReason::NoLabel, "old", ""),
        ];
        let text = ignoring(&found.iter().collect::<Vec<_>>(), &config, Some(Path::new("/srv/d.toml")));
        assert!(text.contains("in /srv/d.toml; then restart"), "{text}");
        let written: toml::Table = text[text.find("  ignore").expect("the key")..].parse().expect("TOML");
        let entries: Vec<_> =
            written["ignore"].as_array().expect("a list").iter().filter_map(|entry| entry.as_str()).collect();
        assert_eq!(entries, ["image:busybox*", "label:com.docker.compose.project=shop", "name:old"]);
        assert_eq!(ignoring(&[], &config, None), "");
    }

    #[test]
    fn each_reason_is_explained_once_and_each_command_stands_once() {
        let seen = seen(vec![
            unassigned(UnassignedReason::UnknownStack, "shop-web-1", "shop"),
            unassigned(UnassignedReason::UnknownStack, "shop-db-1", "shop"),
            unassigned(UnassignedReason::NoLabel, "old\u{1b}[31m", ""),
        ]);
        let text = told(&seen, false);
        assert_eq!(text.matches("  dockledger adopt shop\n").count(), 1, "{text}");
        assert!(text.contains("\nno_label: no label names an owner"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("stack add"), "{text}");
    }

    #[test]
    fn nothing_unassigned_is_said_in_a_sentence() {
        assert_eq!(told(&seen(Vec::new()), false), "Each of the 3 containers that the daemon lists has a row.\n");
    }

    #[test]
    fn a_project_that_the_next_pass_adopts_is_told_and_not_called_one_with_rows() {
        let mut seen = seen(Vec::new());
        seen.adopting.insert("shop".into());
        let adopting = told(&seen, false);
        assert!(adopting.starts_with(ADOPTING) && !adopting.contains("has a row"), "{adopting}");
        seen.unassigned.push(unassigned(UnassignedReason::NoLabel, "db", ""));
        assert!(told(&seen, false).starts_with(ADOPTING), "beside what has none");
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
