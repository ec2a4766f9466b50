//! Who asks for a page, and for how much of it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::language::Language;
use super::lines::Tag;
use super::seen::Seen;
use super::shown::shown;
use crate::http::auth::{Access, Caller};

/// What a request says of its visitor.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) language: Language,
    /// Who is logged in, by the name of his token.
    pub(super) who: Option<String>,
    /// Whether he may read all of the ledger.
    pub(super) may_read: bool,
    /// Whether he sees who ordered what.
    pub(super) sees_orders: bool,
    /// Whether a module asks for the live part alone.
    pub(super) is_live_part: bool,
    /// What a module says that its page holds already.
    pub(super) held: Option<Tag>,
    /// Path and query without the base path.
    pub(super) here: String,
    /// Up to which change the history was seen at the visit before.
    pub(super) seen: Seen,
    /// The name by which the browser reached this machine; `None` if it is no name.
    pub(super) reached_by: Option<String>,
}

/// The header by which a module asks for the live part alone.
pub(super) const LIVE_PART: &str = "dockledger-part";

/// The header by which it says which lines its page shows.
pub(super) const HELD: &str = "dockledger-held";

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let caller = parts.extensions.get::<Caller>();
        Ok(Self {
            who: caller.filter(|caller| caller.has_token).map(|caller| shown(&caller.name)),
            may_read: caller.is_some_and(|caller| caller.projects.is_none()),
            sees_orders: caller.is_some_and(|caller| caller.access == Access::Admin),
            language: Language::of_visitor(&parts.headers),
            is_live_part: parts.headers.contains_key(LIVE_PART),
            held: held(&parts.headers),
            here: parts.uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string),
            seen: Seen::of_visitor(&parts.headers),
            reached_by: reached_by(&parts.headers),
        })
    }
}

/// A whole page is whole, whatever its reader holds.
fn held(headers: &HeaderMap) -> Option<Tag> {
    headers.get(HELD).filter(|_| headers.contains_key(LIVE_PART)).and_then(|tag| Tag::parse(tag.to_str().ok()?))
}

fn reached_by(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => format!("[{address}]"),
        None => host.split(':').next()?.to_owned(),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
    (!name.is_empty() && name.chars().all(is_plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_name_in_the_browser_is_taken_without_its_port() {
        for (host, name) in [
            ("127.0.0.1:7878", Some("127.0.0.1")),
            ("ledger.example", Some("ledger.example")),
            ("[::1]:7878", Some("[::1]")),
            ("evil\"><script>", None),
            ("a@b", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            assert_eq!(reached_by(&headers).as_deref(), name, "{host}");
        }
    }
}
