//! The API under `/api/v1`: one file a resource.
//!
//! Comes in: requests that [`super::auth`] let through. Goes out: JSON, or a problem document. Never: SQL, a call to the
//! daemon that no actor makes.

mod asked;
mod audit;
mod changes;
mod claimable;
mod claims;
mod container_actions;
mod containers;
mod hosts;
mod instances;
mod paging;
mod passes;
mod projects;
mod registered;
mod routes;
mod settings;
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

pub(super) use changes::{Lagged, Snapshot};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    read()
        .route_layer(from_fn(auth::require_read))
        .merge(read_of_projects().route_layer(from_fn(auth::require_read_of_projects)))
        .merge(deploy_of_projects().route_layer(from_fn(auth::require_deploy_of_projects)))
        .merge(deploy().route_layer(from_fn(auth::require_deploy)))
        .merge(admin().route_layer(from_fn(auth::require_admin)))
}

/// What shows a token that is bound to projects what is theirs.
fn read_of_projects() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(changes::read())
        .merge(containers::read())
        .merge(projects::read())
        .merge(routes::read())
        .merge(stages::read())
        .merge(workloads::read())
}

/// What whoever may read everything may ask.
fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(hosts::read())
        .merge(passes::read())
        .merge(sites::read())
        .merge(stacks::read())
        .merge(unassigned::read())
}

/// What a deployer may do within projects.
fn deploy_of_projects() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(claims::deploy()).merge(instances::deploy())
}

/// What a deployer may do besides.
fn deploy() -> OpenApiRouter<Shared> {
    passes::deploy()
}

/// What changes what is registered, acts on any container, and tells who did.
fn admin() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(audit::admin())
        .merge(container_actions::admin())
        .merge(hosts::admin())
        .merge(projects::admin())
        .merge(settings::admin())
        .merge(sites::admin())
        .merge(stacks::admin())
        .merge(stages::admin())
        .merge(workloads::admin())
}
