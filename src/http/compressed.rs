//! Answers are compressed on their way, where that gives nothing away.

use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// What goes out in one packet anyway gains nothing.
const LEAST_BYTES: u64 = 1_024;

/// Compresses for whoever says that it reads gzip. A stream of events is left as it is: a coder keeps back what it got
/// until it has more of it, and an event is to be seen at once.
///
/// The fastest level: tables of rows that are alike shrink to a fifteenth by it, and the threads that serve have more to
/// do.
pub(super) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(LEAST_BYTES).and(NotForContentType::SSE))
}

/// Leaves the answers alone of requests that change something: those alone hold secrets (a workload's, shown once), and the
/// length of a compressed answer tells something of a secret to whoever chose the text beside it (BREACH).
pub(super) async fn only_what_is_read(mut request: Request, next: Next) -> Response {
    if !request.method().is_safe() {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::HeaderMap;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    /// The head of an answer with so many bytes.
    async fn head(method: &str, content_type: &'static str, bytes: usize, accepted: &str) -> HeaderMap {
        let answer = move || async move { ([(header::CONTENT_TYPE, content_type)], "x".repeat(bytes)) };
        let router =
            Router::new().route("/", get(answer).post(answer)).layer(layer()).layer(from_fn(only_what_is_read));
        let request = Request::builder().method(method).header(header::ACCEPT_ENCODING, accepted);
        let answered = router.oneshot(request.body(Body::empty()).expect("a request")).await;
        answered.expect("it cannot fail").headers().clone()
    }

    #[tokio::test]
    async fn what_is_read_is_compressed_for_who_reads_that() {
        for (content_type, accepted) in [("text/html", "gzip, deflate, br, zstd"), ("application/json", "gzip")] {
            let head = head("GET", content_type, 9_999, accepted).await;
            assert_eq!(head.get(header::CONTENT_ENCODING).expect("compressed"), "gzip", "{content_type}");
            assert_eq!(head.get(header::VARY).expect("it depends on the reader"), "accept-encoding");
        }
        for accepted in ["", "identity", "br", "gzip;q=0, identity"] {
            assert!(
                !head("GET", "text/html", 9_999, accepted).await.contains_key(header::CONTENT_ENCODING),
                "{accepted}"
            );
        }
    }

    #[tokio::test]
    async fn what_may_hold_a_secret_and_what_must_not_wait_is_not_compressed() {
        for (method, content_type, bytes) in [
            ("POST", "application/json", 9_999),
            ("GET", "text/event-stream", 9_999),
            ("GET", "text/html", usize::try_from(LEAST_BYTES).expect("small") - 1),
        ] {
            let head = head(method, content_type, bytes, "gzip").await;
            assert!(!head.contains_key(header::CONTENT_ENCODING), "{method} {content_type} {bytes}");
        }
    }
}
