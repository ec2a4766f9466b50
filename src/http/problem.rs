//! What is answered in place of what was asked for: a problem document (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

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
            tracing::warn!(%error, "request failed");
        }
        let detail = match &error {
            StoreError::Registry(error) => registry_words(error),
            error => store_words(error),
        };
        Self::new(status, code, detail)
    }
}

const fn of_registry(error: &RegistryError) -> (StatusCode, &'static str) {
    match error {
        RegistryError::Unknown { .. } => (StatusCode::NOT_FOUND, "not_found"),
        RegistryError::Taken { .. } => (StatusCode::CONFLICT, "taken"),
        RegistryError::Ambiguous { .. } => (StatusCode::CONFLICT, "ambiguous"),
        RegistryError::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid_request"),
        RegistryError::InUse { .. } => (StatusCode::CONFLICT, "in_use"),
        RegistryError::NotMissing { .. } => (StatusCode::CONFLICT, "not_missing"),
        RegistryError::Deployed { .. } => (StatusCode::CONFLICT, "deployed"),
        RegistryError::NotAdopted { .. } => (StatusCode::CONFLICT, "not_adopted"),
        RegistryError::Owned { .. } => (StatusCode::CONFLICT, "owned_by_another"),
        RegistryError::Bound { .. } => (StatusCode::CONFLICT, "bound"),
    }
}

/// A refusal of the registry in the words of the API: its own are those of the command line. Names stand as they were given: JSON
/// escapes them once.
fn registry_words(error: &RegistryError) -> String {
    match error {
        RegistryError::Unknown { kind, name } => {
            let known = known_at(kind);
            format!("there is no {kind} \"{name}\"; {known} lists those that exist")
        }
        RegistryError::Taken { kind, what, name } => format!("{what} \"{name}\" is taken by another {kind}"),
        RegistryError::Ambiguous { name } => {
            format!("several workloads are named \"{name}\": give `kind/name`, or the id")
        }
        RegistryError::Invalid { what, name, rule } => format!("\"{name}\" is no {what}: {rule}"),
        RegistryError::InUse { kind, name, rows } => format!(
            "{kind} \"{name}\" still owns rows that are not missing ({rows}); remove their containers first, or repeat this with \
             force=true, which forgets the rows"
        ),
        RegistryError::NotMissing { row, state } => {
            format!(
                "row \"{row}\" is {state} and not missing: only a missing row can be forgotten; remove its container first"
            )
        }
        RegistryError::Deployed { row, columns, .. } => {
            format!(
                "row \"{row}\" bears what a deployer wrote ({columns}); repeat this with force=true to lose that too"
            )
        }
        RegistryError::NotAdopted { what, .. } => format!("{what} was not adopted, or nobody knows whether it was"),
        RegistryError::Bound { row } => format!(
            "row \"{row}\" is bound to a container: its state is what the daemon says; a row without one can be set to failed"
        ),
        RegistryError::Owned { what, owner } => format!(
            "{what} belongs to {owner}: a claim cannot take it; name another row or container, or have its owner release the \
             row (DELETE /api/v1/projects/PROJECT/claims/ROW)"
        ),
    }
}

/// Where what of a kind exists is listed.
fn known_at(kind: &str) -> &'static str {
    match kind {
        "project" => "GET /api/v1/projects",
        "stage" => "GET /api/v1/projects/PROJECT/stages",
        "stack" => "GET /api/v1/stacks",
        "site" => "GET /api/v1/sites",
        "host" => "GET /api/v1/hosts",
        "workload" => "GET /api/v1/workloads",
        _ => "GET /api/v1/containers",
    }
}

/// What is not the registry's, in words for who can do nothing about the database.
fn store_words(error: &StoreError) -> String {
    match error {
        StoreError::LeaseHeld { host, .. } => {
            format!(
                "host {host} is written by a living service; stop that one first, or ask it to run a pass: POST /api/v1/passes"
            )
        }
        StoreError::Unopened { .. }
        | StoreError::Unanswered { .. }
        | StoreError::Query { .. }
        | StoreError::Busy { .. }
        | StoreError::IdentityTaken { .. }
        | StoreError::ForeignTable { .. }
        | StoreError::WrongSchema { .. } => {
            "the ledger's database cannot be used now; the log of the service says why and what helps".to_owned()
        }
        StoreError::Registry(_) | StoreError::Clash { .. } | StoreError::Refused { .. } => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_speaks_of_the_api_and_escapes_a_name_once() {
        let unknown = RegistryError::Unknown { kind: "project", name: "a\"b\\c".into() };
        let in_use = RegistryError::InUse { kind: "stack", name: "shop".into(), rows: 2 };
        let owned = RegistryError::Owned { what: "row r1".into(), owner: "project shop".into() };
        for error in [unknown.clone(), in_use, owned] {
            let problem = Problem::from(StoreError::from(error));
            assert!(!problem.detail.contains("dockledger ") && !problem.detail.contains("--"), "{}", problem.detail);
        }
        let body = serde_json::to_string(&Problem::from(StoreError::from(unknown))).expect("JSON");
        assert!(body.contains(r#"\"a\"b\\c\""#), "{body}");
    }
}
