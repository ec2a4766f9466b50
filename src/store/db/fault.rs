//! Tells the databases' errors apart. Neither the kind nor the code of most of them survives the query layer, so that
//! the fixed words of each database decide.

use diesel::result::{DatabaseErrorKind, Error};

use crate::store::db::location::Location;
use crate::store::{RegistryError, StoreError};

/// What ends a transaction from within: a fault of the database, or our own refusal.
#[derive(Debug)]
pub(in crate::store) enum Fault {
    Database(Error),
    Ours(StoreError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Ours(error)
    }
}

impl From<RegistryError> for Fault {
    fn from(error: RegistryError) -> Self {
        Self::Ours(StoreError::Registry(error))
    }
}

/// What kind of fault a database's error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum FaultKind {
    /// Another writer holds what we want; it passes by itself.
    Busy,
    /// The database undid the transaction as a whole, so that others could go on: the victim of a deadlock, or one that
    /// could not be put in order with the others. Run again, it may do its work.
    Undone,
    /// A unique index.
    Clash,
    /// A value or a row that the database does not take.
    Refused,
    /// The connection is of no use any more.
    Disconnected,
    /// Anything else, with the cure where we know one.
    Other(Option<&'static str>),
}

/// Words of either database for a lock or a bound that ran out.
const BUSY: [&str; 6] = [
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "lock timeout",
    "statement timeout",
    "could not obtain lock",
];

/// Words of PostgreSQL for a transaction that is to be run again.
const UNDONE: [&str; 2] = ["deadlock detected", "could not serialize access"];

/// Words of PostgreSQL for data that it does not take (SQLSTATE 22xxx, and 54000 for index entries beyond a page).
const REFUSED: [&str; 7] = [
    "invalid byte sequence",
    "out of range",
    "value too long",
    "index row",
    "invalid input syntax",
    "cannot be converted",
    "string or blob too big",
];

/// Words of PostgreSQL for an end of the session.
const DISCONNECTED: [&str; 6] = [
    "terminating connection",
    "server closed the connection",
    "connection to server was lost",
    "no connection to the server",
    "could not receive data",
    "SSL connection has been closed",
];

/// The cure where a table or a column is not what it was.
const CHANGED: &str = "the schema was changed by somebody else: compare it with `dockledger migrate status`";

/// Words of either database that have a cure.
const CURES: [(&str, &str); 26] = [
    ("database or disk is full", "make room on the disk"),
    (
        "disk image is malformed",
        "the file is damaged: stop all its users and restore it from a copy; it is left as it is",
    ),
    (
        "file is not a database",
        "the file is something else, or its begin is damaged: name another, or restore it from a copy",
    ),
    ("readonly database", "the file or its directory cannot be written by this user: check owner and mode of both"),
    ("disk I/O error", "look at the system's log for faults of the disk; on a network file system it is none"),
    ("locking protocol", "locks do not hold where the file is: put it on a disk of this machine, or use PostgreSQL"),
    ("unable to open database file", "check that the directory exists and that this user may write in it"),
    ("read-only transaction", "the server is a standby, or the database is set read-only: connect to the primary"),
    (
        "permission denied for database",
        "this role may not make the ledger's schema: let the owner of the database run `dockledger migrate up`",
    ),
    (
        "no schema has been selected",
        "this role may not use the ledger's schema: let its owner run `dockledger migrate grants` and grant what is lacking",
    ),
    ("permission denied", "grant what is lacking: `dockledger migrate grants` prints what a role needs"),
    ("Permission denied", "owner or mode of the file or its directory refuses this user; name another with --database"),
    ("No such file or directory", "check the path, or the server's socket; name another with --database"),
    ("Connection refused", "start the server, or name another with --database"),
    ("could not translate host name", "check the name of the server in the database's URL"),
    (
        "statement pooling",
        "this pooler gives each statement another session: set pool_mode = transaction or session, or connect to the server",
    ),
    (
        "startup parameter",
        "this pooler takes no `options`: drop them from the URL and from PGOPTIONS, or let it ignore them",
    ),
    (
        "SSL support is not compiled in",
        "this build speaks no TLS to the database: build it with the cargo feature `postgres-tls`, or drop sslmode",
    ),
    (
        "no encryption",
        "the server may want TLS: a build with the cargo feature `postgres-tls` speaks it, by sslmode=require",
    ),
    ("invalid URI query parameter", "drop that parameter from the URL: libpq knows none of this name"),
    ("authentication failed", "check user and password in the database's URL"),
    ("no password supplied", "put the password into the database's URL, or into ~/.pgpass"),
    ("does not exist", CHANGED),
    ("no such table", CHANGED),
    ("no such column", CHANGED),
    ("has no column named", CHANGED),
];

/// A connection's fault in one line, with its cure where we know one.
pub(in crate::store) fn with_cure(words: &str) -> String {
    // The roles and databases that are lacking here are no part of our schema.
    let lacking = words.contains("FATAL:") && words.contains("does not exist");
    let cure = if lacking {
        Some("make it (`createuser`, `createdb`), or name another in the database's URL")
    } else {
        CURES.iter().find(|(known, _)| words.contains(known)).map(|(_, cure)| *cure)
    };
    // The client library asks back in a line of its own; the cure answers.
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Is the server"));
    let line = lines.collect::<Vec<_>>().join("; ");
    cure.map_or_else(|| line.clone(), |cure| format!("{line}; {cure}"))
}

/// What SQLite says where its log's memory cannot be shared, or locks do not hold: also of a disk that fails, and of a lock
/// that somebody has.
const OF_FILE_SYSTEMS: [&str; 5] =
    ["disk I/O error", "locked", "locking protocol", "unable to open database file", "disk image is malformed"];

/// An error's words, with what a network file system has to do with them.
pub(in crate::store) fn on_its_file_system(words: String, location: &Location) -> String {
    if OF_FILE_SYSTEMS.iter().any(|known| words.contains(known))
        && let Some(name) = location.shared_file_system()
    {
        return format!(
            "{words}; the file lies on {name}: a network file system cannot keep an SQLite ledger: put the file on a disk of \
             this machine (--database PATH), or use PostgreSQL"
        );
    }
    words
}

/// Whether the connection that gave this error is of no more use: it was lost, or what it has read of its file is not
/// what the file holds, which a file that was restored under it leaves too.
pub(in crate::store) fn ends_the_connection(error: &Error) -> bool {
    let words = error.to_string();
    kind_of(error) == FaultKind::Disconnected
        || ["disk image is malformed", "file is not a database"].iter().any(|known| words.contains(known))
}

/// Classifies one error.
pub(in crate::store) fn kind_of(error: &Error) -> FaultKind {
    let Error::DatabaseError(kind, information) = error else { return kind_of_words(&error.to_string()) };
    match kind {
        DatabaseErrorKind::UniqueViolation => FaultKind::Clash,
        DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::ExclusionViolation
        | DatabaseErrorKind::RestrictViolation => FaultKind::Refused,
        DatabaseErrorKind::SerializationFailure => FaultKind::Undone,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => FaultKind::Disconnected,
        _ => kind_of_words(information.message()),
    }
}

fn kind_of_words(words: &str) -> FaultKind {
    let says = |known: &&str| words.contains(*known);
    if UNDONE.iter().any(says) {
        FaultKind::Undone
    } else if BUSY.iter().any(says) {
        FaultKind::Busy
    } else if DISCONNECTED.iter().any(says) {
        FaultKind::Disconnected
    } else if REFUSED.iter().any(says) {
        FaultKind::Refused
    } else {
        FaultKind::Other(CURES.iter().find(|(known, _)| words.contains(known)).map(|(_, cure)| *cure))
    }
}

impl Fault {
    /// The error that callers see.
    pub(in crate::store) fn into_error(self, attempt: &'static str, location: &Location) -> StoreError {
        let error = match self {
            Self::Ours(error) => return error,
            Self::Database(error) => error,
        };
        let cause = on_its_file_system(location.scrub(error.to_string().trim_end()), location);
        let url = location.to_string();
        match kind_of(&error) {
            FaultKind::Busy | FaultKind::Undone => StoreError::Busy { attempt, url, cause },
            FaultKind::Clash => StoreError::Clash { attempt, cause },
            FaultKind::Refused => StoreError::Refused { attempt, cause },
            FaultKind::Disconnected => StoreError::Query {
                attempt,
                url,
                cause: format!("the connection was lost ({cause}); it is opened again"),
            },
            FaultKind::Other(Some(cure)) => StoreError::Query { attempt, url, cause: format!("{cause}; {cure}") },
            FaultKind::Other(None) => StoreError::Query { attempt, url, cause },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(words: &str) -> Error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(words.to_owned()))
    }

    #[test]
    fn both_databases_words_are_told_apart() {
        for (words, expected) in [
            ("database is locked", FaultKind::Busy),
            ("canceling statement due to lock timeout", FaultKind::Busy),
            ("deadlock detected", FaultKind::Undone),
            ("could not serialize access due to concurrent update", FaultKind::Undone),
            ("invalid byte sequence for encoding \"UTF8\": 0x00", FaultKind::Refused),
            ("index row size 3000 exceeds btree version 4 maximum 2704 for index \"x\"", FaultKind::Refused),
            ("terminating connection due to administrator command", FaultKind::Disconnected),
        ] {
            assert_eq!(kind_of(&unknown(words)), expected, "{words}");
        }
    }

    #[test]
    fn a_fault_of_opening_is_one_line_with_its_cure() {
        let refused = "connection to server failed: Connection refused\n\tIs the server running on that host?\n";
        assert_eq!(
            with_cure(refused),
            "connection to server failed: Connection refused; start the server, or name another with --database"
        );
        for words in ["FATAL:  role \"u\" does not exist", "FATAL:  database \"d\" does not exist"] {
            assert!(with_cure(words).contains("createuser"), "{words}");
        }
        assert_eq!(with_cure("something else"), "something else");
    }

    #[test]
    fn s3_s6_s7_s8_each_has_its_cure() {
        for words in [
            "database or disk is full",
            "database disk image is malformed",
            "file is not a database",
            "attempt to write a readonly database",
        ] {
            assert!(matches!(kind_of(&unknown(words)), FaultKind::Other(Some(_))), "{words}");
        }
    }
}
