//! What a caller may do, and the layers that ask for it.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Guard;
use crate::http::problem::Problem;

/// What a caller may do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Read the ledger.
    Read,
    /// Ask for passes, claim rows, act on containers.
    Deploy,
    /// Change what is registered.
    Admin,
}

impl Access {
    /// The word in the file of tokens.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Deploy => "deploy",
            Self::Admin => "admin",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Read, Self::Deploy, Self::Admin].into_iter().find(|access| access.as_str() == word)
    }
}

/// Who asks. In the extensions of each request of somebody who is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Caller {
    /// What he may do.
    pub(in crate::http) access: Access,
    /// Under which name that is logged: the token's, or how he came in.
    pub(in crate::http) name: Arc<str>,
    /// Whether he showed a token.
    pub(in crate::http) has_token: bool,
    /// The ids of the projects that his token is bound to; `None` for all that there is.
    pub(in crate::http) projects: Option<Arc<[String]>>,
}

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
