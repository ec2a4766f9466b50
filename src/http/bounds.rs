//! The layer around all routes that bounds what a request may cost: how many, how large, how slow.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::peer::Peer;
use super::problem::Problem;
use super::shared::Shared;

/// A request's body: a claim is below 4 KiB.
const MOST_BODY_BYTES: usize = 64 * 1024;

/// Over a whole body: 64 KiB at the speed of an old modem.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// Refuses what is too much, and bounds what is not known yet.
pub(super) async fn bound(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if let Some(Peer::Tcp(address)) = request.extensions().get::<Peer>()
        && let Err(wait) = shared.rates.admit(address.ip(), Instant::now())
    {
        return too_many(wait);
    }
    if let Err(problem) = check_body(request.headers()) {
        // The rest of the body is nobody's next request.
        return ([(header::CONNECTION, "close")], problem).into_response();
    }
    let bounded = request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Limited::new(Timely { body, deadline: Box::pin(sleep(BODY_DEADLINE)) }, MOST_BODY_BYTES))
    });
    next.run(bounded).await
}

fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs_f64().ceil().max(1.0);
    let detail = format!("this address asks too often; wait {seconds} s, or raise http.rate");
    let mut answer = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).into_response();
    let seconds = HeaderValue::from_str(&seconds.to_string()).expect("digits");
    answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    answer
}

/// A body says its length beforehand. In pieces it needs none here, and two programs that read the end of one
/// differently is how a request is smuggled past a proxy (B37).
fn check_body(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        let detail =
            "a body says its length beforehand, in Content-Length; in pieces (Transfer-Encoding) none is taken";
        return Err(Problem::new(StatusCode::LENGTH_REQUIRED, "length_required", detail));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MOST_BODY_BYTES) {
        let detail = format!("a body has at most {MOST_BODY_BYTES} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
    }
    Ok(())
}

/// A body that has to end in time, however often a byte of it comes.
struct Timely {
    body: Body,
    deadline: Pin<Box<Sleep>>,
}

impl HttpBody for Timely {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        match self.deadline.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(format!("the body did not end within {BODY_DEADLINE:?}").into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    // B33
    #[test]
    fn a_body_of_100_mb_is_refused_by_its_head() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("100000000"));
        let refused = check_body(&headers).expect_err("too large").into_response();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("65536"));
        assert!(check_body(&headers).is_ok());
    }

    /// Each byte in time, and the whole never.
    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut() {
        let drip = Drip(Box::pin(sleep(EVERY)));
        let body = Timely { body: Body::new(drip), deadline: Box::pin(sleep(BODY_DEADLINE)) };
        let begin = Instant::now();
        let cut = body.collect().await.expect_err("it never ends");
        assert!(cut.to_string().contains("30s"), "{cut}");
        assert!(begin.elapsed() < BODY_DEADLINE + EVERY);
    }

    const EVERY: Duration = Duration::from_secs(9);

    /// A byte now and then, for ever.
    struct Drip(Pin<Box<Sleep>>);

    impl HttpBody for Drip {
        type Data = Bytes;
        type Error = axum::BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
            if self.0.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.0 = Box::pin(sleep(EVERY));
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }
}
