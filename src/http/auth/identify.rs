//! The layer around all routes that tells who asks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::names::Foreign;
use super::{Access, Caller};
use crate::http::peer::Peer;
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// Puts the guard into the request's extensions, and the caller if somebody known asks; refuses foreign sites.
pub(in crate::http) async fn identify(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let caller = match head.extensions.get::<Peer>().copied() {
        Some(Peer::Control) => {
            Some(Caller { access: Access::Admin, name: "control socket".into(), has_token: false, projects: None })
        }
        Some(peer) => {
            if let Err(foreign) = shared.guard.check_site(&head) {
                return refusal(&foreign).into_response();
            }
            shared.guard.caller(peer, &head.headers)
        }
        // Nobody knows where it came from.
        None => None,
    };
    head.extensions.insert(Arc::clone(&shared.guard));
    if let Some(caller) = caller {
        head.extensions.insert(caller);
    }
    next.run(Request::from_parts(head, body)).await
}

fn refusal(foreign: &Foreign) -> Problem {
    match foreign {
        Foreign::Nameless => Problem::invalid("a request names the host that it is for, once"),
        Foreign::Host(host) => {
            const SHOWN_CHARACTERS: usize = 80;
            let host: String = host.chars().take(SHOWN_CHARACTERS).collect();
            let detail =
                format!("this service does not go by the name {host}; if it is to, add it to http.allowed_hosts");
            Problem::new(StatusCode::MISDIRECTED_REQUEST, "foreign_host", detail)
        }
        Foreign::Origin => {
            let detail = "a page of another site sent this; if it is one of yours, add its host to http.allowed_hosts";
            Problem::new(StatusCode::FORBIDDEN, "foreign_origin", detail)
        }
    }
}
