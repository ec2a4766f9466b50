//! The layer around all routes that bounds what a request may cost: how many, how large, how slow.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::bodies::{self, MOST_BYTES, MOST_BYTES_OF_HOOK};
use super::hooks;
use super::peer::Peer;
use super::problem::Problem;
use super::shared::Shared;

/// Refuses what is too much, and bounds what is not known yet.
pub(super) async fn bound(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if let Some(Peer::Tcp(address)) = request.extensions().get::<Peer>()
        && let Err(wait) = shared.rates.admit(address.ip(), Instant::now())
    {
        return too_many(wait);
    }
    let most_bytes = if hooks::is_one(request.uri().path()) { MOST_BYTES_OF_HOOK } else { MOST_BYTES };
    if let Err(problem) = check_body(request.headers(), most_bytes) {
        return last(problem.into_response());
    }
    let waits = waits_for_a_word(request.headers());
    let (head, body) = request.into_parts();
    let (lent, back) = bodies::lend(body, most_bytes);
    let answer = next.run(Request::from_parts(head, lent)).await;
    // A client that is still sending when the connection ends takes that for a failure, and may never see the answer.
    if back.drop_rest(waits).await { answer } else { last(answer) }
}

/// The rest of the body is nobody's next request.
fn last(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs_f64().ceil().max(1.0);
    let detail = format!("this address asks too often; wait {seconds} s, or raise http.rate");
    let mut answer = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).into_response();
    let seconds = HeaderValue::from_str(&seconds.to_string()).expect("digits");
    answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    answer
}

/// Refuses by the head. Where it says both a length and pieces, the length is gone from it, and the connection ends after
/// the answer (RFC 9112, 6.3): two programs that read the end of a body differently is how a request is smuggled past a
/// proxy (B37).
fn check_body(headers: &HeaderMap, most_bytes: usize) -> Result<(), Problem> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
    {
        let detail = "a body comes with its length, or in pieces (Transfer-Encoding: chunked), and in no other coding";
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "unknown_coding", detail));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > most_bytes) { Err(bodies::too_large()) } else { Ok(()) }
}

/// Whether the client sends its body once it is told to go on: who was answered before that keeps it.
fn waits_for_a_word(headers: &HeaderMap) -> bool {
    headers.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &header::HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    // B33
    #[test]
    fn a_body_of_100_mb_is_refused_by_its_head() {
        let large = headers(&header::CONTENT_LENGTH, &["100000000"]);
        for most_bytes in [MOST_BYTES, MOST_BYTES_OF_HOOK] {
            let refused = check_body(&large, most_bytes).expect_err("too large").into_response();
            assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
        assert!(check_body(&headers(&header::CONTENT_LENGTH, &["65536"]), MOST_BYTES).is_ok());
    }

    // F8
    #[test]
    fn pieces_are_taken_and_no_other_coding() {
        let check = |values: &[&'static str]| check_body(&headers(&header::TRANSFER_ENCODING, values), MOST_BYTES);
        for taken in [&["chunked"][..], &["Chunked"], &[" chunked "], &[]] {
            assert!(check(taken).is_ok(), "{taken:?}");
        }
        for refused in [&["gzip, chunked"][..], &["chunked", "chunked"], &["chunked, chunked"], &["identity"], &[""]] {
            assert!(check(refused).is_err(), "{refused:?}");
        }
    }
}
