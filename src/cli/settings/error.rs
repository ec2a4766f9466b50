//! Why there is no configuration to work with.

use std::path::PathBuf;

use super::keys::KEYS;
use super::origin::Origin;
use super::trust::TrustError;

/// The first key, variable or file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A key that does not exist.
    #[error("unknown key {key:?} in {path}; {hint}", hint = hint(*meant))]
    UnknownKey {
        /// As it was written.
        key: String,
        /// The key that it is only a slip away from.
        meant: Option<&'static str>,
        /// The file.
        path: PathBuf,
    },
    /// A value that cannot be.
    #[error("{key} cannot be {value:?} (from {origin}): allowed is {allowed}")]
    Impossible {
        /// The key.
        key: &'static str,
        /// The value, without a password.
        value: String,
        /// Who said so.
        origin: Origin,
        /// What could be.
        allowed: String,
    },
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {cause}; name another with --config")]
    Unread {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: String,
    },
    /// The file is no TOML.
    #[error("the configuration file {path} is no TOML: {cause}")]
    Unparsed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        cause: String,
    },
    /// The file could be a stranger's.
    #[error(transparent)]
    Untrusted(TrustError),
    /// No place for the ledger.
    #[error("cannot tell where the database is: neither HOME nor XDG_STATE_HOME is set; name one with --database")]
    NoPlace,
}

fn hint(meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("did you mean {meant:?}? `dockledger config` shows all keys"),
        None => format!("the keys are: {}", KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")),
    }
}
