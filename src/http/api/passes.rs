//! Passes: those that were, and one that is asked for.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, begin, foreign_cursor};
use super::tagged::{Known, answer};
use crate::http::extract::Query as FromQuery;
use crate::http::problem::Problem;
use crate::http::refusals::CannotRead;
use crate::http::shared::Shared;
use crate::model::{FailureKind, HostName, PassId, PassRecord, PassReport, Timestamp};

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

pub(super) fn deploy() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(run))
}

/// Which passes.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Of this host.
    host: Option<String>,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Those after the page whose `next` this was.
    cursor: Option<String>,
}

/// Recent passes, the latest first. Whole passes by tick that changed nothing are counted in their host alone.
#[utoipa::path(get, path = "/passes", operation_id = "list_passes", tag = "ledger", params(Asked), responses(
    (status = 200, body = Page<PassRecord>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(asked): FromQuery<Asked>,
    known: Known,
) -> Result<Response, Problem> {
    let begin = begin::<2>(asked.limit, asked.cursor.as_deref())?;
    let before = begin.after.map(|[at, pass]| {
        let at = at.parse().map(Timestamp::from_millis).map_err(|_| foreign_cursor())?;
        Ok::<_, Problem>((at, PassId::new(pass)))
    });
    let (before, limit, host) = (before.transpose()?, begin.limit, asked.host.map(HostName::new));
    answer(&shared, known, move |store| {
        let before = before.as_ref().map(|(at, pass)| (*at, pass));
        let found = store.passes_before(before, host.as_ref(), limit + 1)?;
        Ok(Page::cut(found, limit, |pass| [pass.started_at.as_millis().to_string(), pass.pass_id.to_string()]))
    })
    .await
}

/// Runs a pass over the whole host that begins after this call, and answers its report.
///
/// The answer is 200 whatever came of the pass: `outcome` and `error` say that. It is 503 only where no pass ran, because
/// the service is stopping. It comes within four list deadlines of the pass's begin, and of the one that runs now; any
/// number of calls share the next pass.
#[utoipa::path(post, path = "/passes", operation_id = "run_pass", tag = "ledger", responses(
    (status = 200, body = PassReport),
    CannotRead,
))]
async fn run(State(shared): State<Shared>) -> Result<Json<PassReport>, Problem> {
    let report = shared.ledger.reconcile().await;
    match &report.error {
        Some(error) if error.kind == FailureKind::Stopping => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", error.message.clone()))
        }
        _ => Ok(Json(report)),
    }
}
