//! `/login`: trades a token for a cookie, since a page cannot send a token. `/logout` takes it back.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::guard::COOKIE;
use super::sessions::LIFE;
use crate::config::BasePath;
use crate::http::extract::Form;
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// The routes that are open to everybody.
pub(in crate::http) fn routes() -> Router<Shared> {
    Router::new()
        .route("/login", get(show).post(log_in))
        .route("/login.css", get(async || ([(header::CONTENT_TYPE, "text/css")], include_str!("login.css"))))
        .route("/logout", post(log_out))
}

/// What the form sends.
#[derive(Deserialize)]
struct Asked {
    token: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="{{ words.language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ words.title }}</title>
<link rel="stylesheet" href="{{ base }}/login.css">
</head>
<body>
<main>
<form method="post" action="{{ base }}/login">
<h1>{{ words.title }}</h1>
{% if is_wrong %}<p role="alert">{{ words.wrong }}</p>{% endif %}
<label for="token">{{ words.token }}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>{{ words.enter }}</button>
<p>{{ words.hint }}</p>
</form>
</main>
</body>
</html>
"#
)]
struct Page<'a> {
    base: &'a BasePath,
    words: &'static Words,
    is_wrong: bool,
}

/// The page's texts in one language.
struct Words {
    language: &'static str,
    title: &'static str,
    token: &'static str,
    hint: &'static str,
    enter: &'static str,
    wrong: &'static str,
}

static ENGLISH: Words = Words {
    language: "en",
    title: "Log in to Dockledger",
    token: "Token",
    hint: "The command `dockledger token new` makes one.",
    enter: "Log in",
    wrong: "This token is not known.",
};

static RUSSIAN: Words = Words {
    language: "ru",
    title: "Вход в Dockledger",
    token: "Токен",
    hint: "Его создаёт команда `dockledger token new`.",
    enter: "Войти",
    wrong: "Такой токен неизвестен.",
};

/// Nothing is loaded but the style, nothing is framed, and the form goes nowhere else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

async fn show(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    page(&shared, &headers, StatusCode::OK, false)
}

async fn log_in(State(shared): State<Shared>, headers: HeaderMap, Form(asked): Form<Asked>) -> Response {
    let Some((id, caller)) = shared.guard.log_in(asked.token.trim()) else {
        tracing::warn!(target: "audit", "a login with an unknown token");
        return page(&shared, &headers, StatusCode::UNAUTHORIZED, true);
    };
    tracing::info!(target: "audit", who = %caller.name, "logged in");
    let secure = if shared.is_secure(&headers) { "; Secure" } else { "" };
    let life = LIFE.as_secs();
    let base = shared.guard.base_path();
    let path = base.of_cookies();
    let cookie = format!("{COOKIE}={id}; HttpOnly; SameSite=Strict; Path={path}; Max-Age={life}{secure}");
    with_cookie(Redirect::to(&format!("{base}/")), &cookie)
}

async fn log_out(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    shared.guard.log_out(&headers);
    let base = shared.guard.base_path();
    let path = base.of_cookies();
    let cookie = format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path={path}; Max-Age=0");
    with_cookie(Redirect::to(&format!("{base}/login")), &cookie)
}

fn with_cookie(redirect: Redirect, cookie: &str) -> Response {
    let mut response = redirect.into_response();
    let cookie = HeaderValue::from_str(cookie).expect("hex digits, words of our own and a plain path");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

fn page(shared: &Shared, headers: &HeaderMap, status: StatusCode, is_wrong: bool) -> Response {
    let page = Page { base: shared.guard.base_path(), words: words(headers), is_wrong };
    let Ok(html) = page.render() else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the page cannot be drawn").into_response();
    };
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
    (status, policy, Html(html)).into_response()
}

/// Russian where it comes before English.
fn words(headers: &HeaderMap) -> &'static Words {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut languages = accepted.split(',').map(|language| language.trim().get(..2).unwrap_or_default());
    let first = languages.find(|language| ["en", "ru"].iter().any(|known| language.eq_ignore_ascii_case(known)));
    if first.is_some_and(|first| first.eq_ignore_ascii_case("ru")) { &RUSSIAN } else { &ENGLISH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_that_we_have() {
        for (accepted, language) in [("", "en"), ("de, ru;q=0.8, en;q=0.5", "ru"), ("en-GB,ru", "en"), ("ру,x", "en")]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_bytes(accepted.as_bytes()).expect("a value"));
            assert_eq!(words(&headers).language, language, "{accepted}");
        }
    }
}
