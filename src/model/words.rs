//! The closed vocabularies that rows hold as text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum WorkloadKind {
    /// Its containers and their rows are made by a deployer.
    Project,
    /// A compose project, or containers adopted by name.
    Stack,
    /// One container that serves files.
    Site,
}

impl WorkloadKind {
    /// Every one of them.
    pub const ALL: &[Self] = &[Self::Project, Self::Stack, Self::Site];

    /// The text in the ledger and in labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Stack => "stack",
            Self::Site => "site",
        }
    }

    /// Reads the text of the ledger or of a label.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "project" => Some(Self::Project),
            "stack" => Some(Self::Stack),
            "site" => Some(Self::Site),
            _ => None,
        }
    }

    /// Whether Dockledger makes and binds rows of this kind; rows of projects are their deployer's.
    #[must_use]
    pub const fn binding_is_ours(self) -> bool {
        !matches!(self, Self::Project)
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The state of a row. Six come from the daemon, two are ours, one is a deployer's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ContainerState {
    /// Made and never started; also what a deployer gives to a row before its container exists.
    Created,
    /// Its process runs.
    Running,
    /// Frozen by the cgroup freezer.
    Paused,
    /// Between two runs under a restart policy.
    Restarting,
    /// Ended: `exited`, `dead`, and Podman's `stopped`.
    Stopped,
    /// On its way out.
    Removing,
    /// Ours: a complete listing lacked it and its inspect said 404.
    Missing,
    /// A deployer's: the deployment failed before there was a container.
    Failed,
    /// Ours, in changes alone: the row was removed.
    Forgotten,
    /// A word that we do not know, as the daemon said it, bounded.
    Other(Box<str>),
}

/// Longest state text that is kept; every real one is shorter than 12 bytes.
const MAX_STATE_BYTES: usize = 32;

impl ContainerState {
    /// What the daemon's word means, bounded and in lower case. The words that are ours cannot be said by a daemon: they
    /// read as `unknown`.
    #[must_use]
    pub fn from_daemon(word: &str) -> Self {
        // The usual words, which need no copy.
        match Self::parse_said(word) {
            Self::Other(_) => Self::parse_said(&bounded_word(word)),
            known => known,
        }
    }

    fn parse_said(word: &str) -> Self {
        match word {
            "exited" | "dead" | "stopped" => Self::Stopped,
            "missing" | "forgotten" | "failed" | "" => Self::Other("unknown".into()),
            other => Self::parse(other),
        }
    }

    /// Reads the text of the ledger.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "created" => Self::Created,
            "running" => Self::Running,
            "paused" => Self::Paused,
            "restarting" => Self::Restarting,
            "stopped" => Self::Stopped,
            "removing" => Self::Removing,
            "missing" => Self::Missing,
            "failed" => Self::Failed,
            "forgotten" => Self::Forgotten,
            other => Self::Other(other.into()),
        }
    }

    /// The text in the ledger.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Stopped => "stopped",
            Self::Removing => "removing",
            Self::Missing => "missing",
            Self::Failed => "failed",
            Self::Forgotten => "forgotten",
            Self::Other(word) => word,
        }
    }

    /// Running, paused or restarting.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }
}

/// Keeps letters, digits, `-` and `_` of a foreign word and cuts it, so that it is safe wherever a state is shown.
fn bounded_word(word: &str) -> Box<str> {
    let kept: String =
        word.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(MAX_STATE_BYTES).collect();
    if kept.is_empty() { "unknown".into() } else { kept.to_ascii_lowercase().into() }
}

impl fmt::Display for ContainerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ContainerState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ContainerState {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemon_words_map_to_states() {
        for (word, expected) in [
            ("running", "running"),
            ("exited", "stopped"),
            ("dead", "stopped"),
            ("stopped", "stopped"),
            ("created", "created"),
            ("restarting", "restarting"),
            ("paused", "paused"),
            ("removing", "removing"),
            ("hibernating", "hibernating"),
            ("stopping", "stopping"),
        ] {
            assert_eq!(ContainerState::from_daemon(word).as_str(), expected, "{word}");
        }
    }

    #[test]
    fn a_daemon_cannot_say_our_words() {
        for word in ["missing", "forgotten", "failed", ""] {
            assert_eq!(ContainerState::from_daemon(word).as_str(), "unknown", "{word}");
        }
    }

    #[test]
    fn a_word_that_is_cleaned_is_read_once_more() {
        for (word, expected) in [("missing!", "unknown"), ("Running", "running"), ("Exited", "stopped")] {
            let state = ContainerState::from_daemon(word);
            assert_eq!(state.as_str(), expected, "{word}");
            assert_eq!(ContainerState::parse(state.as_str()), state, "{word} reads back as it was written");
        }
    }

    #[test]
    fn an_unknown_word_is_bounded_and_harmless() {
        assert_eq!(ContainerState::from_daemon("<script>\0\n").as_str(), "script");
        assert_eq!(ContainerState::from_daemon(&"x".repeat(1 << 20)).as_str().len(), MAX_STATE_BYTES);
        assert_eq!(ContainerState::from_daemon("\u{202e}").as_str(), "unknown");
    }
}
