//! What exists at the simulated daemon, and how it changes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chance::Chance;
use super::container::{Engine, SimulatedContainer};
use super::error::WorldError;
use super::events::{EventLog, SimulatedEvent};
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
    pub(super) containers: BTreeMap<ContainerId, SimulatedContainer>,
    pub(super) ids_by_name: BTreeMap<String, ContainerId>,
    pub(super) log: EventLog,
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
            log: EventLog::default(),
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

    /// The events that the daemon keeps: the last 256, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &SimulatedEvent> {
        self.log.kept()
    }

    /// Loses the events that it keeps, as a daemon that is restarted does.
    pub fn forget_events(&mut self) {
        self.log.forget();
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

    /// Pulls a newer image under the same name: containers of the one before keep it, and it has no name any more.
    pub fn move_tag(&mut self, reference: &str) {
        for image in self.images.values_mut().filter(|image| image.reference == reference) {
            image.reference.clear();
        }
        self.add_image(reference, BTreeMap::new());
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
}

#[cfg(test)]
mod tests;
