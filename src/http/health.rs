//! Whether it lives, and whether its answers can be trusted. Open to everybody: load balancers have no token.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::shared::Shared;
use crate::model::HostStatus;
use crate::telemetry::Status;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(healthz, ask_healthz)).routes(routes!(readyz, ask_readyz))
}

/// That our own loops turn.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`, or `hangs`.
    status: &'static str,
}

/// How far the rows of this host can be trusted.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// Whether a complete pass ended within three intervals and the ledger can be written.
    ready: bool,
    /// The host's status; absent before the first pass.
    host_status: Option<HostStatus>,
    /// How long ago the last complete pass was committed, in milliseconds; absent before the first.
    complete_pass_age_ms: Option<u64>,
    /// How long the call to the daemon that a pass waits for has been on its way, in milliseconds.
    call_in_flight_ms: Option<u64>,
    /// Whether the ledger cannot be written now.
    store_trouble: bool,
}

/// Answers for our own loops, never for the daemon's health: 503 while one of them hangs.
#[utoipa::path(get, path = "/healthz", operation_id = "show_liveness", tag = "health", responses(
    (status = 200, body = Health),
    (status = 503, body = Health),
))]
async fn healthz(State(shared): State<Shared>) -> Response {
    let (status, word) =
        if shared.liveness.is_alive() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "hangs") };
    (status, Json(Health { status: word })).into_response()
}

/// Whether the answers are true: 503 while they are not.
#[utoipa::path(get, path = "/readyz", operation_id = "show_readiness", tag = "health", responses(
    (status = 200, body = Readiness),
    (status = 503, body = Readiness),
))]
async fn readyz(State(shared): State<Shared>) -> Response {
    let readiness = Readiness::of(&shared.ledger.status());
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

/// The same, as HAProxy asks by itself; `OPTIONS /` and `OPTIONS *` ask for it, too.
#[utoipa::path(options, path = "/healthz", operation_id = "ask_liveness", tag = "health", responses(
    (status = 200, body = Health),
    (status = 503, body = Health),
))]
async fn ask_healthz(shared: State<Shared>) -> Response {
    (ALLOW, healthz(shared).await).into_response()
}

/// The same, as HAProxy asks by itself.
#[utoipa::path(options, path = "/readyz", operation_id = "ask_readiness", tag = "health", responses(
    (status = 200, body = Readiness),
    (status = 503, body = Readiness),
))]
async fn ask_readyz(shared: State<Shared>) -> Response {
    (ALLOW, readyz(shared).await).into_response()
}

/// The methods that are answered.
const ALLOW: [(HeaderName, &str); 1] = [(header::ALLOW, "GET,HEAD,OPTIONS")];

impl Readiness {
    fn of(status: &Status) -> Self {
        let host_status = status.host_status();
        let store_trouble = status.store_trouble.is_some();
        let millis = crate::model::whole_millis;
        Self {
            ready: host_status == Some(HostStatus::Fresh) && !store_trouble,
            host_status,
            complete_pass_age_ms: status.complete_pass_age().map(millis),
            call_in_flight_ms: status.call_in_flight().map(|call| millis(call.age())),
            store_trouble,
        }
    }
}
