//! What a process is surrounded by, as a value: so that tests have surroundings of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rustix::process::geteuid;

/// The environment, the user, and the places that all users of a machine share.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// The environment variables; a byte that is no UTF-8 is replaced.
    pub(crate) variables: BTreeMap<String, String>,
    /// Those of them whose value is no UTF-8.
    pub(crate) not_utf8: BTreeSet<String>,
    /// The effective user.
    pub(crate) user_id: u32,
    /// The machine's configuration file.
    pub(crate) machine_config: PathBuf,
    /// The machine's database.
    pub(crate) machine_database: PathBuf,
    /// Where the machine's services keep what goes with them.
    pub(crate) machine_runtime: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_this_process() -> Self {
        let mut variables = BTreeMap::new();
        let mut not_utf8 = BTreeSet::new();
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if value.to_str().is_none() {
                not_utf8.insert(name.clone());
            }
            variables.insert(name, value.to_string_lossy().into_owned());
        }
        Self {
            variables,
            not_utf8,
            user_id: geteuid().as_raw(),
            machine_config: "/etc/dockledger/dockledger.toml".into(),
            machine_database: "/var/lib/dockledger/ledger.db".into(),
            machine_runtime: "/run".into(),
        }
    }

    /// A variable that is set and not empty: an empty one counts as unset, as `X=${X:-}` leaves it.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A directory of the user, by the XDG rules: `$VARIABLE`, else `$HOME/FALLBACK`; a relative one is ignored.
    pub(crate) fn user_directory(&self, variable: &str, fallback: &str) -> Option<PathBuf> {
        let given = self.variable(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        given.or_else(|| self.variable("HOME").map(|home| PathBuf::from(home).join(fallback)))
    }
}
