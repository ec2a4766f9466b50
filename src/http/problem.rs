//! What is answered in place of what was asked for: a problem document (RFC 9457).

use axum::Json;
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies;
use crate::store::{RegistryError, StoreError};

/// The kind of document that a problem is.
const PROBLEM: &str = "application/problem+json";

/// Why a request was not answered as it was meant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Always `about:blank`: `code` tells one from another.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: String,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// A stable word for programs.
    code: &'static str,
    /// One sentence for people: what was attempted, the cause and the cure.
    detail: String,
    /// After how many seconds to ask again, where waiting helps: the header `Retry-After`.
    #[serde(skip)]
    retry_after: Option<u32>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { kind: "about:blank", title, status: status.as_u16(), code, detail: detail.into(), retry_after: None }
    }

    /// A refusal for load, which passes: ask again after so many seconds.
    pub(super) fn busy(code: &'static str, detail: impl Into<String>, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail) }
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The sentence for people.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let kind = HeaderValue::from_static(PROBLEM);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (status, code) = match &error {
            StoreError::Registry(error) => of_registry(error),
            StoreError::Refused { .. } => (StatusCode::BAD_REQUEST, "refused_by_database"),
            StoreError::Clash { .. } => (StatusCode::CONFLICT, "clash"),
            StoreError::LeaseHeld { .. } => (StatusCode::CONFLICT, "lease_held"),
            StoreError::Unopened { .. }
            | StoreError::Unanswered { .. }
            | StoreError::Query { .. }
            | StoreError::Busy { .. }
            | StoreError::IdentityTaken { .. }
            | StoreError::ForeignTable { .. }
            | StoreError::WrongSchema { .. } => (StatusCode::SERVICE_UNAVAILABLE, "database_unusable"),
        };
        if status.is_server_error() {
            tracing::warn!(%error, "a request could not be answered");
        }
        Self::new(status, code, error.to_string())
    }
}

const fn of_registry(error: &RegistryError) -> (StatusCode, &'static str) {
    match error {
        RegistryError::Unknown { .. } => (StatusCode::NOT_FOUND, "not_found"),
        RegistryError::Taken { .. } => (StatusCode::CONFLICT, "taken"),
        RegistryError::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid_request"),
        RegistryError::InUse { .. } => (StatusCode::CONFLICT, "in_use"),
        RegistryError::NotMissing { .. } => (StatusCode::CONFLICT, "not_missing"),
        RegistryError::Deployed { .. } => (StatusCode::CONFLICT, "deployed"),
        RegistryError::Owned { .. } => (StatusCode::CONFLICT, "owned_by_another"),
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        if let JsonRejection::BytesRejection(unread) = &rejection {
            return bodies::unread(unread);
        }
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
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
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}
