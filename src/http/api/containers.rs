//! Rows.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{ContainerState, HostName, StoredRow, WorkloadKind};
use crate::store::RowFilter;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which rows; what is absent does not narrow.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Narrowed {
    /// Of this host.
    host: Option<String>,
    /// In this state.
    state: Option<String>,
    /// Of workloads of this kind.
    kind: Option<WorkloadKind>,
    /// Of the workload with this id, name or `kind/name`.
    workload: Option<String>,
    /// Of the stage with this id or name.
    stage: Option<String>,
    /// Whose containers start too often.
    #[serde(default)]
    flapping: bool,
}

/// Rows by host and id.
#[utoipa::path(get, path = "/containers", tag = "ledger", params(Narrowed), responses(
    (status = 200, body = Vec<StoredRow>),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
async fn list(State(shared): State<Shared>, Query(narrowed): Query<Narrowed>) -> Result<Json<Vec<StoredRow>>, Problem> {
    let filter = RowFilter {
        host: narrowed.host.map(HostName::new),
        state: narrowed.state.as_deref().map(ContainerState::parse),
        kind: narrowed.kind,
        workload: narrowed.workload,
        stage: narrowed.stage,
        flapping: narrowed.flapping,
        ..RowFilter::default()
    };
    Ok(Json(shared.readers.read(move |store| store.rows(&filter)).await?))
}
