//! A deployer's calls: its rows are made, bound, changed and released, each within one project.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::claimable;
use super::reach::Reach;
use super::registered::audit;
use crate::http::extract::{Json as FromJson, Path as FromPath};
use crate::http::problem::Problem;
use crate::http::refusals::CannotWrite;
use crate::http::shared::Shared;
use crate::model::{ClaimRequest, ContainerId, Revision, RowId, StoredRow};
use crate::store::RowFilter;

pub(super) fn deploy() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(claim)).routes(routes!(release))
}

/// What is claimed. What is absent stays as it is; an empty text takes one of the last four away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct NewClaim {
    /// Name or id of the stage; sets role and stage.
    stage: Option<String>,
    /// The full id of the container to bind: a name may be another's by the time it is used.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    container_id: Option<String>,
    /// The row to make or to change; without one, that of the container, else a fresh one.
    #[schema(min_length = 1, max_length = 255)]
    row: Option<String>,
    /// The name under which a proxy serves it.
    subdomain: Option<String>,
    /// The proxy's own id of the route.
    proxy_route: Option<String>,
    /// The id at Nginx Proxy Manager.
    npm_proxy: Option<String>,
    /// The image tag that was deployed.
    image_tag: Option<String>,
}

/// What a release left behind.
#[derive(Debug, serde::Serialize, ToSchema)]
struct Released {
    /// The revision of the row's last change.
    revision: Revision,
}

/// Makes, binds or changes a row of the project; repeated, it changes only what is named. The answer comes after a pass
/// over the container, if there is one.
///
/// 503 with the code `unseen` says that the claim is stored and no pass could look at its container yet.
#[utoipa::path(post, path = "/projects/{project}/claims", operation_id = "claim_row", tag = "registry", params(
    ("project" = String, Path, description = "Its name or id, percent-encoded"),
), request_body = NewClaim, responses(
    (status = 200, body = StoredRow),
    CannotWrite,
))]
async fn claim(
    State(shared): State<Shared>,
    FromPath(project): FromPath<String>,
    reach: Reach,
    FromJson(new): FromJson<NewClaim>,
) -> Result<Json<StoredRow>, Problem> {
    let request = new.request(project)?;
    let (host, is_bound) = (shared.config.host.clone(), request.container_id.is_some());
    if let Some(container) = &request.container_id {
        claimable::check(&shared, &reach, &request.project, container).await?;
    }
    let claimed = shared.write(move |store| {
        let project = reach.project(store, &request.project)?.id;
        store.claim(&host, &ClaimRequest { project, ..request })
    });
    let (row, _) = claimed.await?;
    audit("a row is claimed", row.as_str());
    if is_bound {
        see(&shared, &row).await?;
    }
    let filter = RowFilter { host: Some(shared.config.host.clone()), row: Some(row), ..RowFilter::default() };
    let found = shared.readers.read(move |store| store.rows(&filter)).await?.into_iter().next();
    found.map(Json).ok_or_else(|| Problem::not_found("the row was claimed and then removed by someone else"))
}

/// Removes a row of the project, with its change. Its container is left as it is.
#[utoipa::path(delete, path = "/projects/{project}/claims/{row}", operation_id = "release_row", tag = "registry", params(
    ("project" = String, Path, description = "Its name or id, percent-encoded"),
    ("row" = String, Path, description = "The row's id, percent-encoded"),
), responses(
    (status = 200, body = Released),
    CannotWrite,
))]
async fn release(
    State(shared): State<Shared>,
    FromPath((project, row)): FromPath<(String, String)>,
    reach: Reach,
) -> Result<Json<Released>, Problem> {
    let (host, id) = (shared.config.host.clone(), RowId::new(row.clone()));
    let released = shared.write(move |store| {
        let project = reach.project(store, &project)?.id;
        store.release_of(&host, &project, &id)
    });
    let revision = released.await?;
    audit("a row is released", &row);
    Ok(Json(Released { revision }))
}

/// Sees to a pass over what was bound.
async fn see(shared: &Shared, row: &RowId) -> Result<(), Problem> {
    let report = shared.ledger.reconcile().await;
    let Some(error) = report.error else { return Ok(()) };
    let detail = format!("the claim is stored as row {row}, and no pass has looked at its container yet: {error}");
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unseen", detail))
}

impl NewClaim {
    fn request(self, project: String) -> Result<ClaimRequest, Problem> {
        if self.container_id.as_deref().is_some_and(|id| !ContainerId::is_full(id)) {
            return Err(Problem::invalid("container_id is a container's full id: 64 lower-case hex digits"));
        }
        Ok(ClaimRequest {
            project,
            stage: self.stage,
            container_id: self.container_id.map(ContainerId::new),
            row: self.row.map(RowId::new),
            subdomain: self.subdomain,
            proxy_route: self.proxy_route,
            npm_proxy: self.npm_proxy,
            image_tag: self.image_tag,
        })
    }
}
