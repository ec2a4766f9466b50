//! Defaults, file, environment, flags: later wins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::control::default_control_socket;
use super::error::SettingsError;
use super::keys::{Given, KEYS, Key};
use super::origin::Origin;
use super::unknown::unknown_variables;
use super::{Surroundings, file};
use crate::config::{Config, clamp_interval, without_password};

/// What the flags say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// `--config FILE`
    pub(crate) config: Option<PathBuf>,
    /// The flags that are keys: key, flag, value.
    pub(crate) keys: Vec<(&'static str, &'static str, String)>,
}

/// The effective configuration.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The values.
    pub(crate) config: Config,
    /// Where each that is no default came from, by key.
    pub(crate) origins: BTreeMap<&'static str, Origin>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// What was clamped or ignored, for people.
    pub(crate) warnings: Vec<String>,
}

impl Settings {
    /// Where the value of a key came from.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }
}

/// Loads the configuration. Reads files and changes nothing.
///
/// # Errors
///
/// The first key, variable or value that cannot be used.
pub(crate) fn load(flags: &Flags, surroundings: &Surroundings) -> Result<Settings, SettingsError> {
    let mut settings = Settings {
        config: Config::new(String::new()),
        origins: BTreeMap::new(),
        file: file::find(flags.config.as_deref(), surroundings),
        warnings: Vec::new(),
    };
    if let Some(path) = settings.file.clone() {
        apply_file(&mut settings, &path, surroundings)?;
    }
    apply_variables(&mut settings, surroundings)?;
    for (name, flag, value) in &flags.keys {
        let key = find_key(name).expect("each flag is a key");
        apply(&mut settings, key, Given::Text(value), Origin::Flag(flag))?;
    }
    if !settings.origins.contains_key("database") {
        settings.config.database = default_database(surroundings)?;
    }
    if !settings.origins.contains_key("http.control_socket") {
        settings.config.http.control_socket = default_control_socket(&settings.config, surroundings);
    }
    settings.config.check().map_err(|error| SettingsError::Impossible {
        key: error.key,
        value: error.value,
        origin: settings.origin(error.key),
        allowed: error.allowed,
    })?;
    let (interval, warning) = clamp_interval(settings.config.interval);
    settings.config.interval = interval;
    settings.warnings.extend(warning);
    Ok(settings)
}

fn apply_file(settings: &mut Settings, path: &Path, surroundings: &Surroundings) -> Result<(), SettingsError> {
    for (name, value) in file::read(path, surroundings)? {
        let key = find_key(&name).ok_or_else(|| SettingsError::UnknownKey {
            key: bounded(&name),
            meant: meant_by(&name),
            path: path.into(),
        })?;
        apply(settings, key, Given::Toml(&value), Origin::File(path.into()))?;
    }
    Ok(())
}

fn apply_variables(settings: &mut Settings, surroundings: &Surroundings) -> Result<(), SettingsError> {
    let known: BTreeMap<String, &Key> = KEYS.iter().map(|key| (key.variable(), key)).collect();
    settings.warnings.extend(unknown_variables(surroundings, |name| known.contains_key(name)));
    let database = [("DATABASE_URL".to_owned(), find_key("database").expect("database is a key"))];
    // DATABASE_URL comes first, because it is the weaker name of the same key.
    for (name, key) in database.into_iter().chain(known) {
        let stronger =
            key.name == "database" && name == "DATABASE_URL" && surroundings.variable("DOCKLEDGER_DATABASE").is_some();
        if let Some(value) = surroundings.variable(&name).filter(|_| !stronger) {
            if surroundings.not_utf8.contains(&name) {
                let (value, allowed) = (bounded(&without_password(value)), "a text in UTF-8".into());
                return Err(SettingsError::Impossible {
                    key: key.name,
                    value,
                    origin: Origin::Variable(name),
                    allowed,
                });
            }
            apply(settings, key, Given::Text(value), Origin::Variable(name))?;
        }
    }
    Ok(())
}

fn apply(settings: &mut Settings, key: &'static Key, given: Given<'_>, origin: Origin) -> Result<(), SettingsError> {
    (key.set)(&mut settings.config, given).map_err(|allowed| SettingsError::Impossible {
        key: key.name,
        value: bounded(&shown(given)),
        origin: origin.clone(),
        allowed,
    })?;
    settings.origins.insert(key.name, origin);
    Ok(())
}

/// The database of the machine if it is there or we may make it, else the user's own.
pub(crate) fn default_database(surroundings: &Surroundings) -> Result<String, SettingsError> {
    let shared = &surroundings.machine_database;
    // What we may not look at is there: the error of opening it says what to do, a second ledger would say nothing.
    if surroundings.user_id == 0 || shared.try_exists().unwrap_or(true) {
        return Ok(shared.display().to_string());
    }
    let directory = surroundings.user_directory("XDG_STATE_HOME", ".local/state").ok_or(SettingsError::NoPlace)?;
    Ok(directory.join("dockledger/ledger.db").display().to_string())
}

fn find_key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The key that a name is only a slip away from: two letters at most, or the table before it.
fn meant_by(name: &str) -> Option<&'static str> {
    const SLIPS: usize = 2;
    let written = name.replace('-', "_").to_ascii_lowercase();
    let last = |key: &'static str| key.rsplit('.').next().unwrap_or(key);
    let slips = |key: &'static str| {
        let whole = strsim::osa_distance(&written, key);
        // `tokens` for `http.tokens`: without its table it is no other key.
        if written == last(key) { 0 } else { whole }
    };
    let nearest = KEYS.iter().map(|key| (slips(key.name), key.name)).min()?;
    (nearest.0 <= SLIPS && nearest.1.len() > 2 * SLIPS).then_some(nearest.1)
}

fn shown(given: Given<'_>) -> String {
    match given {
        Given::Text(text) => without_password(text),
        Given::Toml(toml::Value::String(text)) => without_password(text),
        Given::Toml(other) => without_password(&other.to_string()),
    }
}

fn bounded(text: &str) -> String {
    /// Longer texts are cut in a message: they are there to be recognised.
    const SHOWN_CHARACTERS: usize = 120;
    text.chars().take(SHOWN_CHARACTERS).collect()
}

#[cfg(test)]
mod tests;
