//! `/login`: trades a token for a cookie, since a page cannot send a token, and leads on to where the visitor was going.
//! `/logout` takes it back.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::Frame;
use super::links::{query, within};
use super::reply::rendered;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::auth::{LIFE, SESSION_COOKIE};
use crate::http::extract::{Form, Query};
use crate::http::shared::Shared;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    frame: Frame,
    t: &'static Texts,
    /// Where to go on to.
    next: String,
    is_wrong: bool,
}

/// Where the visitor was going.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    next: String,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    token: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn show(State(shared): State<Shared>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    page(&shared, &visit, StatusCode::OK, &asked.next)
}

pub(super) async fn log_in(
    State(shared): State<Shared>,
    visit: Visit,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let Some((id, caller)) = shared.guard.log_in(sent.token.trim()) else {
        tracing::warn!(target: "audit", "a login with an unknown token");
        return page(&shared, &visit, StatusCode::UNAUTHORIZED, &sent.next);
    };
    tracing::info!(target: "audit", who = %caller.name, "logged in");
    let secure = if shared.is_secure(&headers) { "; Secure" } else { "" };
    let life = LIFE.as_secs();
    let base = shared.guard.base_path();
    let path = base.of_cookies();
    let cookie = format!("{SESSION_COOKIE}={id}; HttpOnly; SameSite=Lax; Path={path}; Max-Age={life}{secure}");
    with_cookie(Redirect::to(&format!("{base}{}", destination(&sent.next))), &cookie)
}

pub(super) async fn log_out(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    shared.guard.log_out(&headers);
    let base = shared.guard.base_path();
    let path = base.of_cookies();
    let cookie = format!("{SESSION_COOKIE}=; HttpOnly; SameSite=Lax; Path={path}; Max-Age=0");
    with_cookie(Redirect::to(&format!("{base}/login")), &cookie)
}

/// A page of ours but the login itself.
fn destination(next: &str) -> &str {
    let within = within(next);
    let path = within.split('?').next().unwrap_or_default();
    if matches!(path, "/login" | "/logout") { "/" } else { within }
}

fn with_cookie(redirect: Redirect, cookie: &str) -> Response {
    let mut response = redirect.into_response();
    let cookie = HeaderValue::from_str(cookie).expect("hex digits, words of our own and a plain path");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

fn page(shared: &Shared, visit: &Visit, status: StatusCode, next: &str) -> Response {
    let t = visit.language.texts();
    let next = destination(next);
    // A change of the language leads back here, and on to the same page.
    let here = query("/login", &[("next", if next == "/" { "" } else { next })]);
    let frame = Frame { here, ..Frame::bare(visit, shared, t.login_title.to_owned()) };
    let page = Login { frame, t, next: next.to_owned(), is_wrong: status == StatusCode::UNAUTHORIZED };
    let mut response = rendered(status, page.render());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_on_to_a_page_of_ours_and_not_to_itself() {
        for (next, leads) in [
            ("/containers/local/w%3Aweb?x=1", "/containers/local/w%3Aweb?x=1"),
            ("", "/"),
            ("/login?next=/login", "/"),
            ("/logout", "/"),
            ("//evil.example/", "/"),
            ("https://evil.example/", "/"),
            ("/\\evil.example", "/"),
        ] {
            assert_eq!(destination(next), leads, "{next}");
        }
    }
}
