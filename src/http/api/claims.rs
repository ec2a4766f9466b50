//! A deployer's calls: its rows are made, bound, changed and released, each within one project.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::claimable;
use super::registered::{audit, created};
use crate::http::extract::{Json as FromJson, Path as FromPath};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::refusals::CannotWrite;
use crate::http::shared::Shared;
use crate::model::{ClaimRequest, ContainerId, HostName, Revision, RowId, StoredRow};
use crate::store::{ClaimedRow, Store, StoreError};

pub(super) fn deploy() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(claim)).routes(routes!(release))
}

/// What is claimed. What is absent stays as it is; an empty text takes a deployer's fact away. Fields are called as in the answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct NewClaim {
    /// Name or id of the stage; sets role and stage.
    stage: Option<String>,
    /// The full id of the container to bind: a name may be another's by the time it is used.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    container_id: Option<String>,
    /// The row to make or to change; without one, that of the container, else a fresh one. `row` is taken, too.
    #[serde(alias = "row")]
    #[schema(min_length = 1, max_length = 255)]
    id: Option<String>,
    /// `failed` says that the container could not be made; for a row that is bound to none.
    state: Option<SaidState>,
    /// The name under which a proxy serves it.
    subdomain: Option<String>,
    /// Whether the subdomain is taken away from every other row that bears it, in the same step: a route moves whole.
    #[serde(default)]
    take_subdomain: bool,
    /// The proxy's own id of the route. `proxy_route` is taken, too.
    #[serde(alias = "proxy_route")]
    proxy_route_id: Option<String>,
    /// The id at Nginx Proxy Manager. `npm_proxy` is taken, too.
    #[serde(alias = "npm_proxy")]
    npm_proxy_id: Option<String>,
    /// The image tag that was deployed.
    image_tag: Option<String>,
}

/// A state that a deployer may say.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SaidState {
    /// Its container could not be made.
    Failed,
}

/// The row after a claim.
#[derive(Debug, serde::Serialize, ToSchema)]
struct ClaimAnswer {
    #[serde(flatten)]
    row: StoredRow,
    /// What the claim left that somebody should look at; as a rule nothing.
    warnings: Vec<ClaimWarning>,
}

/// Something to look at.
#[derive(Debug, serde::Serialize, ToSchema)]
struct ClaimWarning {
    /// A stable word for programs: `subdomain_contested`.
    code: &'static str,
    /// One sentence for people.
    detail: String,
}

/// What a release left behind.
#[derive(Debug, serde::Serialize, ToSchema)]
struct Released {
    /// The revision of the row's last change.
    revision: Revision,
}

/// Makes, binds or changes a row of the project; repeated, it changes only what is named. The answer comes after a pass
/// over the container, if there is one: 201 and where the row is, if the claim made it.
///
/// 503 with the code `unseen` says that the claim is stored and no pass could look at its container yet.
#[utoipa::path(post, path = "/projects/{project}/claims", operation_id = "claim_row", tag = "registry", params(
    ("project" = String, Path, description = "Its name or id, percent-encoded"),
), request_body = NewClaim, responses(
    (status = 200, body = ClaimAnswer),
    (status = 201, body = ClaimAnswer, headers(("location" = String, description = "Where the row is"))),
    CannotWrite,
))]
async fn claim(
    State(shared): State<Shared>,
    FromPath(project): FromPath<String>,
    reach: Reach,
    FromJson(new): FromJson<NewClaim>,
) -> Result<Response, Problem> {
    let request = new.request(project)?;
    if let Some(container) = &request.container_id {
        claimable::check(&shared, &reach, &request.project, container).await?;
    }
    let (host, is_seen_to) = (shared.config.host.clone(), request.container_id.is_some() || request.has_failed);
    let seen_by = reach.clone();
    let claimed = shared.write(move |store| {
        let project = reach.project(store, &request.project)?.id;
        let takes_from = reach.workloads(store)?;
        store.claim_telling(&host, &ClaimRequest { project, takes_from, ..request })
    });
    let ClaimedRow { row, is_made, .. } = claimed.await?;
    audit("a row is claimed", row.as_str());
    if is_seen_to {
        see(&shared, &row).await?;
    }
    let host = shared.config.host.clone();
    let answer = shared.readers.read(move |store| answer(store, &seen_by, &host, &row)).await?;
    Ok(if is_made {
        let (host, row) = (answer.row.host.to_string(), answer.row.id.to_string());
        created(&shared, &["containers", &host, &row], answer)
    } else {
        Json(answer).into_response()
    })
}

/// The row, and who else bears its subdomain.
fn answer(store: &mut Store, reach: &Reach, host: &HostName, row: &RowId) -> Result<ClaimAnswer, StoreError> {
    let stored = reach.row(store, host, row)?;
    let mut warnings = Vec::new();
    if let Some(subdomain) = stored.deployer.subdomain.as_deref().filter(|subdomain| !subdomain.is_empty()) {
        let routes = store.routes(Some(host))?;
        let contested = routes.into_iter().find(|route| route.row_id == *row).map(|route| route.contested_by);
        if let Some(others) = contested.filter(|others| !others.is_empty()) {
            let others = if reach.is_whole() { others.join(", ") } else { "another project".to_owned() };
            let detail = format!(
                "subdomain {subdomain} is borne by rows of {others}, too: repeat the claim with take_subdomain to move it here whole"
            );
            warnings.push(ClaimWarning { code: "subdomain_contested", detail });
        }
    }
    Ok(ClaimAnswer { row: stored, warnings })
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
        if self.state.is_some() && self.container_id.is_some() {
            let detail = "a row that is bound to a container is in the state that the daemon says";
            return Err(Problem::new(StatusCode::CONFLICT, "bound", detail));
        }
        if self.take_subdomain && self.subdomain.as_deref().is_none_or(str::is_empty) {
            return Err(Problem::invalid("take_subdomain goes with the subdomain that is taken"));
        }
        Ok(ClaimRequest {
            project,
            stage: self.stage,
            container_id: self.container_id.map(ContainerId::new),
            row: self.id.map(RowId::new),
            subdomain: self.subdomain,
            proxy_route: self.proxy_route_id,
            npm_proxy: self.npm_proxy_id,
            image_tag: self.image_tag,
            has_failed: matches!(self.state, Some(SaidState::Failed)),
            takes_subdomain: self.take_subdomain,
            takes_from: None,
        })
    }
}
