//! Rows, and the history of each.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::words;
use super::paging::{Page, Paged, begin, foreign_cursor};
use super::tagged::{Known, answer};
use crate::http::extract::{Path as FromPath, Query as FromQuery};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::refusals::CannotRead;
use crate::http::shared::Shared;
use crate::model::{
    Change, Condition, HealthCondition, HostName, Revision, RowId, RowOrder, RowSummary, StoredRow, WorkloadKind,
};
use crate::store::RowFilter;

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(summary)).routes(routes!(show)).routes(routes!(history))
}

/// Which rows; what is absent does not narrow.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Of this host.
    host: Option<String>,
    /// In one of these conditions, with commas between them: `up`, `down`, `attention` or one of its reasons, or a state.
    state: Option<String>,
    /// Whose health is one of these, with commas between them: `starting`, `healthy`, `unhealthy`, `none`.
    health: Option<String>,
    /// Of workloads of one of these kinds, with commas between them: `project`, `stack`, `site`.
    kind: Option<String>,
    /// Of the workload with this id, name or `kind/name`.
    workload: Option<String>,
    /// Of the stage with this id or name, also a former one.
    stage: Option<String>,
    /// Whose containers start too often.
    #[serde(default)]
    flapping: bool,
    /// With this text, in any case, in name, image, row id, role, ports, container id, workload, subdomain or tag.
    text: Option<String>,
    /// In this order; by host and id without it.
    sort: Option<RowOrder>,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Those after the page whose `next` this was.
    cursor: Option<String>,
}

impl Asked {
    /// The filter, and the size of a page; the filter asks for one row more, which tells whether there is another page.
    fn filter(self) -> Result<(RowFilter, usize), Problem> {
        let begin = begin::<2>(self.limit, self.cursor.as_deref())?;
        let filter = RowFilter {
            host: self.host.map(HostName::new),
            conditions: Condition::parse_all(self.state.as_deref().unwrap_or_default()),
            health: words("health", self.health.as_deref(), HealthCondition::parse, HealthCondition::ALL)?,
            kinds: words("kind", self.kind.as_deref(), WorkloadKind::parse, WorkloadKind::ALL)?,
            workload: self.workload,
            stage: self.stage,
            flapping: self.flapping,
            text: self.text,
            order: self.sort.unwrap_or_default(),
            after: begin.after.map(|[host, row]| (HostName::new(host), RowId::new(row))),
            limit: Some(begin.limit + 1),
            ..RowFilter::default()
        };
        Ok((filter, begin.limit))
    }
}

/// How many rows there are, by what people ask first: among those that the filters let pass.
#[utoipa::path(get, path = "/containers/summary", operation_id = "summarize_containers", tag = "ledger", params(Asked), responses(
    (status = 200, body = RowSummary),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn summary(
    State(shared): State<Shared>,
    FromQuery(asked): FromQuery<Asked>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    let (filter, _) = asked.filter()?;
    let all = RowFilter { after: None, limit: None, ..filter };
    answer(&shared, known, move |store| Ok(RowSummary::of(&reach.rows(store, all)?))).await
}

/// Rows, a page at a time, by host and id unless another order is asked for.
#[utoipa::path(get, path = "/containers", operation_id = "list_containers", tag = "ledger", params(Asked), responses(
    (status = 200, body = Page<StoredRow>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(asked): FromQuery<Asked>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    let (filter, limit) = asked.filter()?;
    let key = |row: &StoredRow| [row.host.to_string(), row.id.to_string()];
    answer(&shared, known, move |store| Ok(Page::cut(reach.rows(store, filter)?, limit, key))).await
}

/// One row.
#[utoipa::path(get, path = "/containers/{host}/{row}", operation_id = "show_container", tag = "ledger", params(
    ("host" = String, Path, description = "The host"),
    ("row" = String, Path, description = "The id of the row, percent-encoded"),
), responses(
    (status = 200, body = StoredRow),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn show(
    State(shared): State<Shared>,
    FromPath((host, row)): FromPath<(String, String)>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    answer(&shared, known, move |store| reach.row(store, &HostName::new(host), &RowId::new(row))).await
}

/// The history of one row, the latest change first. It outlives the row.
#[utoipa::path(get, path = "/containers/{host}/{row}/changes", operation_id = "list_container_changes", tag = "ledger", params(
    ("host" = String, Path, description = "The host"),
    ("row" = String, Path, description = "The id of the row, percent-encoded"),
    Paged,
), responses(
    (status = 200, body = Page<Change>),
    (status = 304, description = "Nothing was committed since the tag in `If-None-Match`"),
    CannotRead,
))]
async fn history(
    State(shared): State<Shared>,
    FromPath((host, row)): FromPath<(String, String)>,
    FromQuery(paged): FromQuery<Paged>,
    reach: Reach,
    known: Known,
) -> Result<Response, Problem> {
    let begin = paged.begin::<1>()?;
    let before = begin.after.map(|[revision]| revision.parse().map(Revision).map_err(|_| foreign_cursor()));
    let (before, limit) = (before.transpose()?, begin.limit);
    answer(&shared, known, move |store| {
        let (host, row) = (HostName::new(host), RowId::new(row));
        let seen = reach.workloads(store)?;
        let found = store.row_changes_before(&host, &row, seen.as_deref(), before, limit + 1)?;
        // A row that somebody else inserted has no history yet, and one that never was has none at all. Whoever is bound to
        // projects is told of rows that are there.
        if !reach.is_whole() || (found.is_empty() && before.is_none()) {
            reach.row(store, &host, &row)?;
        }
        Ok(Page::cut(found, limit, |change| [change.revision.0.to_string()]))
    })
    .await
}
