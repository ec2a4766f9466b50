//! `stage`: the stages of a project.

use super::arguments::StageCommand;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::registered::print_removed;
use super::table::{Table, object_text};
use crate::model::Stage;

pub(super) fn execute(command: &StageCommand, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    match command {
        StageCommand::Add(arguments) => {
            let mut store = context.change(&config)?;
            let stage =
                store.add_stage(&arguments.project, &arguments.name, arguments.id.clone(), arguments.max_instances)?;
            print(&stage, arguments.printing.json)
        }
        StageCommand::List(arguments) => {
            let stages = context.read(&config)?.list_stages(&arguments.name)?;
            let output = Output::of_this_process(arguments.printing.json);
            output.answer(&stages, || list_text(&stages, output.width))?;
            Ok(Exit::Fine)
        }
        StageCommand::Show(arguments) => {
            let stage = context.read(&config)?.show_stage(&arguments.project, &arguments.stage)?;
            print(&stage, arguments.printing.json)
        }
        StageCommand::Rename(arguments) => {
            let mut store = context.change(&config)?;
            store.rename_stage(&arguments.project, &arguments.stage, &arguments.new_name)?;
            print(&store.show_stage(&arguments.project, &arguments.new_name)?, arguments.printing.json)
        }
        StageCommand::Rm(arguments) => {
            let mut store = context.change(&config)?;
            let forgotten = store.remove_stage(&arguments.project, &arguments.stage, arguments.force)?;
            print_removed("stage", &arguments.stage, forgotten, arguments.printing.json)
        }
    }
}

fn print(stage: &Stage, json: bool) -> Result<Exit, Failure> {
    Output::of_this_process(json).answer(stage, || show_text(stage))?;
    Ok(Exit::Fine)
}

fn list_text(stages: &[Stage], width: usize) -> String {
    if stages.is_empty() {
        return "The project has no stage yet: `dockledger stage add PROJECT NAME` adds one.\n".into();
    }
    let mut table = Table::new(&["NAME", "MAX INSTANCES", "FORMER NAMES", "ID"]);
    for stage in stages {
        table.row(vec![stage.name.clone(), max_instances(stage), stage.former_names.join(", "), stage.id.clone()]);
    }
    table.render(width)
}

fn show_text(stage: &Stage) -> String {
    object_text(&[
        ("stage", stage.name.clone()),
        ("id", stage.id.clone()),
        ("project id", stage.project_id.clone()),
        ("max instances", max_instances(stage)),
        ("former names", stage.former_names.join(", ")),
    ])
}

fn max_instances(stage: &Stage) -> String {
    stage.max_instances.map_or_else(|| "-".into(), |most| most.to_string())
}
