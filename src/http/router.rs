//! All routes, and what is around each of them.

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::problem::Problem;
use super::shared::Shared;
use super::{api, auth, bounds, compressed, document, health, hooks, metrics, page, target};
use crate::model::{Notification, RowOrder};

/// The document that is made from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(title = "Dockledger", description = "Keeps a table of containers true to the Docker daemon."),
    tags(
        (name = "health", description = "Whether it lives, and whether its answers are true."),
        (name = "hooks", description = "A pass for whoever knows a workload's secret."),
        (name = "notifications", description = "What is told without being asked."),
        (name = "ledger", description = "Rows, hosts and what happened to them."),
        (name = "registry", description = "What owns rows: projects with their stages, stacks, static sites."),
    ),
    components(schemas(Problem, Notification, api::Snapshot, api::Lagged, RowOrder)),
)]
struct Document;

/// Everything that is served, with the OpenAPI document that describes it.
pub(super) fn router(shared: Shared) -> Router {
    let base = shared.config.http.base_path.clone();
    let (router, document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(hooks::routes())
        .nest("/api/v1", api::routes())
        .split_for_parts();
    let document = axum::Json(document::complete(&document, &base));
    let document =
        axum::routing::get(async move || document).route_layer(middleware::from_fn(auth::require_read_of_projects));
    let routes = router
        .merge(page::routes(&shared))
        .route("/api/v1/openapi.json", document)
        .fallback(page::nowhere)
        .method_not_allowed_fallback(async |uri: Uri| {
            let detail = if hooks::is_one(uri.path()) {
                "a hook is called by POST; nothing was done"
            } else {
                "the path is right and the method is not"
            };
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(middleware::from_fn_with_state(shared.clone(), auth::identify))
        .layer(middleware::from_fn_with_state(shared.clone(), bounds::bound))
        .layer(compressed::layer())
        .layer(middleware::from_fn(compressed::only_what_is_read))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            let detail = "a fault of our own; it is in the log of the service";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
        }))
        .layer(middleware::from_fn_with_state(shared.requests.clone(), metrics::count))
        .with_state(shared);
    target::below(base, routes)
}
