//! Which path of ours a request asks for: proxies pass the base path on or take it away, and balancers name no path at all.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use crate::config::BasePath;

/// What a balancer that names no path is told by (`OPTIONS /` and `OPTIONS *`).
const HEALTH: &str = "/healthz";

/// Routes below the base path as they are without it. Both are served: what is asked for by the address itself, and by a
/// proxy that takes the base path away, comes without.
pub(super) fn below(base: BasePath, routes: Router) -> Router {
    // The path of a request can change only before a route was found for it.
    Router::new().fallback_service(routes).layer(from_fn_with_state(base, aim))
}

async fn aim(State(base): State<BasePath>, mut request: Request, next: Next) -> Response {
    if let Some(uri) = ours(&base, request.method(), request.uri()) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

/// The target as our routes know it; `None` where it is that already.
fn ours(base: &BasePath, method: &Method, uri: &Uri) -> Option<Uri> {
    let asked = uri.path();
    let path = base.below(asked).unwrap_or(asked);
    let names_none = *method == Method::OPTIONS && matches!(path, "/" | "*");
    let path = if names_none { HEALTH } else { without_slash(path) };
    if path == asked {
        return None;
    }
    let target = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// A slash at the end of a path of the API names the same as none: no part of such a path is empty.
fn without_slash(path: &str) -> &str {
    if path.starts_with("/api/") { path.strip_suffix('/').unwrap_or(path) } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(base: &str, method: &Method, target: &str) -> String {
        let uri: Uri = target.parse().expect(target);
        let base = BasePath::parse(base).expect(base);
        ours(&base, method, &uri).unwrap_or(uri).to_string()
    }

    // F24
    #[test]
    fn a_path_is_found_below_the_base_path_and_without_it() {
        for (target, ours) in [
            ("/dockledger", "/"),
            ("/dockledger?text=x", "/?text=x"),
            ("/dockledger/api/v1/containers?limit=1", "/api/v1/containers?limit=1"),
            ("/api/v1/containers?limit=1", "/api/v1/containers?limit=1"),
            ("//hosts?x", "/hosts?x"),
            ("/dockledger/containers/local/w%3Aweb%2F", "/containers/local/w%3Aweb%2F"),
            ("http://ledger.example/dockledger/hosts", "http://ledger.example/hosts"),
            ("/dockledgers", "/dockledgers"),
            ("/x/dockledger/hosts", "/x/dockledger/hosts"),
            ("/dockledger/api/v1/containers/?limit=1", "/api/v1/containers?limit=1"),
            ("/api/v1/projects/a%2F/", "/api/v1/projects/a%2F"),
            ("/api/v1/projects//", "/api/v1/projects/"),
        ] {
            assert_eq!(asked("/dockledger", &Method::GET, target), ours, "{target}");
        }
        assert_eq!(asked("", &Method::GET, "//hosts"), "//hosts", "without a base path nothing is taken away");
    }

    // F23
    #[test]
    fn a_balancer_that_names_no_path_is_told_the_health() {
        for target in ["*", "/", "/?x", "/dockledger", "/dockledger/"] {
            let told = asked("/dockledger", &Method::OPTIONS, target);
            assert_eq!(told.split('?').next(), Some("/healthz"), "{target}");
        }
        assert_eq!(asked("", &Method::OPTIONS, "/hosts"), "/hosts");
        assert_eq!(asked("", &Method::GET, "/"), "/");
    }
}
