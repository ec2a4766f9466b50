//! What the calls that register, rename and remove have in common.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::shared::Shared;
use crate::store::NewParent;

/// What is to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct New {
    /// Its name, unique among its kind: up to 255 bytes, no control characters, no space at either end.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// Its id, made up without one; of a site, what the label `tinyforge.static-site` carries.
    #[schema(min_length = 1, max_length = 255)]
    id: Option<String>,
    /// The id of its workload, what `tinyforge.workload.id` carries; made up without one. It holds no `:`.
    #[schema(min_length = 1, max_length = 255)]
    workload_id: Option<String>,
}

impl From<New> for NewParent {
    fn from(new: New) -> Self {
        Self { name: new.name, id: new.id, workload_id: new.workload_id }
    }
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Renamed {
    /// The new name.
    #[schema(min_length = 1, max_length = 255)]
    pub(super) name: String,
}

/// How to remove.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Removal {
    /// Also while it owns rows that are not missing: they go with it.
    #[serde(default)]
    pub(super) force: bool,
}

/// What went.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Removed {
    /// How many rows went with it, each with its change.
    pub(super) rows: usize,
}

/// The bytes of a path's part that stand for themselves (RFC 3986, 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The answer that says where the new thing is, as whoever asked reaches it.
pub(super) fn created<T: Serialize>(shared: &Shared, path: &[&str], made: T) -> Response {
    let parts: Vec<String> = path.iter().map(|part| utf8_percent_encode(part, ENCODED).to_string()).collect();
    let location = format!("{}/api/v1/{}", shared.config.http.base_path, parts.join("/"));
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response()
}

/// One line for each call that changes what is registered. `what` is shown with its control characters escaped.
pub(super) fn audit(done: &'static str, what: &str) {
    tracing::info!(what = ?what, "over HTTP: {done}");
}
