//! What becomes of a container, and what the daemon tells of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::container::{Engine, Health, NewContainer, SimulatedContainer, SimulatedState};
use super::error::WorldError;
use super::world::World;
use crate::model::ContainerId;

impl World {
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
        let container = SimulatedContainer {
            id: id.clone(),
            name: new.name,
            image: new.image,
            image_id,
            labels: Arc::new(labels),
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
        };
        self.containers.insert(id.clone(), container);
        self.tell(id.as_str(), &["create"])?;
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
        })?;
        self.tell(key, &["start"])
    }

    /// Stops what runs; the restart policy does not apply. A container that handles the signal ends with 0, as here.
    pub fn stop(&mut self, key: &str) -> Result<(), WorldError> {
        let (now, had_process) = (self.now, self.has_process(key)?);
        self.change(key, |container| match container.state {
            ref state if state.is_up() => {
                container.end_run(now, 0);
                Ok(())
            }
            _ => Err(WorldError::Unchanged(container.id.to_string())),
        })?;
        self.tell(key, if had_process { &["kill", "die", "stop"] } else { &["stop"] })
    }

    /// Kills what runs: it ends with 137, and the restart policy does not apply.
    pub fn kill(&mut self, key: &str) -> Result<(), WorldError> {
        let (now, had_process) = (self.now, self.has_process(key)?);
        self.change(key, |container| match container.state {
            ref state if state.is_up() => {
                container.end_run(now, 137);
                Ok(())
            }
            _ => Err(WorldError::NotRunning(container.id.to_string())),
        })?;
        self.tell(key, if had_process { &["kill", "die"] } else { &["kill"] })
    }

    /// Stops and starts it.
    pub fn restart(&mut self, key: &str) -> Result<(), WorldError> {
        match self.stop(key) {
            Ok(()) | Err(WorldError::Unchanged(_)) => self.start(key)?,
            Err(error) => return Err(error),
        }
        self.tell(key, &["restart"])
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
        })?;
        self.tell(key, &["pause"])
    }

    /// Thaws what is frozen.
    pub fn unpause(&mut self, key: &str) -> Result<(), WorldError> {
        self.change(key, |container| match container.state {
            SimulatedState::Paused => {
                container.state = SimulatedState::Running;
                Ok(())
            }
            _ => Err(WorldError::NotPaused(container.id.to_string())),
        })?;
        self.tell(key, &["unpause"])
    }

    /// The process ends by itself: the restart policy decides between exited and restarting.
    pub fn crash(&mut self, key: &str, exit_code: i64) -> Result<(), WorldError> {
        self.end_by_itself(key, exit_code)?;
        self.tell(key, &["die"])
    }

    /// The kernel ends the process for want of memory: a crash with 137.
    pub fn run_out_of_memory(&mut self, key: &str) -> Result<(), WorldError> {
        self.end_by_itself(key, 137)?;
        self.change(key, |container| {
            container.oom_killed = true;
            Ok(())
        })?;
        self.tell(key, &["oom", "die"])
    }

    fn end_by_itself(&mut self, key: &str, exit_code: i64) -> Result<(), WorldError> {
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

    /// The restart policy starts it again.
    pub fn come_back(&mut self, key: &str) -> Result<(), WorldError> {
        let now = self.now;
        self.change(key, |container| match container.state {
            SimulatedState::Restarting => {
                container.begin_run(now);
                Ok(())
            }
            _ => Err(WorldError::Unchanged(container.id.to_string())),
        })?;
        self.tell(key, &["start"])
    }

    /// The health check speaks. Docker tells of it if that is news, Podman each time.
    pub fn set_health(&mut self, key: &str, health: Health) -> Result<(), WorldError> {
        let is_told = self.engine == Engine::Podman || self.container(key)?.health != Some(health);
        self.change(key, |container| match container.state {
            SimulatedState::Running => {
                container.health = Some(health);
                Ok(())
            }
            _ => Err(WorldError::NotRunning(container.id.to_string())),
        })?;
        if !is_told {
            return Ok(());
        }
        self.tell(key, &[&format!("health_status: {}", health.as_str())])
    }

    /// Puts it into any state, without a reason and an event.
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
        })?;
        self.tell(name, &["rename"])
    }

    /// Removes it; what is up only by force.
    pub fn remove(&mut self, key: &str, force: bool) -> Result<(), WorldError> {
        let id = self.find(key)?;
        let container = &self.containers[&id];
        if container.state.is_up() && !force {
            return Err(WorldError::Running(id.to_string()));
        }
        if container.state.is_up() {
            self.kill(key)?;
        }
        self.tell(key, &["destroy"])?;
        self.ids_by_name.remove(&self.containers[&id].name);
        self.containers.remove(&id);
        Ok(())
    }

    /// Removes every container at once, as when the data of a daemon is lost: without an event.
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

    fn has_process(&self, key: &str) -> Result<bool, WorldError> {
        Ok(matches!(self.container(key)?.state, SimulatedState::Running | SimulatedState::Paused))
    }

    /// Tells of what happened to a container, in this order. The end of a process carries its exit code.
    fn tell(&mut self, key: &str, actions: &[&str]) -> Result<(), WorldError> {
        let container = &self.containers[&self.find(key)?];
        for action in actions {
            let exit_code = (*action == "die").then_some(container.exit_code);
            self.log.tell(container, action, exit_code, self.now);
        }
        Ok(())
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
