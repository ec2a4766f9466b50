//! Containers that an event told something of a moment ago are looked at again. Pure.
//!
//! A daemon tells of an end or a pause before its list shows it: Docker 20.10 sends `die`, then takes down network and
//! mounts, and only then writes the state that a list reads. A scoped pass waits for that with an inspect, for 100 ms; a
//! busy daemon may take half a second, and no event follows an end by itself. Only a start is told last. What was told goes with
//! each look: a pass whose list did not show the end yet has learned nothing from it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{ContainerId, Told};

/// After the event, for a daemon that is busy: what it takes half a second for is seen by the last one. Beyond it there is
/// the tick.
const LOOKS_AFTER: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// The most containers that are looked at again: a bound for our memory, each for a second.
const MOST_CONTAINERS: usize = 10_000;

/// When each container was told of, and which look is next.
#[derive(Debug, Default)]
pub(super) struct Rechecks {
    told: BTreeMap<ContainerId, Recheck>,
}

#[derive(Debug)]
struct Recheck {
    /// The last event.
    at: Duration,
    /// Which look is next.
    look: usize,
    /// What was told since the first event, but for what an inspect tells of the run after it: its health, its memory.
    told: Option<Told>,
}

impl Rechecks {
    /// Something is told of a container now.
    pub(super) fn told(&mut self, container: &ContainerId, now: Duration) {
        if let Some(known) = self.told.get_mut(container) {
            (known.at, known.look) = (now, 0);
        } else if self.told.len() < MOST_CONTAINERS {
            self.told.insert(container.clone(), Recheck { at: now, look: 0, told: None });
        }
    }

    /// What was told of a container a moment ago, with what is told now. Remembered while it is to be looked at.
    pub(super) fn join(&mut self, container: &ContainerId, told: Told) -> Told {
        let Some(known) = self.told.get_mut(container) else { return told };
        let joined = match &known.told {
            Some(before) => before.joined(&told),
            None => told,
        };
        known.told = Some(Told { health: None, out_of_memory: false, ..joined });
        joined
    }

    /// The containers that are to be looked at by now, with what was told of each.
    pub(super) fn due(&mut self, now: Duration) -> Vec<(ContainerId, Option<Told>)> {
        let mut due = Vec::new();
        self.told.retain(|container, recheck| {
            if recheck.at + LOOKS_AFTER[recheck.look] <= now {
                due.push((container.clone(), recheck.told.clone()));
                let later = LOOKS_AFTER.iter().position(|after| recheck.at + *after > now);
                recheck.look = later.unwrap_or(LOOKS_AFTER.len());
            }
            recheck.look < LOOKS_AFTER.len()
        });
        due
    }

    /// When the next one is.
    pub(super) fn next(&self) -> Option<Duration> {
        self.told.values().map(|recheck| recheck.at + LOOKS_AFTER[recheck.look]).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventAction, Timestamp};

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_was_told_is_looked_at_again_twice() {
        let mut rechecks = Rechecks::default();
        let container = ContainerId::new("a");
        rechecks.told(&container, 1000 * MS);
        let mut looks = Vec::new();
        while let Some(next) = rechecks.next() {
            assert_eq!(rechecks.due(next - MS), []);
            assert_eq!(rechecks.due(next), [(container.clone(), None)]);
            looks.push(next.as_millis());
        }
        assert_eq!(looks, [1250, 2000]);
    }

    #[test]
    fn a_late_look_is_one_look_and_another_event_begins_anew() {
        let mut rechecks = Rechecks::default();
        let container = ContainerId::new("a");
        rechecks.told(&container, 1000 * MS);
        assert_eq!(rechecks.due(1900 * MS), [(container.clone(), None)]);
        assert_eq!(rechecks.next(), Some(2000 * MS));
        rechecks.told(&container, 1950 * MS);
        assert_eq!(rechecks.next(), Some(2200 * MS));
    }

    /// A pass whose list was behind the event has not seen the end: the next look has to know of whom it came.
    #[test]
    fn what_was_told_goes_with_each_look_and_with_what_is_told_next() {
        let mut rechecks = Rechecks::default();
        let container = ContainerId::new("a");
        let told = |action, at| {
            let at = Timestamp::from_millis(at);
            Told { at, turn: Some((action, at)), ..Told::default() }
        };
        let ended = Told { by_request: Some(true), ..told(EventAction::Ended, 1) };
        assert_eq!(rechecks.join(&container, ended.clone()), ended, "nothing is to be looked at");
        rechecks.told(&container, MS);
        rechecks.join(&container, ended.clone());
        assert_eq!(rechecks.due(251 * MS), [(container.clone(), Some(ended))]);
        let started = rechecks.join(&container, told(EventAction::Started, 2));
        assert_eq!(
            (started.by_request, started.turn.map(|(action, _)| action)),
            (Some(true), Some(EventAction::Started))
        );
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
