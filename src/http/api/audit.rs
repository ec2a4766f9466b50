//! What was ordered of containers, by whom, and what came of it.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::{moment, words};
use super::paging::{Page, begin};
use super::tagged::{Known, answer};
use crate::http::extract::Query as FromQuery;
use crate::http::problem::Problem;
use crate::http::refusals::CannotRead;
use crate::http::shared::Shared;
use crate::model::{AuditAction, AuditOutcome, AuditRecord, HostName, RowId};
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
    /// About rows of the workload with this id, name or `kind/name`; one that was removed is known by its id.
    workload: Option<String>,
    /// About the container with this id, or the start of one, or with this name now; or about the row with this id.
    container: Option<String>,
    /// Given by this token, by its name, or by the `control socket`.
    who: Option<String>,
    /// One of these was ordered, with commas between them: `start`, `stop`, `restart`, `remove`.
    action: Option<String>,
    /// One of these came of it, with commas between them: `ok`, `refused`, `failed`, `unknown`.
    outcome: Option<String>,
    /// Given at this moment or later (RFC 3339).
    from: Option<String>,
    /// Given before this moment (RFC 3339).
    to: Option<String>,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Those after the page whose `next` this was.
    cursor: Option<String>,
}

impl Asked {
    /// The filter, and the size of a page; the filter asks for one order more, which tells whether there is another page.
    fn filter(self) -> Result<(AuditFilter, usize), Problem> {
        let begin = begin::<1>(self.limit, self.cursor.as_deref())?;
        let filter = AuditFilter {
            id: None,
            host: self.host.map(HostName::new),
            row: self.row.map(RowId::new),
            workload: self.workload,
            container: self.container,
            who: self.who,
            actions: words("action", self.action.as_deref(), AuditAction::parse, AuditAction::ALL)?,
            outcomes: words("outcome", self.outcome.as_deref(), AuditOutcome::parse, AuditOutcome::ALL)?,
            from: moment("from", self.from.as_deref())?,
            to: moment("to", self.to.as_deref())?,
            before: begin.after.map(|[id]| id),
            limit: Some(begin.limit + 1),
        };
        Ok((filter, begin.limit))
    }
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
    let (filter, limit) = asked.filter()?;
    answer(&shared, known, move |store| Ok(Page::cut(store.audit(&filter)?, limit, |order| [order.id.clone()]))).await
}
