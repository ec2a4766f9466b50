//! How compose recreates a service: step by step, so that a pass may look in between.

use super::container::NewContainer;
use super::error::WorldError;
use super::world::World;
use crate::model::ContainerId;

/// A service being recreated by compose: what it was, what takes its place, and how far it is.
#[derive(Clone, Debug)]
pub struct Recreation {
    old: ContainerId,
    new: Option<ContainerId>,
    name: String,
    done: usize,
}

impl Recreation {
    /// The container that is replaced.
    #[must_use]
    pub const fn old(&self) -> &ContainerId {
        &self.old
    }

    pub(super) fn involves(&self, id: &ContainerId) -> bool {
        self.old == *id || self.new.as_ref() == Some(id)
    }

    fn replacement(&self) -> &str {
        self.new.as_ref().expect("the first step makes the replacement").as_str()
    }
}

/// The steps of a recreation, in compose's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecreationStep {
    /// Makes the new one as `<short id>_<name>`, with a label that says whom it replaces.
    CreateReplacement,
    /// Stops the old one.
    StopOld,
    /// Removes the old one.
    RemoveOld,
    /// Gives the old one's name to the new one.
    Rename,
    /// Starts the new one.
    Start,
}

impl RecreationStep {
    const ALL: [Self; 5] = [Self::CreateReplacement, Self::StopOld, Self::RemoveOld, Self::Rename, Self::Start];
}

impl World {
    /// Begins what compose does when a service's configuration changed. Nothing happens until
    /// [`World::step_recreation`].
    pub fn begin_recreation(&self, key: &str) -> Result<Recreation, WorldError> {
        Ok(Recreation { old: self.find(key)?, new: None, name: self.container(key)?.name.clone(), done: 0 })
    }

    /// Does the next step of a recreation and says which it was; `None` when all is done.
    pub fn step_recreation(&mut self, recreation: &mut Recreation) -> Result<Option<RecreationStep>, WorldError> {
        let Some(&step) = RecreationStep::ALL.get(recreation.done) else { return Ok(None) };
        let old = recreation.old.clone();
        match step {
            RecreationStep::CreateReplacement => recreation.new = Some(self.create_replacement(&old)?),
            RecreationStep::StopOld => match self.stop(old.as_str()) {
                Ok(()) | Err(WorldError::Unchanged(_)) => {}
                Err(error) => return Err(error),
            },
            RecreationStep::RemoveOld => self.remove(old.as_str(), false)?,
            RecreationStep::Rename => self.rename(recreation.replacement(), &recreation.name)?,
            RecreationStep::Start => self.start(recreation.replacement())?,
        }
        recreation.done += 1;
        Ok(Some(step))
    }

    /// The whole recreation; answers the new container's id.
    pub fn recreate(&mut self, key: &str) -> Result<ContainerId, WorldError> {
        let mut recreation = self.begin_recreation(key)?;
        while self.step_recreation(&mut recreation)?.is_some() {}
        Ok(ContainerId::from(recreation.replacement()))
    }

    fn create_replacement(&mut self, old: &ContainerId) -> Result<ContainerId, WorldError> {
        let old = self.container(old.as_str())?.clone();
        let mut new = NewContainer::new(format!("{}_{}", old.id.short(), old.name), old.image.clone());
        new.labels = old.labels.as_ref().clone();
        new.labels.insert("com.docker.compose.replace".into(), old.name);
        new.ports = old.ports;
        new.policy = old.policy;
        new.health_check = old.health_check;
        self.create(new)
    }
}
