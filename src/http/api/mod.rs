//! The API under `/api/v1`: one file a resource.
//!
//! Comes in: requests that [`super::auth`] let through. Goes out: JSON, or a problem document. Never: SQL, a call to the
//! daemon that no actor makes.

mod changes;
mod claims;
mod containers;
mod hosts;
mod instances;
mod paging;
mod passes;
mod projects;
mod registered;
mod routes;
mod sites;
mod stacks;
mod stages;
mod tagged;
mod unassigned;
mod workloads;

use axum::middleware::from_fn;
use utoipa_axum::router::OpenApiRouter;

use super::auth;
use super::shared::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    read()
        .route_layer(from_fn(auth::require_read))
        .merge(deploy().route_layer(from_fn(auth::require_deploy)))
        .merge(admin().route_layer(from_fn(auth::require_admin)))
}

/// What whoever may read may ask.
fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(changes::read())
        .merge(containers::read())
        .merge(hosts::read())
        .merge(passes::read())
        .merge(projects::read())
        .merge(routes::read())
        .merge(sites::read())
        .merge(stacks::read())
        .merge(stages::read())
        .merge(unassigned::read())
        .merge(workloads::read())
}

/// What a deployer may do.
fn deploy() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(claims::deploy()).merge(instances::deploy()).merge(passes::deploy())
}

/// What changes what is registered.
fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(hosts::admin())
        .merge(projects::admin())
        .merge(sites::admin())
        .merge(stacks::admin())
        .merge(stages::admin())
        .merge(workloads::admin())
}
