//! A life of containers that looks random and follows from a seed.

use std::time::Duration;

use super::chance::Chance;
use super::container::{Health, NewContainer, RestartPolicy, SimulatedState};
use super::error::WorldError;
use super::recreation::Recreation;
use super::world::World;
use crate::model::ContainerId;

/// What one step of a life did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LifeEvent {
    /// A container was made.
    Created(ContainerId),
    /// It was started, or came back by its policy.
    Started(ContainerId),
    /// It was stopped or killed.
    Stopped(ContainerId),
    /// Its process ended by itself.
    Crashed(ContainerId),
    /// It was frozen or thawed.
    Frozen(ContainerId),
    /// Its health check spoke.
    Spoke(ContainerId),
    /// Compose did the next step of replacing it.
    Recreating(ContainerId),
    /// It was removed.
    Removed(ContainerId),
}

/// A seeded random life. Two lives of one seed over equal worlds do the same.
#[derive(Clone, Debug)]
pub struct Life {
    chance: Chance,
    /// The compose projects that containers are made for.
    projects: Vec<String>,
    born: u64,
    recreations: Vec<Recreation>,
}

/// Fewest containers before a life stops removing, and most before it stops creating.
const POPULATION: std::ops::Range<usize> = 4..60;

impl Life {
    /// A life whose containers belong to these compose projects.
    #[must_use]
    pub fn new(seed: u64, projects: Vec<String>) -> Self {
        Self { chance: Chance::new(seed), projects, born: 0, recreations: Vec::new() }
    }

    /// Lets up to two seconds pass and one thing happen. `None` if what was drawn could not happen to the container
    /// that was drawn, as when what is stopped should crash.
    pub fn step(&mut self, world: &mut World) -> Option<LifeEvent> {
        world.advance(Duration::from_millis(self.chance.next() % 2_000));
        let drawn = self.chance.below(100);
        if drawn < 15 && !self.recreations.is_empty() {
            return self.recreate_further(world);
        }
        let count = world.containers().len();
        if count < POPULATION.start || (drawn < 30 && count < POPULATION.end) {
            return self.create(world);
        }
        let at = self.chance.below(count);
        let id = world.containers().nth(at)?.id.clone();
        self.happen(world, &id, drawn).ok().flatten()
    }

    fn create(&mut self, world: &mut World) -> Option<LifeEvent> {
        self.born += 1;
        let service = ["web", "api", "worker", "database"][self.chance.below(4)];
        let name = format!("{service}-{}", self.born);
        let mut new = NewContainer::new(name, format!("example/{service}:1"));
        if !self.projects.is_empty() {
            let project = self.projects[self.chance.below(self.projects.len())].clone();
            new = new.compose(&project, service, 1);
        }
        if self.chance.below(2) == 0 {
            new = new.restart(RestartPolicy::Always);
        }
        if self.chance.below(3) == 0 {
            new = new.health_check();
        }
        world.create(new).ok().map(LifeEvent::Created)
    }

    fn happen(&mut self, world: &mut World, id: &ContainerId, drawn: usize) -> Result<Option<LifeEvent>, WorldError> {
        let key = id.as_str();
        let state = world.container(key)?.state.clone();
        let event = match (drawn, state) {
            (_, SimulatedState::Restarting) => world.come_back(key).map(|()| LifeEvent::Started(id.clone())),
            (_, SimulatedState::Paused) => world.unpause(key).map(|()| LifeEvent::Frozen(id.clone())),
            (_, SimulatedState::Created) => world.start(key).map(|()| LifeEvent::Started(id.clone())),
            (..60, SimulatedState::Exited) => world.start(key).map(|()| LifeEvent::Started(id.clone())),
            (_, SimulatedState::Exited) => {
                self.recreations.retain(|recreation| !recreation.involves(id));
                world.remove(key, false).map(|()| LifeEvent::Removed(id.clone()))
            }
            (..45, _) => world.stop(key).map(|()| LifeEvent::Stopped(id.clone())),
            (..65, _) => {
                let exit_code = [0, 1, 137, 143][self.chance.below(4)];
                world.crash(key, exit_code).map(|()| LifeEvent::Crashed(id.clone()))
            }
            (..70, _) => world.run_out_of_memory(key).map(|()| LifeEvent::Crashed(id.clone())),
            (..75, _) => world.kill(key).map(|()| LifeEvent::Stopped(id.clone())),
            (..82, _) => world.pause(key).map(|()| LifeEvent::Frozen(id.clone())),
            (..92, _) => {
                let health = [Health::Starting, Health::Healthy, Health::Unhealthy][self.chance.below(3)];
                world.set_health(key, health).map(|()| LifeEvent::Spoke(id.clone()))
            }
            _ => return self.begin_recreation(world, id),
        };
        event.map(Some)
    }

    fn begin_recreation(&mut self, world: &mut World, id: &ContainerId) -> Result<Option<LifeEvent>, WorldError> {
        if self.recreations.iter().any(|recreation| recreation.involves(id)) {
            return Ok(None);
        }
        let mut recreation = world.begin_recreation(id.as_str())?;
        world.step_recreation(&mut recreation)?;
        self.recreations.push(recreation);
        Ok(Some(LifeEvent::Recreating(id.clone())))
    }

    fn recreate_further(&mut self, world: &mut World) -> Option<LifeEvent> {
        let at = self.chance.below(self.recreations.len());
        let mut recreation = self.recreations.swap_remove(at);
        let old = recreation.old().clone();
        // What else happened to the two may have made the next step impossible: compose gives up then, and so do we.
        world.step_recreation(&mut recreation).ok().flatten()?;
        self.recreations.push(recreation);
        Some(LifeEvent::Recreating(old))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::Timestamp;

    fn lived(seed: u64, steps: usize) -> (World, Vec<Option<LifeEvent>>) {
        let mut world = World::new(seed, Timestamp::from_millis(1_800_000_000_000));
        let mut life = Life::new(seed, vec!["shop".into(), "blog".into()]);
        let events = (0..steps).map(|_| life.step(&mut world)).collect();
        (world, events)
    }

    #[test]
    fn a_life_follows_from_its_seed() {
        let (first, second) = (lived(3, 500), lived(3, 500));
        assert_eq!(first.1, second.1);
        assert_eq!(first.0.render_list(true), second.0.render_list(true));
        assert_ne!(first.1, lived(4, 500).1);
    }

    #[test]
    fn a_long_life_meets_every_event_and_stays_within_its_bounds() {
        let (world, events) = lived(5, 5_000);
        let kinds: HashSet<_> = events.iter().flatten().map(std::mem::discriminant).collect();
        assert_eq!(kinds.len(), 8);
        assert!(world.containers().len() < POPULATION.end + 20, "{}", world.containers().len());
    }
}
