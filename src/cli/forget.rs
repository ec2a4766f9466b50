//! `forget ROW`: dismisses a row whose container is gone.

use serde_json::json;

use super::arguments::ForgetArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::named_row::find_row;
use super::output::Output;
use super::table::object_text;

pub(super) fn execute(arguments: &ForgetArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let mut store = context.change(&config)?;
    let row = find_row(&mut store, &arguments.row, Some(&config.host))?;
    let revision = store.dismiss(&config.host, &row.id, arguments.force)?;
    let document = json!({ "row": row.id, "host": config.host, "name": row.observed.name, "revision": revision });
    Output::of_this_process(arguments.printing.json).answer(&document, || {
        object_text(&[
            ("forgotten", row.id.to_string()),
            ("name", row.observed.name.to_string()),
            ("host", config.host.to_string()),
            ("revision", revision.0.to_string()),
        ])
    })?;
    Ok(Exit::Fine)
}
