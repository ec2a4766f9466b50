//! What exists at the simulated daemon, and how it changes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chance::Chance;
use super::container::{Engine, Health, NewContainer, SimulatedContainer, SimulatedState};
use super::error::WorldError;
use crate::model::{ContainerId, Timestamp};

/// An image: its labels are merged into those of its containers.
#[derive(Clone, Debug)]
pub(super) struct SimulatedImage {
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) labels: BTreeMap<String, String>,
}

/// The state of one daemon. Everything in it follows from the seed and from the calls made, so two worlds of the same
/// history are equal to the byte. A container is named by its full id, an unambiguous short id, or its name.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) engine: Engine,
    pub(super) engine_id: String,
    pub(super) host_name: String,
    pub(super) version: String,
    pub(super) now: Timestamp,
    pub(super) chance: Chance,
    /// By id.
    pub(super) images: BTreeMap<String, SimulatedImage>,
    containers: BTreeMap<ContainerId, SimulatedContainer>,
    ids_by_name: BTreeMap<String, ContainerId>,
    /// Stand at the end of the listing as they are.
    pub(super) entries: Vec<String>,
}

impl World {
    /// An empty daemon whose clock shows `now`.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp) -> Self {
        let mut chance = Chance::new(seed);
        Self {
            engine: Engine::Docker,
            engine_id: chance.hex_64(),
            host_name: "simulated".into(),
            version: "28.2.2".into(),
            now,
            chance,
            images: BTreeMap::new(),
            containers: BTreeMap::new(),
            ids_by_name: BTreeMap::new(),
            entries: Vec::new(),
        }
    }

    /// Becomes another engine, in its words and its version.
    pub fn set_engine(&mut self, engine: Engine, version: impl Into<String>) {
        self.engine = engine;
        self.version = version.into();
    }

    /// Becomes another daemon with the same containers.
    pub fn set_engine_id(&mut self, id: impl Into<String>) {
        self.engine_id = id.into();
    }

    /// The daemon's clock.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Moves the daemon's clock.
    pub fn advance(&mut self, duration: Duration) {
        self.now = self.now.plus(duration);
    }

    /// Makes an image with labels, or gives new ones to a known one. Containers that exist keep what they have.
    pub fn add_image(&mut self, reference: impl Into<String>, labels: BTreeMap<String, String>) -> String {
        let reference = reference.into();
        if let Some(known) = self.images.values_mut().find(|image| image.reference == reference) {
            known.labels = labels;
            return known.id.clone();
        }
        let id = format!("sha256:{}", self.chance.hex_64());
        self.images.insert(id.clone(), SimulatedImage { id: id.clone(), reference, labels });
        id
    }

    /// Every container, by id.
    pub fn containers(&self) -> impl ExactSizeIterator<Item = &SimulatedContainer> {
        self.containers.values()
    }

    /// One container.
    pub fn container(&self, key: &str) -> Result<&SimulatedContainer, WorldError> {
        let id = self.find(key)?;
        Ok(&self.containers[&id])
    }

    /// Makes a container that is not started.
    pub fn create(&mut self, new: NewContainer) -> Result<ContainerId, WorldError> {
        self.refuse_taken_name(&new.name)?;
        let known = self.images.values().find(|image| image.reference == new.image).cloned();
        let (image_id, mut labels) = match known {
            Some(image) => (image.id, image.labels),
            None => (self.add_image(new.image.clone(), BTreeMap::new()), BTreeMap::new()),
        };
        labels.extend(new.labels);
        let id = ContainerId::new(self.chance.hex_64());
        self.ids_by_name.insert(new.name.clone(), id.clone());
        self.containers.insert(
            id.clone(),
            SimulatedContainer {
                id: id.clone(),
                name: new.name,
                image: new.image,
                image_id,
                labels,
                ports: new.ports,
                state: SimulatedState::Created,
                exit_code: 0,
                health: None,
                restart_count: 0,
                oom_killed: false,
                created_at: self.now,
                started_at: None,
                finished_at: None,
                policy: new.policy,
                health_check: new.health_check,
                entry: None,
            },
        );
        Ok(id)
    }

    /// Makes a container and starts it.
    pub fn run(&mut self, new: NewContainer) -> Result<ContainerId, WorldError> {
        let id = self.create(new)?;
        self.start(id.as_str())?;
        Ok(id)
    }

    /// Starts what does not run.
    pub fn start(&mut self, key: &str) -> Result<(), WorldError> {
        let now = self.now;
        self.change(key, |container| match container.state {
            SimulatedState::Running | SimulatedState::Restarting => {
                Err(WorldError::Unchanged(container.id.to_string()))
            }
            SimulatedState::Paused => Err(WorldError::Paused(container.id.to_string())),
            _ => {
                container.begin_run(now);
                container.restart_count = 0;
                Ok(())
            }
        })
    }

    /// Stops what runs; the restart policy does not apply. A container that handles the signal ends with 0, as here.
    pub fn stop(&mut self, key: &str) -> Result<(), WorldError> {
        let now = self.now;
        self.change(key, |container| match container.state {
            ref state if state.is_up() => {
                container.end_run(now, 0);
                Ok(())
            }
            _ => Err(WorldError::Unchanged(container.id.to_string())),
        })
    }

    /// Kills what runs: it ends with 137, and the restart policy does not apply.
    pub fn kill(&mut self, key: &str) -> Result<(), WorldError> {
        let now = self.now;
        self.change(key, |container| match container.state {
            ref state if state.is_up() => {
                container.end_run(now, 137);
                Ok(())
            }
            _ => Err(WorldError::NotRunning(container.id.to_string())),
        })
    }

    /// Stops and starts it.
    pub fn restart(&mut self, key: &str) -> Result<(), WorldError> {
        match self.stop(key) {
            Ok(()) | Err(WorldError::Unchanged(_)) => self.start(key),
            Err(error) => Err(error),
        }
    }

    /// Freezes what runs.
    pub fn pause(&mut self, key: &str) -> Result<(), WorldError> {
        self.change(key, |container| match container.state {
            SimulatedState::Running => {
                container.state = SimulatedState::Paused;
                Ok(())
            }
            SimulatedState::Restarting => Err(WorldError::Restarting(container.id.to_string())),
            SimulatedState::Paused => Err(WorldError::Paused(container.id.to_string())),
            _ => Err(WorldError::NotRunning(container.id.to_string())),
        })
    }

    /// Thaws what is frozen.
    pub fn unpause(&mut self, key: &str) -> Result<(), WorldError> {
        self.change(key, |container| match container.state {
            SimulatedState::Paused => {
                container.state = SimulatedState::Running;
                Ok(())
            }
            _ => Err(WorldError::NotPaused(container.id.to_string())),
        })
    }

    /// The process ends by itself: the restart policy decides between exited and restarting.
    pub fn crash(&mut self, key: &str, exit_code: i32) -> Result<(), WorldError> {
        let now = self.now;
        self.change(key, |container| match container.state {
            SimulatedState::Running => {
                container.end_run(now, exit_code);
                if container.policy.restarts_after(exit_code) {
                    container.state = SimulatedState::Restarting;
                    container.restart_count += 1;
                }
                Ok(())
            }
            _ => Err(WorldError::NotRunning(container.id.to_string())),
        })
    }

    /// The kernel ends the process for want of memory: a crash with 137.
    pub fn run_out_of_memory(&mut self, key: &str) -> Result<(), WorldError> {
        self.crash(key, 137)?;
        self.change(key, |container| {
            container.oom_killed = true;
            Ok(())
        })
    }

    /// The restart policy starts it again.
    pub fn come_back(&mut self, key: &str) -> Result<(), WorldError> {
        let now = self.now;
        self.change(key, |container| match container.state {
            SimulatedState::Restarting => {
                container.begin_run(now);
                Ok(())
            }
            _ => Err(WorldError::Unchanged(container.id.to_string())),
        })
    }

    /// The health check speaks.
    pub fn set_health(&mut self, key: &str, health: Health) -> Result<(), WorldError> {
        self.change(key, |container| match container.state {
            SimulatedState::Running => {
                container.health = Some(health);
                Ok(())
            }
            _ => Err(WorldError::NotRunning(container.id.to_string())),
        })
    }

    /// Puts it into any state, without a reason.
    pub fn set_state(&mut self, key: &str, state: SimulatedState) -> Result<(), WorldError> {
        self.change(key, |container| {
            container.state = state;
            Ok(())
        })
    }

    /// Gives it another name.
    pub fn rename(&mut self, key: &str, name: &str) -> Result<(), WorldError> {
        let id = self.find(key)?;
        self.refuse_taken_name(name)?;
        let old = self.containers[&id].name.clone();
        self.ids_by_name.remove(&old);
        self.ids_by_name.insert(name.into(), id.clone());
        self.change(id.as_str(), |container| {
            container.name = name.into();
            Ok(())
        })
    }

    /// Removes it; what is up only by force.
    pub fn remove(&mut self, key: &str, force: bool) -> Result<(), WorldError> {
        let id = self.find(key)?;
        let container = &self.containers[&id];
        if container.state.is_up() && !force {
            return Err(WorldError::Running(id.to_string()));
        }
        self.ids_by_name.remove(&container.name);
        self.containers.remove(&id);
        Ok(())
    }

    /// Removes every container at once.
    pub fn remove_all(&mut self) {
        self.containers.clear();
        self.ids_by_name.clear();
    }

    /// What the listing holds for this container from now on, whatever its state: raw JSON, or raw anything. `None`
    /// goes back to the truth.
    pub fn set_entry(&mut self, key: &str, entry: Option<String>) -> Result<(), WorldError> {
        self.change(key, |container| {
            container.entry = entry;
            Ok(())
        })
    }

    /// Adds raw text as one more entry of the listing, for which there is no container.
    pub fn inject_entry(&mut self, entry: impl Into<String>) {
        self.entries.push(entry.into());
    }

    pub(super) fn find(&self, key: &str) -> Result<ContainerId, WorldError> {
        let key = key.strip_prefix('/').unwrap_or(key);
        if let Some((id, _)) = self.containers.get_key_value(key) {
            return Ok(id.clone());
        }
        if let Some(id) = self.ids_by_name.get(key) {
            return Ok(id.clone());
        }
        let mut matching = self.containers.keys().filter(|id| !key.is_empty() && id.as_str().starts_with(key));
        match (matching.next(), matching.next()) {
            (Some(id), None) => Ok(id.clone()),
            (Some(_), Some(_)) => Err(WorldError::Ambiguous(key.into())),
            (None, _) if self.engine == Engine::Podman => Err(WorldError::NoSuchPodmanContainer(key.into())),
            (None, _) => Err(WorldError::NoSuchContainer(key.into())),
        }
    }

    fn change(
        &mut self,
        key: &str,
        act: impl FnOnce(&mut SimulatedContainer) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        let id = self.find(key)?;
        let container = self.containers.get_mut(&id).expect("an id that was found names a container");
        act(container)
    }

    fn refuse_taken_name(&self, name: &str) -> Result<(), WorldError> {
        match self.ids_by_name.get(name) {
            Some(holder) => Err(WorldError::NameTaken { name: name.into(), holder: holder.to_string() }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
