//! `changes`: the history of the rows.

mod asked;
mod event_reader;
mod follow;
mod words;

#[cfg(test)]
pub(super) use words::tests::change;
pub(super) use words::{sentence, what};

use self::asked::{filter, refuse_gap};
use self::words::{name, workload};
use super::arguments::ChangesArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::Table;
use crate::model::{Change, Revision};

pub(super) fn execute(arguments: &ChangesArguments, context: &Context) -> Result<Exit, Failure> {
    if arguments.follow {
        return follow::execute(arguments, context);
    }
    let config = context.config()?;
    let since = arguments.since.map(Revision);
    let limit = usize::try_from(arguments.limit).expect("the grammar bounds it far below");
    let page = context.read(&config)?.changes_of(&filter(arguments, context), since, limit)?;
    refuse_gap(since, &page)?;
    let output = Output::of_this_process(arguments.printing.json);
    output.answer(&page.changes, || text(&page.changes, output.width))?;
    Ok(Exit::Fine)
}

fn text(changes: &[Change], width: usize) -> String {
    if changes.is_empty() {
        return "No change.\n".into();
    }
    let several_hosts = changes.iter().any(|change| change.host != changes[0].host);
    let mut header = vec!["REVISION", "AT", "WORKLOAD", "ROLE", "CONTAINER", "CHANGE", "CAUSE"];
    if several_hosts {
        header.push("HOST");
    }
    let mut table = Table::new(&header);
    table.dispense_with(&["ROLE", "REVISION"]);
    for change in changes {
        let mut cells = vec![
            change.revision.0.to_string(),
            change.at.to_string(),
            workload(change),
            change.role.clone().unwrap_or_default(),
            name(change),
            what(change),
            change.cause.to_string(),
        ];
        if several_hosts {
            cells.push(change.host.to_string());
        }
        table.row(cells);
    }
    table.render(width)
}
