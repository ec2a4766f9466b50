//! What the daemon's event stream says, and what it leaves to be looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::word_enum::word_enum;
use super::{ContainerId, ContainerState, Scope, Timestamp, Trigger};

/// One event of the daemon about one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonEvent {
    /// The container.
    pub container: ContainerId,
    /// What happened.
    pub action: EventAction,
    /// The exit code of an end, or the signal that was sent, where it is told.
    pub number: Option<i64>,
    /// When, in nanoseconds since 1970 by the daemon's clock: the place in the stream to resume from.
    pub at_nanos: i64,
}

/// What happened to a container, as far as the ledger cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventAction {
    /// It was made.
    Created,
    /// Its process was started: `start` alone, for `restart` comes with a `start` of its own.
    Started,
    /// Its process ended.
    Ended,
    /// It was stopped by request: told before or after its end, or alone of what waited for its restart.
    Stopped,
    /// It was frozen.
    Paused,
    /// It was thawed.
    Unpaused,
    /// It is gone.
    Removed,
    /// Its details may have changed otherwise: it was restarted.
    DetailsChanged,
    /// The kernel ended a process of it for want of memory.
    OutOfMemory,
    /// It was sent a signal. That leaves nothing to look at, and tells why it ended if it does.
    Signalled,
    /// A network let go of it: it ended, or its process could not be started.
    Detached,
    /// Its health check says so; `None` where the event does not say what.
    Health(Option<HealthWord>),
    /// Anything else that a row could show, as a new name.
    Changed,
}

word_enum! {
    /// What a health check can say.
    HealthWord {
        /// It has not yet said.
        Starting = "starting",
        /// It succeeds.
        Healthy = "healthy",
        /// It fails.
        Unhealthy = "unhealthy",
    }
}

impl EventAction {
    /// Whether a container is in that state by what happened.
    #[must_use]
    pub(crate) const fn leads_to(self, state: &ContainerState) -> bool {
        match self {
            Self::Created => matches!(state, ContainerState::Created),
            Self::Started | Self::Unpaused => matches!(state, ContainerState::Running),
            Self::Ended => matches!(state, ContainerState::Stopped | ContainerState::Restarting),
            Self::Stopped => matches!(state, ContainerState::Stopped),
            Self::Paused => matches!(state, ContainerState::Paused),
            Self::Removed => matches!(state, ContainerState::Missing),
            Self::DetailsChanged
            | Self::OutOfMemory
            | Self::Signalled
            | Self::Detached
            | Self::Health(_)
            | Self::Changed => false,
        }
    }

    const fn changes_the_state(self) -> bool {
        !matches!(self, Self::DetailsChanged | Self::OutOfMemory | Self::Signalled | Self::Health(_) | Self::Changed)
    }
}

/// How often a container started lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Starts {
    /// Starts within the configured window.
    pub recent: u32,
    /// Whether that is more than the configured number.
    pub is_flapping: bool,
}

/// What events told of one container, by the daemon's clock: a hint for what neither list nor inspect tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// When the last one happened.
    pub at: Timestamp,
    /// The last one that brought it into another state, and when.
    pub turn: Option<(EventAction, Timestamp)>,
    /// The last word on its health.
    pub health: Option<HealthWord>,
    /// Whether its last end, or its removal, was asked for.
    pub by_request: Option<bool>,
    /// When it last ended by itself with a code other than 0, and with which.
    pub crash: Option<(Timestamp, i64)>,
    /// Whether the kernel ended a process of it for want of memory.
    pub out_of_memory: bool,
}

/// From the end of a process to the word that it was stopped: some milliseconds.
const RIGHT_AFTER: Duration = Duration::from_secs(1);

impl Told {
    /// What one event tells, with whether an end was asked for; `None` if it does not say when.
    #[must_use]
    pub fn of(event: &DaemonEvent, by_request: Option<bool>) -> Option<Self> {
        let at = Timestamp::from_millis(event.at_nanos / 1_000_000);
        let health = if let EventAction::Health(word) = event.action { word } else { None };
        let turn = event.action.changes_the_state().then_some((event.action, at));
        let is_own_end = event.action == EventAction::Ended && by_request == Some(false);
        let crash = event.number.filter(|code| is_own_end && *code != 0).map(|code| (at, code));
        let out_of_memory = event.action == EventAction::OutOfMemory;
        (event.at_nanos > 0).then_some(Self { at, turn, health, by_request, crash, out_of_memory })
    }

    /// With what was told later.
    pub(crate) fn joined(&self, later: &Self) -> Self {
        let mut joined = self.clone();
        joined.join(later);
        joined
    }

    /// Adds what was told later; events of one moment may come in any order.
    fn join(&mut self, later: &Self) {
        let is_earlier = later.at < self.at;
        self.at = self.at.max(later.at);
        self.health = if is_earlier { self.health.or(later.health) } else { later.health.or(self.health) };
        self.by_request =
            if is_earlier { self.by_request.or(later.by_request) } else { later.by_request.or(self.by_request) };
        // A stop that was told right after its end makes that no crash.
        let is_asked_for =
            later.turn.is_some_and(|(action, _)| action == EventAction::Stopped) && later.by_request == Some(true);
        self.crash = if is_asked_for { None } else { self.crash.max(later.crash) };
        self.out_of_memory |= later.out_of_memory;
        self.turn = match (self.turn, later.turn) {
            // Docker 20.10 tells of an end that was asked for once more right afterwards.
            (Some((EventAction::Ended, end)), Some((EventAction::Stopped, stop))) if stop <= end.plus(RIGHT_AFTER) => {
                Some((EventAction::Ended, end))
            }
            (Some(first), Some(second)) if first.1 > second.1 => Some(first),
            (first, second) => second.or(first),
        };
    }
}

/// What events tell beyond the place to look at; owed until a pass has written it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Containers whose details are owed, since an event said that they started, ended or ran out of memory.
    pub details: BTreeSet<ContainerId>,
    /// Containers that began or ceased to flap, or flap and started again.
    pub starts: BTreeMap<ContainerId, Starts>,
    /// What happened to each container since a pass last wrote, and when.
    pub told: BTreeMap<ContainerId, Told>,
}

/// The most containers of which each kind of news is kept while no pass can write it; what comes beyond is dropped. A
/// bound for our memory that no host with a ledger that works comes near.
const MOST_TOLD: usize = 10_000;

impl News {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.details.is_empty() && self.starts.is_empty() && self.told.is_empty()
    }

    /// Adds what was told later: of one container's starts the later word holds.
    pub fn join(&mut self, later: Self) {
        for container in later.details {
            self.owe_details(container);
        }
        for (container, starts) in later.starts {
            self.tell_starts(container, starts);
        }
        for (container, told) in later.told {
            self.tell(container, told);
        }
    }

    /// What happened to that container.
    pub fn tell(&mut self, container: ContainerId, told: Told) {
        if let Some(known) = self.told.get_mut(&container) {
            known.join(&told);
        } else if self.told.len() < MOST_TOLD {
            self.told.insert(container, told);
        }
    }

    /// Details of that container are owed.
    pub fn owe_details(&mut self, container: ContainerId) {
        if self.details.len() < MOST_TOLD {
            self.details.insert(container);
        }
    }

    /// How often that container started lately.
    pub fn tell_starts(&mut self, container: ContainerId, starts: Starts) {
        if self.starts.len() < MOST_TOLD || self.starts.contains_key(&container) {
            self.starts.insert(container, starts);
        }
    }
}

/// What the event stream left to be looked at; owed by EventsActor until TickActor says that a pass has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// Where to look.
    pub scope: Scope,
    /// [`Trigger::Event`], or [`Trigger::Reconnect`] if events were lost.
    pub trigger: Trigger,
    /// What the events told.
    pub news: News,
}

impl Invalidation {
    /// Adds what was left later; more than `limit` containers become the whole host. That events were lost is not
    /// forgotten for those that came.
    pub fn join(&mut self, later: Self, limit: usize) {
        self.scope.join(later.scope, limit);
        if later.trigger == Trigger::Reconnect {
            self.trigger = Trigger::Reconnect;
        }
        self.news.join(later.news);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: std::ops::Range<u32>) -> BTreeSet<ContainerId> {
        numbers.map(|n| ContainerId::new(format!("c{n}"))).collect()
    }

    #[test]
    fn a_whole_host_swallows_containers_and_too_many_containers_are_the_whole_host() {
        let some = |numbers| Scope::Containers(ids(numbers));
        for (first, second, both) in [
            (some(0..2), some(1..3), some(0..3)),
            (some(0..2), Scope::Host, Scope::Host),
            (Scope::Host, some(0..2), Scope::Host),
            (some(0..2), some(2..4), Scope::Host),
        ] {
            let mut scope = first;
            scope.join(second, 3);
            assert_eq!(scope, both);
        }
    }

    #[test]
    fn the_later_word_on_starts_holds_and_loss_is_not_forgotten() {
        let container = ContainerId::new("c");
        let told = |recent, is_flapping| News {
            details: ids(0..1),
            starts: BTreeMap::from([(container.clone(), Starts { recent, is_flapping })]),
            ..News::default()
        };
        let mut invalidation = Invalidation { scope: Scope::Host, trigger: Trigger::Reconnect, news: told(4, true) };
        invalidation.join(
            Invalidation { scope: Scope::Containers(ids(0..1)), trigger: Trigger::Event, news: told(3, false) },
            32,
        );
        assert_eq!(
            invalidation,
            Invalidation { scope: Scope::Host, trigger: Trigger::Reconnect, news: told(3, false) }
        );
    }

    #[test]
    fn of_what_was_told_the_last_turn_and_word_hold_in_whatever_order_they_come() {
        let event = |action, second: i64| {
            let at_nanos = second * 1_000_000_000;
            let event = DaemonEvent { container: ContainerId::new("c"), action, number: None, at_nanos };
            Told::of(&event, None).expect("it says when")
        };
        let joined = |events: &[(EventAction, i64)]| {
            let mut told = event(events[0].0, events[0].1);
            events[1..].iter().for_each(|(action, second)| told.join(&event(*action, *second)));
            (told.at.as_millis() / 1_000, told.turn.map(|(turn, at)| (turn, at.as_millis() / 1_000)), told.health)
        };
        use EventAction as E;
        let well = E::Health(Some(HealthWord::Healthy));
        for (events, expected) in [
            (&[(E::Ended, 1), (E::Stopped, 2)][..], (2, Some((E::Ended, 1)), None)),
            (&[(E::Ended, 1), (E::Stopped, 9)], (9, Some((E::Stopped, 9)), None)),
            (&[(E::Stopped, 1), (E::Ended, 2)], (2, Some((E::Ended, 2)), None)),
            (&[(E::Stopped, 1)], (1, Some((E::Stopped, 1)), None)),
            (&[(E::Ended, 1), (E::Started, 2), (E::DetailsChanged, 3)], (3, Some((E::Started, 2)), None)),
            (&[(E::Started, 2), (E::Ended, 1)], (2, Some((E::Started, 2)), None)),
            (&[(E::Started, 1), (well, 2), (E::Changed, 3)], (3, Some((E::Started, 1)), Some(HealthWord::Healthy))),
            (&[(E::Health(Some(HealthWord::Unhealthy)), 3), (well, 2)], (3, None, Some(HealthWord::Unhealthy))),
        ] {
            assert_eq!(joined(events), expected, "{events:?}");
        }
        let timeless = DaemonEvent { container: ContainerId::new("c"), action: E::Started, number: None, at_nanos: 0 };
        assert_eq!(Told::of(&timeless, None), None);
    }

    #[test]
    fn news_that_nobody_takes_is_bounded() {
        let mut news = News::default();
        for n in 0..u32::try_from(MOST_TOLD).expect("small") + 5 {
            news.owe_details(ContainerId::new(n.to_string()));
            news.tell_starts(ContainerId::new(n.to_string()), Starts { recent: 4, is_flapping: true });
            news.tell(ContainerId::new(n.to_string()), Told::default());
        }
        assert_eq!((news.details.len(), news.starts.len(), news.told.len()), (MOST_TOLD, MOST_TOLD, MOST_TOLD));
        let known = ContainerId::new("7");
        news.tell_starts(known.clone(), Starts { recent: 3, is_flapping: false });
        assert!(!news.starts[&known].is_flapping, "of the known the later word still holds");
    }
}
