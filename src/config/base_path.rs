//! The path under which a service is reached.

use std::fmt;
use std::sync::Arc;

/// The path below which a proxy shows us: empty for none, else `/PART` once or more, without a slash at the end. What is
/// put before a path of ours is a link that a browser behind the proxy can follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(Arc<str>);

/// What a base path may be, for whoever wrote another.
#[cfg(feature = "cli")]
pub(crate) const ALLOWED: &str = "a path as a browser sees it, such as /dockledger: parts of letters, digits, dots, \
                                  underscores, dashes and tildes, each after a slash; the first is none of our own paths' \
                                  (/api, /hooks, /hosts and so on), and all are at most 200 bytes";

/// A cookie and a redirect hold it.
const MOST_BYTES: usize = 200;

/// The first parts of our own paths. Below a path that begins with one of them nobody could tell `/api/v1` from what is
/// below `/api`, where one proxy passes the path on and another takes it away.
const OURS: [&str; 16] = [
    "activity",
    "api",
    "assets",
    "containers",
    "healthz",
    "hooks",
    "hosts",
    "language",
    "login",
    "logout",
    "metrics",
    "passes",
    "readyz",
    "routes",
    "unassigned",
    "workloads",
];

impl BasePath {
    /// Reads a path; one slash at its end does not count, and `/` alone is none. `None` for what is no plain path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.strip_suffix('/').unwrap_or(text);
        if path.is_empty() {
            return Some(Self::default());
        }
        let mut parts = path.strip_prefix('/')?.split('/');
        let is_free = parts.clone().next().is_some_and(|first| !OURS.contains(&first));
        (path.len() <= MOST_BYTES && is_free && parts.all(is_plain)).then(|| Self(path.into()))
    }

    /// The path, to be put before one of ours; empty for none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `Path` of a cookie that is to be sent with every path of ours and with nobody else's.
    #[must_use]
    pub fn of_cookies(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// The path of ours that is asked for, and `None` where it is not below this one. A proxy that takes the path away and
    /// leaves its slash asks for `//hosts`.
    #[must_use]
    pub fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let rest = path.strip_prefix(&*self.0).unwrap_or(path);
        match rest {
            "" => Some("/"),
            _ if rest.starts_with("//") => Some(&rest[1..]),
            _ if rest.len() < path.len() && rest.starts_with('/') => Some(rest),
            _ => None,
        }
    }
}

fn is_plain(part: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~');
    !matches!(part, "" | "." | "..") && part.bytes().all(is_plain)
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F24
    #[test]
    fn a_slash_at_the_end_does_not_count_and_alone_is_none() {
        for (given, read) in [
            ("", ""),
            ("/", ""),
            ("/dockledger", "/dockledger"),
            ("/dockledger/", "/dockledger"),
            ("/tools/dock-ledger_2.0~x/", "/tools/dock-ledger_2.0~x"),
            ("/apis", "/apis"),
        ] {
            assert_eq!(BasePath::parse(given).expect(given).as_str(), read, "{given}");
        }
        assert_eq!(BasePath::default().of_cookies(), "/");
    }

    #[test]
    fn what_is_no_plain_path_or_could_be_taken_for_ours_is_refused() {
        let long = format!("/{}", "x".repeat(MOST_BYTES));
        for wrong in [
            "dockledger",
            "//",
            "//evil.example",
            "/a//b",
            "/../x",
            "/a/..",
            "/a/./b",
            "/a b",
            "/a%2f",
            "/a?b",
            "/a#b",
            "/a;b",
            "/a\"b",
            "/a\r\nX: y",
            "/ж",
            "https://x/a",
            "/api",
            "/api/v2",
            "/hooks/",
            "/hosts",
            &long,
        ] {
            assert_eq!(BasePath::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_asked_for_is_below_the_path_or_is_not() {
        let base = BasePath::parse("/dockledger/").expect("a path");
        for (asked, ours) in [
            ("/dockledger", Some("/")),
            ("/dockledger/", Some("/")),
            ("/dockledger/hosts", Some("/hosts")),
            ("/dockledger//hosts", Some("/hosts")),
            ("//hosts", Some("/hosts")),
            ("//", Some("/")),
            ("/", None),
            ("/hosts", None),
            ("/dockledgers/hosts", None),
            ("*", None),
        ] {
            assert_eq!(base.below(asked), ours, "{asked}");
        }
        assert_eq!(BasePath::default().below("//hosts"), None);
    }
}
