//! Static sites: one container that serves files.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, Paged};
use super::registered::{New, Removal, Removed, Renamed, audit, created};
use super::tagged::{Known, answer};
use crate::http::extract::{Json as FromJson, Path as FromPath, Query as FromQuery};
use crate::http::problem::Problem;
use crate::http::refusals::{CannotRead, CannotWrite};
use crate::http::shared::Shared;
use crate::model::{Registered, Site};
use crate::store::NewParent;

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(rename, remove))
}

/// All of them, by name.
#[utoipa::path(get, path = "/sites", operation_id = "list_sites", tag = "registry", params(Paged), responses(
    (status = 200, body = Page<Site>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(paged): FromQuery<Paged>,
    known: Known,
) -> Result<Response, Problem> {
    let begin = paged.begin::<1>()?;
    answer(&shared, known, |store| Ok(Page::of(store.list_sites()?, begin, |site| [site.name.clone()]))).await
}

/// One of them.
#[utoipa::path(get, path = "/sites/{site}", operation_id = "show_site", tag = "registry", params(
    ("site" = String, Path, description = "Its name or id, percent-encoded"),
), responses(
    (status = 200, body = Site),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn show(
    State(shared): State<Shared>,
    FromPath(site): FromPath<String>,
    known: Known,
) -> Result<Response, Problem> {
    answer(&shared, known, move |store| store.show_site(&site)).await
}

/// Registers a static site with its workload. The answer holds the workload's secret, which is never shown again.
#[utoipa::path(post, path = "/sites", operation_id = "add_site", tag = "registry", request_body = New, responses(
    (status = 201, body = Registered, headers(("location" = String, description = "Where it is"))),
    CannotWrite,
))]
async fn add(State(shared): State<Shared>, FromJson(new): FromJson<New>) -> Result<Response, Problem> {
    let registered = shared.write(move |store| store.add_site(&NewParent::from(new))).await?;
    audit("a site is registered", &registered.name);
    Ok(created(&shared, &["sites", &registered.id.clone()], registered))
}

/// Gives it and its workload another name.
#[utoipa::path(patch, path = "/sites/{site}", operation_id = "rename_site", tag = "registry", params(
    ("site" = String, Path, description = "Its name or id, percent-encoded"),
), request_body = Renamed, responses(
    (status = 200, body = Site),
    CannotWrite,
))]
async fn rename(
    State(shared): State<Shared>,
    FromPath(site): FromPath<String>,
    FromJson(new): FromJson<Renamed>,
) -> Result<Json<Site>, Problem> {
    let renamed = shared.write(move |store| {
        store.rename_site(&site, &new.name)?;
        store.show_site(&new.name)
    });
    let renamed = renamed.await?;
    audit("a site is renamed", &renamed.name);
    Ok(Json(renamed))
}

/// Removes it with its workload and the workload's rows.
#[utoipa::path(delete, path = "/sites/{site}", operation_id = "remove_site", tag = "registry", params(
    ("site" = String, Path, description = "Its name or id, percent-encoded"),
    Removal,
), responses(
    (status = 200, body = Removed),
    CannotWrite,
))]
async fn remove(
    State(shared): State<Shared>,
    FromPath(site): FromPath<String>,
    FromQuery(how): FromQuery<Removal>,
) -> Result<Json<Removed>, Problem> {
    let key = site.clone();
    let rows = shared.write(move |store| store.remove_site(&key, how.force)).await?;
    audit("a site is removed", &site);
    Ok(Json(Removed { rows }))
}
