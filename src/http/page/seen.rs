//! Up to which change a visitor has seen the history: kept by the browser, so that nobody needs a name here.

use axum::http::{HeaderMap, header};

use crate::model::Revision;

/// The cookie that keeps the revision; a module writes it when the page of the activity is left.
pub(super) const COOKIE: &str = "dockledger_seen";

/// The last change of the visit before; `None` of somebody who was never there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(Option<i64>);

impl Seen {
    pub(super) fn of_visitor(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            values.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        Self(
            pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| value.parse().ok()).filter(|seen| *seen >= 0),
        )
    }

    /// The last change that the visitor has seen. One beyond the latest change is of another ledger, and says nothing.
    pub(super) fn until(self, latest: Revision) -> Option<Revision> {
        self.0.filter(|seen| *seen <= latest.0).map(Revision)
    }

    /// Whether a change is new to the visitor.
    pub(super) fn is_new(self, revision: Revision, latest: Revision) -> bool {
        self.until(latest).is_some_and(|until| revision > until)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen(cookies: &'static str) -> Seen {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(cookies));
        Seen::of_visitor(&headers)
    }

    #[test]
    fn what_came_since_the_last_visit_is_new() {
        for (cookies, until, is_new) in [
            ("a=b; dockledger_seen=7", Some(7), [false, true]),
            ("dockledger_seen=10", Some(10), [false, false]),
            ("a=b", None, [false, false]),
            ("dockledger_seen=x", None, [false, false]),
            ("dockledger_seen=-5", None, [false, false]),
            // The ledger was made anew.
            ("dockledger_seen=11", None, [false, false]),
        ] {
            let seen = seen(cookies);
            assert_eq!(seen.until(Revision(10)), until.map(Revision), "{cookies}");
            assert_eq!([7, 8].map(|revision| seen.is_new(Revision(revision), Revision(10))), is_new, "{cookies}");
        }
    }
}
