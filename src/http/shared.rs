//! What all handlers share.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::api;
use crate::LedgerHandle;
use crate::config::Config;
use crate::store::Readers;

/// The ledger, and the connections that read it. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) ledger: LedgerHandle,
    pub(super) config: Arc<Config>,
    pub(super) readers: Readers,
    /// The places for streams of changes.
    pub(super) streams: Arc<Semaphore>,
    /// Its sender is dropped when the server ends: what would go on for ever ends then.
    pub(super) closing: watch::Receiver<()>,
}

impl Shared {
    pub(super) fn new(ledger: LedgerHandle, closing: watch::Receiver<()>) -> Self {
        let config = Arc::clone(&ledger.config);
        let readers = Readers::new(Arc::clone(&config));
        Self { ledger, config, readers, streams: Arc::new(api::changes::places()), closing }
    }
}
