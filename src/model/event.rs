//! What the daemon's event stream says, and what it leaves to be looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{ContainerId, Scope, Trigger};

/// One event of the daemon about one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonEvent {
    /// The container.
    pub container: ContainerId,
    /// What happened.
    pub action: EventAction,
    /// When, in nanoseconds since 1970 by the daemon's clock: the place in the stream to resume from.
    pub at_nanos: i64,
}

/// What happened to a container, as far as the ledger cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventAction {
    /// Its process was started: `start` alone, for `restart` comes with a `start` of its own.
    Started,
    /// Its details may have changed: it ended, was restarted, or ran out of memory.
    Ended,
    /// Anything else that a row could show: created, paused, renamed, removed, its health.
    Changed,
}

/// How often a container started lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Starts {
    /// Starts within the configured window.
    pub recent: u32,
    /// Whether that is more than the configured number.
    pub is_flapping: bool,
}

/// What events tell beyond the place to look at; owed until a pass has written it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Containers whose details are owed, since an event said that they started, ended or ran out of memory.
    pub details: BTreeSet<ContainerId>,
    /// Containers that began or ceased to flap, or flap and started again.
    pub starts: BTreeMap<ContainerId, Starts>,
}

/// What the event stream left to be looked at; owed by EventsActor until TickActor says that a pass has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirt {
    /// Where to look.
    pub scope: Scope,
    /// [`Trigger::Event`], or [`Trigger::Reconnect`] if events were lost.
    pub trigger: Trigger,
    /// What the events told.
    pub news: News,
}
