//! Containers that ended a moment ago are looked at again. Pure.
//!
//! A daemon tells of an end before its list shows it: Docker 20.10 sends `die`, then takes down network and mounts, and
//! only then writes the state that a list reads. No event follows an end by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::ContainerId;

/// After the event. The first is as soon as a second pass may begin; the last is for a daemon that is busy with taking
/// down. Beyond it there is the tick.
const LOOKS_AFTER: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(250), Duration::from_secs(1)];

/// The most containers that are looked at again: a bound for our memory, each for a second.
const MOST_CONTAINERS: usize = 10_000;

/// When each container ended, and which look is next.
#[derive(Debug, Default)]
pub(super) struct Echoes {
    ended: BTreeMap<ContainerId, (Duration, usize)>,
}

impl Echoes {
    /// A container ended now.
    pub(super) fn ended(&mut self, container: &ContainerId, now: Duration) {
        if self.ended.len() < MOST_CONTAINERS || self.ended.contains_key(container) {
            self.ended.insert(container.clone(), (now, 0));
        }
    }

    /// The containers that are to be looked at by now.
    pub(super) fn due(&mut self, now: Duration) -> Vec<ContainerId> {
        let mut due = Vec::new();
        self.ended.retain(|container, (at, look)| {
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
        self.ended.values().map(|(at, look)| *at + LOOKS_AFTER[*look]).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_ended_is_looked_at_again_a_few_times() {
        let mut echoes = Echoes::default();
        let container = ContainerId::new("a");
        echoes.ended(&container, 1000 * MS);
        let mut looks = Vec::new();
        while let Some(next) = echoes.next() {
            assert_eq!(echoes.due(next - MS), []);
            assert_eq!(echoes.due(next), std::slice::from_ref(&container));
            looks.push(next.as_millis());
        }
        assert_eq!(looks, [1050, 1250, 2000]);
    }

    #[test]
    fn a_late_look_is_one_look_and_another_end_begins_anew() {
        let mut echoes = Echoes::default();
        let container = ContainerId::new("a");
        echoes.ended(&container, 1000 * MS);
        assert_eq!(echoes.due(1900 * MS), std::slice::from_ref(&container));
        assert_eq!(echoes.next(), Some(2000 * MS));
        echoes.ended(&container, 1950 * MS);
        assert_eq!(echoes.next(), Some(2000 * MS));
        assert_eq!(echoes.due(2000 * MS).len(), 1);
        assert_eq!(echoes.next(), Some(2200 * MS));
    }

    #[test]
    fn however_many_end_they_are_remembered_within_bounds() {
        let mut echoes = Echoes::default();
        for n in 0..MOST_CONTAINERS + 5 {
            echoes.ended(&ContainerId::new(n.to_string()), MS);
        }
        assert_eq!(echoes.due(51 * MS).len(), MOST_CONTAINERS);
    }
}
