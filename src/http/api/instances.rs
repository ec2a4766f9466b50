//! What is done to the containers of a project's stage.
//!
//! A row is acted on only if its workload is the URL's project and its stage the URL's stage, as the ledger says at the
//! moment of the call; and its container only by its full id, which no other ever bears, and only if its own labels name
//! nobody else.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::docker::Action;
use crate::http::extract::{Path as FromPath, Query as FromQuery};
use crate::http::orders::{NoTiming, Order, Target, Timing, carry_out};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::refusals::CannotAct;
use crate::http::shared::Shared;
use crate::model::{RowId, StoredRow};

pub(super) fn deploy() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(start)).routes(routes!(stop)).routes(routes!(restart)).routes(routes!(remove))
}

type Named = FromPath<(String, String, String)>;

/// Starts the row's container. The answer is the row after a pass.
#[utoipa::path(post, path = "/projects/{project}/stages/{stage}/instances/{row}/start", operation_id = "start_instance",
tag = "ledger", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
    ("stage" = String, Path, description = "The stage's name or id, percent-encoded"),
    ("row" = String, Path, description = "The row's id, percent-encoded"),
), responses((status = 200, body = StoredRow), CannotAct))]
async fn start(
    State(shared): State<Shared>,
    reach: Reach,
    named: Named,
    FromQuery(NoTiming {}): FromQuery<NoTiming>,
) -> Result<Json<StoredRow>, Problem> {
    order(shared, reach, named, Action::Start).await
}

/// Stops the row's container. The answer is the row after a pass.
#[utoipa::path(post, path = "/projects/{project}/stages/{stage}/instances/{row}/stop", operation_id = "stop_instance",
tag = "ledger", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
    ("stage" = String, Path, description = "The stage's name or id, percent-encoded"),
    ("row" = String, Path, description = "The row's id, percent-encoded"),
    Timing,
), responses((status = 200, body = StoredRow), CannotAct))]
async fn stop(
    State(shared): State<Shared>,
    reach: Reach,
    named: Named,
    FromQuery(timing): FromQuery<Timing>,
) -> Result<Json<StoredRow>, Problem> {
    order(shared, reach, named, Action::Stop(timing.grace()?)).await
}

/// Restarts the row's container. The answer is the row after a pass.
#[utoipa::path(post, path = "/projects/{project}/stages/{stage}/instances/{row}/restart", operation_id = "restart_instance",
tag = "ledger", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
    ("stage" = String, Path, description = "The stage's name or id, percent-encoded"),
    ("row" = String, Path, description = "The row's id, percent-encoded"),
    Timing,
), responses((status = 200, body = StoredRow), CannotAct))]
async fn restart(
    State(shared): State<Shared>,
    reach: Reach,
    named: Named,
    FromQuery(timing): FromQuery<Timing>,
) -> Result<Json<StoredRow>, Problem> {
    order(shared, reach, named, Action::Restart(timing.grace()?)).await
}

/// Removes the row's container, if it does not run. The row stays, and is missing then.
#[utoipa::path(delete, path = "/projects/{project}/stages/{stage}/instances/{row}", operation_id = "remove_instance",
tag = "ledger", params(
    ("project" = String, Path, description = "The project's name or id, percent-encoded"),
    ("stage" = String, Path, description = "The stage's name or id, percent-encoded"),
    ("row" = String, Path, description = "The row's id, percent-encoded"),
), responses((status = 200, body = StoredRow), CannotAct))]
async fn remove(
    State(shared): State<Shared>,
    reach: Reach,
    named: Named,
    FromQuery(NoTiming {}): FromQuery<NoTiming>,
) -> Result<Json<StoredRow>, Problem> {
    order(shared, reach, named, Action::Remove).await
}

async fn order(
    shared: Shared,
    reach: Reach,
    FromPath((project, stage, row)): Named,
    action: Action,
) -> Result<Json<StoredRow>, Problem> {
    let target = Target::Instance { project, stage, row: RowId::new(row) };
    carry_out(shared, Order { reach, target, action }).await.row.map(Json)
}
