//! The layers that ask what a caller may do.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Access, Caller, Guard};
use crate::http::problem::Problem;

/// How much there is behind a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// What a token that is bound to projects is not to see.
    Everything,
    /// What shows each caller only what he may see.
    Projects,
}

/// Lets through who may read everything.
pub(in crate::http) async fn require_read(request: Request, next: Next) -> Response {
    require(Access::Read, Behind::Everything, request, next).await
}

/// Lets through who may read, be it within projects alone.
pub(in crate::http) async fn require_read_of_projects(request: Request, next: Next) -> Response {
    require(Access::Read, Behind::Projects, request, next).await
}

/// Lets through who may deploy everything.
pub(in crate::http) async fn require_deploy(request: Request, next: Next) -> Response {
    require(Access::Deploy, Behind::Everything, request, next).await
}

/// Lets through who may deploy, be it within projects alone.
pub(in crate::http) async fn require_deploy_of_projects(request: Request, next: Next) -> Response {
    require(Access::Deploy, Behind::Projects, request, next).await
}

/// Lets through who may administer.
pub(in crate::http) async fn require_admin(request: Request, next: Next) -> Response {
    require(Access::Admin, Behind::Everything, request, next).await
}

async fn require(access: Access, behind: Behind, request: Request, next: Next) -> Response {
    match request.extensions().get::<Caller>() {
        Some(caller) if behind == Behind::Everything && caller.projects.is_some() => {
            let detail =
                "this token is bound to projects, and this is not within one; it takes a token that is bound to none";
            Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response()
        }
        Some(caller) if caller.access >= access => next.run(request).await,
        Some(caller) if caller.has_token => {
            let detail = format!("this token may not do that; it takes one of the scope {}", access.as_str());
            Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response()
        }
        caller => match request.extensions().get::<Arc<Guard>>() {
            Some(guard) if caller.is_none() && is_somebody_looking(&request) => {
                Redirect::to(&login_and_back(guard, &request)).into_response()
            }
            guard => unauthorized(guard.map(|guard| guard.way_in(access)).unwrap_or_default()),
        },
    }
}

fn unauthorized(detail: String) -> Response {
    let mut answer = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail).into_response();
    answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

/// The login, which leads on to what was asked for.
fn login_and_back(guard: &Guard, request: &Request) -> String {
    let asked = request.uri().path_and_query().map_or("/", |asked| asked.as_str());
    let base = guard.base_path();
    match asked {
        "/" => format!("{base}/login"),
        asked => format!("{base}/login?next={}", utf8_percent_encode(asked, NON_ALPHANUMERIC)),
    }
}

/// A person with a browser is shown where to log in, and pages; a program is told what it lacks.
pub(in crate::http) fn is_somebody_looking(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    request.method() == Method::GET && !request.uri().path().starts_with("/api/") && accept.contains("text/html")
}
