//! Our pass, through the whole tree of actors, as `run` makes it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use dockledger::config::Config;
use dockledger::simulation::SimulatedDaemon;
use dockledger::store::{NewParent, OpenMode, Store};
use dockledger::{Ledger, LedgerHandle, Mode};
use tempfile::TempDir;

use crate::disk::{self, WalGrowth};

/// A ledger of its own in a directory of its own.
pub(crate) struct Ours {
    handle: LedgerHandle,
    database: PathBuf,
    _directory: TempDir,
}

impl Ours {
    pub(crate) async fn new(daemon: &SimulatedDaemon, stacks: &[String]) -> Self {
        let (directory, config) = prepared(daemon, stacks);
        let database = directory.path().join("ledger.db");
        let handle = Ledger::spawn(config, Mode::Once { details_limit: 0 }, true).await.expect("a ledger");
        Self { handle, database, _directory: directory }
    }

    /// One pass, which must have inserted and left unchanged just as many: a benchmark of a wrong pass is none.
    pub(crate) async fn pass(&self, inserted: usize, unchanged: usize) -> Duration {
        let begin = Instant::now();
        let report = self.handle.reconcile().await;
        let duration = begin.elapsed();
        assert_eq!(report.error, None);
        assert_eq!((report.inserted, report.unchanged), (inserted, unchanged), "{report:?}");
        duration
    }

    pub(crate) fn wal(&self) -> WalGrowth {
        disk::wal_of(&self.database)
    }

    pub(crate) async fn stop(self) {
        self.handle.stop().await;
    }
}

/// What one pass by tick adds to the log once everything is known.
pub(crate) async fn wal_of_one_tick(daemon: &SimulatedDaemon, stacks: &[String]) -> WalGrowth {
    let (directory, mut config) = prepared(daemon, stacks);
    let database = directory.path().join("ledger.db");
    config.interval = Duration::from_millis(20);
    let handle = Ledger::spawn(config, Mode::Service, true).await.expect("a ledger");
    let mut status = handle.watch_status();
    // Until two passes by tick in a row changed nothing: then the details are paid, too.
    let mut quiet = 0;
    let mut ticks = Vec::new();
    while ticks.len() < 11 {
        let before = disk::wal_of(&database);
        status.changed().await.expect("the ledger lives");
        let Some(report) = status.borrow_and_update().last_report.clone() else { continue };
        let after = disk::wal_of(&database);
        let is_quiet = report.inserted + report.updated == 0 && after.commits == before.commits + 1;
        quiet = if is_quiet { quiet + 1 } else { 0 };
        if quiet > 2 {
            ticks.push(WalGrowth { bytes: after.bytes - before.bytes, commits: after.commits - before.commits });
        }
    }
    handle.stop().await;
    ticks.sort_unstable_by_key(|growth| growth.bytes);
    ticks[ticks.len() / 2]
}

/// The owners that the simulated containers name are registered, and nothing else is in the ledger.
pub(crate) fn prepared(daemon: &SimulatedDaemon, stacks: &[String]) -> (TempDir, Config) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
    config.docker_host = Some(daemon.docker_host());
    let mut store = Store::open(&config, OpenMode::Write).expect("a fresh database");
    for project in stacks {
        store.add_stack(&NewParent::named(project), None).expect("a fresh stack");
    }
    (directory, config)
}
