//! The hosts of the ledger.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, Paged};
use super::registered::{Removed, audit};
use super::tagged::{Known, answer_made};
use crate::config::Config;
use crate::http::extract::{Json as FromJson, Path as FromPath, Query as FromQuery};
use crate::http::problem::Problem;
use crate::http::refusals::{CannotRead, CannotWrite};
use crate::http::shared::Shared;
use crate::model::{HostName, HostRecord};
use crate::store::Store;

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(confirm)).routes(routes!(rename, forget))
}

/// All of them, by name: how fresh each is now, and who writes it.
#[utoipa::path(get, path = "/hosts", operation_id = "list_hosts", tag = "ledger", params(Paged), responses(
    (status = 200, body = Page<HostRecord>),
    (status = 304, description = "The answer is that of the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(paged): FromQuery<Paged>,
    known: Known,
) -> Result<Response, Problem> {
    let begin = paged.begin::<1>()?;
    let hosts = shared.readers.read(Store::hosts).await?;
    Ok(answer_made(&known, &Page::of(hosts, begin, |host: &HostRecord| [host.name.to_string()])))
}

/// One of them.
#[utoipa::path(get, path = "/hosts/{host}", operation_id = "show_host", tag = "ledger", params(
    ("host" = String, Path, description = "Its name, percent-encoded"),
), responses(
    (status = 200, body = HostRecord),
    (status = 304, description = "The answer is that of the tag in `If-None-Match`"),
    CannotRead,
))]
async fn show(
    State(shared): State<Shared>,
    FromPath(host): FromPath<String>,
    known: Known,
) -> Result<Response, Problem> {
    let host = shared.readers.read(move |store| store.host(&HostName::new(host))).await?;
    Ok(answer_made(&known, &host))
}

/// Accepts the daemon that answers next as this host's own.
#[utoipa::path(post, path = "/hosts/{host}/confirm", operation_id = "confirm_host", tag = "registry", params(
    ("host" = String, Path, description = "Its name, percent-encoded"),
), responses(
    (status = 200, body = HostRecord),
    CannotWrite,
))]
async fn confirm(State(shared): State<Shared>, FromPath(host): FromPath<String>) -> Result<Json<HostRecord>, Problem> {
    let confirmed = shared.write(move |store| {
        store.confirm_host(&HostName::new(host.as_str()))?;
        store.host(&HostName::new(host))
    });
    let confirmed = confirmed.await?;
    audit("a host's daemon is confirmed", confirmed.name.as_str());
    Ok(Json(confirmed))
}

/// Another name of a host.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct NewHostName {
    /// The new name.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}$")]
    name: String,
}

/// Gives it another name, with its rows and its history. Nobody may write either host meanwhile.
#[utoipa::path(patch, path = "/hosts/{host}", operation_id = "rename_host", tag = "registry", params(
    ("host" = String, Path, description = "Its name, percent-encoded"),
), request_body = NewHostName, responses(
    (status = 200, body = HostRecord),
    CannotWrite,
))]
async fn rename(
    State(shared): State<Shared>,
    FromPath(host): FromPath<String>,
    FromJson(new): FromJson<NewHostName>,
) -> Result<Json<HostRecord>, Problem> {
    let new = HostName::new(new.name);
    let renamed = Config { host: new.clone(), ..Config::clone(&shared.config) };
    renamed.check().map_err(|error| Problem::invalid(error.to_string()))?;
    let renamed = shared.write(move |store| {
        store.rename_host(&HostName::new(host), &new)?;
        store.host(&new)
    });
    let renamed = renamed.await?;
    audit("a host is renamed", renamed.name.as_str());
    Ok(Json(renamed))
}

/// Removes it, its rows and its passes. Nobody may write it meanwhile.
#[utoipa::path(delete, path = "/hosts/{host}", operation_id = "forget_host", tag = "registry", params(
    ("host" = String, Path, description = "Its name, percent-encoded"),
), responses(
    (status = 200, body = Removed),
    CannotWrite,
))]
async fn forget(State(shared): State<Shared>, FromPath(host): FromPath<String>) -> Result<Json<Removed>, Problem> {
    let name = HostName::new(host.as_str());
    let rows = shared.write(move |store| store.forget_host(&name)).await?;
    audit("a host is forgotten", &host);
    Ok(Json(Removed { rows }))
}
