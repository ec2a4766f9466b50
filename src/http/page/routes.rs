//! The pages and what they are made of.

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::language::{COOKIE, Language};
use super::links::within;
use super::reply::failed;
use super::visit::Visit;
use super::{
    activity, assets, audit, bound, containers, history, hosts, login, order, passes, proxy_routes, security, seen,
    unassigned, workload, workloads,
};
use crate::http::auth;
use crate::http::extract::{Path, Query};
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// The pages are for those who may read; their style and modules hold nothing and are for everybody, as the page is where
/// a visitor logs in.
pub(in crate::http) fn routes(shared: &Shared) -> Router<Shared> {
    let pages = Router::new()
        .route("/", get(containers::page))
        .route("/workloads", get(workloads::page))
        .route("/routes", get(proxy_routes::page))
        .route("/activity", get(activity::page))
        .route("/activity/seen/{revision}", post(mark_as_seen))
        .route("/hosts", get(hosts::page))
        .route("/unassigned", get(unassigned::page))
        .route("/passes", get(passes::page))
        .route("/audit", get(audit::page))
        .route_layer(from_fn(auth::require_read))
        .route_layer(from_fn_with_state(shared.clone(), bound::instead));
    // What is within projects is also for those whose token is bound to them.
    let of_projects = Router::new()
        .route("/workloads/{id}", get(workload::page))
        .route("/containers/{host}/{row}", get(history::page))
        .route("/containers/{host}/{row}/{action}", get(order::confirm).post(order::order))
        .route_layer(from_fn(auth::require_read_of_projects));
    let open = Router::new()
        .route("/assets/{hash}/{name}", get(assets::asset))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/language/{code}", post(choose_language));
    pages.merge(of_projects).merge(open).layer(from_fn(security::protect))
}

/// What is told where no path leads: a person with a browser gets a page. What was asked for is not repeated: it may hold
/// a secret.
pub(in crate::http) async fn nowhere(State(shared): State<Shared>, request: Request) -> Response {
    let problem = Problem::not_found("there is nothing at this path");
    if !auth::is_somebody_looking(&request) {
        return problem.into_response();
    }
    let (mut parts, _body) = request.into_parts();
    let Ok(visit) = Visit::from_request_parts(&mut parts, &shared).await;
    security::secured(failed(&shared, &visit, &problem).await)
}

/// Where a choice leads back to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Back {
    back: String,
}

/// Keeps a language chosen by hand, for a year.
async fn choose_language(
    State(shared): State<Shared>,
    Path(code): Path<String>,
    Query(Back { back }): Query<Back>,
) -> Response {
    let Some(language) = Language::parse(&code) else {
        return Problem::not_found("the page is not written in that language").into_response();
    };
    keep_and_go_back(&shared, COOKIE, language.code(), &back)
}

/// Keeps up to which change the visitor has seen the activity, for a year.
async fn mark_as_seen(
    State(shared): State<Shared>,
    Path(revision): Path<u32>,
    Query(Back { back }): Query<Back>,
) -> Response {
    keep_and_go_back(&shared, seen::COOKIE, &revision.to_string(), &back)
}

/// Sets a cookie that holds no secret, and leads back.
fn keep_and_go_back(shared: &Shared, name: &str, value: &str, back: &str) -> Response {
    let base = &shared.config.http.base_path;
    let path = base.of_cookies();
    let cookie = format!("{name}={value}; Path={path}; Max-Age=31536000; SameSite=Lax");
    let back = format!("{base}{}", within(back));
    let headers = [
        (header::SET_COOKIE, HeaderValue::try_from(cookie).expect("names, numbers and a base path are plain")),
        (header::LOCATION, HeaderValue::try_from(back).expect("what is within is graphic ASCII")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
