//! The API under `/api/v1`: one file a resource.
//!
//! Comes in: requests that [`super::auth`] let through. Goes out: JSON, or a problem document. Never: SQL, a call to the
//! daemon that no actor makes.

pub(super) mod changes;
mod containers;
mod paging;
mod passes;

use axum::middleware::from_fn;
use utoipa_axum::router::OpenApiRouter;

use super::auth;
use super::shared::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    read().route_layer(from_fn(auth::require_read)).merge(deploy().route_layer(from_fn(auth::require_deploy)))
}

/// What whoever may read may ask.
fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(changes::routes()).merge(containers::routes())
}

/// What whoever may deploy may ask.
fn deploy() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(passes::deploy())
}
