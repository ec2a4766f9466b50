//! The page of the routes: which subdomain leads to which container, and whether anybody answers there.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::frame::{Frame, Section};
use super::known::know;
use super::marks::Mark;
use super::reply::reply;
use super::row_view::{history_href, workload_href};
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{HostName, Route, RowId, StoredRow};
use crate::store::RowFilter;

#[derive(Template)]
#[template(path = "routes.html")]
struct RoutesPage {
    frame: Frame,
    t: &'static Texts,
    asked: Asked,
    summary: String,
    is_empty: bool,
    lines: Vec<Line>,
}

/// Which routes, as the URL says.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Asked {
    text: String,
}

/// A route.
#[derive(Clone, Debug)]
struct Line {
    key: String,
    /// Empty where only a proxy's id is known.
    subdomain: String,
    /// The proxy's own ids of it.
    proxy_ids: String,
    workload: String,
    workload_href: String,
    stage: String,
    container: String,
    container_href: String,
    host: String,
    port: Option<u16>,
    mark: Mark,
    is_up: bool,
    is_stale: bool,
}

type Names<'a> = BTreeMap<(&'a HostName, &'a RowId), &'a StoredRow>;

pub(super) async fn page(State(shared): State<Shared>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let made = make(&shared, &visit, asked).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit, asked: Asked) -> Result<RoutesPage, Problem> {
    let seen = visit.seen;
    let read = shared
        .readers
        .read(move |store| Ok((know(store, seen)?, store.routes(None)?, store.rows(&RowFilter::default())?)));
    let (known, routes, rows) = read.await?;
    let t = visit.language.texts();
    let frame = Frame::new(visit, shared, &known, Section::Routes, t.nav_routes.to_owned());
    let names: Names<'_> = rows.iter().map(|row| ((&row.host, &row.id), row)).collect();
    let mut lines: Vec<Line> = routes.iter().map(|route| Line::of(route, &names, &frame)).collect();
    lines.retain(|line| line.holds(&asked.text));
    // Where nobody answers comes first.
    lines.sort_by_cached_key(|line| (line.is_up, line.subdomain.to_lowercase(), line.key.clone()));
    Ok(RoutesPage {
        summary: frame.language.count(t.n_routes, lines.len()),
        is_empty: routes.is_empty(),
        lines,
        asked,
        frame,
        t,
    })
}

impl Line {
    fn of(route: &Route, names: &Names<'_>, frame: &Frame) -> Self {
        let t = frame.t;
        let row = names.get(&(&route.host, &route.row_id));
        let name = row.map_or("", |row| &row.observed.name);
        let workload = row.and_then(|row| row.workload_name.as_deref()).unwrap_or(route.workload_id.as_str());
        let ids: Vec<&str> =
            [&route.proxy_route_id, &route.npm_proxy_id].into_iter().flatten().map(String::as_str).collect();
        Self {
            key: format!("{} {}", route.host, route.row_id),
            subdomain: shown(route.subdomain.as_deref().unwrap_or_default()),
            proxy_ids: shown(&ids.join(", ")),
            workload: shown(workload),
            workload_href: workload_href(route.workload_id.as_str()),
            stage: shown(route.stage.as_deref().unwrap_or_default()),
            container: shown(if name.is_empty() { t.no_name } else { name }),
            container_href: history_href(&route.host, &route.row_id),
            host: shown(route.host.as_str()),
            port: route.port,
            mark: Mark::of(&route.state, t),
            is_stale: frame.stale.contains(&route.host),
            is_up: route.state.is_up(),
        }
    }

    fn holds(&self, text: &str) -> bool {
        let port = self.port.map(|port| port.to_string()).unwrap_or_default();
        let held = [&self.subdomain, &self.proxy_ids, &self.workload, &self.stage, &self.container, &self.host, &port];
        text.split_whitespace().all(|word| held.iter().any(|held| held.to_lowercase().contains(&word.to_lowercase())))
    }
}
