//! A ledger of a configuration, with nothing given in place of anything.

use ractor::ActorCell;

use super::builder::LedgerBuilder;
use super::handle::{LedgerHandle, Mode, StartError};
use crate::config::Config;

/// A ledger's tree of actors.
#[derive(Debug)]
pub struct Ledger;

impl Ledger {
    /// Spawns a tree of its own, with the daemon and the database of the configuration; see [`LedgerBuilder`]. Neither
    /// needs to be there yet: their trouble is in the reports and in the status, and is no reason to give up.
    ///
    /// # Errors
    /// As [`LedgerBuilder::spawn`].
    pub async fn spawn(config: Config, mode: Mode, migrate: bool) -> Result<LedgerHandle, StartError> {
        LedgerBuilder::new(config).mode(mode).migrate(migrate).spawn().await
    }

    /// Spawns a service within the tree of a host application; see [`LedgerBuilder::spawn_linked`].
    ///
    /// # Errors
    /// As [`Self::spawn`], and if the host's supervisor is ending.
    pub async fn spawn_linked(config: Config, supervisor: ActorCell) -> Result<LedgerHandle, StartError> {
        LedgerBuilder::new(config).spawn_linked(supervisor).await
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use ractor::SupervisionEvent;

    use super::*;
    use crate::model::FailureKind;
    use crate::store::{OpenMode, Store, StoreMessage};
    use crate::telemetry::Status;

    /// The host application may spawn another at once, in the same process: it must not wait for a lease to expire.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_ledger_that_gives_up_releases_its_lease() {
        for it_is_the_store_that_fails in [false, true] {
            let directory = tempfile::tempdir().expect("a directory");
            let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
            config.docker_host = Some(format!("unix://{}", directory.path().join("no.sock").display()));
            config.restart_intensity = 2;
            let ledger = Ledger::spawn(config.clone(), Mode::Service, true).await.expect("the address makes sense");
            ledger.reconcile().await;
            let holder = || {
                let mut store = Store::open(&config, OpenMode::Read).expect("it is there");
                store.host(&config.host).expect("it was written").lease.holder
            };
            assert!(holder().is_some());
            let is_store = |child: &ActorCell| child.is_message_type_of::<StoreMessage>() == Some(true);
            for failures in 1..=3 {
                let mut children = ledger.supervisor.get_children();
                children.retain(|child| is_store(child) == it_is_the_store_that_fails);
                // The last one that was born: those before it have failed.
                let child = children.into_iter().max_by_key(|child| child.get_id().pid()).expect("it lives");
                // As ractor tells of a handler that panicked.
                child.notify_supervisor(SupervisionEvent::ActorFailed(child.clone(), "planted".into()));
                if failures < 3 {
                    let mut status = ledger.watch_status();
                    let restarts = |status: &Status| status.restarts.values().sum::<u64>();
                    status.wait_for(|status| restarts(status) >= failures).await.expect("it is replaced");
                }
            }
            let failure = ledger.ended().await.expect_err("too many faults");
            assert_eq!(failure.kind, FailureKind::Internal);
            assert_eq!(holder(), None, "{it_is_the_store_that_fails}");
        }
    }
}
