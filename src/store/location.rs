//! Where the database is, read from the text of the configuration, and that text without its password. Pure.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::config::{passwords_in, without_password};

/// Where the ledger is kept. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by its connection URL.
    Postgres(String),
}

/// Without a bound on connecting, a frozen server holds its caller for minutes.
const CONNECT_TIMEOUT: &str = "connect_timeout=3";

/// What a writer needs: a standby is refused at once instead of at the first write.
const WRITABLE_SERVER: &str = "target_session_attrs=read-write";

/// What would end or change the path in a SQLite URI.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ');

impl Location {
    /// `postgres://…` and `postgresql://…` are servers, all else is a path, with or without `sqlite:` before it.
    pub(super) fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(text.to_owned());
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
        Self::Sqlite(PathBuf::from(path))
    }

    /// What SQLite is told to open: it must exist, so that no reader and no reconnect creates an empty ledger.
    pub(super) fn sqlite_uri(path: &std::path::Path) -> String {
        let path = path.to_string_lossy();
        let dot = if path.starts_with('/') { "" } else { "./" };
        format!("file:{dot}{}?mode=rw", utf8_percent_encode(&path, NOT_IN_A_PATH))
    }

    /// The server's URL with our bounds, where the text does not set its own.
    pub(super) fn postgres_url(text: &str, writes: bool) -> String {
        let mut url = text.to_owned();
        for setting in [CONNECT_TIMEOUT, WRITABLE_SERVER].into_iter().take(if writes { 2 } else { 1 }) {
            let key = setting.split('=').next().unwrap_or_default();
            if !url.contains(&format!("{key}=")) {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(setting);
            }
        }
        url
    }

    /// `words` without the password, whichever way the database repeats it.
    pub(super) fn scrub(&self, words: &str) -> String {
        let Self::Postgres(text) = self else { return words.to_owned() };
        let mut scrubbed = words.replace(text.as_str(), &self.to_string());
        for password in passwords_in(text) {
            let decoded = percent_decode_str(password).decode_utf8_lossy();
            for form in [password, decoded.as_ref()] {
                scrubbed = scrubbed.replace(form, "***");
            }
        }
        scrubbed
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(text) => f.write_str(&without_password(text)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_shown_in_no_form() {
        for (url, shown) in [
            ("postgres://u:secret@h:1/d", "postgres://u:***@h:1/d"),
            ("postgresql://u:se/cr?e@t@h/d", "postgresql://u:***@h/d"),
            (
                "postgres://h/d?user=u&password=secret&sslmode=require",
                "postgres://h/d?user=u&password=***&sslmode=require",
            ),
            ("postgres://u@h/d", "postgres://u@h/d"),
        ] {
            assert_eq!(Location::parse(url).to_string(), shown);
            assert_eq!(format!("{:?}", Location::parse(url)), format!("Location({shown})"));
        }
        let location = Location::parse("postgres://u:p%40ss@h/d");
        assert_eq!(
            location.scrub("no p%40ss, no p@ss in postgres://u:p%40ss@h/d"),
            "no ***, no *** in postgres://u:***@h/d"
        );
    }

    #[test]
    fn paths_are_read_in_each_spelling() {
        for text in ["/var/l.db", "sqlite:/var/l.db", "sqlite:///var/l.db"] {
            assert_eq!(Location::parse(text), Location::Sqlite("/var/l.db".into()), "{text}");
        }
        assert_eq!(Location::parse("sqlite:l.db"), Location::Sqlite("l.db".into()));
        assert_eq!(Location::sqlite_uri("a b/50%?#.db".as_ref()), "file:./a%20b/50%25%3F%23.db?mode=rw");
    }

    #[test]
    fn bounds_are_added_where_the_url_sets_none() {
        assert_eq!(Location::postgres_url("postgres://h/d", false), "postgres://h/d?connect_timeout=3");
        let own = "postgres://h/d?connect_timeout=9";
        assert_eq!(Location::postgres_url(own, false), own);
        assert_eq!(Location::postgres_url(own, true), format!("{own}&target_session_attrs=read-write"));
    }
}
