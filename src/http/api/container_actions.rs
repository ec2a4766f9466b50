//! What an administrator does to any container that a row is bound to: those of stacks and sites have no stage.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::docker::Action;
use crate::http::extract::{Path as FromPath, Query as FromQuery};
use crate::http::orders::{NoTiming, Order, Target, Timing, carry_out, check_host};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::refusals::CannotAct;
use crate::http::shared::Shared;
use crate::model::{RowId, StoredRow};

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(start)).routes(routes!(stop)).routes(routes!(restart)).routes(routes!(remove))
}

type Named = FromPath<(String, String)>;

/// Starts the row's container. The answer is the row after a pass.
#[utoipa::path(post, path = "/containers/{host}/{row}/start", operation_id = "start_container", tag = "ledger", params(
    ("host" = String, Path, description = "The host, which has to be that of this service"),
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
#[utoipa::path(post, path = "/containers/{host}/{row}/stop", operation_id = "stop_container", tag = "ledger", params(
    ("host" = String, Path, description = "The host, which has to be that of this service"),
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
#[utoipa::path(post, path = "/containers/{host}/{row}/restart", operation_id = "restart_container", tag = "ledger", params(
    ("host" = String, Path, description = "The host, which has to be that of this service"),
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
#[utoipa::path(delete, path = "/containers/{host}/{row}", operation_id = "remove_container", tag = "ledger", params(
    ("host" = String, Path, description = "The host, which has to be that of this service"),
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
    FromPath((host, row)): Named,
    action: Action,
) -> Result<Json<StoredRow>, Problem> {
    check_host(&shared.config, &host)?;
    carry_out(shared, Order { reach, target: Target::Any(RowId::new(row)), action }).await.row.map(Json)
}
