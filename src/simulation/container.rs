//! One container of the simulated daemon, and what describes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{ContainerId, Timestamp};

/// Whose API is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Docker, which keeps its id.
    Docker,
    /// Podman's compatible API, which makes up an id each time it is asked.
    Podman,
}

/// What a container is doing, in the daemon's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimulatedState {
    /// Made and never started.
    Created,
    /// Its process runs.
    Running,
    /// Frozen.
    Paused,
    /// Ended, and about to be started again by its policy.
    Restarting,
    /// Ended.
    Exited,
    /// Ended, and its removal failed.
    Dead,
    /// Being removed.
    Removing,
    /// Any other word, for tests of what no daemon should say.
    Other(String),
}

impl SimulatedState {
    /// The word in the API's `State`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
            Self::Dead => "dead",
            Self::Removing => "removing",
            Self::Other(word) => word,
        }
    }

    /// Whether the container has a process, or is about to have one again.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }
}

/// What the daemon does when the process ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Nothing.
    #[default]
    No,
    /// Starts it again after an exit code other than 0.
    OnFailure,
    /// Starts it again.
    Always,
}

impl RestartPolicy {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::OnFailure => "on-failure",
            Self::Always => "always",
        }
    }

    pub(super) const fn restarts_after(self, exit_code: i64) -> bool {
        match self {
            Self::No => false,
            Self::OnFailure => exit_code != 0,
            Self::Always => true,
        }
    }
}

/// What the health check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It has not yet said.
    Starting,
    /// It succeeds.
    Healthy,
    /// It fails.
    Unhealthy,
}

impl Health {
    /// The word in the inspect's `State.Health.Status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// Where the list of an engine tells the health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HealthForm {
    /// At the end of `Status`: Docker.
    InStatus,
    /// In a field of its own: Podman from version 6 on.
    InField,
    /// Nowhere: Podman before.
    Nowhere,
}

/// A port of the container that is published on the host, on IPv4 and IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    /// On the host.
    pub host: u16,
    /// In the container, TCP.
    pub container: u16,
}

/// What `create` is given.
#[derive(Clone, Debug, Default)]
pub struct NewContainer {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) ports: Vec<PublishedPort>,
    pub(super) policy: RestartPolicy,
    pub(super) health_check: bool,
}

impl NewContainer {
    /// A container of this name, without its slash, of this image. An image that the world does not know is made.
    #[must_use]
    pub fn new(name: impl Into<String>, image: impl Into<String>) -> Self {
        Self { name: name.into(), image: image.into(), ..Self::default() }
    }

    /// With a label; it wins over the image's of the same key.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// With the labels that compose gives to the `number`th instance of a service.
    #[must_use]
    pub fn compose(self, project: &str, service: &str, number: u32) -> Self {
        self.label("com.docker.compose.project", project)
            .label("com.docker.compose.service", service)
            .label("com.docker.compose.container-number", number.to_string())
            .label("com.docker.compose.oneoff", "False")
            .label("com.docker.compose.config-hash", config_hash(project, service))
    }

    /// With a published port.
    #[must_use]
    pub fn publish(mut self, host: u16, container: u16) -> Self {
        self.ports.push(PublishedPort { host, container });
        self
    }

    /// With a restart policy.
    #[must_use]
    pub const fn restart(mut self, policy: RestartPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// With a health check, which begins as starting at every start.
    #[must_use]
    pub const fn health_check(mut self) -> Self {
        self.health_check = true;
        self
    }
}

/// 64 hex digits that follow from the service's name, as compose's hash follows from its configuration.
fn config_hash(project: &str, service: &str) -> String {
    let folded =
        project.bytes().chain([0]).chain(service.bytes()).fold(7, |sum: u64, b| sum.wrapping_mul(31) + u64::from(b));
    super::chance::Chance::new(folded).hex_64()
}

/// A container that exists.
#[derive(Clone, Debug)]
pub struct SimulatedContainer {
    /// 64 lower-case hex digits.
    pub id: ContainerId,
    /// Without its slash.
    pub name: String,
    /// As it was named at creation.
    pub image: String,
    /// `sha256:` and 64 hex digits.
    pub image_id: String,
    /// Its own and the image's.
    pub labels: Arc<BTreeMap<String, String>>,
    /// Shown while it runs.
    pub ports: Vec<PublishedPort>,
    /// What it is doing.
    pub state: SimulatedState,
    /// Of the last run that ended; 0 before.
    pub exit_code: i64,
    /// What its health check says, if it has one and runs.
    pub health: Option<Health>,
    /// How often its policy started it again.
    pub restart_count: i64,
    /// Whether its last run ended for want of memory.
    pub oom_killed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last started.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub finished_at: Option<Timestamp>,
    pub(super) policy: RestartPolicy,
    pub(super) health_check: bool,
    /// Stands in the listing instead of what the state would give.
    pub(super) entry: Option<String>,
}

impl SimulatedContainer {
    pub(super) fn begin_run(&mut self, now: Timestamp) {
        self.state = SimulatedState::Running;
        self.started_at = Some(now);
        self.exit_code = 0;
        self.oom_killed = false;
        self.health = self.health_check.then_some(Health::Starting);
    }

    pub(super) fn end_run(&mut self, now: Timestamp, exit_code: i64) {
        self.state = SimulatedState::Exited;
        self.finished_at = Some(now);
        self.exit_code = exit_code;
        self.health = None;
    }
}
