//! Answers of the page: a template, or in its place a page that says what went wrong.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::assets::Assets;
use super::texts::Texts;
use super::visit::{LIVE_PART, Visit};
use crate::config::BasePath;
use crate::http::problem::Problem;

/// The page in place of one that cannot be shown.
#[derive(Template)]
#[template(path = "failed.html")]
struct Failed<'a> {
    t: &'static Texts,
    code: &'static str,
    base: &'a BasePath,
    assets: &'static Assets,
    is_not_found: bool,
    /// In our own words, which are English.
    detail: &'a str,
}

/// A page, or what is shown in its place.
pub(super) fn reply(visit: &Visit, made: &Result<impl Template, Problem>) -> Response {
    let rendered = match made {
        Ok(page) => page.render().map(|html| (StatusCode::OK, html)),
        Err(problem) => failed(visit, problem),
    };
    let vary = format!("cookie, accept-language, {LIVE_PART}");
    match rendered {
        Ok((status, html)) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
                (header::VARY, HeaderValue::try_from(vary).expect("names of headers are plain")),
            ];
            (status, headers, html).into_response()
        }
        // A template fails only where writing to memory does.
        Err(error) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string()).into_response(),
    }
}

fn failed(visit: &Visit, problem: &Problem) -> askama::Result<(StatusCode, String)> {
    let page = Failed {
        t: visit.language.texts(),
        code: visit.language.code(),
        base: &visit.base,
        assets: Assets::get(),
        is_not_found: problem.status() == StatusCode::NOT_FOUND,
        detail: problem.detail(),
    };
    Ok((problem.status(), page.render()?))
}
