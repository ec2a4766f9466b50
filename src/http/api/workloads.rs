//! Workloads: what owns rows, and whose secret starts passes.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, Paged};
use super::registered::audit;
use super::tagged::{Known, answer};
use crate::http::extract::{Path as FromPath, Query as FromQuery};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::refusals::{CannotRead, CannotWrite};
use crate::http::shared::Shared;
use crate::model::Workload;

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(rotate_secret))
}

/// A workload and its new secret.
#[derive(Debug, Serialize, ToSchema)]
struct Rotated {
    #[serde(flatten)]
    workload: Workload,
    /// Shown this once.
    webhook_secret: String,
}

/// All of them, by kind and name; to a token that is bound to projects, theirs.
#[utoipa::path(get, path = "/workloads", operation_id = "list_workloads", tag = "registry", params(Paged), responses(
    (status = 200, body = Page<Workload>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(paged): FromQuery<Paged>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    let begin = paged.begin::<2>()?;
    let key = |workload: &Workload| [workload.kind.to_string(), workload.name.clone()];
    answer(&shared, known, move |store| {
        let (seen, mut workloads) = (reach.workloads(store)?, store.list_workloads()?);
        workloads.retain(|workload| seen.as_ref().is_none_or(|seen| seen.contains(&workload.id)));
        Ok(Page::of(workloads, begin, key))
    })
    .await
}

/// One of them.
#[utoipa::path(get, path = "/workloads/{workload}", operation_id = "show_workload", tag = "registry", params(
    ("workload" = String, Path, description = "Its id, name or `kind/name`, percent-encoded"),
), responses(
    (status = 200, body = Workload),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn show(
    State(shared): State<Shared>,
    FromPath(workload): FromPath<String>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    answer(&shared, known, move |store| reach.workload(store, &workload)).await
}

/// Gives it a new webhook secret. The old one is void.
#[utoipa::path(post, path = "/workloads/{workload}/rotate-secret", operation_id = "rotate_secret", tag = "registry", params(
    ("workload" = String, Path, description = "Its id, name or `kind/name`, percent-encoded"),
), responses(
    (status = 200, body = Rotated),
    CannotWrite,
))]
async fn rotate_secret(
    State(shared): State<Shared>,
    FromPath(workload): FromPath<String>,
) -> Result<Json<Rotated>, Problem> {
    let (workload, webhook_secret) = shared.write(move |store| store.rotate_secret(&workload)).await?;
    audit("a secret is rotated", workload.id.as_str());
    Ok(Json(Rotated { workload, webhook_secret }))
}
