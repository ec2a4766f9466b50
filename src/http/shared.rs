//! What all handlers share.

use std::sync::Arc;

use crate::LedgerHandle;
use crate::config::Config;
use crate::store::Readers;

/// The ledger, and the connections that read it. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) ledger: LedgerHandle,
    pub(super) config: Arc<Config>,
    pub(super) readers: Readers,
}

impl Shared {
    pub(super) fn new(ledger: LedgerHandle) -> Self {
        let config = Arc::clone(&ledger.config);
        Self { readers: Readers::new(Arc::clone(&config)), ledger, config }
    }
}
