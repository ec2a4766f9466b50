//! One ledger, spawned and spoken to: the embedding API.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{ActorCell, ActorRef, Message};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::config::{Config, ConfigError};
use crate::docker::EndpointError;
use crate::model::{FailureKind, HostName, PassFailure, PassReport, Revision};
use crate::runtime::joined;
use crate::store::{RegistryConnections, Store, StoreError};
use crate::supervisor::{
    Delivered, Subscription, SubscriptionId, SupervisorMessage, channel as channel_sink, shutdown_bound, to_actor,
};
use crate::telemetry::Status;

/// What a ledger is spawned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes run by themselves: at once, by interval, by events, when a deployer binds a row.
    Service,
    /// Passes run only on request, and pay only the details that they owe themselves, up to this many.
    Once {
        /// The most rows that get their details.
        details_limit: usize,
    },
}

/// Why a ledger could not be spawned.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value of the configuration is impossible.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The daemon's address makes no sense.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The client of the database is not built in.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tree of actors could not be spawned: a fault of our own, or the host's supervisor is ending.
    #[error("cannot spawn the supervision tree: {0}")]
    Spawn(String),
}

/// Speaks to one ledger; cheap to clone.
#[derive(Clone, Debug)]
pub struct LedgerHandle {
    pub(crate) config: Arc<Config>,
    pub(crate) supervisor: ActorRef<SupervisorMessage>,
    /// What ends when the ledger does: the supervisor, or its anchor in the tree of a host application.
    pub(crate) cell: ActorCell,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) heartbeat: watch::Receiver<u64>,
    pub(crate) subscriptions: Arc<AtomicU64>,
    /// What registry calls run on.
    pub(crate) registry: Arc<RegistryConnections>,
}

impl LedgerHandle {
    /// One whole pass that begins after this call. Its faults are in the report.
    pub async fn reconcile(&self) -> PassReport {
        let _waiting = self.status.borrow().live().caller_waits();
        // A TickActor that dies takes its callers' ports along; its successor answers the next asking. A supervisor that
        // has ended cannot be asked.
        while let Ok(answer) = self.supervisor.call(SupervisorMessage::Reconcile, None).await {
            if let CallResult::Success(report) = answer {
                return report;
            }
        }
        let ended = self.status.borrow().ended.clone();
        let failure = match ended {
            Some(Err(failure)) => failure,
            _ => PassFailure { kind: FailureKind::Stopping, message: "the ledger has stopped; no pass runs".into() },
        };
        PassReport::failed(&self.config.host, failure.kind, &failure.message)
    }

    /// Waits until no details are owed that can be paid now.
    pub async fn settle_details(&self) {
        // A ledger that is gone owes nothing.
        let _ = self.supervisor.call(SupervisorMessage::SettleDetails, None).await;
    }

    /// Stops the ledger: cancels the call to the daemon, lets the transaction end, answers everybody who waits,
    /// releases the lease. Returns when that is done; a second call finds it done.
    pub async fn stop(&self) {
        self.supervisor.stop(None);
        let bound = shutdown_bound(self.config.store_deadline) + LEEWAY;
        if self.supervisor.wait(Some(bound)).await.is_err() {
            tracing::error!("the ledger did not end within {bound:?}; its lease may stand until it expires");
        }
    }

    /// Waits for the end: `Ok` by a stop, else why the ledger gave up.
    ///
    /// # Errors
    /// If the ledger gave up: another process took its host, or too many faults of its own.
    pub async fn ended(&self) -> Result<(), PassFailure> {
        let mut status = self.status.clone();
        let ended = status.wait_for(|status| status.ended.is_some()).await.ok().and_then(|status| status.ended.clone());
        ended.unwrap_or_else(|| {
            let message = "the supervision tree ended without a word".to_owned();
            Err(PassFailure { kind: FailureKind::Internal, message })
        })
    }

    /// What the ledger says of itself now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Follows what the ledger says of itself.
    #[must_use]
    pub fn watch_status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Counts up once a second while none of our own loops hangs, whatever becomes of the daemon and the database: what a
    /// watchdog is fed from. After the end of the ledger waiting for a change fails.
    #[must_use]
    pub fn heartbeat(&self) -> watch::Receiver<u64> {
        self.heartbeat.clone()
    }

    /// The host whose rows this ledger keeps.
    #[must_use]
    pub fn host(&self) -> &HostName {
        &self.config.host
    }

    /// What the supervisor of a host application sees end when the ledger ends; stopping or killing it ends the ledger in
    /// order.
    #[must_use]
    pub fn cell(&self) -> ActorCell {
        self.cell.clone()
    }

    /// Follows the changes after a revision, of every host of the ledger: each once and in order, or the word that some
    /// were missed. Without a revision, or with one whose successors are no longer kept, it begins with a snapshot of all
    /// rows. Changes that others commit to the ledger come within a second or so.
    #[must_use]
    pub fn subscribe(&self, after: Option<Revision>) -> Subscription {
        let id = self.next_subscription();
        let (sink, subscription) = channel_sink(id);
        // A ledger that is gone drops the sink, and the subscription tells of its end.
        let _ = self.supervisor.cast(SupervisorMessage::Subscribe { id, after, sink });
        subscription
    }

    /// As [`Self::subscribe`], for an actor: `wrap` makes a message of each delivery. What waits in its mailbox is bounded
    /// by the deliveries that it has not dropped; an actor that ends is forgotten.
    pub fn subscribe_actor<M: Message>(
        &self,
        after: Option<Revision>,
        actor: ActorRef<M>,
        wrap: impl Fn(Delivered) -> M + Send + Sync + 'static,
    ) -> SubscriptionId {
        let id = self.next_subscription();
        let sink = to_actor(actor, wrap);
        // A ledger that is gone delivers nothing.
        let _ = self.supervisor.cast(SupervisorMessage::Subscribe { id, after, sink });
        id
    }

    /// Ends a subscription; what was delivered already may still come.
    pub fn unsubscribe(&self, subscription: SubscriptionId) {
        // A ledger that is gone delivers nothing.
        let _ = self.supervisor.cast(SupervisorMessage::Unsubscribe(subscription));
    }

    /// Reads and writes the registry (projects, stages, stacks, sites, claims, rows) on a connection of its own, on a
    /// blocking thread. That needs no lease and works beside a pass. It is the database of the configuration, also where
    /// another store was given to the ledger.
    ///
    /// # Errors
    /// What the call returns, or that the database cannot be opened.
    ///
    /// # Panics
    /// If the call panics.
    pub async fn registry<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (config, registry) = (Arc::clone(&self.config), Arc::clone(&self.registry));
        let called = spawn_blocking(move || registry.call(&config, call)).await;
        joined(called).unwrap_or_else(|| Err(StoreError::runtime_ended()))
    }

    fn next_subscription(&self) -> SubscriptionId {
        SubscriptionId(self.subscriptions.fetch_add(1, Ordering::Relaxed))
    }
}

/// Beyond the sum of the steps of the end, each of which is bounded: only a machine that is stopped or starved takes more.
const LEEWAY: Duration = Duration::from_secs(1);
