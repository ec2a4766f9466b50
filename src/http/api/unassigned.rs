//! Containers without a row.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, Paged};
use super::tagged::{Known, answer_made};
use crate::http::extract::Query as FromQuery;
use crate::http::problem::Problem;
use crate::http::refusals::CannotRead;
use crate::http::shared::Shared;
use crate::model::{HostName, Timestamp, Unassigned};

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The containers of this service's host that have no row, as the passes so far tell. No daemon is asked.
#[derive(Debug, Serialize, ToSchema)]
struct UnassignedPage {
    /// The host that this service keeps.
    host: HostName,
    /// When the last complete pass over the whole host began; passes over single containers have corrected it since.
    complete_pass_at: Option<Timestamp>,
    /// By container id.
    #[serde(flatten)]
    page: Page<Unassigned>,
}

/// Each container without a row, with the reason. 503 until a pass has looked at the whole host.
#[utoipa::path(get, path = "/unassigned", operation_id = "list_unassigned", tag = "ledger", params(Paged), responses(
    (status = 200, body = UnassignedPage),
    (status = 304, description = "The answer is that of the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(paged): FromQuery<Paged>,
    known: Known,
) -> Result<Response, Problem> {
    let begin = paged.begin::<1>()?;
    let status = shared.ledger.status();
    let found = status.unassigned.as_ref().ok_or_else(not_known_yet)?.values().cloned().collect();
    let page = UnassignedPage {
        host: shared.config.host.clone(),
        complete_pass_at: status.last_complete_pass_at,
        page: Page::of(found, begin, |container: &Unassigned| [container.container_id.to_string()]),
    };
    Ok(answer_made(&known, &page))
}

fn not_known_yet() -> Problem {
    let detail = "no pass has looked at the whole host since this service began; try again after the first one, or look \
                  at the host's status for what keeps it";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_known_yet", detail)
}
