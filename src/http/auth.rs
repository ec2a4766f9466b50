//! Who may do what.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// What a caller may do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    /// Read the ledger.
    Read,
    /// Ask for passes, claim rows, act on containers.
    Deploy,
    /// Change what is registered.
    Admin,
}

/// Who asks. In the extensions of each request of somebody who is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) access: Access,
}

/// Tells who asks: whoever is on this machine may read and write the ledger's file anyway.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Caller { access: Access::Admin });
    next.run(request).await
}

/// Lets through who may read.
pub(super) async fn require_read(request: Request, next: Next) -> Response {
    require(Access::Read, request, next).await
}

/// Lets through who may deploy.
pub(super) async fn require_deploy(request: Request, next: Next) -> Response {
    require(Access::Deploy, request, next).await
}

/// Lets through who may administer.
pub(super) async fn require_admin(request: Request, next: Next) -> Response {
    require(Access::Admin, request, next).await
}

async fn require(access: Access, request: Request, next: Next) -> Response {
    match request.extensions().get::<Caller>() {
        Some(caller) if caller.access >= access => next.run(request).await,
        Some(_) => Problem::new(StatusCode::FORBIDDEN, "forbidden", "this token may not do that").into_response(),
        None => Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "a token is needed").into_response(),
    }
}
