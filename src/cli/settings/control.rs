//! Where the control socket of a ledger's host is unless the configuration says.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Surroundings, sqlite_path};
use crate::config::{Config, without_password};

/// The longest path that the kernel takes for a socket, less what is made beside it while it is bound.
const LONGEST_PATH_BYTES: usize = 107 - "/.4194304.new/s".len();

/// `/run/dockledger/` for root, `$XDG_RUNTIME_DIR/dockledger/` for others, else beside an SQLite ledger; the file is
/// named after the ledger and the host, so that two ledgers on a machine have two. `None` where no place is left.
pub(super) fn default_control_socket(config: &Config, surroundings: &Surroundings) -> Option<PathBuf> {
    let runtime = surroundings.variable("XDG_RUNTIME_DIR").map(Path::new).filter(|path| path.is_absolute());
    let directory = if surroundings.user_id == 0 {
        surroundings.machine_runtime.join("dockledger")
    } else if let Some(runtime) = runtime {
        runtime.join("dockledger")
    } else {
        ledger_path(config)?.parent()?.join("control")
    };
    let socket = directory.join(format!("{}.sock", short_hash(config)));
    (socket.as_os_str().len() <= LONGEST_PATH_BYTES).then_some(socket)
}

/// The same for each spelling of a path to the same file.
fn ledger_path(config: &Config) -> Option<PathBuf> {
    let path = std::path::absolute(sqlite_path(&config.database)?).ok()?;
    let directory = path.parent()?;
    // A directory that is not there yet has no other name.
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    Some(directory.join(path.file_name()?))
}

fn short_hash(config: &Config) -> String {
    let ledger = match ledger_path(config) {
        Some(path) => path.display().to_string(),
        None => format!("{} {}", without_password(&config.database), config.database_schema),
    };
    let digest = Sha256::digest(format!("{ledger}\n{}", config.host));
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HostName;

    fn surroundings(user_id: u32, runtime: Option<&str>) -> Surroundings {
        let variables = runtime.map(|runtime| ("XDG_RUNTIME_DIR".to_owned(), runtime.to_owned()));
        Surroundings { variables: variables.into_iter().collect(), user_id, ..Surroundings::of_this_process() }
    }

    fn socket(database: &str, user_id: u32, runtime: Option<&str>) -> PathBuf {
        default_control_socket(&Config::new(database), &surroundings(user_id, runtime)).expect("there is a place")
    }

    #[test]
    fn it_is_where_only_its_user_comes() {
        assert_eq!(socket("/nowhere/l.db", 0, None).parent(), Some(Path::new("/run/dockledger")));
        assert_eq!(socket("/nowhere/l.db", 7, Some("/run/user/7")).parent(), Some(Path::new("/run/user/7/dockledger")));
        assert_eq!(socket("/nowhere/l.db", 7, None).parent(), Some(Path::new("/nowhere/control")));
        let server = Config::new("postgres://u:secret@db/x");
        assert_eq!(default_control_socket(&server, &surroundings(7, None)), None);
        let long = Config::new(format!("/{}/l.db", "x".repeat(100)));
        assert_eq!(default_control_socket(&long, &surroundings(7, None)), None, "the kernel takes no such path");
    }

    #[test]
    fn each_ledger_and_each_host_has_its_own() {
        let one = socket("/nowhere/l.db", 0, None);
        assert_eq!(one, socket("sqlite:///nowhere/l.db", 0, None), "another spelling");
        assert_ne!(one, socket("/nowhere/m.db", 0, None));
        let mut config = Config::new("/nowhere/l.db");
        config.host = HostName::new("web-1");
        assert_ne!(default_control_socket(&config, &surroundings(0, None)), Some(one));
        let rotated = socket("postgres://u:new@db/x", 0, None);
        assert_eq!(rotated, socket("postgres://u:old@db/x", 0, None), "the password does not count");
    }
}
