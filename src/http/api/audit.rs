//! What was ordered of containers, by whom, and what came of it.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{Page, begin};
use super::tagged::{Known, answer};
use crate::http::extract::Query as FromQuery;
use crate::http::problem::Problem;
use crate::http::refusals::CannotRead;
use crate::http::shared::Shared;
use crate::model::{AuditRecord, HostName, RowId};
use crate::store::AuditFilter;

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which orders; what is absent does not narrow.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Of this host.
    host: Option<String>,
    /// About this row, by its id.
    row: Option<String>,
    /// About rows of the workload with this id, name or `kind/name`.
    workload: Option<String>,
    /// Given by this token, by its name, or by the `control socket`.
    who: Option<String>,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Those after the page whose `next` this was.
    cursor: Option<String>,
}

/// What was ordered of containers, the latest first.
#[utoipa::path(get, path = "/audit", operation_id = "list_audit", tag = "ledger", params(Asked), responses(
    (status = 200, body = Page<AuditRecord>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(asked): FromQuery<Asked>,
    known: Known,
) -> Result<Response, Problem> {
    let begin = begin::<1>(asked.limit, asked.cursor.as_deref())?;
    let limit = begin.limit;
    let mut filter = AuditFilter {
        id: None,
        host: asked.host.map(HostName::new),
        row: asked.row.map(RowId::new),
        workload: None,
        who: asked.who,
        before: begin.after.map(|[id]| id),
        limit: Some(limit + 1),
    };
    answer(&shared, known, move |store| {
        if let Some(workload) = &asked.workload {
            filter.workload = Some(store.show_workload(workload)?.id);
        }
        Ok(Page::cut(store.audit(&filter)?, limit, |order| [order.id.clone()]))
    })
    .await
}
