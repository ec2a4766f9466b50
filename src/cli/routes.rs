//! `routes`: the rows that a proxy serves.

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::Printing;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::Table;
use crate::model::Route;
use crate::wording::escape;

pub(super) fn execute(printing: &Printing, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let routes = context.read(&config)?.routes(context.host_filter())?;
    let output = Output::of_this_process(printing.json);
    output.answer(&routes, || text(&routes, output))?;
    Ok(Exit::Fine)
}

fn text(routes: &[Route], output: Output) -> String {
    if routes.is_empty() {
        return "No row has a subdomain or a route: `dockledger claim --subdomain` gives it one.\n".into();
    }
    let contested = contested(routes);
    let mut header = vec!["SUBDOMAIN", "ROUTE", "NPM", "PROJECT", "STAGE", "PORT", "STATE", "HOST", "ROW"];
    if !contested.is_empty() {
        header.push("CONTESTED BY");
    }
    let mut table = Table::new(&header);
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    for route in routes {
        let mut cells = vec![
            or_dash(&route.subdomain),
            or_dash(&route.proxy_route_id),
            or_dash(&route.npm_proxy_id),
            or_dash(&route.project),
            or_dash(&route.stage),
            route.port.map_or_else(|| "-".into(), |port| port.to_string()),
            route.state.to_string(),
            route.host.to_string(),
            route.row_id.to_string(),
        ];
        if !contested.is_empty() {
            cells.push(if route.contested_by.is_empty() { "-".into() } else { route.contested_by.join(", ") });
        }
        if route.contested_by.is_empty() { table.row(cells) } else { table.alarming_row(cells) }
    }
    let lines = contested.iter().map(|(subdomain, holders)| {
        let holders = holders.iter().map(|holder| escape(holder)).collect::<Vec<_>>().join(", ");
        let subdomain = escape(subdomain);
        format!(
            "{subdomain} is borne by rows of {holders}: one of them gets what is meant for another; `dockledger claim` with \
             --take-subdomain moves it whole\n"
        )
    });
    table.render_for(output) + &lines.collect::<String>()
}

/// Subdomains that rows of more than one workload bear, with the names of all of these.
fn contested(routes: &[Route]) -> BTreeMap<String, BTreeSet<&str>> {
    let mut holders: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for route in routes.iter().filter(|route| !route.contested_by.is_empty()) {
        // Names of hosts know no case.
        let subdomain = route.subdomain.as_deref().unwrap_or_default().to_ascii_lowercase();
        let own = route.project.as_deref();
        holders
            .entry(subdomain)
            .or_default()
            .extend(own.into_iter().chain(route.contested_by.iter().map(String::as_str)));
    }
    holders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContainerState, HostName, RowId};

    fn route(subdomain: &str, project: &str, contested_by: &[&str]) -> Route {
        Route {
            row_id: RowId::new(format!("{project}-1")),
            host: HostName::new("local"),
            subdomain: Some(subdomain.to_owned()),
            proxy_route_id: None,
            npm_proxy_id: None,
            port: Some(8080),
            state: ContainerState::Running,
            container_id: None,
            workload_id: project.into(),
            project: Some(project.to_owned()),
            stage: None,
            contested_by: contested_by.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn a_contested_subdomain_is_told_once_with_all_who_bear_it() {
        let output = Output { width: crate::cli::output::UNBOUNDED, ..Output::of_this_process(false) };
        let routes =
            [route("www", "blog", &["shop\u{1b}"]), route("WWW", "shop", &["blog"]), route("api", "shop", &[])];
        let told = text(&routes, output);
        assert!(told.lines().next().is_some_and(|header| header.ends_with("CONTESTED BY")), "{told}");
        assert_eq!(told.matches("is borne by rows of blog, shop").count(), 1, "{told}");
        assert!(!told.contains('\u{1b}') && !told.contains("api is borne"), "{told}");
        let calm = text(&routes[2..], output);
        assert!(!calm.contains("CONTESTED") && calm.lines().count() == 2, "{calm}");
    }
}
