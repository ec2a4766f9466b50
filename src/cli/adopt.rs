//! `adopt`: registers what already runs.

mod undo;

use std::collections::BTreeSet;

use serde::Serialize;

use super::arguments::AdoptArguments;
use super::beside::refuse_what_a_service_would_drop;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::one_pass::{is_held, one_pass_by_whoever_holds};
use super::output::Output;
use super::summary::{conclude, report_text};
use super::unassigned::look;
use crate::config::Config;
use crate::dispatch::is_adoptable;
use crate::model::{
    ContainerId, ContainerState, Origin, PassReport, Registered, Unassigned, UnassignedReason, WorkloadId, WorkloadKind,
};
use crate::store::{Store, StoreError};
use crate::wording::{Fixes, escape};

/// What is to be registered, decided before anything is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Adoption {
    /// Compose projects that become stacks of the same name.
    compose_projects: BTreeSet<String>,
    /// Containers that join the named stack by name.
    containers: BTreeSet<String>,
    /// What `--all` leaves out: names that no tool would give.
    left_out: BTreeSet<String>,
}

/// A compose project that cannot become a stack.
#[derive(Serialize)]
struct Refused {
    compose_project: String,
    cause: String,
}

/// A stack that was made, and its secret if it was asked for: what scrolls by on a terminal, or stays in a log, is none.
#[derive(Serialize)]
struct Made {
    id: String,
    name: String,
    workload_id: WorkloadId,
    kind: WorkloadKind,
    compose_project: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_secret: Option<String>,
}

impl Made {
    fn of(registered: Registered, tells_secret: bool) -> Self {
        let Registered { id, name, workload_id, kind, compose_project, webhook_secret } = registered;
        let webhook_secret = tells_secret.then_some(webhook_secret);
        Self { id, name, workload_id, kind, compose_project, webhook_secret }
    }
}

/// What `adopt --json` prints.
#[derive(Serialize)]
struct Adopted {
    /// The stacks made.
    registered: Vec<Made>,
    /// The names that joined `--stack`.
    adopted: BTreeSet<String>,
    /// Compose projects that `--all` leaves out, since no tool would name one so; by its name each is adopted all the same.
    left_out: BTreeSet<String>,
    /// Compose projects that the ledger does not take.
    refused: Vec<Refused>,
    /// The pass that followed, ours or a running service's; none if there was nothing to adopt, or the service did not
    /// answer.
    report: Option<PassReport>,
    /// Whether a running service that did not answer picks it up in its next pass.
    left_to_service: bool,
}

pub(super) fn execute(arguments: &AdoptArguments, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let config = &settings.config;
    if arguments.undo {
        return undo::execute(arguments, context, config);
    }
    refuse_what_a_service_would_drop(context, &settings)?;
    let mut adopted = adopt(arguments, context, config)?;
    if !adopted.registered.is_empty() || !adopted.adopted.is_empty() {
        follow_with_pass(&mut adopted, config)?;
    }
    Output::of_this_process(arguments.printing.json).answer(&adopted, || text(&adopted, arguments))?;
    match adopted.refused.first() {
        Some(refused) => Err(not_registered(refused, adopted.refused.len())),
        None => adopted.report.as_ref().map_or(Ok(Exit::Fine), conclude),
    }
}

/// What was registered is printed by then.
fn not_registered(first: &Refused, count: usize) -> Failure {
    let Refused { compose_project, cause } = first;
    let others = if count > 1 { format!(" (and {} more, see --json)", count - 1) } else { String::new() };
    let sentence = format!(
        "cannot make a stack of the compose project {compose_project:?}: {cause}{others}; \
         `dockledger stack add NAME --compose-project {compose_project}` makes one of another name"
    );
    Failure::new(Exit::Failed, sentence)
}

/// Registers what is meant, and nothing if a part of it is not there.
fn adopt(arguments: &AdoptArguments, context: &Context, config: &Config) -> Result<Adopted, Failure> {
    // Opened for writing first: the ledger may not be there yet, and looking at the daemon needs one to compare with.
    let mut store = context.write(config)?;
    // What the next pass would adopt by itself is adopted now: it is asked for.
    let seen = look(&Config { auto_adopt: false, ..config.clone() })?;
    let adoption = decide(arguments, &seen.unassigned)?;
    register(&mut store, arguments, adoption)
}

/// Which projects and containers are meant, from what is unassigned now.
fn decide(arguments: &AdoptArguments, unassigned: &[Unassigned]) -> Result<Adoption, Failure> {
    // The whole detail of this reason is the compose project's name.
    let of_unknown_stacks = || unassigned.iter().filter(|found| found.reason == UnassignedReason::UnknownStack);
    let mut adoption = Adoption::default();
    if arguments.all {
        let projects = of_unknown_stacks().map(|found| found.detail.clone());
        (adoption.compose_projects, adoption.left_out) = projects.partition(|project| is_adoptable(project));
        return Ok(adoption);
    }
    for name in &arguments.names {
        let is_it = |found: &Unassigned| *found.name == **name || found.container_id.short() == name;
        let project = of_unknown_stacks().find(|found| found.detail == *name || is_it(found));
        let found = unassigned.iter().find(|found| is_it(found));
        match (&arguments.stack, project, found) {
            (None, Some(project), _) => {
                adoption.compose_projects.insert(project.detail.clone());
            }
            (Some(_), _, Some(found)) if found.reason == UnassignedReason::NoLabel && !found.name.is_empty() => {
                adoption.containers.insert(found.name.to_string());
            }
            (None, None, Some(found)) if found.reason == UnassignedReason::NoLabel && !found.detail.is_empty() => {
                let sentence = format!(
                    "{name} is {}; the label `tinyforge.workload.id` on its service gives it an owner",
                    found.detail
                );
                return Err(Failure::new(Exit::Failed, sentence));
            }
            (None, None, Some(found)) if found.reason == UnassignedReason::NoLabel => {
                let sentence = format!(
                    "{name} is a container without labels: `dockledger adopt {name} --stack STACK` lets it join a stack by name"
                );
                return Err(Failure::new(Exit::Usage, sentence));
            }
            (_, _, Some(found)) => {
                let sentence = format!(
                    "{name} cannot be adopted: it is unassigned as {} {}; see `dockledger unassigned`",
                    found.reason, found.detail
                );
                return Err(Failure::new(Exit::Failed, sentence));
            }
            (_, _, None) => {
                let sentence = format!(
                    "nothing unassigned is called {name}; `dockledger unassigned` shows what is, `dockledger ps` what \
                     has a row already"
                );
                return Err(Failure::new(Exit::Failed, sentence));
            }
        }
    }
    Ok(adoption)
}

fn register(store: &mut Store, arguments: &AdoptArguments, adoption: Adoption) -> Result<Adopted, Failure> {
    let (mut registered, mut refused) = (Vec::new(), Vec::new());
    for project in adoption.compose_projects {
        match store.adopt_project(&project) {
            Ok(stack) => registered.push(Made::of(stack, arguments.secrets)),
            Err(StoreError::Registry(error)) => {
                refused.push(Refused { compose_project: project, cause: error.to_string() });
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(stack) = &arguments.stack {
        for name in &adoption.containers {
            store.adopt_name(stack, name, Origin::Adopted)?;
        }
    }
    let Adoption { containers: adopted, left_out, .. } = adoption;
    Ok(Adopted { registered, adopted, left_out, refused, report: None, left_to_service: false })
}

/// Sees to the pass that gives the adopted their rows; a service that does not answer will run one by itself.
fn follow_with_pass(adopted: &mut Adopted, config: &Config) -> Result<(), Failure> {
    let report = one_pass_by_whoever_holds(config, true)?;
    if is_held(&report) {
        adopted.left_to_service = true;
    } else {
        adopted.report = Some(report);
    }
    Ok(())
}

fn text(adopted: &Adopted, arguments: &AdoptArguments) -> String {
    let mut text = String::new();
    for stack in &adopted.registered {
        let name = escape(&stack.name);
        match &stack.webhook_secret {
            Some(secret) => {
                text.push_str(&format!("registered stack {name} (webhook secret {secret}, shown only now)\n"));
            }
            None => text.push_str(&format!("registered stack {name}\n")),
        }
    }
    if adopted.registered.iter().any(|stack| stack.webhook_secret.is_none()) {
        text.push_str("`dockledger rotate-secret stack/NAME` gives one a webhook secret and shows it\n");
    }
    for name in &adopted.adopted {
        let stack = arguments.stack.as_deref().unwrap_or_default();
        text.push_str(&format!("{} joins stack {} by name\n", escape(name), escape(stack)));
    }
    for project in &adopted.left_out {
        text.push_str(&left_out(project));
    }
    let has_nothing = adopted.registered.is_empty() && adopted.adopted.is_empty() && adopted.refused.is_empty();
    if has_nothing && adopted.left_out.is_empty() {
        text.push_str("Every compose project that runs is registered already; plain containers join a stack by `dockledger adopt NAME --stack STACK`.\n");
    }
    if adopted.left_to_service {
        text.push_str("The running service gives them their rows in its next pass.\n");
    }
    if let Some(report) = &adopted.report {
        text.push_str(&report_text(report));
    }
    text
}

/// What keeps `--all` from it is that anybody can write a label; whoever names it means it.
fn left_out(project: &str) -> String {
    let named = UnassignedReason::UnknownStack;
    let container = Unassigned {
        container_id: ContainerId::new(""),
        name: "".into(),
        image_ref: "".into(),
        state: ContainerState::Running,
        reason: named,
        detail: project.to_owned(),
    };
    let shown = escape(project);
    match Fixes::called("dockledger").of(&container) {
        Some(command) => format!("left out: {shown} is no name that compose gives a project; `{command}` means it\n"),
        None => format!("left out: no stack can bear the name {shown}\n"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use crate::wording::unassigned;

    fn adopt(line: &str) -> AdoptArguments {
        match Arguments::try_parse_from(format!("dockledger adopt {line}").split(' ')).expect("well formed").command {
            Command::Adopt(arguments) => arguments,
            other => panic!("{other:?}"),
        }
    }

    fn seen() -> Vec<Unassigned> {
        vec![
            unassigned(UnassignedReason::UnknownStack, "shop-web-1", "shop"),
            unassigned(UnassignedReason::UnknownStack, "shop-db-1", "shop"),
            unassigned(UnassignedReason::UnknownStack, "blog-1", "blog"),
            unassigned(UnassignedReason::NoLabel, "old-db", ""),
            unassigned(UnassignedReason::KindMismatch, "odd", "the label says site"),
        ]
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn all_means_every_compose_project_that_is_no_stack() {
        let adoption = decide(&adopt("--all"), &seen()).expect("decided");
        assert_eq!(adoption, Adoption { compose_projects: set(&["shop", "blog"]), ..Adoption::default() });
    }

    #[test]
    fn a_forged_project_keeps_no_other_from_being_adopted() {
        let mut seen = seen();
        seen.push(unassigned(UnassignedReason::UnknownStack, "evil", "a\n\u{1b}[31m"));
        seen.push(unassigned(UnassignedReason::UnknownStack, "odd", "--all"));
        let adoption = decide(&adopt("--all"), &seen).expect("decided");
        assert_eq!(adoption.compose_projects, set(&["shop", "blog"]));
        assert_eq!(adoption.left_out, set(&["a\n\u{1b}[31m", "--all"]));
    }

    /// F18: what `unassigned` suggests and what `--all` says are one.
    #[test]
    fn an_odd_project_is_adopted_or_left_out_with_the_command_that_unassigned_shows() {
        let odd = |project: &str| unassigned(UnassignedReason::UnknownStack, "x", project);
        let seen = ["AAA", "v1.2", "my shop", "a\nb", " x"].map(odd).to_vec();
        let adoption = decide(&adopt("--all"), &seen).expect("decided");
        assert_eq!(adoption.compose_projects, set(&["AAA", "v1.2"]));
        for found in &seen {
            let told = left_out(&found.detail);
            let command = Fixes::called("dockledger").of(found);
            assert_eq!(command.is_some(), !matches!(&*found.detail, "a\nb" | " x"), "{told}");
            assert!(command.is_none_or(|command| told.contains(&command)), "{told}");
        }
        let by_name = decide(&AdoptArguments { names: vec!["my shop".into()], ..adopt("shop") }, &seen);
        assert_eq!(by_name.expect("decided").compose_projects, set(&["my shop"]));
    }

    #[test]
    fn a_project_is_named_by_itself_or_by_one_of_its_containers() {
        for line in ["shop", "shop-db-1", "shop shop-web-1"] {
            assert_eq!(decide(&adopt(line), &seen()).expect(line).compose_projects, set(&["shop"]), "{line}");
        }
    }

    #[test]
    fn a_plain_container_joins_the_named_stack() {
        let adoption = decide(&adopt("old-db --stack shop"), &seen()).expect("decided");
        assert_eq!(adoption, Adoption { containers: set(&["old-db"]), ..Adoption::default() });
        let failure = decide(&adopt("old-db"), &seen()).expect_err("no stack");
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains("--stack"), "{failure}");
    }

    #[test]
    fn what_is_not_there_or_cannot_be_adopted_is_refused_before_anything_is_registered() {
        for line in ["shop nowhere", "odd", "odd --stack shop", "shop-web-1 --stack shop"] {
            assert_eq!(decide(&adopt(line), &seen()).expect_err(line).exit(), Exit::Failed, "{line}");
        }
    }
}
