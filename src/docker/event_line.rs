//! One line of the daemon's event stream, decoded. Pure.
//!
//! An event carries all labels of its container; of them nothing is kept, and nothing is copied.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::scalar::Scalar;
use super::source::StreamItem;
use super::text::escaped;
use crate::model::{ContainerId, DaemonEvent, EventAction, HealthWord};

/// The actions that a row could show, in Docker's and Podman's words; the daemon is asked for these alone. Podman tells
/// `die` to those who asked for `died`. A `kill` says that an end was asked for; a container that is stopped while it waits
/// for its restart is told of by `stop` alone.
pub(super) const ACTIONS: [(&str, EventAction); 15] = [
    ("start", EventAction::Started),
    ("restart", EventAction::DetailsChanged),
    ("die", EventAction::Ended),
    ("died", EventAction::Ended),
    ("oom", EventAction::OutOfMemory),
    ("kill", EventAction::Signalled),
    ("create", EventAction::Created),
    ("pause", EventAction::Paused),
    ("unpause", EventAction::Unpaused),
    ("rename", EventAction::Changed),
    ("update", EventAction::Changed),
    ("stop", EventAction::Stopped),
    ("destroy", EventAction::Removed),
    ("remove", EventAction::Removed),
    ("health_status", EventAction::Health(None)),
];

/// What a network tells when it lets go of a container: nothing else tells of a process that could not be started.
pub(super) const DISCONNECT: &str = "disconnect";

/// Longest description of a line that cannot be read.
const MAX_PROBLEM_BYTES: usize = 160;

#[derive(Deserialize)]
struct RawEvent<'a> {
    #[serde(rename = "Type", borrow, default)]
    kind: Scalar<'a>,
    #[serde(rename = "Action", borrow, default)]
    action: Scalar<'a>,
    /// The action and the container in older words; daemons of API 1.52 and later leave them out.
    #[serde(borrow, default)]
    status: Scalar<'a>,
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(rename = "Actor", borrow, default)]
    actor: Option<RawActor<'a>>,
    #[serde(borrow, default)]
    time: Scalar<'a>,
    #[serde(rename = "timeNano", borrow, default)]
    time_nanos: Scalar<'a>,
    /// Podman's alone: what its health check says after one run of it.
    #[serde(rename = "HealthStatus", borrow, default)]
    health: Scalar<'a>,
}

#[derive(Deserialize)]
struct RawActor<'a> {
    #[serde(rename = "ID", borrow, default)]
    id: Scalar<'a>,
    #[serde(rename = "Attributes", borrow, default)]
    attributes: Attributes<'a>,
}

/// Of all attributes, labels among them, those that say what a health check says, where it is not said beside, how a process
/// ended, and which signal it was sent.
#[derive(Default)]
struct Attributes<'a> {
    health: Scalar<'a>,
    exit_code: Scalar<'a>,
    signal: Scalar<'a>,
    /// Of an event of a network: the container.
    container: Scalar<'a>,
}

/// Names are read as bytes, so that a broken one is no error.
enum AttributeName {
    Health,
    ExitCode,
    Signal,
    Container,
    Other,
}

impl AttributeName {
    const fn read(name: &[u8]) -> Self {
        match name {
            b"HealthStatus" => Self::Health,
            b"exitCode" | b"containerExitCode" => Self::ExitCode,
            b"signal" => Self::Signal,
            b"container" => Self::Container,
            _ => Self::Other,
        }
    }
}

impl<'de> Deserialize<'de> for AttributeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = AttributeName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_bytes<E>(self, name: &[u8]) -> Result<AttributeName, E> {
                Ok(AttributeName::read(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<AttributeName, E> {
                Ok(AttributeName::read(name.as_bytes()))
            }
        }
        deserializer.deserialize_bytes(NameVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AttributesVisitor;
        impl<'de> Visitor<'de> for AttributesVisitor {
            type Value = Attributes<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("attributes")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Attributes::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut attributes = Attributes::default();
                while let Some(name) = map.next_key()? {
                    match name {
                        AttributeName::Health => attributes.health = map.next_value()?,
                        AttributeName::ExitCode => attributes.exit_code = map.next_value()?,
                        AttributeName::Signal => attributes.signal = map.next_value()?,
                        AttributeName::Container => attributes.container = map.next_value()?,
                        AttributeName::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(attributes)
            }
        }
        deserializer.deserialize_any(AttributesVisitor)
    }
}

/// What a line says; `None` for what no row could show.
pub(super) fn decode(line: &[u8]) -> Option<StreamItem> {
    if line.trim_ascii().is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(line);
    let raw: RawEvent<'_> = match serde_json::from_str(&text) {
        Ok(raw) => raw,
        Err(error) => return Some(unreadable(&error.to_string())),
    };
    // Daemons before API 1.22 tell of containers and images without saying which; the daemon is asked for containers.
    match raw.kind.text() {
        None | Some("container") => {}
        Some("network") => return detached(&raw),
        Some(_) => return None,
    }
    let Some(word) = raw.action.text().or_else(|| raw.status.text()) else {
        return Some(unreadable("an event has no action"));
    };
    let beside = raw.actor.as_ref().and_then(|actor| actor.attributes.health.text());
    let action = action(word, raw.health.text().or(beside))?;
    let id = raw.actor.as_ref().and_then(|actor| actor.id.text()).or_else(|| raw.id.text());
    match id.filter(|id| ContainerId::is_full(id)) {
        Some(id) => {
            let at_nanos = at_nanos(&raw.time, &raw.time_nanos);
            let number = raw.actor.as_ref().and_then(|actor| number(action, &actor.attributes));
            Some(StreamItem::Event(DaemonEvent { container: ContainerId::new(id), action, number, at_nanos }))
        }
        None => Some(unreadable(&format!("an event {word} has no full id of a container"))),
    }
}

/// A network let go of a container.
fn detached(raw: &RawEvent<'_>) -> Option<StreamItem> {
    let word = raw.action.text().or_else(|| raw.status.text());
    let id = raw.actor.as_ref()?.attributes.container.text()?;
    let is_told = word == Some(DISCONNECT) && ContainerId::is_full(id);
    is_told.then(|| {
        let at_nanos = at_nanos(&raw.time, &raw.time_nanos);
        StreamItem::Event(DaemonEvent {
            container: ContainerId::new(id),
            action: EventAction::Detached,
            number: None,
            at_nanos,
        })
    })
}

/// Docker says `health_status: healthy`, Podman says the word beside. One that is none of the ledger's, like Podman's
/// `reset`, leaves every row as it is.
fn action(word: &str, health: Option<&str>) -> Option<EventAction> {
    let (word, suffix) = word.split_once(':').map_or((word, ""), |(word, suffix)| (word, suffix.trim()));
    let (_, action) = ACTIONS.iter().find(|(name, _)| *name == word)?;
    if *action != EventAction::Health(None) {
        return Some(*action);
    }
    match [suffix, health.unwrap_or("")].into_iter().find(|said| !said.is_empty()) {
        Some(said) => HealthWord::parse(said).map(|word| EventAction::Health(Some(word))),
        None => Some(EventAction::Health(None)),
    }
}

/// The exit code of an end, the signal of a `kill`: Docker tells its number, or its name where it was named so.
fn number(action: EventAction, attributes: &Attributes<'_>) -> Option<i64> {
    let told = match action {
        EventAction::Ended => &attributes.exit_code,
        EventAction::Signalled => &attributes.signal,
        _ => return None,
    };
    told.integer().or_else(|| told.text()?.parse().ok())
}

fn at_nanos(seconds: &Scalar<'_>, nanos: &Scalar<'_>) -> i64 {
    let from_seconds = || seconds.integer().map(|seconds| seconds.saturating_mul(1_000_000_000));
    nanos.integer().or_else(from_seconds).unwrap_or(0)
}

fn unreadable(problem: &str) -> StreamItem {
    StreamItem::Unreadable(escaped(problem, MAX_PROBLEM_BYTES))
}

#[cfg(test)]
mod tests;
