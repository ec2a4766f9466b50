//! The actors of one tree by name, and why they are replaced.

use std::fmt;

use crate::model::Worker;

/// A child of the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Child {
    /// TickActor.
    Tick,
    /// DispatchActor.
    Dispatch,
    /// One worker of DockerActor.
    Docker(Worker),
    /// StoreActor.
    Store,
    /// EventsActor; only where passes run by themselves.
    Events,
    /// A service that is attached, by its name.
    Service(&'static str),
}

impl Child {
    /// HttpActor, where the ledger is served.
    pub const HTTP: Self = Self::Service("http");
    /// NotifyActor, where there are receivers.
    pub const NOTIFY: Self = Self::Service("notify");

    /// Whether it is a service: it speaks to the ledger as any caller would, and no pass needs it.
    #[must_use]
    pub const fn is_service(self) -> bool {
        matches!(self, Self::Service(_))
    }
}

impl fmt::Display for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tick => f.write_str("tick"),
            Self::Dispatch => f.write_str("dispatch"),
            Self::Docker(worker) => write!(f, "docker/{}", worker.as_str()),
            Self::Store => f.write_str("store"),
            Self::Events => f.write_str("events"),
            Self::Service(name) => f.write_str(name),
        }
    }
}

/// Why a child was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RestartCause {
    /// A call of it was past its deadline and we killed it: trouble of the daemon or of the database.
    Deadline,
    /// The child that awaited its answer died, and the next call must not queue behind that one.
    Orphaned,
    /// It panicked.
    Panicked,
    /// It returned an error.
    Failed,
    /// It hung in synchronous code: it did not stamp its pulse, or did not die when it was killed.
    Wedged,
    /// It was killed or stopped by somebody else.
    Killed,
}

impl RestartCause {
    /// Every one of them.
    pub const ALL: &[Self] =
        &[Self::Deadline, Self::Orphaned, Self::Panicked, Self::Failed, Self::Wedged, Self::Killed];

    /// The word in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Orphaned => "orphaned",
            Self::Panicked => "panicked",
            Self::Failed => "failed",
            Self::Wedged => "wedged",
            Self::Killed => "killed",
        }
    }

    /// Whether it counts towards the restart intensity. A wedge does: no daemon and no database can hang a child in
    /// synchronous code, and each one that is left behind keeps a thread, so that there must be an end to it.
    pub(crate) const fn is_own_fault(self) -> bool {
        matches!(self, Self::Panicked | Self::Failed | Self::Wedged)
    }

    /// Whether the surroundings hung, and the child only along with them.
    pub(crate) const fn is_surroundings(self) -> bool {
        matches!(self, Self::Deadline | Self::Orphaned)
    }
}

impl fmt::Display for RestartCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
