//! Passes.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::PassReport;

/// What whoever may deploy may ask.
pub(super) fn deploy() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(reconcile))
}

/// Runs a whole pass that begins after this request and answers its report, whatever came of it: `outcome` and `error`
/// say so.
#[utoipa::path(post, path = "/passes", tag = "ledger", responses(
    (status = 200, body = PassReport),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
))]
async fn reconcile(State(shared): State<Shared>) -> Json<PassReport> {
    Json(shared.ledger.reconcile().await)
}
