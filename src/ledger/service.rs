//! What stands beside a ledger in its tree.

use std::fmt;
use std::sync::Arc;

use ractor::{ActorCell, SpawnErr};

use super::handle::LedgerHandle;
use crate::model::BoxFuture;

/// An actor that is attached to a ledger, and speaks to it as any caller would: the HTTP server, notifications, or one of the
/// host application's own. It is restarted with backoff for ever, and its faults never end the ledger.
#[derive(Clone)]
pub struct Service {
    pub(super) name: &'static str,
    start: Arc<Start>,
}

type Start = dyn Fn(LedgerHandle) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> + Send + Sync;

impl Service {
    /// A service by the name that it has in logs, in the status and in metrics. `start` spawns the actor, for the first time and
    /// at each restart, linked to [`LedgerHandle::cell`] of the handle that it is given; it does no I/O before that.
    #[must_use]
    pub fn new(
        name: &'static str,
        start: impl Fn(LedgerHandle) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> + Send + Sync + 'static,
    ) -> Self {
        Self { name, start: Arc::new(start) }
    }

    pub(super) async fn start(&self, ledger: LedgerHandle) -> Result<ActorCell, SpawnErr> {
        (self.start)(ledger).await
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service").field(&self.name).finish()
    }
}
