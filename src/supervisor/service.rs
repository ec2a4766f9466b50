//! A service: a child that the supervisor keeps alive without knowing what it does. It speaks to the ledger as any caller would.

use std::fmt;
use std::sync::Arc;

use ractor::{ActorCell, ActorRef, SpawnErr};

use super::SupervisorMessage;
use crate::model::BoxFuture;

/// Starts a service, linked to the supervisor that it is given. It does no I/O before it is spawned.
#[derive(Clone)]
pub(crate) struct ServiceFactory(Arc<Spawn>);

type Spawn = dyn Fn(ActorRef<SupervisorMessage>) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> + Send + Sync;

impl ServiceFactory {
    pub(crate) fn new(
        spawn: impl Fn(ActorRef<SupervisorMessage>) -> BoxFuture<'static, Result<ActorCell, SpawnErr>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Arc::new(spawn))
    }

    pub(super) async fn spawn(&self, supervisor: ActorRef<SupervisorMessage>) -> Result<ActorCell, SpawnErr> {
        (self.0)(supervisor).await
    }
}

impl fmt::Debug for ServiceFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceFactory")
    }
}
