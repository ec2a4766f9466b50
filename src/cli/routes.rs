//! `routes`: the rows that a proxy serves.

use super::arguments::Printing;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::Table;
use crate::model::Route;

pub(super) fn execute(printing: &Printing, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let routes = context.read(&config)?.routes(context.host_filter())?;
    let output = Output::of_this_process(printing.json);
    output.answer(&routes, || text(&routes, output.width))?;
    Ok(Exit::Fine)
}

fn text(routes: &[Route], width: usize) -> String {
    if routes.is_empty() {
        return "No row has a subdomain or a route: `dockledger claim --subdomain` gives it one.\n".into();
    }
    let mut table = Table::new(&["SUBDOMAIN", "ROUTE", "NPM", "PROJECT", "STAGE", "PORT", "STATE", "HOST", "ROW"]);
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    for route in routes {
        table.row(vec![
            or_dash(&route.subdomain),
            or_dash(&route.proxy_route_id),
            or_dash(&route.npm_proxy_id),
            or_dash(&route.project),
            or_dash(&route.stage),
            route.port.map_or_else(|| "-".into(), |port| port.to_string()),
            route.state.to_string(),
            route.host.to_string(),
            route.row_id.to_string(),
        ]);
    }
    table.render(width)
}
