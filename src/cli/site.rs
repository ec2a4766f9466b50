//! `site`: static sites.

use serde::Serialize;

use super::arguments::{AddSite, ParentCommand};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::registered::{new_parent, print_registered, print_removed};
use super::rows_of_workload::{StagedRow, rows_of, rows_text};
use super::table::{Table, object_text};
use crate::model::{Site, Timestamp};

pub(super) fn execute(command: &ParentCommand<AddSite>, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    match command {
        ParentCommand::Add(arguments) => {
            let new = new_parent(&arguments.name, &arguments.ids);
            let registered = context.write(&config)?.add_site(&new)?;
            print_registered(&registered, arguments.printing.json)
        }
        ParentCommand::List(printing) => {
            let sites = context.read(&config)?.list_sites()?;
            let output = Output::of_this_process(printing.json);
            output.answer(&sites, || list_text(&sites, output.width))?;
            Ok(Exit::Fine)
        }
        ParentCommand::Show(arguments) => {
            let mut store = context.read(&config)?;
            let site = store.show_site(&arguments.name)?;
            let containers = rows_of(&mut store, &site.workload_id, context.host_filter())?;
            let shown = Shown { site, containers };
            let output = Output::of_this_process(arguments.printing.json);
            output.answer(&shown, || shown.text(output.width, Timestamp::now()))?;
            Ok(Exit::Fine)
        }
        ParentCommand::Rename(arguments) => {
            let mut store = context.change(&config)?;
            store.rename_site(&arguments.name, &arguments.new_name)?;
            print(&store.show_site(&arguments.new_name)?, arguments.printing.json)
        }
        ParentCommand::Rm(arguments) => {
            let forgotten = context.change(&config)?.remove_site(&arguments.name, arguments.force)?;
            print_removed("site", &arguments.name, forgotten, arguments.printing.json)
        }
    }
}

/// What `show` prints: the site, and what it owns.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    site: Site,
    containers: Vec<StagedRow>,
}

impl Shown {
    fn text(&self, width: usize, now: Timestamp) -> String {
        show_text(&self.site) + &rows_text(&self.containers, width, now)
    }
}

fn print(site: &Site, json: bool) -> Result<Exit, Failure> {
    Output::of_this_process(json).answer(site, || show_text(site))?;
    Ok(Exit::Fine)
}

fn list_text(sites: &[Site], width: usize) -> String {
    if sites.is_empty() {
        return "There is no site yet: `dockledger site add NAME` registers one.\n".into();
    }
    let mut table = Table::new(&["NAME", "ID", "WORKLOAD", "SINCE"]);
    for site in sites {
        table.row(vec![site.name.clone(), site.id.clone(), site.workload_id.to_string(), site.created_at.to_string()]);
    }
    table.render(width)
}

fn show_text(site: &Site) -> String {
    object_text(&[
        ("site", site.name.clone()),
        ("id", site.id.clone()),
        ("workload id", site.workload_id.to_string()),
        ("since", site.created_at.to_string()),
    ])
}
