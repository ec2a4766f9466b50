//! What the daemon says: one listed container, the listing, an inspect, the daemon's identity.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ContainerId, ContainerState, ImageId, Timestamp};

/// One container as the daemon listed it, reduced to what the ledger keeps or the rules ask.
///
/// Every text is bounded and free of NUL (replaced by U+FFFD); nothing else is escaped: the edges that print do that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedContainer {
    /// The full id.
    pub id: ContainerId,
    /// The first name without its leading slash; empty if the daemon gave none.
    pub name: Box<str>,
    /// The image as it was named at creation.
    pub image_ref: Box<str>,
    /// The image's id, where the daemon gave one.
    pub image_id: Option<ImageId>,
    /// The state, in the ledger's words.
    pub state: ContainerState,
    /// What `Status` says of the exit code.
    pub exit_code: ExitCodeFact,
    /// What the listing says of the health check.
    pub health: HealthFact,
    /// When it was created, by the daemon's clock.
    pub created_at: Option<Timestamp>,
    /// The published and exposed ports.
    pub ports: Ports,
    /// The labels that claim an owner.
    pub claims: Claims,
    /// The configured ignore entry that one of its labels matched.
    pub ignored_by_label: Option<Box<str>>,
}

/// The labels that count, by meaning; an empty value counts as absent. Also read of images, to tell inherited labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `tinyforge.workload.id`
    pub workload_id: Option<Box<str>>,
    /// `tinyforge.workload.kind`
    pub workload_kind: Option<Box<str>>,
    /// `tinyforge.workload.role`
    pub workload_role: Option<Box<str>>,
    /// `tinyforge.static-site`
    pub static_site: Option<Box<str>>,
    /// `com.docker.compose.project`
    pub compose_project: Option<Box<str>>,
    /// `com.docker.compose.service`
    pub compose_service: Option<Box<str>>,
    /// `com.docker.compose.container-number`
    pub compose_number: Option<Box<str>>,
    /// `com.docker.compose.oneoff`
    pub compose_oneoff: Option<Box<str>>,
    /// `com.docker.compose.config-hash`
    pub compose_config_hash: Option<Box<str>>,
    /// `com.docker.compose.replace`: the container that this one is about to take the place of.
    pub compose_replace: Option<Box<str>>,
    /// `io.podman.compose.project`
    pub podman_compose_project: Option<Box<str>>,
    /// What other orchestrators write: it claims nothing, and tells whose a container without an owner is.
    pub foreign: Vec<(ForeignLabel, Box<str>)>,
}

/// A label of another orchestrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignLabel {
    /// `com.docker.swarm.service.name`
    SwarmService,
    /// `com.docker.stack.namespace`
    SwarmStack,
    /// `io.kubernetes.pod.name`
    Pod,
    /// `io.kubernetes.pod.namespace`
    PodNamespace,
    /// `com.hashicorp.nomad.alloc_id`
    NomadAllocation,
    /// `com.hashicorp.nomad.job_name`
    NomadJob,
    /// `com.amazonaws.ecs.task-definition-family`
    EcsFamily,
    /// `com.amazonaws.ecs.task-arn`
    EcsTask,
    /// `coolify.managed`
    Coolify,
    /// `service`, which kamal writes.
    Service,
    /// `role`, which kamal writes.
    Role,
    /// `destination`, which kamal writes.
    Destination,
}

/// What the listing says of the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCodeFact {
    /// `Exited (N)` or `Restarting (N)`.
    Known(i32),
    /// It runs, or never ran: there is none.
    Absent,
    /// Paused or not understood: the stored value stays.
    Keep,
}

/// What the listing says of the health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthFact {
    /// `starting`, `healthy` or `unhealthy`.
    Known(Box<str>),
    /// It has no health check, or does not run.
    Absent,
    /// Paused or not understood: the stored value stays.
    Keep,
}

/// The ports of a container in a stable order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The lowest published host port; 0 without one.
    pub lowest: i32,
    /// All of them: `0.0.0.0:8080->80/tcp, 443/tcp`; empty without any.
    pub text: Box<str>,
}

/// How much of the daemon's containers a listing holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Completeness {
    /// Every container is in it: what it lacks may be gone.
    Complete,
    /// Something in it could not be told apart: what it lacks is unknown.
    Partial,
    /// There is no listing.
    Failed,
}

impl Completeness {
    /// The word in reports and in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry whose id was read and the rest was not: the container is present and its row stays untouched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Quarantined {
    /// The container.
    pub container_id: ContainerId,
    /// What was wrong with its entry, bounded.
    pub problem: String,
}

/// What the daemon said in one list call that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// [`Completeness::Complete`], or `Partial` if `unreadable` is not empty.
    pub completeness: Completeness,
    /// The containers that were read whole, in the daemon's order; no id occurs twice.
    pub containers: Vec<ListedContainer>,
    /// The containers of which only the id was read.
    pub quarantined: Vec<Quarantined>,
    /// Why the listing is partial: entries without a readable id, ids that occurred twice; bounded.
    pub unreadable: Vec<String>,
}

/// The answer to one inspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspected {
    /// Status 404 with the daemon's own "no such container".
    Gone,
    /// It exists.
    Present(InspectedDetails),
    /// Anything else: no answer in time, another status, nonsense. The text says what.
    Unanswered(String),
}

/// The answer to one inspect that stands in for an entry of a listing that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Examined {
    /// Status 404 with the daemon's own "no such container".
    Gone,
    /// It exists: what a listing would say of it.
    Present(Box<ListedContainer>),
    /// Anything else: no answer in time, another status, nonsense. The text says what.
    Unanswered(String),
}

/// What only an inspect tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectedDetails {
    /// How often the restart policy started it again.
    pub restart_count: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    pub oom_killed: Option<bool>,
    /// When it last started.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub finished_at: Option<Timestamp>,
    /// The state at the inspect, in the ledger's words.
    pub state: Option<ContainerState>,
}

/// Which daemon answers, from `/info` and `/version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DaemonIdentity {
    /// `docker` or `podman`.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// The text that tells this daemon from another: its id if it is the same in two asks, else name, engine and
    /// root directory.
    pub key: String,
}
