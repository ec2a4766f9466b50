//! `project`: what a deployer makes containers for.

use serde::Serialize;

use super::arguments::{AddProject, ParentCommand};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::registered::{new_parent, print_registered, print_removed};
use super::rows_of_workload::{StagedRow, rows_of, rows_text};
use super::table::{Table, object_text};
use crate::model::{Project, Stage, Timestamp};

pub(super) fn execute(command: &ParentCommand<AddProject>, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    match command {
        ParentCommand::Add(arguments) => {
            let new = new_parent(&arguments.name, &arguments.ids);
            let registered = context.write(&config)?.add_project(&new)?;
            print_registered(&registered, arguments.printing.json)
        }
        ParentCommand::List(printing) => {
            let projects = context.read(&config)?.list_projects()?;
            let output = Output::of_this_process(printing.json);
            output.answer(&projects, || list_text(&projects, output.width))?;
            Ok(Exit::Fine)
        }
        ParentCommand::Show(arguments) => {
            let mut store = context.read(&config)?;
            let project = store.show_project(&arguments.name)?;
            let stages = store.list_stages(&project.id)?;
            let containers = rows_of(&mut store, &project.workload_id, context.host_filter())?;
            let shown = Shown { project, stages, containers };
            let output = Output::of_this_process(arguments.printing.json);
            output.answer(&shown, || shown.text(output.width, Timestamp::now()))?;
            Ok(Exit::Fine)
        }
        ParentCommand::Rename(arguments) => {
            let mut store = context.change(&config)?;
            store.rename_project(&arguments.name, &arguments.new_name)?;
            print(&store.show_project(&arguments.new_name)?, arguments.printing.json)
        }
        ParentCommand::Rm(arguments) => {
            let forgotten = context.change(&config)?.remove_project(&arguments.name, arguments.force)?;
            print_removed("project", &arguments.name, forgotten, arguments.printing.json)
        }
    }
}

/// What `show` prints: the project, and what it owns.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    project: Project,
    stages: Vec<Stage>,
    containers: Vec<StagedRow>,
}

impl Shown {
    fn text(&self, width: usize, now: Timestamp) -> String {
        show_text(&self.project) + &stages_text(&self.stages, width) + &rows_text(&self.containers, width, now)
    }
}

fn print(project: &Project, json: bool) -> Result<Exit, Failure> {
    Output::of_this_process(json).answer(project, || show_text(project))?;
    Ok(Exit::Fine)
}

fn list_text(projects: &[Project], width: usize) -> String {
    if projects.is_empty() {
        return "There is no project yet: `dockledger project add NAME` registers one.\n".into();
    }
    let mut table = Table::new(&["NAME", "ID", "WORKLOAD", "SINCE"]);
    for project in projects {
        table.row(vec![
            project.name.clone(),
            project.id.clone(),
            project.workload_id.to_string(),
            project.created_at.to_string(),
        ]);
    }
    table.render(width)
}

fn stages_text(stages: &[Stage], width: usize) -> String {
    if stages.is_empty() {
        return "\nIt has no stage yet: `dockledger stage add PROJECT NAME` adds one.\n".into();
    }
    let mut table = Table::new(&["STAGE", "ID", "MOST INSTANCES", "FORMERLY"]);
    for stage in stages {
        let most = stage.max_instances.map_or_else(|| "-".into(), |most| most.to_string());
        table.row(vec![stage.name.clone(), stage.id.clone(), most, stage.former_names.join(", ")]);
    }
    format!("\n{}", table.render(width))
}

fn show_text(project: &Project) -> String {
    object_text(&[
        ("project", project.name.clone()),
        ("id", project.id.clone()),
        ("workload id", project.workload_id.to_string()),
        ("since", project.created_at.to_string()),
    ])
}
