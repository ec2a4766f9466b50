//! Which containers flap: more than a number of starts within a window. Pure: time is given, and how old a start is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::config::Flapping;
use crate::model::{ContainerId, Starts};

/// The most containers whose starts are counted, those that started last within the window not among them: a bound for
/// our memory.
const MOST_CONTAINERS: usize = 10_000;

/// The most starts of one container that are counted, unless more are needed to tell that it flaps.
const MOST_STARTS: usize = 64;

/// The starts within the window, by container.
#[derive(Debug)]
pub(super) struct StartLog {
    flapping: Flapping,
    /// Until when each start counts, soonest first.
    counted: BTreeMap<ContainerId, VecDeque<Duration>>,
    flappers: BTreeSet<ContainerId>,
}

impl StartLog {
    pub(super) const fn new(flapping: Flapping) -> Self {
        Self { flapping, counted: BTreeMap::new(), flappers: BTreeSet::new() }
    }

    /// A container started, so long ago. What there is to tell: that it flaps, each time that it starts while it does.
    pub(super) fn started(&mut self, container: &ContainerId, age: Duration, now: Duration) -> Option<Starts> {
        let left = self.flapping.window.checked_sub(age).filter(|left| !left.is_zero())?;
        if !self.has_room(container, now) {
            return None;
        }
        let limit = self.flapping.starts as usize;
        let counted = self.counted.entry(container.clone()).or_default();
        forget_old(counted, now);
        // Starts that were kept for us come in no certain order.
        let place = counted.partition_point(|until| *until <= now + left);
        counted.insert(place, now + left);
        if counted.len() > MOST_STARTS.max(limit + 1) {
            counted.pop_front();
        }
        if counted.len() <= limit {
            return None;
        }
        self.flappers.insert(container.clone());
        Some(Starts { recent: count(counted), is_flapping: true })
    }

    /// The containers that have ceased to flap by now.
    pub(super) fn calmed(&mut self, now: Duration) -> Vec<(ContainerId, Starts)> {
        let Self { flapping, counted, flappers } = self;
        let mut calm = Vec::new();
        flappers.retain(|container| {
            let recent = counted.get_mut(container).map_or(0, |counted| {
                forget_old(counted, now);
                count(counted)
            });
            if recent <= flapping.starts {
                calm.push((container.clone(), Starts { recent, is_flapping: false }));
            }
            recent > flapping.starts
        });
        calm
    }

    /// When the next container may have ceased to flap.
    pub(super) fn next_calm(&self) -> Option<Duration> {
        let limit = self.flapping.starts as usize;
        let of_one = |container| {
            let counted = self.counted.get(container)?;
            counted.get(counted.len().checked_sub(limit + 1)?).copied()
        };
        self.flappers.iter().filter_map(of_one).min()
    }

    /// Whether a start of this container can be counted; containers without a start within the window are forgotten for it.
    fn has_room(&mut self, container: &ContainerId, now: Duration) -> bool {
        if self.counted.len() >= MOST_CONTAINERS && !self.counted.contains_key(container) {
            let Self { counted, flappers, .. } = self;
            counted.retain(|container, untils| {
                flappers.contains(container) || untils.back().is_some_and(|until| *until > now)
            });
        }
        self.counted.len() < MOST_CONTAINERS || self.counted.contains_key(container)
    }
}

fn forget_old(counted: &mut VecDeque<Duration>, now: Duration) {
    while counted.front().is_some_and(|until| *until <= now) {
        counted.pop_front();
    }
}

fn count(counted: &VecDeque<Duration>) -> u32 {
    u32::try_from(counted.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NONE: Duration = Duration::ZERO;

    fn log() -> StartLog {
        StartLog::new(Flapping { starts: 3, window: 300 * SECOND })
    }

    fn id(text: &str) -> ContainerId {
        ContainerId::new(text)
    }

    #[test]
    fn more_starts_than_the_number_within_the_window_is_flapping() {
        let mut log = log();
        for n in 0..3 {
            assert_eq!(log.started(&id("a"), NONE, SECOND * n), None);
            assert_eq!(log.started(&id("b"), NONE, SECOND * n), None, "each container for itself");
        }
        assert_eq!(log.started(&id("a"), NONE, 3 * SECOND), Some(Starts { recent: 4, is_flapping: true }));
        assert_eq!(log.started(&id("a"), NONE, 4 * SECOND), Some(Starts { recent: 5, is_flapping: true }));
    }

    #[test]
    fn starts_at_a_slower_pace_are_never_flapping() {
        let mut log = log();
        for n in 0..100 {
            assert_eq!(log.started(&id("a"), NONE, 100 * SECOND * n), None);
        }
        assert_eq!(log.next_calm(), None);
    }

    #[test]
    fn flapping_ends_when_the_window_holds_no_more_than_the_number() {
        let mut log = log();
        for n in 0..5 {
            log.started(&id("a"), NONE, SECOND * n);
        }
        assert_eq!(log.next_calm(), Some(301 * SECOND), "two starts are too many");
        assert_eq!(log.calmed(301 * SECOND - Duration::from_nanos(1)), []);
        assert_eq!(log.calmed(301 * SECOND), [(id("a"), Starts { recent: 3, is_flapping: false })]);
        assert_eq!(log.calmed(302 * SECOND), [], "it is told once");
        assert_eq!(log.next_calm(), None);
    }

    #[test]
    fn starts_from_before_our_birth_count_by_their_age_in_any_order() {
        let mut log = log();
        for age in [10, 200, 299] {
            assert_eq!(log.started(&id("a"), SECOND * age, NONE), None);
        }
        assert_eq!(log.started(&id("a"), 300 * SECOND, NONE), None, "outside of the window");
        assert!(log.started(&id("a"), NONE, NONE).is_some_and(|starts| starts.is_flapping));
        assert_eq!(log.next_calm(), Some(SECOND), "the oldest is 299 s old");
    }

    #[test]
    fn a_container_that_starts_for_ever_is_remembered_within_bounds() {
        let mut log = log();
        for n in 0..10_000 {
            log.started(&id("a"), NONE, Duration::from_millis(n));
        }
        assert_eq!(log.counted[&id("a")].len(), MOST_STARTS);
    }

    #[test]
    fn containers_are_remembered_within_bounds_and_old_ones_make_room() {
        let mut log = log();
        for n in 0..MOST_CONTAINERS + 10 {
            log.started(&id(&n.to_string()), NONE, NONE);
        }
        assert_eq!(log.counted.len(), MOST_CONTAINERS);
        for _ in 0..4 {
            log.started(&id("late"), NONE, 300 * SECOND);
        }
        assert!(log.flappers.contains("late"));
        assert_eq!(log.counted.len(), 1);
    }
}
