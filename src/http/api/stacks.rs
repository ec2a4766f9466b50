//! Stacks: compose projects, and plain containers adopted by name.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, Paged};
use super::registered::{Removal, Removed, Renamed, audit, created};
use super::tagged::{Known, answer};
use crate::http::extract::{Json as FromJson, Path as FromPath, Query as FromQuery};
use crate::http::problem::Problem;
use crate::http::refusals::{CannotRead, CannotWrite};
use crate::http::shared::Shared;
use crate::model::{Origin, Registered, Stack};
use crate::store::NewParent;

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(rename, remove)).routes(routes!(adopt))
}

/// A stack to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct NewStack {
    /// Its name, unique among stacks: up to 255 bytes, no control characters, no space at either end.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// Its id; made up without one.
    #[schema(min_length = 1, max_length = 255)]
    id: Option<String>,
    /// The id of its workload; made up without one. It holds no `:`.
    #[schema(min_length = 1, max_length = 255)]
    workload_id: Option<String>,
    /// The compose project that it stands for; its name without one.
    #[schema(min_length = 1, max_length = 255)]
    compose_project: Option<String>,
}

/// A plain container.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Adopted {
    /// Its exact name.
    #[schema(min_length = 1, max_length = 255)]
    container_name: String,
}

/// All of them, by name.
#[utoipa::path(get, path = "/stacks", operation_id = "list_stacks", tag = "registry", params(Paged), responses(
    (status = 200, body = Page<Stack>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(paged): FromQuery<Paged>,
    known: Known,
) -> Result<Response, Problem> {
    let begin = paged.begin::<1>()?;
    answer(&shared, known, |store| Ok(Page::of(store.list_stacks()?, begin, |stack| [stack.name.clone()]))).await
}

/// One of them.
#[utoipa::path(get, path = "/stacks/{stack}", operation_id = "show_stack", tag = "registry", params(
    ("stack" = String, Path, description = "Its name or id, percent-encoded"),
), responses(
    (status = 200, body = Stack),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn show(
    State(shared): State<Shared>,
    FromPath(stack): FromPath<String>,
    known: Known,
) -> Result<Response, Problem> {
    answer(&shared, known, move |store| store.show_stack(&stack)).await
}

/// Registers a stack with its workload. The answer holds the workload's secret, which is never shown again.
#[utoipa::path(post, path = "/stacks", operation_id = "add_stack", tag = "registry", request_body = NewStack, responses(
    (status = 201, body = Registered, headers(("location" = String, description = "Where it is"))),
    CannotWrite,
))]
async fn add(State(shared): State<Shared>, FromJson(new): FromJson<NewStack>) -> Result<Response, Problem> {
    let registered = shared.write(move |store| {
        let parent = NewParent { name: new.name, id: new.id, workload_id: new.workload_id };
        store.add_stack(&parent, new.compose_project)
    });
    let registered = registered.await?;
    audit("a stack is registered", &registered.name);
    Ok(created(&shared, &["stacks", &registered.id.clone()], registered))
}

/// Gives it and its workload another name.
#[utoipa::path(patch, path = "/stacks/{stack}", operation_id = "rename_stack", tag = "registry", params(
    ("stack" = String, Path, description = "Its name or id, percent-encoded"),
), request_body = Renamed, responses(
    (status = 200, body = Stack),
    CannotWrite,
))]
async fn rename(
    State(shared): State<Shared>,
    FromPath(stack): FromPath<String>,
    FromJson(new): FromJson<Renamed>,
) -> Result<Json<Stack>, Problem> {
    let renamed = shared.write(move |store| {
        store.rename_stack(&stack, &new.name)?;
        store.show_stack(&new.name)
    });
    let renamed = renamed.await?;
    audit("a stack is renamed", &renamed.name);
    Ok(Json(renamed))
}

/// Removes it with its workload and the workload's rows.
#[utoipa::path(delete, path = "/stacks/{stack}", operation_id = "remove_stack", tag = "registry", params(
    ("stack" = String, Path, description = "Its name or id, percent-encoded"),
    Removal,
), responses(
    (status = 200, body = Removed),
    CannotWrite,
))]
async fn remove(
    State(shared): State<Shared>,
    FromPath(stack): FromPath<String>,
    FromQuery(how): FromQuery<Removal>,
) -> Result<Json<Removed>, Problem> {
    let key = stack.clone();
    let rows = shared.write(move |store| store.remove_stack(&key, how.force)).await?;
    audit("a stack is removed", &stack);
    Ok(Json(Removed { rows }))
}

/// Lets it adopt plain containers of one exact name. Adopting a name twice is once.
#[utoipa::path(post, path = "/stacks/{stack}/adopted", operation_id = "adopt_container", tag = "registry", params(
    ("stack" = String, Path, description = "Its name or id, percent-encoded"),
), request_body = Adopted, responses(
    (status = 200, body = Stack),
    CannotWrite,
))]
async fn adopt(
    State(shared): State<Shared>,
    FromPath(stack): FromPath<String>,
    FromJson(adopted): FromJson<Adopted>,
) -> Result<Json<Stack>, Problem> {
    let joined = shared.write(move |store| {
        store.adopt_name(&stack, &adopted.container_name, Origin::Added)?;
        store.show_stack(&stack)
    });
    let joined = joined.await?;
    audit("a container joins a stack by name", &joined.name);
    Ok(Json(joined))
}
