//! Where the database is, read from the text of the configuration, and that text without its password. Pure.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::StoreError;
use crate::config::{Config, passwords_in, without_password};

/// Where the ledger is kept. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by its connection URL.
    Postgres(String),
}

impl Location {
    /// Where a configuration says, if this build has a client for that database.
    pub(super) fn of(config: &Config) -> Result<Self, StoreError> {
        let location = Self::parse(&config.database);
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

    /// `postgres://…` and `postgresql://…` are servers, all else is a path, with or without `sqlite:` before it.
    fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(text.to_owned());
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
        Self::Sqlite(PathBuf::from(path))
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
    }

    #[test]
    fn a_database_that_is_not_built_in_names_its_feature() {
        for (text, has_sqlite, has_postgres, lacking) in [
            ("/var/l.db", false, true, Some("sqlite")),
            ("postgres://h/d", true, false, Some("postgres")),
            ("/var/l.db", true, false, None),
            ("postgres://h/d", false, true, None),
        ] {
            assert_eq!(Location::parse(text).lacking_feature(has_sqlite, has_postgres), lacking, "{text}");
        }
    }
}
