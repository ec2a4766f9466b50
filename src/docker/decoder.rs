//! The bodies of a list and of an inspect, read at once: for a daemon that is simulated in this process and has no socket.

use std::sync::Arc;

use super::answers;
use super::labels::LabelReader;
use super::listing::ListingReader;
use crate::config::Config;
use crate::model::{ContainerId, ExaminedContainer, Listing};

/// Reads bodies as the real client does, by the labels of one configuration.
#[derive(Clone, Debug)]
pub(crate) struct ListDecoder(Arc<LabelReader>);

impl ListDecoder {
    pub(crate) fn new(config: &Config) -> Self {
        Self(Arc::new(LabelReader::new(config)))
    }

    /// The listing of a whole body.
    ///
    /// # Errors
    /// It is no array.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Listing, String> {
        let mut reader = ListingReader::new(Arc::clone(&self.0));
        reader.feed(body).map_err(|error| error.to_string())?;
        reader.finish().map_err(|error| error.to_string())
    }

    /// What the body of an inspect says of that container.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn examine(&self, body: &[u8], container: &ContainerId) -> Result<ExaminedContainer, String> {
        answers::examined_container(body, container, &self.0)
    }
}
