//! `release ROW`: removes a row, with its change.

use serde_json::json;

use super::arguments::ReleaseArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::named_row::find_row;
use super::output::Output;
use super::table::object_text;

pub(super) fn execute(arguments: &ReleaseArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let mut store = context.change(&config)?;
    let row = find_row(&mut store, &arguments.row, Some(&config.host))?.id;
    let revision = store.release(&config.host, &row)?;
    let document = json!({ "row": row, "host": config.host, "revision": revision });
    Output::of_this_process(arguments.printing.json).answer(&document, || {
        object_text(&[
            ("released", row.to_string()),
            ("host", config.host.to_string()),
            ("revision", revision.0.to_string()),
        ])
    })?;
    Ok(Exit::Fine)
}
