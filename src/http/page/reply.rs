//! Answers of the page: a template, or in its place a page that says what went wrong.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::frame::{Frame, Section};
use super::known::know;
use super::sentences::Told;
use super::texts::Texts;
use super::visit::{HELD, LIVE_PART, Visit};
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// The page in place of one that cannot be shown.
#[derive(Template)]
#[template(path = "failed.html")]
struct Failed {
    frame: Frame,
    t: &'static Texts,
    why: &'static str,
    /// Of what is not there nothing more is said.
    detail: Option<Told>,
}

/// A page, or what is shown in its place. Who follows the ledger by it is sent only what he has not.
pub(super) async fn reply(shared: &Shared, visit: &Visit, made: Result<impl Template, Problem>) -> Response {
    match made {
        Ok(page) if visit.may_read => {
            rendered(StatusCode::OK, page.render().map(|html| shared.held.sent(html, visit.held)))
        }
        Ok(page) => rendered(StatusCode::OK, page.render()),
        Err(problem) => failed(shared, visit, &problem).await,
    }
}

/// What is shown of a path that leads nowhere.
pub(super) async fn failed(shared: &Shared, visit: &Visit, problem: &Problem) -> Response {
    let t = visit.language.texts();
    let (why, detail) = match problem.status() {
        StatusCode::NOT_FOUND => (t.failed_not_found, None),
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => (t.failed_forbidden, Some(t.sentence(problem.detail()))),
        StatusCode::CONFLICT => (t.failed_conflict, Some(t.sentence(problem.detail()))),
        StatusCode::SERVICE_UNAVAILABLE => (t.failed_unavailable, Some(t.sentence(problem.detail()))),
        _ => (t.failed_otherwise, Some(t.sentence(problem.detail()))),
    };
    let seen = visit.seen;
    // Where the ledger cannot be read there is nothing to put around the page.
    let known = match visit.may_read && problem.status().is_client_error() {
        true => shared.readers.read(move |store| know(store, seen)).await.ok(),
        false => None,
    };
    let title = t.failed_title.to_owned();
    let frame = match &known {
        Some(known) => Frame::new(visit, shared, known, Section::None, title),
        None => Frame::bare(visit, shared, title),
    };
    rendered(problem.status(), Failed { frame, t, why, detail }.render())
}

/// What a template came to.
pub(super) fn rendered(status: StatusCode, html: askama::Result<String>) -> Response {
    let vary = format!("cookie, accept-language, {LIVE_PART}, {HELD}");
    match html {
        Ok(html) => {
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
