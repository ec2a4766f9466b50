//! A pass: why it ran, over what, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::word_enum::word_enum;
use super::{
    Completeness, ContainerId, ContainerState, HostName, PassId, Quarantined, Refusal, Revision, RowId, Timestamp,
};

word_enum! {
    /// Why a pass ran. It is logged and never chooses what the pass does.
    Trigger {
        /// The first pass of a process, or of a new TickActor.
        Boot = "boot",
        /// The interval.
        Tick = "tick",
        /// Somebody asked for it.
        Request = "request",
        /// A deployer bound rows that no pass has looked at yet.
        Binding = "binding",
        /// Rows moved while a pass ran.
        Moved = "moved",
        /// The daemon answers again.
        Recovery = "recovery",
        /// The daemon's event stream named containers.
        Event = "event",
        /// The event stream was opened, or lost events: where to look is not known.
        Reconnect = "reconnect",
    }
}

word_enum! {
    /// What came of a pass.
    PassOutcome {
        /// A complete listing was committed.
        Committed = "committed",
        /// A partial listing was committed, or one of a daemon that may be another: nothing was swept.
        Partial = "partial",
        /// The listing failed and single inspects answered: the rows of those that did were updated, nothing was swept.
        Degraded = "degraded",
        /// Nothing was written but the host's status.
        Failed = "failed",
        /// Another daemon answers than the one of this host: nothing was written but the host's status.
        WrongDaemon = "wrong_daemon",
    }
}

word_enum! {
    /// Why a listed container has no row.
    UnassignedReason {
        /// No label of ours or of compose, and no stack adopted its name.
        NoLabel = "no_label",
        /// It names a workload that does not exist, or its row's workload is gone.
        UnknownWorkload = "unknown_workload",
        /// Its kind label differs from the workload's kind.
        KindMismatch = "kind_mismatch",
        /// A project's container that its deployer has not bound.
        UnclaimedProject = "unclaimed_project",
        /// It names a static site that does not exist.
        UnknownSite = "unknown_site",
        /// Its compose project is no registered stack.
        UnknownStack = "unknown_stack",
        /// Its compose project lacks the configured prefix.
        OtherPrefix = "other_prefix",
        /// A compose one-off (`docker compose run`).
        OneOff = "one_off",
        /// Another container holds its row and this one is not up.
        Superseded = "superseded",
        /// Another container holds its row and this one is up, or its row belongs to another workload.
        Contested = "contested",
        /// Its claim is its image's, not its creator's.
        LabelFromImage = "label_from_image",
        /// Its image was asked and did not answer in time; the container waits a pass, three passes at most.
        ImageUnanswered = "image_unanswered",
        /// Its image cannot be read, and `image_labels` requires that.
        ImageUnreadable = "image_unreadable",
        /// Whether the daemon that answers is this host's is in doubt: nothing new is bound.
        IdentityUnknown = "identity_unknown",
        /// The configured ignore list names it.
        Ignored = "ignored",
    }
}

impl UnassignedReason {
    /// Whether the container lacks an owner. Of one-offs, and of what the configuration leaves out, nobody wants to know.
    #[must_use]
    pub const fn needs_owner(self) -> bool {
        !matches!(self, Self::OtherPrefix | Self::OneOff | Self::Ignored)
    }
}

/// What a pass looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every container of the host.
    Host,
    /// These containers alone.
    Containers(BTreeSet<ContainerId>),
}

impl Scope {
    /// Whether it is the whole host.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Host)
    }

    /// The containers that it names, in order; none if it is the whole host.
    #[must_use]
    pub fn containers(&self) -> Vec<ContainerId> {
        match self {
            Self::Host => Vec::new(),
            Self::Containers(ids) => ids.iter().cloned().collect(),
        }
    }

    /// Looks at what `other` looks at too; more than `limit` containers become the whole host.
    pub fn join(&mut self, other: Self, limit: usize) {
        match (&mut *self, other) {
            (Self::Containers(ids), Self::Containers(others)) => {
                ids.extend(others);
                if ids.len() > limit {
                    *self = Self::Host;
                }
            }
            (Self::Host, _) => {}
            (_, Self::Host) => *self = Self::Host,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Containers(ids) if ids.len() == 1 => f.write_str("1 container"),
            Self::Containers(ids) => write!(f, "{} containers", ids.len()),
        }
    }
}

/// A listed container without a row, or one with a row whose labels name another owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Unassigned {
    /// The container.
    pub container_id: ContainerId,
    /// Its name.
    pub name: Box<str>,
    /// Its image.
    pub image_ref: Box<str>,
    /// Its state.
    pub state: ContainerState,
    /// Why.
    pub reason: UnassignedReason,
    /// The particulars: which workload, project, row or container is meant.
    pub detail: String,
}

/// What kind of trouble ended a pass; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No daemon answers: absent, refused, forbidden, or silent past the deadline.
    DaemonUnreachable,
    /// A daemon answers and the answer is no listing: an error status, a cut or stalled body, nonsense.
    DaemonFailed,
    /// The database could not be read or written.
    StoreFailed,
    /// Another process holds the host.
    LeaseLost,
    /// Another daemon answers than the one of this host.
    WrongDaemon,
    /// The daemon that this host meets for the first time is kept under another host name: the start is refused.
    IdentityTaken,
    /// The ledger is stopping.
    Stopping,
    /// A fault of our own.
    Internal,
}

/// Why a pass failed, in one sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct PassFailure {
    /// For the exit code.
    pub kind: FailureKind,
    /// What was attempted, on what, the cause and the cure.
    pub message: String,
}

impl PassReport {
    /// The report of a pass that never ran, or that left none of its own: it says only why.
    pub(crate) fn failed(host: &HostName, kind: FailureKind, message: &str) -> Self {
        Self {
            pass_id: PassId::fresh(),
            host: host.clone(),
            trigger: Trigger::Request,
            scope: Scope::Host,
            completeness: Completeness::Failed,
            outcome: PassOutcome::Failed,
            started_at: Timestamp::now(),
            duration_ms: 0,
            list_ms: 0,
            list_bytes: 0,
            commit_ms: 0,
            list_tries: 0,
            listed: 0,
            assigned: 0,
            unassigned: BTreeMap::new(),
            inserted: 0,
            updated: 0,
            unchanged: 0,
            missing: 0,
            returned: 0,
            rebound: 0,
            scaled: 0,
            moved: 0,
            unverified: 0,
            refused: 0,
            quarantined: Vec::new(),
            unreadable: Vec::new(),
            hanging: Vec::new(),
            disputed: Vec::new(),
            doubt: None,
            warnings: Vec::new(),
            revision: None,
            error: Some(PassFailure { kind, message: message.to_owned() }),
            unassigned_containers: Vec::new(),
            seen_assigned: BTreeSet::new(),
            moved_rows: Vec::new(),
        }
    }

    /// Whether containers asked for rows and each of them was kept from one because something could not be known: what
    /// the pass is for was not done.
    #[must_use]
    pub fn could_give_no_row(&self) -> bool {
        use UnassignedReason as R;
        let kept = [R::ImageUnanswered, R::ImageUnreadable, R::IdentityUnknown];
        let is_kept_from_one = kept.iter().any(|reason| self.unassigned.contains_key(reason));
        is_kept_from_one && self.inserted + self.rebound == 0
    }
}

impl fmt::Display for PassFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PassFailure {}

/// The report of one pass, as `once --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct PassReport {
    /// The pass.
    pub pass_id: PassId,
    /// The host.
    pub host: HostName,
    /// Why it ran.
    pub trigger: Trigger,
    /// What it looked at.
    pub scope: Scope,
    /// How much the daemon's listing held.
    pub completeness: Completeness,
    /// What came of it.
    pub outcome: PassOutcome,
    /// When it began.
    pub started_at: Timestamp,
    /// From its begin to its commit.
    pub duration_ms: u64,
    /// The list call, the last try.
    pub list_ms: u64,
    /// Length of the listing's body, the last try.
    pub list_bytes: u64,
    /// The transaction.
    pub commit_ms: u64,
    /// How often the list was tried.
    pub list_tries: u32,
    /// Containers in the listing, quarantined ones included.
    pub listed: usize,
    /// Containers with a row.
    pub assigned: usize,
    /// Containers without a row, by reason.
    pub unassigned: BTreeMap<UnassignedReason, usize>,
    /// Rows made.
    pub inserted: usize,
    /// Rows written that existed, the missing, returned and re-bound ones included.
    pub updated: usize,
    /// Rows of listed containers that were already true.
    pub unchanged: usize,
    /// Rows that went missing in this pass.
    pub missing: usize,
    /// Rows that were missing and are back.
    pub returned: usize,
    /// Rows that went over to another container.
    pub rebound: usize,
    /// Rows that were removed since their compose service has fewer containers.
    pub scaled: usize,
    /// Rows that someone else moved meanwhile; they are looked at again at once.
    pub moved: usize,
    /// Rows whose absence could not be verified.
    pub unverified: usize,
    /// Rows that the database refused by themselves.
    pub refused: usize,
    /// Entries of which only the id was read.
    pub quarantined: Vec<Quarantined>,
    /// Why a partial listing is partial.
    pub unreadable: Vec<String>,
    /// Containers whose own inspect did not answer while the listing failed.
    pub hanging: Vec<ContainerId>,
    /// Bound containers whose labels name another owner.
    pub disputed: Vec<Unassigned>,
    /// Why it is not known whether the daemon is this host's, if nothing was made or taken for that.
    #[serde(default)]
    pub doubt: Option<String>,
    /// Calls that the daemon, or a proxy before it, does not carry out, for as long as that stands.
    #[serde(default)]
    pub warnings: Vec<Refusal>,
    /// The revision of the last change; `None` if nothing changed.
    pub revision: Option<Revision>,
    /// Why it failed.
    pub error: Option<PassFailure>,
    /// The containers without a row; not part of the printed report.
    #[serde(skip)]
    pub unassigned_containers: Vec<Unassigned>,
    /// Of a partial listing: the containers that it showed and that have a row; not part of the printed report. Of a
    /// complete one they are all but the unassigned.
    #[serde(skip)]
    pub seen_assigned: BTreeSet<ContainerId>,
    /// The rows that moved; not part of the printed report.
    #[serde(skip)]
    pub moved_rows: Vec<RowId>,
}

impl PassReport {
    /// Whether that container, if it is not among the unassigned, has a row or is gone. What a pass did not look at, did
    /// not see in a partial listing, or could read nothing of but the id, it says nothing of.
    #[must_use]
    pub fn settles(&self, container: &ContainerId) -> bool {
        let is_in_scope = match &self.scope {
            Scope::Host => true,
            Scope::Containers(scope) => scope.contains(container),
        };
        let is_told = match self.completeness {
            Completeness::Complete => self.quarantined.iter().all(|entry| entry.container_id != *container),
            Completeness::Partial => self.seen_assigned.contains(container),
            Completeness::Failed => false,
        };
        self.error.is_none() && is_in_scope && is_told
    }
}
