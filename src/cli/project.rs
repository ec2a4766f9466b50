//! `project`: what a deployer makes containers for.

use super::arguments::{AddProject, ParentCommand};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::registered::{new_parent, print_registered, print_removed};
use super::table::{Table, object_text};
use crate::model::Project;

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
            let project = context.read(&config)?.show_project(&arguments.name)?;
            print(&project, arguments.printing.json)
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

fn show_text(project: &Project) -> String {
    object_text(&[
        ("project", project.name.clone()),
        ("id", project.id.clone()),
        ("workload id", project.workload_id.to_string()),
        ("since", project.created_at.to_string()),
    ])
}
