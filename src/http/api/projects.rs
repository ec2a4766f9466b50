//! Projects: their deployers make their rows.

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
use crate::http::reach::Reach;
use crate::http::refusals::{CannotRead, CannotWrite};
use crate::http::shared::Shared;
use crate::model::{Project, Registered};
use crate::store::NewParent;

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(rename, remove))
}

/// All of them, by name.
#[utoipa::path(get, path = "/projects", operation_id = "list_projects", tag = "registry", params(Paged), responses(
    (status = 200, body = Page<Project>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(paged): FromQuery<Paged>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    let begin = paged.begin::<1>()?;
    answer(&shared, known, move |store| {
        let seen = store.list_projects()?.into_iter().filter(|project| reach.has(project)).collect();
        Ok(Page::of(seen, begin, |project: &Project| [project.name.clone()]))
    })
    .await
}

/// One of them.
#[utoipa::path(get, path = "/projects/{project}", operation_id = "show_project", tag = "registry", params(
    ("project" = String, Path, description = "Its name or id, percent-encoded"),
), responses(
    (status = 200, body = Project),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn show(
    State(shared): State<Shared>,
    FromPath(project): FromPath<String>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    answer(&shared, known, move |store| reach.project(store, &project)).await
}

/// Registers a project with its workload. The answer holds the workload's secret, which is never shown again.
#[utoipa::path(post, path = "/projects", operation_id = "add_project", tag = "registry", request_body = New, responses(
    (status = 201, body = Registered, headers(("location" = String, description = "Where it is"))),
    CannotWrite,
))]
async fn add(State(shared): State<Shared>, FromJson(new): FromJson<New>) -> Result<Response, Problem> {
    let registered = shared.write(move |store| store.add_project(&NewParent::from(new))).await?;
    audit("a project is registered", &registered.name);
    Ok(created(&shared, &["projects", &registered.id.clone()], registered))
}

/// Gives it and its workload another name.
#[utoipa::path(patch, path = "/projects/{project}", operation_id = "rename_project", tag = "registry", params(
    ("project" = String, Path, description = "Its name or id, percent-encoded"),
), request_body = Renamed, responses(
    (status = 200, body = Project),
    CannotWrite,
))]
async fn rename(
    State(shared): State<Shared>,
    FromPath(project): FromPath<String>,
    FromJson(new): FromJson<Renamed>,
) -> Result<Json<Project>, Problem> {
    let renamed = shared.write(move |store| {
        store.rename_project(&project, &new.name)?;
        store.show_project(&new.name)
    });
    let renamed = renamed.await?;
    audit("a project is renamed", &renamed.name);
    Ok(Json(renamed))
}

/// Removes it with its workload and the workload's rows.
#[utoipa::path(delete, path = "/projects/{project}", operation_id = "remove_project", tag = "registry", params(
    ("project" = String, Path, description = "Its name or id, percent-encoded"),
    Removal,
), responses(
    (status = 200, body = Removed),
    CannotWrite,
))]
async fn remove(
    State(shared): State<Shared>,
    FromPath(project): FromPath<String>,
    FromQuery(how): FromQuery<Removal>,
) -> Result<Json<Removed>, Problem> {
    let key = project.clone();
    let rows = shared.write(move |store| store.remove_project(&key, how.force)).await?;
    audit("a project is removed", &project);
    Ok(Json(Removed { rows }))
}
