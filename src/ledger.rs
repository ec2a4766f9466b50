//! One ledger, spawned and spoken to: the embedding API.

use std::sync::Arc;
use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{Actor, ActorRef};
use tokio::sync::watch;

use crate::config::Config;
use crate::docker::{Daemon, EndpointError, SourceFactory, resolve_endpoint};
use crate::model::{FailureKind, HostName, PassFailure, PassReport, SystemClock, Timestamp};
use crate::store::{LeaseHolder, StoreFactory};
use crate::supervisor::{LedgerSupervisor, Status, SupervisorArgs, SupervisorMessage};
use crate::tick::failed_report;

/// A ledger's tree of actors.
#[derive(Debug)]
pub struct Ledger;

/// What a ledger is spawned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Passes run by themselves: at once, by interval, when a deployer binds a row.
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
    /// The daemon's address makes no sense.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The tree of actors could not be spawned: a fault of our own.
    #[error("cannot spawn the supervision tree: {0}")]
    Spawn(String),
}

/// Speaks to one ledger; cheap to clone.
#[derive(Clone, Debug)]
pub struct LedgerHandle {
    host: HostName,
    supervisor: ActorRef<SupervisorMessage>,
    status: watch::Receiver<Status>,
    /// The longest that a stop may take: one transaction and the answers.
    stop_bound: Duration,
}

impl Ledger {
    /// Spawns the tree. Neither a daemon nor a database needs to be there yet: their trouble is in the reports and in
    /// the status, and is no reason to give up.
    ///
    /// # Errors
    /// If the daemon's address makes no sense.
    pub async fn spawn(config: Config, life: Life, migrate: bool) -> Result<LedgerHandle, StartError> {
        let endpoint = resolve_endpoint(&config)?;
        let (sender, status) = watch::channel(Status::new(Timestamp::now()));
        let host = config.host.clone();
        let stop_bound = config.store_deadline + Duration::from_secs(1);
        let (by_itself, details_limit) = match life {
            Life::Service => (true, 0),
            Life::Once { details_limit } => (false, details_limit),
        };
        let config = Arc::new(config);
        let sources = SourceFactory::new({
            let (config, endpoint) = (Arc::clone(&config), endpoint.clone());
            move || Arc::new(Daemon::new(endpoint.clone(), &config))
        });
        let stores = StoreFactory::threaded(config.clone(), LeaseHolder::of_this_process(), migrate);
        let args = SupervisorArgs {
            config,
            endpoint: endpoint.to_string(),
            sources,
            stores,
            clock: Arc::new(SystemClock),
            by_itself,
            details_limit,
            status: sender,
        };
        let (supervisor, _) =
            Actor::spawn(None, LedgerSupervisor, args).await.map_err(|error| StartError::Spawn(error.to_string()))?;
        Ok(LedgerHandle { host, supervisor, status, stop_bound })
    }
}

impl LedgerHandle {
    /// One whole pass that begins after this call. Its faults are in the report.
    pub async fn reconcile(&self) -> PassReport {
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
        failed_report(&self.host, failure.kind, &failure.message)
    }

    /// Waits until no details are owed that can be paid now.
    pub async fn settle_details(&self) {
        // A ledger that is gone owes nothing.
        let _ = self.supervisor.call(SupervisorMessage::SettleDetails, None).await;
    }

    /// Stops the ledger: cancels the call to the daemon, lets the transaction end, answers everybody who waits,
    /// releases the lease. Returns when that is done; a second call finds it done.
    pub async fn stop(&self) {
        // Already stopping or stopped is what was asked for.
        let _ = self.supervisor.stop_and_wait(None, Some(self.stop_bound)).await;
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

    /// Follows what the ledger says of itself.
    #[must_use]
    pub fn watch_status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }
}

#[cfg(test)]
mod tests {
    use ractor::SupervisionEvent;

    use super::*;
    use crate::store::{OpenMode, Store, StoreMessage};

    /// The host application may spawn another at once, in the same process: it must not wait for a lease to expire.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_ledger_that_gives_up_releases_its_lease() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
        config.docker_host = Some(format!("unix://{}", directory.path().join("no.sock").display()));
        config.restart_intensity = 2;
        let ledger = Ledger::spawn(config.clone(), Life::Service, true).await.expect("the address makes sense");
        ledger.reconcile().await;
        let holder = || {
            let mut store = Store::open(&config, OpenMode::Read).expect("it is there");
            store.host(&config.host).expect("it was written").lease.holder
        };
        assert!(holder().is_some());
        let mut children = ledger.supervisor.get_children();
        // The store lives: it is the one that can release the lease.
        children.retain(|child| child.is_message_type_of::<StoreMessage>() != Some(true));
        for child in children {
            // As ractor tells of a handler that panicked.
            child.notify_supervisor(SupervisionEvent::ActorFailed(child.clone(), "planted".into()));
        }
        let failure = ledger.ended().await.expect_err("too many faults");
        assert_eq!(failure.kind, FailureKind::Internal);
        assert_eq!(holder(), None);
    }
}
