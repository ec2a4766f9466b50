//! The pages and what they are made of.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::language::{COOKIE, Language};
use super::{assets, containers, history, hosts, passes, security, unassigned, workload};
use crate::http::auth;
use crate::http::extract::{Path, Query};
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// The pages are for those who may read; their style and modules hold nothing and are for everybody, as the page is where
/// a visitor logs in.
pub(in crate::http) fn routes() -> Router<Shared> {
    let pages = Router::new()
        .route("/", get(containers::page))
        .route("/workloads/{id}", get(workload::page))
        .route("/containers/{host}/{row}", get(history::page))
        .route("/hosts", get(hosts::page))
        .route("/unassigned", get(unassigned::page))
        .route("/passes", get(passes::page))
        .route_layer(from_fn(auth::require_read));
    let open = Router::new()
        .route("/assets/{hash}/{name}", get(assets::asset))
        .route("/language/{code}", post(choose_language));
    pages.merge(open).layer(from_fn(security::protect))
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
    let base = &shared.config.http.base_path;
    let (code, path) = (language.code(), base.of_cookies());
    let cookie = format!("{COOKIE}={code}; Path={path}; Max-Age=31536000; SameSite=Lax");
    let back = format!("{base}{}", within(&back));
    let headers = [
        (header::SET_COOKIE, HeaderValue::try_from(cookie).expect("a code is two letters, a base path plain")),
        (header::LOCATION, HeaderValue::try_from(back).expect("what is within is graphic ASCII")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// A path of ours, whatever is asked for: no other site is led to.
fn within(back: &str) -> &str {
    let is_path = back.starts_with('/') && !back[1..].starts_with(['/', '\\']);
    let is_plain = back.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path && is_plain { back } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_leads_back_to_a_page_of_ours_alone() {
        for (back, leads) in [
            ("/?state=stopped", "/?state=stopped"),
            ("/hosts", "/hosts"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nSet-Cookie: b", "/"),
        ] {
            assert_eq!(within(back), leads, "{back:?}");
        }
    }
}
