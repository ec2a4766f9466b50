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
    /// The image as the daemon lists it: as it was named at creation, or its id once that name means another image.
    pub image_ref: Box<str>,
    /// The image's id, where the daemon gave one.
    pub image_id: Option<ImageId>,
    /// The state, in the ledger's words.
    pub state: ContainerState,
    /// The number in `Exited (N)` or `Restarting (N)`: 32 bits, without sign on Windows. `None` if it runs or never ran, and
    /// where what is said is not understood.
    pub exit_code: Option<i64>,
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

/// What a listing or an inspect says of the health check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HealthFact {
    /// `starting`, `healthy` or `unhealthy`.
    Known(Box<str>),
    /// It has no health check, or does not run.
    Absent,
    /// Not told, paused or not understood: the stored value stays.
    #[default]
    Keep,
}

/// Whether this is what somebody called an image, and not its id (`sha256:…`, or 12 or 64 hex digits) or nothing at all
/// (`<none>`): which a daemon shows once the name means another image.
#[must_use]
pub(crate) fn is_image_name(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match text.strip_prefix("sha256:") {
        Some(digest) => digest.len() < SHORT_ID || !is_hex(digest),
        None => {
            !(text.is_empty() || text.starts_with("<none>") || (matches!(text.len(), SHORT_ID | 64) && is_hex(text)))
        }
    }
}

/// Digits of an id that Docker shows for short.
const SHORT_ID: usize = 12;

/// The ports of a container in a stable order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The lowest port that is published on the host, of any protocol; 0 without one.
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
    /// It exists.
    Present(Box<ExaminedContainer>),
    /// Anything else: no answer in time, another status, nonsense. The text says what.
    Unanswered(String),
}

/// What one inspect says of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExaminedContainer {
    /// What a listing would say of it; its image as it was named at creation.
    pub listed: ListedContainer,
    /// What a listing would not say.
    pub details: InspectedDetails,
}

/// As from an inspect that says nothing more.
impl From<ListedContainer> for ExaminedContainer {
    fn from(listed: ListedContainer) -> Self {
        Self { listed, details: InspectedDetails::default() }
    }
}

/// What only an inspect tells, or an inspect alone where an engine's list does not.
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
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// What the health check says.
    pub health: HealthFact,
    /// The image as it was named at creation.
    pub image_ref: Option<Box<str>>,
    /// Why its process could not be started, of one that never ran.
    pub start_error: Option<Box<str>>,
}

impl InspectedDetails {
    /// Since when the container is in this state, by the daemon's clock, as far as an inspect tells: not since when it is
    /// paused, and nothing of a state that it has left by then. What was thawed runs since it was started: whoever knows
    /// of a state in between knows better.
    #[must_use]
    pub(crate) fn since(&self, state: &ContainerState) -> Option<Timestamp> {
        let (started, finished) = (self.started_at, self.finished_at);
        match state {
            _ if self.state.as_ref() != Some(state) => None,
            ContainerState::Created => self.created_at,
            // Of a run that ended later it tells nothing, and so it does of one that began later.
            ContainerState::Running => started.filter(|started| finished.is_none_or(|finished| finished <= *started)),
            ContainerState::Stopped | ContainerState::Restarting => {
                finished.filter(|finished| started.is_none_or(|started| started <= *finished))
            }
            _ => None,
        }
    }
}

/// Which daemon answers, from `/info` and `/version`, as far as they tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DaemonIdentity {
    /// `docker` or `podman`.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// Its own id; `None` of an engine that makes one up at each request, and of one that does not say.
    pub id: Option<String>,
    /// Name, engine and root directory, of an engine that makes its id up: alike, they stand for one; unlike, they prove
    /// nothing.
    pub place: Option<String>,
}

impl DaemonIdentity {
    /// What is shown and stored of it.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        self.id.as_deref().or(self.place.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F9
    #[test]
    fn an_id_is_no_name_of_an_image_and_a_digest_beside_a_name_is_one() {
        let id = "0123456789abcdef".repeat(4);
        for (text, is_name) in [
            (format!("sha256:{id}"), false),
            (id.clone(), false),
            (id[..12].to_owned(), false),
            (format!("sha256:{}", &id[..12]), false),
            ("<none>".into(), false),
            ("<none>:<none>".into(), false),
            (String::new(), false),
            (format!("nginx@sha256:{id}"), true),
            ("nginx:1.25".into(), true),
            ("sha256:latest".into(), true),
            ("deadbeef".into(), true),
            ("deadbeefdead:1".into(), true),
            ("docker.io/library/nginx:1".into(), true),
            (id.to_uppercase(), true),
        ] {
            assert_eq!(is_image_name(&text), is_name, "{text}");
        }
    }

    #[test]
    fn an_inspect_tells_since_when_of_its_own_state_alone() {
        use ContainerState as S;
        let at = |second: i64| Some(Timestamp::from_millis(second * 1_000));
        let inspect = |state: S, started_at, finished_at| InspectedDetails {
            state: Some(state),
            started_at,
            finished_at,
            created_at: at(1),
            ..InspectedDetails::default()
        };
        for (inspect, state, since) in [
            (inspect(S::Running, at(5), None), S::Running, at(5)),
            (inspect(S::Running, at(5), at(4)), S::Running, at(5)),
            (inspect(S::Running, at(5), at(6)), S::Running, None),
            (inspect(S::Stopped, at(5), at(6)), S::Stopped, at(6)),
            (inspect(S::Stopped, at(5), at(4)), S::Stopped, None),
            (inspect(S::Stopped, at(5), None), S::Stopped, None),
            (inspect(S::Restarting, at(5), at(6)), S::Restarting, at(6)),
            (inspect(S::Created, None, None), S::Created, at(1)),
            (inspect(S::Paused, at(5), None), S::Paused, None),
            (inspect(S::Stopped, at(5), at(6)), S::Running, None),
        ] {
            assert_eq!(inspect.since(&state), since, "{inspect:?} {state}");
        }
    }
}
