//! The configuration file: which one, and its keys without their tables.

use std::path::{Path, PathBuf};

use super::{SettingsError, Surroundings, trust};

/// The file that is used: the one that was named, which then must exist, else the first of the usual ones that does.
pub(super) fn find(named: Option<&Path>, surroundings: &Surroundings) -> Option<PathBuf> {
    let named = named.map(Path::to_owned).or_else(|| surroundings.variable("DOCKLEDGER_CONFIG").map(PathBuf::from));
    let of_the_user = || {
        let directory = surroundings.user_directory("XDG_CONFIG_HOME", ".config")?;
        Some(directory.join("dockledger/dockledger.toml"))
    };
    // A file that cannot be looked at counts as there: leaving it out in silence would run with other values.
    let is_there = |path: &PathBuf| path.try_exists().unwrap_or(true);
    named
        .or_else(|| Some(surroundings.machine_config.clone()).filter(is_there))
        .or_else(|| of_the_user().filter(is_there))
}

/// Reads a file into dotted keys and their values, in the file's order of tables.
pub(super) fn read(path: &Path, surroundings: &Surroundings) -> Result<Vec<(String, toml::Value)>, SettingsError> {
    let unread = |cause: std::io::Error| SettingsError::Unread { path: path.into(), cause: cause.to_string() };
    trust::check_config_file(path, surroundings.user_id).map_err(SettingsError::Untrusted)?;
    let text = std::fs::read_to_string(path).map_err(unread)?;
    let table: toml::Table = text
        .parse()
        .map_err(|cause: toml::de::Error| SettingsError::Unparsed { path: path.into(), cause: cause.to_string() })?;
    let mut keys = Vec::new();
    flatten("", table, &mut keys);
    Ok(keys)
}

fn flatten(prefix: &str, table: toml::Table, keys: &mut Vec<(String, toml::Value)>) {
    for (name, value) in table {
        let dotted = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) if !inner.is_empty() => flatten(&dotted, inner, keys),
            other => keys.push((dotted, other)),
        }
    }
}
