//! `POST /hooks/{secret}`, and `POST /hooks` with the secret in a header.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ractor::concurrency::oneshot;
use serde::Deserialize;
use tokio::time::{Instant, timeout};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{HookAccepted, HookReport};
use crate::http::bodies::drop_body;
use crate::http::extract::{Path as FromPath, Query as FromQuery};
use crate::http::problem::Problem;
use crate::http::refusals::CannotWrite;
use crate::http::shared::Shared;
use crate::model::WorkloadId;
use crate::store::StoreError;
use crate::supervisor::SupervisorMessage;

/// Open to everybody: the secret says who may.
pub(in crate::http) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(by_path)).routes(routes!(by_header))
}

/// Whether a hook is at this path.
pub(in crate::http) fn is_one(path: &str) -> bool {
    path.strip_prefix("/hooks").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How a hook is called.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Called {
    /// Whether the report is waited for, at most as long as the pass that runs and the next one may take: `?wait`,
    /// `?wait=true`.
    wait: Option<String>,
}

/// The header of the secret; `Authorization: Bearer` will do too.
const SECRET_HEADER: &str = "x-dockledger-secret";

/// Asks for a pass by the secret of a workload, in the path. Without `wait` it answers before the pass begins. A body of up
/// to 25 MiB, whatever its kind, is read and dropped.
#[utoipa::path(post, path = "/hooks/{secret}", operation_id = "call_hook", tag = "hooks",
    params(("secret" = String, Path, description = "The workload's secret, as it was shown once."), Called),
    responses(
        (status = 200, body = HookReport, description = "The report of a pass that began after this call."),
        (status = 202, body = HookAccepted, description = "A pass will run."),
        CannotWrite,
    ))]
async fn by_path(
    State(shared): State<Shared>,
    FromPath(secret): FromPath<String>,
    FromQuery(called): FromQuery<Called>,
    body: Body,
) -> Result<Response, Response> {
    run(&shared, secret, &called, body).await
}

/// Asks for a pass by the secret of a workload, in the header `X-Dockledger-Secret` or as a bearer token.
#[utoipa::path(post, path = "/hooks", operation_id = "call_hook_by_header", tag = "hooks",
    params(("X-Dockledger-Secret" = Option<String>, Header, description = "The workload's secret."), Called),
    responses(
        (status = 200, body = HookReport, description = "The report of a pass that began after this call."),
        (status = 202, body = HookAccepted, description = "A pass will run."),
        CannotWrite,
    ))]
async fn by_header(
    State(shared): State<Shared>,
    headers: HeaderMap,
    FromQuery(called): FromQuery<Called>,
    body: Body,
) -> Result<Response, Response> {
    run(&shared, secret_in(&headers), &called, body).await
}

async fn run(shared: &Shared, secret: String, called: &Called, body: Body) -> Result<Response, Response> {
    shared.hooks.call(Instant::now()).map_err(too_many)?;
    // What a forge says of its push is not looked at, and yet the call is whole only with it.
    drop_body(body).await.map_err(IntoResponse::into_response)?;
    let workload_id = workload_of(shared, secret).await.map_err(IntoResponse::into_response)?;
    shared.hooks.call_of(&workload_id, Instant::now()).map_err(too_many)?;
    tracing::info!(%workload_id, "pass requested by a hook");
    if !called.waits() {
        let (port, _nobody_waits) = oneshot();
        // A ledger that is stopping runs no pass, and its successor begins with one.
        let _ = shared.ledger.supervisor.cast(SupervisorMessage::Reconcile(port.into()));
        return Ok(accepted(workload_id, false));
    }
    // The pass that runs may have listed before this call: the report is the next one's.
    match timeout(shared.config.pass_bound() * 2, shared.ledger.reconcile()).await {
        Ok(report) => Ok(Json(HookReport::of(workload_id, &report)).into_response()),
        Err(_) => Ok(accepted(workload_id, true)),
    }
}

/// The same work whatever the secret is: one digest and one look-up of it. What an index compares is the digest, which
/// whoever guesses cannot choose.
async fn workload_of(shared: &Shared, secret: String) -> Result<WorkloadId, Problem> {
    let found =
        shared.readers.read(move |store| store.workload_by_secret(&secret)).await.map_err(|error| unusable(&error))?;
    found.map(|workload| workload.id).ok_or_else(|| Problem::not_found("there is no such hook"))
}

/// Whoever has no token is not told where the database is; the log is.
fn unusable(error: &StoreError) -> Problem {
    tracing::warn!(%error, "hook lookup failed");
    let detail = "the ledger cannot be read now; call again later";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "database_unusable", detail)
}

fn secret_in(headers: &HeaderMap) -> String {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
    let own = headers.get(SECRET_HEADER).and_then(|value| value.to_str().ok());
    own.or(bearer).unwrap_or_default().to_owned()
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn accepted(workload_id: WorkloadId, overdue: bool) -> Response {
    (StatusCode::ACCEPTED, Json(HookAccepted { workload_id, overdue })).into_response()
}

fn too_many(wait: std::time::Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let detail = format!("hooks are called too often; call again in {seconds} s");
    let mut response = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

impl Called {
    fn waits(&self) -> bool {
        self.wait.as_deref().is_some_and(|word| !matches!(word, "false" | "0" | "no"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_read_from_either_header() {
        for (name, value, expected) in [
            ("x-dockledger-secret", "abc", "abc"),
            ("authorization", "Bearer abc", "abc"),
            ("authorization", "bearer  abc ", "abc"),
            ("authorization", "Basic abc", ""),
            ("authorization", "abc", ""),
            ("x-other", "abc", ""),
        ] {
            let headers = [(name.parse().expect("a name"), value.parse().expect("a value"))];
            assert_eq!(secret_in(&HeaderMap::from_iter(headers)), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_word_says_whether_the_report_is_waited_for() {
        for (wait, expected) in [(None, false), (Some(""), true), (Some("true"), true), (Some("0"), false)] {
            assert_eq!(Called { wait: wait.map(str::to_owned) }.waits(), expected, "{wait:?}");
        }
    }
}
