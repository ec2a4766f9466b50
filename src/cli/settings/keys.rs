//! Every key: how its value is read and shown. The meaning and the default of each are in [`crate::config`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::config::{
    ALLOWED_BASE_PATHS, AddressRange, BasePath, Config, DurationError, IgnoreEntry, ImageLabels, ReceiverUrl,
    duration_text, parse_duration, without_password,
};
use crate::model::{HostName, NotifyEvent};

/// A value as it was given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    /// By a flag or a variable.
    Text(&'a str),
    /// By the file.
    Toml(&'a toml::Value),
}

/// Why a value could not be read: what would have been.
pub(crate) type Allowed = String;

/// One key of the configuration.
pub(crate) struct Key {
    /// Dotted: `retention.missing`.
    pub(crate) name: &'static str,
    /// Reads a value into the configuration; ranges are [`Config::check`]'s.
    pub(crate) set: fn(&mut Config, Given<'_>) -> Result<(), Allowed>,
    /// The value as `dockledger config` shows it, without a password.
    pub(crate) show: fn(&Config) -> serde_json::Value,
}

impl Key {
    /// The environment variable of this key.
    pub(crate) fn variable(&self) -> String {
        format!("DOCKLEDGER_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

macro_rules! key {
    ($name:literal, $read:ident, $($field:ident).+) => {
        Key {
            name: $name,
            set: |config, given| { config.$($field).+ = $read(given)?; Ok(()) },
            show: |config| json!(config.$($field).+),
        }
    };
    (duration $name:literal, $($field:ident).+) => {
        Key {
            name: $name,
            set: |config, given| { config.$($field).+ = duration(given)?; Ok(()) },
            show: |config| json!(duration_text(config.$($field).+)),
        }
    };
}

/// Every key, in the order in which they are shown.
pub(crate) static KEYS: &[Key] = &[
    Key {
        name: "host",
        set: |config, given| {
            config.host = HostName::new(text(given)?);
            Ok(())
        },
        show: |config| json!(config.host),
    },
    Key {
        name: "database",
        set: |config, given| {
            config.database = text(given)?;
            Ok(())
        },
        show: |config| json!(without_password(&config.database)),
    },
    key!("database_schema", text, database_schema),
    Key {
        name: "docker_host",
        set: |config, given| {
            config.docker_host = Some(text(given)?);
            Ok(())
        },
        show: |config| json!(config.docker_host.as_deref().map(without_password)),
    },
    key!("docker_cert_path", path, docker_cert_path),
    key!("docker_ssh_config", path, docker_ssh_config),
    key!(duration "interval", interval),
    key!(duration "list_deadline", list_deadline),
    key!(duration "inspect_deadline", inspect_deadline),
    key!(duration "identity_deadline", identity_deadline),
    key!(duration "store_deadline", store_deadline),
    key!(duration "coalesce", coalesce),
    key!("scope_limit", count, scope_limit),
    key!("labels.workload_id", text, labels.workload_id),
    key!("labels.workload_kind", text, labels.workload_kind),
    key!("labels.workload_role", text, labels.workload_role),
    key!("labels.static_site", text, labels.static_site),
    Key {
        name: "image_labels",
        set: |config, given| {
            config.image_labels = image_labels(given)?;
            Ok(())
        },
        show: |config| json!(config.image_labels.as_str()),
    },
    key!("compose_prefix", text, compose_prefix),
    key!("auto_adopt", boolean, auto_adopt),
    Key {
        name: "ignore",
        set: |config, given| {
            config.ignore = ignore_list(given)?;
            Ok(())
        },
        show: |config| json!(config.ignore.iter().map(ToString::to_string).collect::<Vec<_>>()),
    },
    key!(duration "retention.missing", retention.missing),
    key!(duration "retention.changes", retention.changes),
    key!("retention.changes_count", long_count, retention.changes_count),
    key!(duration "retention.passes", retention.passes),
    key!("retention.passes_count", long_count, retention.passes_count),
    key!("restart_intensity", count, restart_intensity),
    key!(duration "restart_window", restart_window),
    key!("flapping.starts", count, flapping.starts),
    key!(duration "flapping.window", flapping.window),
    key!("http.listen", socket_address, http.listen),
    Key {
        name: "http.base_path",
        set: |config, given| {
            config.http.base_path = BasePath::parse(&text(given)?).ok_or(ALLOWED_BASE_PATHS)?;
            Ok(())
        },
        show: |config| json!(config.http.base_path.as_str()),
    },
    key!("http.allowed_hosts", names, http.allowed_hosts),
    key!("http.control_socket", path, http.control_socket),
    key!("http.tokens", path, http.tokens),
    key!("http.rate", count, http.rate),
    key!("http.tls_certificate", path, http.tls_certificate),
    key!("http.tls_key", path, http.tls_key),
    key!("actions.enabled", boolean, actions.enabled),
    key!("claims.unlabelled", boolean, claims.unlabelled),
    Key {
        name: "notify.url",
        set: |config, given| {
            config.notify.url = Some(receiver_url(given)?);
            Ok(())
        },
        show: |config| json!(config.notify.url.as_ref().map(ToString::to_string)),
    },
    Key {
        name: "notify.secret_file",
        set: |config, given| {
            config.notify.secret_file = Some(text(given)?);
            Ok(())
        },
        show: |config| json!(config.notify.secret_file),
    },
    Key {
        name: "notify.ca_file",
        set: |config, given| {
            config.notify.ca_file = Some(text(given)?);
            Ok(())
        },
        show: |config| json!(config.notify.ca_file),
    },
    Key {
        name: "notify.allowed_addresses",
        set: |config, given| {
            config.notify.allowed_addresses = address_ranges(given)?;
            Ok(())
        },
        show: |config| json!(config.notify.allowed_addresses.iter().map(ToString::to_string).collect::<Vec<_>>()),
    },
    key!("notify.command", names, notify.command),
    Key {
        name: "notify.events",
        set: |config, given| {
            config.notify.events = notify_events(given)?;
            Ok(())
        },
        show: |config| json!(config.notify.events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(",")),
    },
    key!(duration "notify.stale_after", notify.stale_after),
    key!(duration "notify.give_up_after", notify.give_up_after),
];

fn text(given: Given<'_>) -> Result<String, Allowed> {
    let text = match given {
        Given::Text(text) => Some(text),
        Given::Toml(value) => value.as_str(),
    };
    text.filter(|text| !text.contains('\0')).map(str::to_owned).ok_or_else(|| "a text".into())
}

fn duration(given: Given<'_>) -> Result<Duration, Allowed> {
    let written = match given {
        Given::Text(text) => text.to_owned(),
        Given::Toml(toml::Value::String(text)) => text.clone(),
        Given::Toml(toml::Value::Integer(number)) => number.to_string(),
        Given::Toml(_) => String::new(),
    };
    parse_duration(&written).map_err(|error| match error {
        DurationError::NoUnit | DurationError::NotADuration => {
            "a whole number and its unit: ms, s, min, h or d, as in 30s or 5min".into()
        }
        DurationError::TooLong => "up to a thousand years".into(),
    })
}

fn boolean(given: Given<'_>) -> Result<bool, Allowed> {
    match given {
        Given::Text("true" | "1" | "yes" | "on") | Given::Toml(toml::Value::Boolean(true)) => Ok(true),
        Given::Text("false" | "0" | "no" | "off") | Given::Toml(toml::Value::Boolean(false)) => Ok(false),
        _ => Err("true or false".into()),
    }
}

fn image_labels(given: Given<'_>) -> Result<ImageLabels, Allowed> {
    // YAML's habit of reading `off` as false reaches files and variables too.
    if matches!(given, Given::Toml(toml::Value::Boolean(false))) {
        return Ok(ImageLabels::Off);
    }
    let words = || ImageLabels::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(", ");
    text(given).ok().and_then(|word| ImageLabels::parse(&word)).ok_or_else(words)
}

fn long_count(given: Given<'_>) -> Result<u64, Allowed> {
    let number = match given {
        Given::Text(text) => text.trim().parse().ok(),
        Given::Toml(toml::Value::Integer(number)) => u64::try_from(*number).ok(),
        Given::Toml(_) => None,
    };
    number.ok_or_else(|| "a whole number, zero or more".into())
}

fn count(given: Given<'_>) -> Result<u32, Allowed> {
    let number = long_count(given)?;
    u32::try_from(number).map_err(|_| format!("a whole number up to {}", u32::MAX))
}

fn socket_address(given: Given<'_>) -> Result<SocketAddr, Allowed> {
    text(given)?.parse().map_err(|_| "an IP address and a port, as in 127.0.0.1:7878 or [::1]:7878".into())
}

/// An empty text is no path: it takes a default away.
fn path(given: Given<'_>) -> Result<Option<PathBuf>, Allowed> {
    Ok(Some(text(given)?).filter(|text| !text.is_empty()).map(PathBuf::from))
}

fn receiver_url(given: Given<'_>) -> Result<ReceiverUrl, Allowed> {
    ReceiverUrl::parse(&text(given)?).ok_or_else(|| "https://HOST/PATH or http://HOST/PATH, without a password".into())
}

fn address_ranges(given: Given<'_>) -> Result<Vec<AddressRange>, Allowed> {
    const RANGES: &str = "a list of addresses and networks, as in 10.1.2.3 and 10.0.0.0/8";
    texts(given, RANGES)?.into_iter().map(|range| AddressRange::parse(range).ok_or_else(|| RANGES.to_owned())).collect()
}

fn notify_events(given: Given<'_>) -> Result<Vec<NotifyEvent>, Allowed> {
    let allowed = || {
        let words = NotifyEvent::ALL.iter().filter(|event| event.happens()).map(|event| event.as_str());
        format!("a list of {}", words.collect::<Vec<_>>().join(", "))
    };
    let event = |word| NotifyEvent::parse(word).filter(|event| event.happens()).ok_or_else(allowed);
    texts(given, &allowed())?.into_iter().map(event).collect()
}

fn names(given: Given<'_>) -> Result<Vec<String>, Allowed> {
    Ok(texts(given, "a list of texts")?.into_iter().map(str::to_owned).collect())
}

/// A list in the file, texts between commas in a variable.
fn texts<'a>(given: Given<'a>, allowed: &str) -> Result<Vec<&'a str>, Allowed> {
    match given {
        Given::Text(text) => Ok(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect()),
        Given::Toml(toml::Value::Array(entries)) => {
            entries.iter().map(toml::Value::as_str).collect::<Option<_>>().ok_or_else(|| allowed.to_owned())
        }
        Given::Toml(_) => Err(allowed.to_owned()),
    }
}

fn ignore_list(given: Given<'_>) -> Result<Vec<IgnoreEntry>, Allowed> {
    const ENTRIES: &str = "name:TEXT, image:TEXT, label:KEY or label:KEY=VALUE (a * at the end stands for any ending)";
    let written = texts(given, &format!("a list of texts, each {ENTRIES}"))?;
    written.iter().map(|entry| IgnoreEntry::parse(entry).ok_or_else(|| ENTRIES.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> &'static Key {
        KEYS.iter().find(|key| key.name == name).expect(name)
    }

    #[test]
    fn each_key_reads_back_the_default_that_it_shows() {
        let defaults = Config::new("ledger.db");
        for key in KEYS {
            let shown = match (key.show)(&defaults) {
                serde_json::Value::String(text) => text,
                serde_json::Value::Array(_) => String::new(),
                serde_json::Value::Null => continue,
                other => other.to_string(),
            };
            let mut read = defaults.clone();
            (key.set)(&mut read, Given::Text(&shown)).unwrap_or_else(|allowed| panic!("{}: {allowed}", key.name));
            assert_eq!(read, defaults, "{}", key.name);
        }
    }

    #[test]
    fn names_of_keys_and_variables_are_unique() {
        let variables: std::collections::BTreeSet<String> = KEYS.iter().map(Key::variable).collect();
        assert_eq!(variables.len(), KEYS.len());
        assert!(variables.contains("DOCKLEDGER_RETENTION_CHANGES_COUNT"));
    }

    #[test]
    fn values_of_another_type_are_refused() {
        let mut config = Config::new("ledger.db");
        for (name, toml) in [
            ("host", toml::Value::Integer(1)),
            ("interval", toml::Value::Integer(30)),
            ("interval", toml::Value::Float(0.5)),
            ("auto_adopt", toml::Value::String("true".into())),
            ("image_labels", toml::Value::String("sometimes".into())),
            ("image_labels", toml::Value::Integer(1)),
            ("retention.changes_count", toml::Value::Integer(-1)),
            ("restart_intensity", toml::Value::Integer(1 << 40)),
            ("ignore", toml::Value::String("name:x".into())),
            ("ignore", toml::Value::Array(vec![toml::Value::Integer(1)])),
        ] {
            assert!((key(name).set)(&mut config, Given::Toml(&toml)).is_err(), "{name} = {toml}");
        }
    }

    #[test]
    fn an_ignore_list_is_read_from_a_variable() {
        let mut config = Config::new("ledger.db");
        (key("ignore").set)(&mut config, Given::Text("name:tmp-*, label:a=b")).expect("a list");
        assert_eq!(
            config.ignore,
            [IgnoreEntry::Name("tmp-*".into()), IgnoreEntry::Label("a".into(), Some("b".into()))]
        );
        assert!((key("ignore").set)(&mut config, Given::Text("tmp-*")).is_err());
    }
}
