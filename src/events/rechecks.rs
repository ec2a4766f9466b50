//! Containers that an event told something of a moment ago are looked at again. Pure.
//!
//! A daemon tells of an end or a pause before its list shows it: Docker 20.10 sends `die`, then takes down network and
//! mounts, and only then writes the state that a list reads. A scoped pass waits for that with an inspect, for 100 ms; a
//! busy daemon may take half a second, and no event follows an end by itself. Only a start is told last.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::ContainerId;

/// After the event, for a daemon that is busy: what it takes half a second for is seen by the last one. Beyond it there is
/// the tick.
const LOOKS_AFTER: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// The most containers that are looked at again: a bound for our memory, each for a second.
const MOST_CONTAINERS: usize = 10_000;

/// When each container was told of, and which look is next.
#[derive(Debug, Default)]
pub(super) struct Rechecks {
    told: BTreeMap<ContainerId, (Duration, usize)>,
}

impl Rechecks {
    /// Something is told of a container now.
    pub(super) fn told(&mut self, container: &ContainerId, now: Duration) {
        if self.told.len() < MOST_CONTAINERS || self.told.contains_key(container) {
            self.told.insert(container.clone(), (now, 0));
        }
    }

    /// The containers that are to be looked at by now.
    pub(super) fn due(&mut self, now: Duration) -> Vec<ContainerId> {
        let mut due = Vec::new();
        self.told.retain(|container, (at, look)| {
            if *at + LOOKS_AFTER[*look] <= now {
                due.push(container.clone());
                *look = LOOKS_AFTER.iter().position(|after| *at + *after > now).unwrap_or(LOOKS_AFTER.len());
            }
            *look < LOOKS_AFTER.len()
        });
        due
    }

    /// When the next one is.
    pub(super) fn next(&self) -> Option<Duration> {
        self.told.values().map(|(at, look)| *at + LOOKS_AFTER[*look]).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_was_told_is_looked_at_again_twice() {
        let mut rechecks = Rechecks::default();
        let container = ContainerId::new("a");
        rechecks.told(&container, 1000 * MS);
        let mut looks = Vec::new();
        while let Some(next) = rechecks.next() {
            assert_eq!(rechecks.due(next - MS), []);
            assert_eq!(rechecks.due(next), std::slice::from_ref(&container));
            looks.push(next.as_millis());
        }
        assert_eq!(looks, [1250, 2000]);
    }

    #[test]
    fn a_late_look_is_one_look_and_another_event_begins_anew() {
        let mut rechecks = Rechecks::default();
        let container = ContainerId::new("a");
        rechecks.told(&container, 1000 * MS);
        assert_eq!(rechecks.due(1900 * MS), std::slice::from_ref(&container));
        assert_eq!(rechecks.next(), Some(2000 * MS));
        rechecks.told(&container, 1950 * MS);
        assert_eq!(rechecks.next(), Some(2200 * MS));
    }

    #[test]
    fn however_many_are_told_of_they_are_remembered_within_bounds() {
        let mut rechecks = Rechecks::default();
        for n in 0..MOST_CONTAINERS + 5 {
            rechecks.told(&ContainerId::new(n.to_string()), MS);
        }
        assert_eq!(rechecks.due(251 * MS).len(), MOST_CONTAINERS);
    }
}
