//! `GET /metrics`.

use axum::extract::State;
use axum::http::header;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::families::{Measured, exposed};
use crate::http::auth;
use crate::http::refusals::CannotRead;
use crate::http::shared::Shared;

/// What the text is, as Prometheus asks for it.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(in crate::http) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(metrics)).route_layer(from_fn(auth::require_read))
}

/// What is measured, for Prometheus. A database that cannot be read costs the counts of rows alone.
#[utoipa::path(get, path = "/metrics", operation_id = "read_metrics", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"),
    CannotRead,
))]
async fn metrics(State(shared): State<Shared>) -> Response {
    let host = shared.config.host.clone();
    let counted = shared.readers.read(move |store| Ok((store.row_counts(&host)?, store.file_sizes()))).await;
    let (rows, files) = counted.map_or((None, None), |(rows, files)| (Some(rows), files));
    let status = shared.ledger.status();
    let requests = shared.requests.all();
    let measured =
        Measured { host: &shared.config.host, status: &status, rows: rows.as_ref(), files, requests: &requests };
    ([(header::CONTENT_TYPE, TEXT)], exposed(&measured)).into_response()
}
