//! By which settings the service runs its passes: whoever hands it one asks whether they are his.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::docker::find_endpoint;
use crate::http::refusals::CannotRead;
use crate::http::shared::Shared;
use crate::model::HostName;

pub(super) fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show))
}

/// The settings of the service that decide what a pass comes to.
#[derive(Debug, Serialize, ToSchema)]
struct PassSettings {
    /// The host that it keeps.
    host: HostName,
    /// Each with its key in the configuration.
    settings: Vec<Setting>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
struct Setting {
    /// As in the file.
    key: &'static str,
    /// As `dockledger config` shows it, or what it comes to.
    value: String,
}

/// The settings of the service that decide what a pass comes to, and how its daemon is reached.
#[utoipa::path(get, path = "/settings", operation_id = "show_settings", tag = "ledger", responses(
    (status = 200, body = PassSettings),
    CannotRead,
))]
async fn show(State(shared): State<Shared>) -> Json<PassSettings> {
    // A daemon that cannot be named now is told by the passes.
    let way = find_endpoint(&shared.config).map(|found| found.endpoint.way()).unwrap_or_default();
    let settings = shared.config.of_a_pass().into_iter().chain(way);
    Json(PassSettings {
        host: shared.config.host.clone(),
        settings: settings.map(|(key, value)| Setting { key, value }).collect(),
    })
}
