//! Answers that cost nothing while the ledger stays as it is.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::store::{Store, StoreError};

/// What a caller has already: the tags of `If-None-Match`.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Vec<String>);

impl<S: Sync> FromRequestParts<S> for Known {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let values = parts.headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
        Ok(Self(values.flat_map(|value| value.split(',')).map(|tag| opaque(tag).to_owned()).collect()))
    }
}

/// Ours are weak, and are compared as such.
fn opaque(tag: &str) -> &str {
    tag.trim().trim_start_matches("W/").trim_matches('"')
}

impl Known {
    fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == tag || known == "*")
    }
}

/// Answers with what is read, or with 304 and without a read if the caller has it.
///
/// The tag covers all of the database: it is another one once anybody has committed anything, a deployer's own SQL
/// included, and after a restart of the service. So it serves only answers that follow from the database and the address
/// alone. It is taken before the read: an answer may be newer than its tag, never older.
pub(super) async fn answer<T: Serialize + Send + 'static>(
    shared: &Shared,
    known: Known,
    read: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<Response, Problem> {
    // Serialised where it is read: a large page must not hold up whoever else is served.
    let body = move |store: &mut Store| Ok(to_json(&read(store)?));
    let (tag, body) = shared.readers.read_unless(move |tag| known.has(tag), body).await?;
    Ok(body.map_or_else(|| unchanged(&tag), |body| with_tag(&tag, body)))
}

/// As [`answer`], for what also follows from the moment or from this process: the tag covers the answer itself, so that
/// 304 spares its way and not its making.
pub(super) fn answer_made<T: Serialize>(known: &Known, made: &T) -> Response {
    let body = to_json(made);
    let tag = hex_of(&body);
    if known.has(&tag) { unchanged(&tag) } else { with_tag(&tag, body) }
}

/// A short word for a text.
fn hex_of(text: &[u8]) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("what the API answers has no key that is no text")
}

fn unchanged(tag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, headers(tag)).into_response()
}

fn with_tag(tag: &str, body: Vec<u8>) -> Response {
    (headers(tag), [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], Body::from(body))
        .into_response()
}

/// It may be kept by who got it, and is asked for again each time: what one token shows is no answer to another.
fn headers(tag: &str) -> [(header::HeaderName, HeaderValue); 3] {
    let tag = HeaderValue::try_from(format!("W/\"{tag}\"")).expect("hexadecimal digits");
    [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::VARY, HeaderValue::from_static("authorization, cookie")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn known(value: &str) -> Known {
        let (mut parts, ()) = axum::http::Request::builder()
            .header(header::IF_NONE_MATCH, value)
            .body(())
            .expect("a request")
            .into_parts();
        Known::from_request_parts(&mut parts, &()).await.expect("it takes anything")
    }

    #[tokio::test]
    async fn a_tag_is_known_weak_or_strong_alone_or_among_others() {
        for value in ["W/\"ab\"", "\"ab\"", "\"x\", W/\"ab\"", "*"] {
            assert!(known(value).await.has("ab"), "{value}");
        }
        for value in ["", "\"a\"", "W/\"abc\""] {
            assert!(!known(value).await.has("ab"), "{value}");
        }
    }
}
