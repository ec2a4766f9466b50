//! `release ROW`: removes a row, with its change.

use serde_json::json;

use super::arguments::ReleaseArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::object_text;

pub(super) fn execute(arguments: &ReleaseArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let revision = context.change(&config)?.release(&config.host, &arguments.row)?;
    let document = json!({ "row": arguments.row, "host": config.host, "revision": revision });
    Output::of_this_process(arguments.printing.json).answer(&document, || {
        object_text(&[
            ("released", arguments.row.to_string()),
            ("host", config.host.to_string()),
            ("revision", revision.0.to_string()),
        ])
    })?;
    Ok(Exit::Fine)
}
