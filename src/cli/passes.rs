//! `passes`: the recent ones.

use super::arguments::PassesArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::Table;
use crate::model::PassRecord;
use crate::wording::millis_text;

pub(super) fn execute(arguments: &PassesArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let limit = usize::try_from(arguments.limit).expect("the grammar bounds it far below");
    let passes = context.read(&config)?.passes(context.host_filter(), limit)?;
    let output = Output::of_this_process(arguments.printing.json);
    output.answer(&passes, || text(&passes, output.width))?;
    Ok(Exit::Fine)
}

fn text(passes: &[PassRecord], width: usize) -> String {
    if passes.is_empty() {
        return "No pass is recorded. Those by tick that change nothing are counted in `dockledger hosts`.\n".into();
    }
    let header =
        ["AT", "HOST", "TRIGGER", "OUTCOME", "TOOK", "LIST", "LISTED", "MADE", "WRITTEN", "MISSING", "BACK", "ERROR"];
    let mut table = Table::new(&header);
    for pass in passes {
        table.row(vec![
            pass.started_at.to_string(),
            pass.host.to_string(),
            pass.trigger.clone(),
            pass.outcome.clone(),
            millis_text(u64::try_from(pass.duration_ms).unwrap_or(0)),
            millis_text(u64::try_from(pass.list_ms).unwrap_or(0)),
            pass.listed.to_string(),
            pass.inserted.to_string(),
            pass.updated.to_string(),
            pass.missing.to_string(),
            pass.returned.to_string(),
            pass.error.clone().unwrap_or_default(),
        ]);
    }
    table.render(width)
}
