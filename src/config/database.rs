//! The address of a database, in each form that people bring. A text is a file's name only if it can be nothing else: one
//! that was meant for a server would put its password into the name. Pure.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::address::without_password;
use super::postgres_parameters::{HARMLESS, refused_parameters};

/// Where a ledger is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseAddress {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by its connection URL.
    Postgres(String),
}

/// Every form, for whoever wrote another one.
const FORMS: &str = "a file path, sqlite:PATH, or postgres://USER@HOST/NAME";

impl DatabaseAddress {
    /// Reads the text of the configuration, with the line's end or the quotes that a list of variables left around it.
    /// Otherwise says which forms there are and what to change; that holds nothing of the text that could be a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = bare(text);
        if text.is_empty() || text.contains(char::is_control) {
            return Err(format!("{FORMS}, without control characters"));
        }
        match scheme_of(text) {
            None => plain_path(text),
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "postgres" | "postgresql" => server(rest),
                scheme @ ("sqlite" | "file") => file(scheme, rest),
                other => Err(format!("{FORMS}; {}", other_scheme(other))),
            },
        }
    }
}

/// A database address as it may be shown, whatever was written in its place.
pub(crate) fn database_without_password(text: &str) -> String {
    let may_hide_more = |shown: &str| {
        let shown = shown.to_ascii_lowercase();
        let words = ["password", "passwd", "pwd"];
        words.iter().any(|word| shown.match_indices(word).any(|(at, _)| !shown[at + word.len()..].starts_with("=***")))
    };
    match DatabaseAddress::parse(text) {
        Ok(DatabaseAddress::Sqlite(_)) => text.to_owned(),
        Ok(DatabaseAddress::Postgres(_)) => without_password(text),
        Err(_) => match text.split_once("://") {
            Some((scheme, _)) if may_hide_more(&without_password(text)) => format!("{scheme}://***"),
            Some(_) => without_password(text),
            None if text.contains(['@', '=']) => "***".to_owned(),
            // Nothing says which part of what was meant for a server is its password.
            None => match scheme_of(bare(text)) {
                Some((scheme, rest)) if is_servers(scheme) && !rest.is_empty() => format!("{scheme}:***"),
                _ => text.to_owned(),
            },
        },
    }
}

/// Without what a file of variables, or the editor that wrote it, leaves around a value.
fn bare(text: &str) -> &str {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let unquoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    unquoted('"').or_else(|| unquoted('\'')).unwrap_or(text)
}

/// What stands before the first colon, if it could be a scheme, and what comes after it.
fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'))
        && !scheme.starts_with('.');
    is_scheme.then_some((scheme, rest))
}

fn is_servers(scheme: &str) -> bool {
    const SERVERS: [&str; 5] = ["postgres", "psql", "pgsql", "postgis", "cockroach"];
    let scheme = scheme.to_ascii_lowercase();
    SERVERS.iter().any(|word| scheme.contains(word)) || scheme == "jdbc"
}

fn other_scheme(scheme: &str) -> &'static str {
    if is_servers(scheme) {
        "of a PostgreSQL server the scheme is postgres://, without the name of a driver, and its user and password stand \
         before the host"
    } else if scheme.contains("sqlite") {
        "of an SQLite file the scheme is sqlite:, without the name of a driver"
    } else {
        "there is no such scheme; of a file whose name has a colon write ./NAME"
    }
}

fn server(rest: &str) -> Result<DatabaseAddress, String> {
    let Some(place) = rest.strip_prefix("//").filter(|place| !place.is_empty()) else {
        return Err(format!("{FORMS}; a server's URL has two slashes and a host behind its scheme"));
    };
    match refused_parameters(place) {
        None => Ok(DatabaseAddress::Postgres(format!("postgres://{place}"))),
        Some(cure) => Err(format!("{FORMS}; {cure}")),
    }
}

/// A URL of an SQLite file: `sqlite:PATH`, `sqlite://PATH`, `file:PATH`, with what other libraries put behind it.
fn file(scheme: &str, rest: &str) -> Result<DatabaseAddress, String> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if path.strip_prefix("//").is_some_and(|place| place.split('/').next().is_some_and(|host| host.contains('@'))) {
        return Err(format!(
            "{FORMS}; an SQLite file has no user and no host: of a server the scheme is postgres://, and a file whose name has \
             an @ is written as {scheme}:./NAME"
        ));
    }
    if path.trim_start_matches('/') == ":memory:" || path == ":memory:" || query.contains("mode=memory") {
        return Err(in_memory());
    }
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        if !matches!(parameter, "mode=rwc" | "cache=private") {
            let name: String = parameter.split('=').next().unwrap_or_default().chars().take(40).collect();
            return Err(format!(
                "{FORMS}; drop the parameter {name:?}: the file is made where there is none, and Dockledger makes SQLite's \
                 settings by itself"
            ));
        }
    }
    let path = match path.strip_prefix("//") {
        Some(place) if scheme == "file" => place.strip_prefix("localhost").unwrap_or(place),
        Some(place) if place.starts_with('/') && !place[1..].trim_start_matches('/').contains('/') => {
            return Err(format!(
                "{FORMS}; with three slashes it is a file in the root directory, and some libraries mean one in the \
                 current directory: write sqlite:NAME for that, or /NAME"
            ));
        }
        Some(place) => place,
        None => path,
    };
    // SQLite takes two slashes for a host.
    let path = if path.starts_with("//") { &path[path.len() - path.trim_start_matches('/').len() - 1..] } else { path };
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    if decoded.is_empty() || decoded.iter().any(u8::is_ascii_control) {
        return Err(format!("{FORMS}, without control characters"));
    }
    Ok(DatabaseAddress::Sqlite(PathBuf::from(OsStr::from_bytes(&decoded))))
}

fn plain_path(text: &str) -> Result<DatabaseAddress, String> {
    if text == ":memory:" {
        return Err(in_memory());
    }
    if text.starts_with(['~', '$']) {
        return Err(format!("{FORMS}; nothing is expanded here: write the whole path, or the variable's value"));
    }
    if is_keyword_string(text) {
        return Err(format!("{FORMS}; libpq's keywords are written as a URL here"));
    }
    Ok(DatabaseAddress::Sqlite(PathBuf::from(text)))
}

fn in_memory() -> String {
    format!("{FORMS}; a ledger in memory would end with each command")
}

/// libpq's own form: `host=… dbname=…`.
fn is_keyword_string(text: &str) -> bool {
    let keyword = text.split('=').next().unwrap_or_default().trim();
    let begins_with_one = text.contains('=') && (HARMLESS.contains(&keyword) || keyword == "password");
    begins_with_one || !text.starts_with(['/', '.']) && text.contains("password=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> PathBuf {
        match DatabaseAddress::parse(text) {
            Ok(DatabaseAddress::Sqlite(path)) => path,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// F5: each form that names one file.
    #[test]
    fn f5_a_file_is_found_in_each_spelling() {
        for text in [
            "ledger.db",
            "sqlite:ledger.db",
            "sqlite://ledger.db",
            "SQLite://ledger.db",
            "sqlite:ledger.db?mode=rwc",
            "sqlite://ledger.db?mode=rwc&cache=private",
            "file:ledger.db",
            " ledger.db\r\n",
            "\"sqlite:ledger.db\"",
            "'ledger.db'",
        ] {
            assert_eq!(path(text), PathBuf::from("ledger.db"), "{text}");
        }
        for text in [
            "/var/l.db",
            "sqlite:/var/l.db",
            "sqlite:///var/l.db",
            "sqlite:////var/l.db",
            "file:/var/l.db",
            "file:///var/l.db",
            "file://localhost/var/l.db",
        ] {
            assert_eq!(path(text), PathBuf::from("/var/l.db"), "{text}");
        }
        assert_eq!(path("sqlite://./x.db"), PathBuf::from("./x.db"));
        assert_eq!(path("sqlite://../x.db"), PathBuf::from("../x.db"));
        assert_eq!(path("sqlite:my%20ledger.db"), PathBuf::from("my ledger.db"));
        assert_eq!(path("50%?#.db"), PathBuf::from("50%?#.db"), "a plain path is what it is");
        assert_eq!(path("./a:b.db"), PathBuf::from("./a:b.db"));
        assert_eq!(path("/a=b/ledger.db"), PathBuf::from("/a=b/ledger.db"));
        assert_eq!(path("/l.db"), PathBuf::from("/l.db"));
    }

    #[test]
    fn f5_a_server_is_found_in_each_spelling() {
        for text in ["postgres://u@h/d", "postgresql://u@h/d", "POSTGRES://u@h/d", "\"postgres://u@h/d\"\r"] {
            assert_eq!(
                DatabaseAddress::parse(text),
                Ok(DatabaseAddress::Postgres("postgres://u@h/d".into())),
                "{text}"
            );
        }
    }

    /// F5: what could be anything else is no file's name, and nothing that may be a password is shown.
    #[test]
    fn f5_what_is_meant_for_something_else_is_no_file_and_shows_no_password() {
        for (text, cure) in [
            ("", "sqlite:PATH"),
            (" \r\n", "sqlite:PATH"),
            ("sqlite:", "sqlite:PATH"),
            ("sqlite://", "sqlite:PATH"),
            ("sqlite::memory:", "memory"),
            ("sqlite://:memory:", "memory"),
            ("sqlite:///:memory:", "memory"),
            (":memory:", "memory"),
            ("file::memory:?cache=shared", "memory"),
            ("file:l.db?mode=memory", "memory"),
            ("file:l.db?cache=shared", "\"cache\""),
            ("sqlite:l.db?mode=ro", "\"mode\""),
            ("sqlite:///ledger.db", "root directory"),
            ("sqlite3:l.db", "sqlite:"),
            ("sqlite://u:hunter2@h/d", "no user and no host"),
            ("file://u:hunter2@h/d", "no user and no host"),
            ("SQLite://u:hunter2@h", "no user and no host"),
            ("postgres:hunter2", "two slashes"),
            ("pgsql:hunter2", "postgres://"),
            ("sqlite+aiosqlite:///./l.db", "without the name of a driver"),
            ("postgres:", "two slashes"),
            ("postgres://", "two slashes"),
            ("postgres:/u:hunter2@h/d", "two slashes"),
            ("postgresql+asyncpg://u:hunter2@h/d", "without the name of a driver"),
            ("jdbc:postgresql://u:hunter2@h/d", "postgres://"),
            ("jdbc:postgresql://h/d?user=u&password=hunter2", "postgres://"),
            ("pgsql:host=h;dbname=d;password=hunter2", "postgres://"),
            ("mysql://u:hunter2@h/d", "no such scheme"),
            ("mysql:u:hunter2@h", "no such scheme"),
            ("sqlserver://h;user=u;Password=hunter2", "no such scheme"),
            ("ledger:hunter2@h/d", "./NAME"),
            ("h:5432/d", "./NAME"),
            ("10.0.0.1:5432/d", "./NAME"),
            ("C:\\ledger.db", "./NAME"),
            ("host=h dbname=d", "as a URL"),
            ("dbname = d", "as a URL"),
            ("user=u password=hunter2", "as a URL"),
            ("d password=hunter2", "as a URL"),
            ("~/ledger.db", "expanded"),
            ("${DATABASE_URL}", "expanded"),
            ("a\nb.db", "control"),
            ("postgres://u:hunter2@h/d\nx", "control"),
            ("sqlite:a%00b.db", "control"),
        ] {
            let refused = DatabaseAddress::parse(text).expect_err(text);
            assert!(refused.contains(cure) && refused.contains("postgres://USER@HOST/NAME"), "{text}: {refused}");
            let shown = database_without_password(text);
            assert!(!refused.contains("hunter2") && !shown.contains("hunter2"), "{text}: {shown}: {refused}");
        }
    }
}
