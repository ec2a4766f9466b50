//! Which values are possible, and the one that is clamped.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Config, DatabaseAddress, database_without_password, duration_text};

/// A value that no ledger can run with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} cannot be {value:?}: allowed is {allowed}")]
pub struct ConfigError {
    /// The key, dotted: `retention.missing`.
    pub key: &'static str,
    /// The value; a database address is masked.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

/// Between two ticks if zero or less is asked for.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);

/// Beyond this a ledger without events would be wrong for longer than a person waits.
const LONGEST_INTERVAL: Duration = Duration::from_secs(5 * 60);

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The interval as it is used: zero means 30 s, more than 5 min means 5 min; then with a warning for people.
#[must_use]
pub fn clamp_interval(asked: Duration) -> (Duration, Option<String>) {
    if asked.is_zero() {
        (DEFAULT_INTERVAL, Some("interval is zero or less: 30s is used".into()))
    } else if asked > LONGEST_INTERVAL {
        let asked = duration_text(asked);
        (LONGEST_INTERVAL, Some(format!("interval is {asked}, longer than 5min: 5min is used")))
    } else {
        (asked, None)
    }
}

impl Config {
    /// Refuses values that no ledger can run with. The interval is not among them: see [`clamp_interval`].
    ///
    /// # Errors
    ///
    /// The first impossible value, with its key and what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_names()?;
        self.check_labels()?;
        self.check_durations()?;
        self.check_notify()?;
        check_range("retention.changes_count", &self.retention.changes_count, 1..=u64::MAX / 2)?;
        check_range("retention.passes_count", &self.retention.passes_count, 1..=u64::MAX / 2)?;
        check_range("restart_intensity", &self.restart_intensity, 1..=1000)?;
        check_range("scope_limit", &self.scope_limit, 1..=1000)?;
        check_range("flapping.starts", &self.flapping.starts, 1..=1000)?;
        check_range("http.rate", &self.http.rate, 0..=1_000_000)
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        let host = self.host.as_str();
        let host_is_a_name = (1..=64).contains(&host.len())
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        ensure(host_is_a_name, "host", host, "1 to 64 letters, digits, dots, underscores and dashes")?;
        if let Err(allowed) = DatabaseAddress::parse(&self.database) {
            ensure(false, "database", &database_without_password(&self.database), &allowed)?;
        }
        let schema = self.database_schema.as_str();
        let schema_is_an_identifier = (1..=63).contains(&schema.len())
            && schema.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            && !schema.starts_with(|c: char| c.is_ascii_digit())
            && !schema.starts_with("pg_");
        ensure(
            schema_is_an_identifier,
            "database_schema",
            schema,
            "1 to 63 lower-case letters, digits and underscores, not beginning with a digit or pg_",
        )?;
        let address = self.docker_host.as_deref();
        ensure(
            address.is_none_or(|address| !address.trim().is_empty()),
            "docker_host",
            address.unwrap_or_default(),
            "unix:///PATH, /PATH, tcp://HOST:PORT, or ssh://USER@HOST",
        )?;
        for (key, path) in
            [("docker_cert_path", &self.docker_cert_path), ("docker_ssh_config", &self.docker_ssh_config)]
        {
            let Some(path) = path else { continue };
            ensure(path.is_absolute(), key, &path.display().to_string(), "a path that begins with /")?;
        }
        ensure(
            is_clean(&self.compose_prefix, 255),
            "compose_prefix",
            &self.compose_prefix,
            "at most 255 bytes without control characters",
        )
    }

    fn check_labels(&self) -> Result<(), ConfigError> {
        let labels = &self.labels;
        let named = [
            ("labels.workload_id", &labels.workload_id),
            ("labels.workload_kind", &labels.workload_kind),
            ("labels.workload_role", &labels.workload_role),
            ("labels.static_site", &labels.static_site),
        ];
        for (index, (key, name)) in named.into_iter().enumerate() {
            let usable = !name.is_empty() && is_clean(name, 255) && !name.contains(char::is_whitespace);
            ensure(usable, key, name, "1 to 255 bytes without spaces and control characters")?;
            let twice = named[..index].iter().any(|(_, earlier)| *earlier == name);
            ensure(!twice, key, name, "a name that no other label of the set has")?;
        }
        Ok(())
    }

    fn check_notify(&self) -> Result<(), ConfigError> {
        let notify = &self.notify;
        let signed = notify.url.is_none() || notify.secret_file.as_deref().is_some_and(|file| !file.is_empty());
        let shown = notify.secret_file.as_deref().unwrap_or_default();
        ensure(signed, "notify.secret_file", shown, "the file of a secret, since notify.url is set")?;
        let program = notify.command.first().map_or("/", String::as_str);
        ensure(
            program.starts_with('/') && notify.command.iter().all(|part| !part.contains('\0')),
            "notify.command",
            &notify.command.join(" "),
            "a program by its whole path, and its arguments",
        )?;
        check_duration("notify.stale_after", notify.stale_after, Duration::ZERO..=24 * HOUR)?;
        check_duration("notify.give_up_after", notify.give_up_after, 60 * SECOND..=YEAR)
    }

    fn check_durations(&self) -> Result<(), ConfigError> {
        let shortest = Duration::from_millis(10);
        check_duration("list_deadline", self.list_deadline, shortest..=HOUR)?;
        check_duration("inspect_deadline", self.inspect_deadline, shortest..=HOUR)?;
        check_duration("identity_deadline", self.identity_deadline, shortest..=HOUR)?;
        check_duration("store_deadline", self.store_deadline, shortest..=HOUR)?;
        check_duration("coalesce", self.coalesce, Duration::ZERO..=60 * SECOND)?;
        check_duration("retention.missing", self.retention.missing, SECOND..=100 * YEAR)?;
        check_duration("retention.changes", self.retention.changes, SECOND..=100 * YEAR)?;
        check_duration("retention.passes", self.retention.passes, SECOND..=100 * YEAR)?;
        check_duration("restart_window", self.restart_window, SECOND..=HOUR)?;
        check_duration("flapping.window", self.flapping.window, SECOND..=24 * HOUR)
    }
}

/// Whether a text is short and without control characters.
fn is_clean(text: &str, max_bytes: usize) -> bool {
    text.len() <= max_bytes && !text.contains(char::is_control)
}

fn check_duration(key: &'static str, value: Duration, allowed: RangeInclusive<Duration>) -> Result<(), ConfigError> {
    let bounds = format!("{} to {}", duration_text(*allowed.start()), duration_text(*allowed.end()));
    ensure(allowed.contains(&value), key, &duration_text(value), &bounds)
}

fn check_range<N: PartialOrd + Display>(
    key: &'static str,
    value: &N,
    allowed: RangeInclusive<N>,
) -> Result<(), ConfigError> {
    let bounds = format!("a whole number from {} to {}", allowed.start(), allowed.end());
    ensure(allowed.contains(value), key, &value.to_string(), &bounds)
}

fn ensure(holds: bool, key: &'static str, value: &str, allowed: &str) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    /// Longer values are cut in the message: they are there to be recognised.
    const SHOWN_CHARACTERS: usize = 120;
    let value = value.chars().take(SHOWN_CHARACTERS).collect();
    Err(ConfigError { key, value, allowed: allowed.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HostName;

    fn refused_key(change: impl FnOnce(&mut Config)) -> Option<&'static str> {
        let mut config = Config::new("ledger.db");
        change(&mut config);
        config.check().err().map(|error| error.key)
    }

    #[test]
    fn the_defaults_are_possible() {
        assert_eq!(Config::new("ledger.db").check(), Ok(()));
    }

    #[test]
    fn impossible_values_are_refused_by_their_key() {
        assert_eq!(refused_key(|c| c.host = HostName::new("")), Some("host"));
        assert_eq!(refused_key(|c| c.host = HostName::new("a b")), Some("host"));
        assert_eq!(refused_key(|c| c.host = HostName::new("x".repeat(65))), Some("host"));
        assert_eq!(refused_key(|c| c.database = "mysql://root@localhost/x".into()), Some("database"));
        assert_eq!(refused_key(|c| c.database = "sqlite:".into()), Some("database"));
        assert_eq!(refused_key(|c| c.database = "postgres:/ledger@db/x".into()), Some("database"));
        assert_eq!(refused_key(|c| c.database_schema = "a\"; drop".into()), Some("database_schema"));
        assert_eq!(refused_key(|c| c.database_schema = "pg_mine".into()), Some("database_schema"));
        assert_eq!(refused_key(|c| c.docker_host = Some(" ".into())), Some("docker_host"));
        assert_eq!(refused_key(|c| c.docker_cert_path = Some("certs".into())), Some("docker_cert_path"));
        assert_eq!(refused_key(|c| c.docker_ssh_config = Some("".into())), Some("docker_ssh_config"));
        assert_eq!(refused_key(|c| c.list_deadline = Duration::ZERO), Some("list_deadline"));
        assert_eq!(refused_key(|c| c.inspect_deadline = 2 * HOUR), Some("inspect_deadline"));
        assert_eq!(refused_key(|c| c.identity_deadline = Duration::ZERO), Some("identity_deadline"));
        assert_eq!(refused_key(|c| c.store_deadline = Duration::ZERO), Some("store_deadline"));
        assert_eq!(refused_key(|c| c.labels.static_site = String::new()), Some("labels.static_site"));
        assert_eq!(refused_key(|c| c.labels.static_site.clone_from(&c.labels.workload_id)), Some("labels.static_site"));
        assert_eq!(refused_key(|c| c.retention.missing = Duration::ZERO), Some("retention.missing"));
        assert_eq!(refused_key(|c| c.retention.passes_count = 0), Some("retention.passes_count"));
        assert_eq!(refused_key(|c| c.restart_intensity = 0), Some("restart_intensity"));
        assert_eq!(refused_key(|c| c.flapping.window = Duration::ZERO), Some("flapping.window"));
        assert_eq!(refused_key(|c| c.scope_limit = 0), Some("scope_limit"));
        assert_eq!(refused_key(|c| c.coalesce = Duration::ZERO), None);
    }

    #[test]
    fn the_interval_alone_is_clamped() {
        assert_eq!(clamp_interval(Duration::ZERO).0, DEFAULT_INTERVAL);
        assert_eq!(clamp_interval(LONGEST_INTERVAL + SECOND).0, LONGEST_INTERVAL);
        assert!(clamp_interval(Duration::ZERO).1.is_some());
        assert_eq!(clamp_interval(SECOND), (SECOND, None));
        assert_eq!(clamp_interval(LONGEST_INTERVAL), (LONGEST_INTERVAL, None));
    }
}
