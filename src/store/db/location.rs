//! Where the database is, and what it says without its password. Pure.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use crate::config::{Config, DatabaseAddress, database_without_password, passwords_in, without_password};
use crate::store::StoreError;

/// Where the ledger is kept. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::store) enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by its connection URL.
    Postgres(String),
}

impl Location {
    /// Where a configuration says, if this build has a client for that database.
    pub(in crate::store) fn of(config: &Config) -> Result<Self, StoreError> {
        let location = match DatabaseAddress::parse(&config.database) {
            Ok(DatabaseAddress::Sqlite(path)) => Self::Sqlite(path),
            Ok(DatabaseAddress::Postgres(url)) => Self::Postgres(url),
            Err(allowed) => {
                let url = database_without_password(&config.database);
                return Err(StoreError::Unopened { url, cause: format!("allowed is {allowed}") });
            }
        };
        match location.lacking_feature(cfg!(feature = "sqlite"), cfg!(feature = "postgres")) {
            None => Ok(location),
            Some(feature) => {
                let cause = format!("its client is not built in; build dockledger with the cargo feature `{feature}`");
                Err(StoreError::Unopened { url: location.to_string(), cause })
            }
        }
    }

    /// The cargo feature that a build with or without each of the databases lacks for this one.
    const fn lacking_feature(&self, has_sqlite: bool, has_postgres: bool) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) if !has_sqlite => Some("sqlite"),
            Self::Postgres(_) if !has_postgres => Some("postgres"),
            _ => None,
        }
    }

    /// The name of the network file system that it lies on, if it does.
    pub(in crate::store) fn shared_file_system(&self) -> Option<&'static str> {
        #[cfg(feature = "sqlite")]
        if let Self::Sqlite(path) = self {
            return crate::store::db::file_system::shared_file_system(path);
        }
        None
    }

    /// `words` without the password, wherever the database repeats a part of the URL: it does so between quotes. The words
    /// themselves stay, also those that happen to be the password.
    pub(in crate::store) fn scrub(&self, words: &str) -> String {
        let Self::Postgres(url) = self else { return words.to_owned() };
        let words = words.replace(url.as_str(), &self.to_string());
        let mut pieces = words.split('"');
        let mut scrubbed = pieces.next().unwrap_or_default().to_owned();
        let mut is_quoted = true;
        for piece in pieces {
            scrubbed.push('"');
            match piece {
                address if is_quoted && address.contains("://") => scrubbed.push_str(&without_password(address)),
                secret if is_quoted && is_of_a_password(secret, url) => scrubbed.push_str("***"),
                other => scrubbed.push_str(other),
            }
            is_quoted = !is_quoted;
        }
        scrubbed
    }
}

/// Whether a text stands in a URL's password and nowhere else in it, as it is written there or decoded.
fn is_of_a_password(text: &str, url: &str) -> bool {
    if text.is_empty() {
        return false;
    }
    let start = |part: &str| part.as_ptr() as usize - url.as_ptr() as usize;
    let spans: Vec<_> =
        passwords_in(url).into_iter().map(|password| start(password)..start(password) + password.len()).collect();
    let is_secret = |at: usize| spans.iter().any(|span| at < span.end && span.start < at + text.len());
    let mut places = url.match_indices(text).map(|(at, _)| at).peekable();
    if places.peek().is_some() {
        return places.all(is_secret);
    }
    passwords_in(url).iter().any(|password| percent_decode_str(password).decode_utf8_lossy().contains(text))
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

    fn server(url: &str) -> Location {
        Location::Postgres(url.into())
    }

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
            assert_eq!(server(url).to_string(), shown);
            assert_eq!(format!("{:?}", server(url)), format!("Location({shown})"));
        }
        let told = server("postgres://u:p%40ss@h/d").scrub("no \"p%40ss\", no \"p@ss\" in postgres://u:p%40ss@h/d");
        assert_eq!(told, "no \"***\", no \"***\" in postgres://u:***@h/d");
        let told =
            server("postgres://u:se/cr?e@t@h/d").scrub("invalid port \"se\", in \"postgres://u:se/cr?e@t@h/d?x=y\"");
        assert_eq!(told, "invalid port \"***\", in \"postgres://u:***@h/d?x=***\"");
    }

    /// F13: passwords that are words, or a part of them.
    #[test]
    fn f13_the_words_of_an_error_stay_whatever_the_password_is() {
        let refused = "connection to server at \"127.0.0.1\", port 1 failed: Connection refused";
        for password in ["e", "o", "1", "Connection", "refused", "127.0.0.1", "server", "%65", ""] {
            let url = format!("postgres://u:{password}@127.0.0.1:1/db");
            assert_eq!(server(&url).scrub(refused), refused, "{password}");
            let url = format!("postgres://u@127.0.0.1:1/db?password={password}");
            assert_eq!(server(&url).scrub(refused), refused, "{password}");
        }
        let role = "FATAL:  role \"deploy\" does not exist";
        assert_eq!(server("postgres://deploy:deploy2@h/d").scrub(role), role);
    }

    #[test]
    fn a_database_that_is_not_built_in_names_its_feature() {
        for (location, has_sqlite, has_postgres, lacking) in [
            (Location::Sqlite("/var/l.db".into()), false, true, Some("sqlite")),
            (server("postgres://h/d"), true, false, Some("postgres")),
            (Location::Sqlite("/var/l.db".into()), true, false, None),
            (server("postgres://h/d"), false, true, None),
        ] {
            assert_eq!(location.lacking_feature(has_sqlite, has_postgres), lacking, "{location}");
        }
    }
}
