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

/// The most containers of which each kind of news is kept while no pass can write it; what comes beyond is dropped. A
/// bound for our memory that no host with a ledger that works comes near.
const MOST_TOLD: usize = 10_000;

impl News {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.details.is_empty() && self.starts.is_empty()
    }

    /// Adds what was told later: of one container's starts the later word holds.
    pub fn join(&mut self, later: Self) {
        for container in later.details {
            self.owe_details(container);
        }
        for (container, starts) in later.starts {
            self.tell_starts(container, starts);
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
pub struct Dirt {
    /// Where to look.
    pub scope: Scope,
    /// [`Trigger::Event`], or [`Trigger::Reconnect`] if events were lost.
    pub trigger: Trigger,
    /// What the events told.
    pub news: News,
}

impl Dirt {
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
        };
        let mut dirt = Dirt { scope: Scope::Host, trigger: Trigger::Reconnect, news: told(4, true) };
        dirt.join(Dirt { scope: Scope::Containers(ids(0..1)), trigger: Trigger::Event, news: told(3, false) }, 32);
        assert_eq!(dirt, Dirt { scope: Scope::Host, trigger: Trigger::Reconnect, news: told(3, false) });
    }

    #[test]
    fn news_that_nobody_takes_is_bounded() {
        let mut news = News::default();
        for n in 0..u32::try_from(MOST_TOLD).expect("small") + 5 {
            news.owe_details(ContainerId::new(n.to_string()));
            news.tell_starts(ContainerId::new(n.to_string()), Starts { recent: 4, is_flapping: true });
        }
        assert_eq!((news.details.len(), news.starts.len()), (MOST_TOLD, MOST_TOLD));
        let known = ContainerId::new("7");
        news.tell_starts(known.clone(), Starts { recent: 3, is_flapping: false });
        assert!(!news.starts[&known].is_flapping, "of the known the later word still holds");
    }
}
