//! axum's extractors, whose rejections are problem documents.

use std::error::Error;

use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};

use super::bodies;
use super::problem::Problem;

/// A body of JSON.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub(super) struct Json<T>(pub(super) T);

/// A body as a form of the page sends it.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::extract::Form), rejection(Problem))]
pub(super) struct Form<T>(pub(super) T);

/// The part of a URL behind the question mark.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(super) struct Query<T>(pub(super) T);

/// The parts of a URL that name things.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(super) struct Path<T>(pub(super) T);

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let (what, cause): (&str, &dyn Error) = match &rejection {
            JsonRejection::BytesRejection(unread) => return bodies::unread(unread),
            JsonRejection::JsonDataError(error) => ("the body is JSON and not what is expected", error),
            JsonRejection::JsonSyntaxError(error) => ("the body is no JSON", error),
            _ => return Self::new(rejection.status(), "invalid_request", rejection.body_text()),
        };
        Self::new(rejection.status(), "invalid_request", format!("{what}: {}", first_cause(cause)))
    }
}

impl From<FormRejection> for Problem {
    fn from(rejection: FormRejection) -> Self {
        if let FormRejection::BytesRejection(unread) = &rejection {
            return bodies::unread(unread);
        }
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        let detail = format!("a parameter behind the question mark makes no sense: {}", first_cause(&rejection));
        Self::new(rejection.status(), "invalid_request", detail)
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}

/// What an error comes from, without the words that were put around it on its way.
fn first_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
