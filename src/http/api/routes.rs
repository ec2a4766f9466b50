//! What a proxy serves.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, begin};
use super::tagged::{Known, answer};
use crate::http::extract::Query as FromQuery;
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::refusals::CannotRead;
use crate::http::shared::Shared;
use crate::model::{HostName, Route};

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which routes.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Of this host.
    host: Option<String>,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Those after the page whose `next` this was.
    cursor: Option<String>,
}

/// Rows with a subdomain or a route, with their project and stage, by host and row.
#[utoipa::path(get, path = "/routes", operation_id = "list_routes", tag = "ledger", params(Asked), responses(
    (status = 200, body = Page<Route>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(asked): FromQuery<Asked>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    let begin = begin::<2>(asked.limit, asked.cursor.as_deref())?;
    let host = asked.host.map(HostName::new);
    let key = |route: &Route| [route.host.to_string(), route.row_id.to_string()];
    answer(&shared, known, move |store| {
        let (mut routes, seen) = (store.routes(host.as_ref())?, reach.workloads(store)?);
        routes.retain(|route| seen.as_ref().is_none_or(|seen| seen.contains(&route.workload_id)));
        if !reach.is_whole() {
            // That there is somebody is his to know, and not who.
            let hidden =
                |route: &mut Route| route.contested_by.iter_mut().for_each(|name| "another project".clone_into(name));
            routes.iter_mut().for_each(hidden);
        }
        Ok(Page::of(routes, begin, key))
    })
    .await
}
