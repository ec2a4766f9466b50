//! Requests that were answered, by route and status.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// The counts of one ledger, whoever serves it: they outlive an HttpActor. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct RequestCounts(Arc<Mutex<BTreeMap<Counted, u64>>>);

/// What is counted apart. A route is its template: what a caller put into it is not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counted {
    pub(super) route: String,
    pub(super) method: &'static str,
    pub(super) status: &'static str,
}

/// Where no route is.
const NO_ROUTE: &str = "none";

/// Counts a request with its answer.
pub(in crate::http) async fn count(State(counts): State<RequestCounts>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = method(request.method());
    let response = next.run(request).await;
    counts.add(Counted { route, method, status: class(response.status()) });
    response
}

impl RequestCounts {
    /// Each with its number, in order.
    pub(super) fn all(&self) -> BTreeMap<Counted, u64> {
        self.lock().clone()
    }

    fn add(&self, counted: Counted) {
        *self.lock().entry(counted).or_default() += 1;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Counted, u64>> {
        // A count that was added whole is never half added.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A method is any word that a caller likes.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn what_a_caller_says_is_in_no_label() {
        let counts = RequestCounts::default();
        let router = Router::new()
            .nest("/api", Router::new().route("/things/{secret}", get(async || "")))
            .layer(axum::middleware::from_fn_with_state(counts.clone(), count));
        for (method, path) in [
            ("GET", "/api/things/hunter2"),
            ("GET", "/api/things/hunter3"),
            ("HUNTER2", "/api/things/hunter2"),
            ("POST", "/hunter2"),
        ] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
            router.clone().oneshot(request).await.expect("it cannot fail");
        }
        let all: Vec<_> = counts.all().into_iter().map(|(c, n)| (c.route, c.method, c.status, n)).collect();
        let route = || "/api/things/{secret}".to_owned();
        let expected =
            [(route(), "GET", "2xx", 2), (route(), "other", "4xx", 1), (NO_ROUTE.to_owned(), "POST", "4xx", 1)];
        assert_eq!(all, expected);
    }
}
