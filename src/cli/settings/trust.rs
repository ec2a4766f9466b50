//! Whether a file may be trusted: not if a stranger could have put it there.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::DatabaseAddress;

/// A file that a stranger can write, or a place where he can put one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustError {
    /// The configuration says where the ledger is and which daemon is asked.
    #[error("the configuration file {path} can be written by every user; `chmod o-w {path}`")]
    WritableConfig {
        /// The file.
        path: PathBuf,
    },
    /// A directory without the sticky bit: anyone can put another file in the ledger's place.
    #[error(
        "the database {path} lies in a directory that every user can write; choose another with --database, or \
         `chmod o-w` its directory"
    )]
    WritablePlace {
        /// The database.
        path: PathBuf,
    },
    /// A directory like `/tmp`, and somebody else made the file first.
    #[error(
        "the database {path} lies in a directory that every user can write, and belongs to user {owner}, who is \
         neither root nor you; choose another with --database"
    )]
    StrangersFile {
        /// The database.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
    },
}

const WRITABLE_BY_OTHERS: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Refuses a configuration file that every user can write.
pub(super) fn check_config_file(path: &Path, user_id: u32) -> Result<(), TrustError> {
    // What cannot be looked at fails at reading, with the system's own words.
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    let own_pipe = !metadata.is_file() && metadata.uid() == user_id;
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 && !own_pipe {
        return Err(TrustError::WritableConfig { path: path.into() });
    }
    Ok(())
}

/// Refuses an SQLite file where every user could have put it (B45). A server's address passes.
pub(crate) fn check_database_place(database: &str, user_id: u32) -> Result<(), TrustError> {
    let Some(path) = sqlite_path(database) else { return Ok(()) };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // A directory that is not there yet is made by us, for us alone.
    let Ok(place) = std::fs::metadata(directory) else { return Ok(()) };
    if place.mode() & WRITABLE_BY_OTHERS == 0 {
        return Ok(());
    }
    if place.mode() & STICKY == 0 {
        return Err(TrustError::WritablePlace { path });
    }
    match std::fs::symlink_metadata(&path).map(|file| file.uid()) {
        Ok(owner) if owner != user_id && owner != 0 => Err(TrustError::StrangersFile { path, owner }),
        _ => Ok(()),
    }
}

/// The file of an SQLite address. `None` for a server, and for what is no address.
pub(crate) fn sqlite_path(database: &str) -> Option<PathBuf> {
    match DatabaseAddress::parse(database) {
        Ok(DatabaseAddress::Sqlite(path)) => Some(path),
        Ok(DatabaseAddress::Postgres(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn owner_of(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it exists").uid()
    }

    #[test]
    fn b45_database_in_a_directory_that_everyone_can_write_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("ledger.db");
        let database = path.to_str().expect("UTF-8");
        let user_id = owner_of(directory.path());
        assert!(check_database_place(database, user_id).is_ok(), "a directory of one's own");

        set_permissions(directory.path(), Permissions::from_mode(0o777)).expect("chmod");
        assert!(matches!(check_database_place(database, user_id), Err(TrustError::WritablePlace { .. })));

        set_permissions(directory.path(), Permissions::from_mode(0o1777)).expect("chmod");
        assert!(check_database_place(database, user_id).is_ok(), "like /tmp, and no file yet");
        write(&path, "").expect("written");
        assert!(check_database_place(database, user_id).is_ok(), "like /tmp, and the file is one's own");
        if user_id != 0 {
            assert!(matches!(check_database_place(database, user_id + 1), Err(TrustError::StrangersFile { .. })));
        }
        assert!(check_database_place("postgres://db/x", user_id).is_ok());
    }

    #[test]
    fn a_server_and_what_is_no_address_have_no_file() {
        assert_eq!(sqlite_path("sqlite://l.db"), Some(PathBuf::from("l.db")));
        assert_eq!(sqlite_path("postgres://db/x"), None);
        assert_eq!(sqlite_path("mysql://db/x"), None);
    }

    #[test]
    fn b44_configuration_that_everyone_can_write_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("dockledger.toml");
        write(&path, "").expect("written");
        set_permissions(&path, Permissions::from_mode(0o644)).expect("chmod");
        assert!(check_config_file(&path, owner_of(&path)).is_ok());
        set_permissions(&path, Permissions::from_mode(0o666)).expect("chmod");
        assert!(matches!(check_config_file(&path, owner_of(&path)), Err(TrustError::WritableConfig { .. })));
    }
}
