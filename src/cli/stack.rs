//! `stack`: compose projects, and containers adopted by name.

use serde::Serialize;

use super::arguments::{AddStack, ParentCommand};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::registered::{new_parent, print_registered, print_removed};
use super::rows_of_workload::{StagedRow, rows_of, rows_text};
use super::table::{Table, object_text};
use crate::model::{Stack, Timestamp};

pub(super) fn execute(command: &ParentCommand<AddStack>, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    match command {
        ParentCommand::Add(arguments) => {
            let new = new_parent(&arguments.name, &arguments.ids);
            let registered = context.write(&config)?.add_stack(&new, arguments.compose_project.clone())?;
            print_registered(&registered, arguments.printing.json)
        }
        ParentCommand::List(printing) => {
            let stacks = context.read(&config)?.list_stacks()?;
            let output = Output::of_this_process(printing.json);
            output.answer(&stacks, || list_text(&stacks, output.width))?;
            Ok(Exit::Fine)
        }
        ParentCommand::Show(arguments) => {
            let mut store = context.read(&config)?;
            let stack = store.show_stack(&arguments.name)?;
            let containers = rows_of(&mut store, &stack.workload_id, context.host_filter())?;
            let shown = Shown { stack, containers };
            let output = Output::of_this_process(arguments.printing.json);
            output.answer(&shown, || shown.text(output.width, Timestamp::now()))?;
            Ok(Exit::Fine)
        }
        ParentCommand::Rename(arguments) => {
            let mut store = context.change(&config)?;
            store.rename_stack(&arguments.name, &arguments.new_name)?;
            print(&store.show_stack(&arguments.new_name)?, arguments.printing.json)
        }
        ParentCommand::Rm(arguments) => {
            let forgotten = context.change(&config)?.remove_stack(&arguments.name, arguments.force)?;
            print_removed("stack", &arguments.name, forgotten, arguments.printing.json)
        }
    }
}

/// What `show` prints: the stack, and what it owns.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    stack: Stack,
    containers: Vec<StagedRow>,
}

impl Shown {
    fn text(&self, width: usize, now: Timestamp) -> String {
        show_text(&self.stack) + &rows_text(&self.containers, width, now)
    }
}

fn print(stack: &Stack, json: bool) -> Result<Exit, Failure> {
    Output::of_this_process(json).answer(stack, || show_text(stack))?;
    Ok(Exit::Fine)
}

fn list_text(stacks: &[Stack], width: usize) -> String {
    if stacks.is_empty() {
        return "There is no stack yet: `dockledger adopt --all` registers every compose project that runs.\n".into();
    }
    let mut table = Table::new(&["NAME", "COMPOSE PROJECT", "ADOPTED", "ID", "WORKLOAD", "SINCE"]);
    for stack in stacks {
        table.row(vec![
            stack.name.clone(),
            compose_project(stack),
            stack.adopted.join(", "),
            stack.id.clone(),
            stack.workload_id.to_string(),
            stack.created_at.to_string(),
        ]);
    }
    table.render(width)
}

fn show_text(stack: &Stack) -> String {
    object_text(&[
        ("stack", stack.name.clone()),
        ("compose project", compose_project(stack)),
        ("adopted by name", stack.adopted.join(", ")),
        ("origin", stack.origin.to_string()),
        ("id", stack.id.clone()),
        ("workload id", stack.workload_id.to_string()),
        ("since", stack.created_at.to_string()),
    ])
}

fn compose_project(stack: &Stack) -> String {
    stack.compose_project.clone().unwrap_or_else(|| "-".into())
}
