//! Stages of projects.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, Paged};
use super::registered::{Removal, Removed, Renamed, audit, created};
use super::tagged::{Known, answer};
use crate::http::extract::{Json as FromJson, Path as FromPath, Query as FromQuery};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::refusals::{CannotRead, CannotWrite};
use crate::http::shared::Shared;
use crate::model::Stage;

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(rename, remove))
}

/// A stage to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct NewStage {
    /// Its name, unique in the project: up to 255 bytes, no control characters, no space at either end.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// Its id; made up without one.
    #[schema(min_length = 1, max_length = 255)]
    id: Option<String>,
    /// Stored for the deployer, not enforced.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 0)]
    max_instances: Option<i32>,
}

/// A whole number, be it written `2.0`: JSON knows one kind of number.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
    let is_whole = number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    let refused = || D::Error::custom("a whole number is expected");
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the bounds")]
    is_whole.then_some(Some(number as i32)).ok_or_else(refused)
}

/// The stages of a project, by name.
#[utoipa::path(get, path = "/projects/{project}/stages", operation_id = "list_stages", tag = "registry", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
    Paged,
), responses(
    (status = 200, body = Page<Stage>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromPath(project): FromPath<String>,
    FromQuery(paged): FromQuery<Paged>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    let begin = paged.begin::<1>()?;
    answer(&shared, known, move |store| {
        let project = reach.project(store, &project)?.id;
        Ok(Page::of(store.list_stages(&project)?, begin, |stage| [stage.name.clone()]))
    })
    .await
}

/// One stage.
#[utoipa::path(get, path = "/projects/{project}/stages/{stage}", operation_id = "show_stage", tag = "registry", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
    ("stage" = String, Path, description = "The stage's name or id, percent-encoded"),
), responses(
    (status = 200, body = Stage),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn show(
    State(shared): State<Shared>,
    FromPath((project, stage)): FromPath<(String, String)>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    answer(&shared, known, move |store| {
        let project = reach.project(store, &project)?.id;
        store.show_stage(&project, &stage)
    })
    .await
}

/// Adds a stage to a project.
#[utoipa::path(post, path = "/projects/{project}/stages", operation_id = "add_stage", tag = "registry", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
), request_body = NewStage, responses(
    (status = 201, body = Stage, headers(("location" = String, description = "Where it is"))),
    CannotWrite,
))]
async fn add(
    State(shared): State<Shared>,
    FromPath(project): FromPath<String>,
    FromJson(new): FromJson<NewStage>,
) -> Result<Response, Problem> {
    let stage = shared.write(move |store| store.add_stage(&project, &new.name, new.id, new.max_instances)).await?;
    audit("a stage is added", &stage.name);
    Ok(created(&shared, &["projects", &stage.project_id.clone(), "stages", &stage.id.clone()], stage))
}

/// Gives a stage another name. It keeps its rows.
#[utoipa::path(patch, path = "/projects/{project}/stages/{stage}", operation_id = "rename_stage", tag = "registry", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
    ("stage" = String, Path, description = "The stage's name or id, percent-encoded"),
), request_body = Renamed, responses(
    (status = 200, body = Stage),
    CannotWrite,
))]
async fn rename(
    State(shared): State<Shared>,
    FromPath((project, stage)): FromPath<(String, String)>,
    FromJson(new): FromJson<Renamed>,
) -> Result<Json<Stage>, Problem> {
    let renamed = shared.write(move |store| {
        store.rename_stage(&project, &stage, &new.name)?;
        store.show_stage(&project, &new.name)
    });
    let renamed = renamed.await?;
    audit("a stage is renamed", &renamed.name);
    Ok(Json(renamed))
}

/// Removes a stage and its rows.
#[utoipa::path(delete, path = "/projects/{project}/stages/{stage}", operation_id = "remove_stage", tag = "registry", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
    ("stage" = String, Path, description = "The stage's name or id, percent-encoded"),
    Removal,
), responses(
    (status = 200, body = Removed),
    CannotWrite,
))]
async fn remove(
    State(shared): State<Shared>,
    FromPath((project, stage)): FromPath<(String, String)>,
    FromQuery(how): FromQuery<Removal>,
) -> Result<Json<Removed>, Problem> {
    let key = stage.clone();
    let rows = shared.write(move |store| store.remove_stage(&project, &key, how.force)).await?;
    audit("a stage is removed", &stage);
    Ok(Json(Removed { rows }))
}
