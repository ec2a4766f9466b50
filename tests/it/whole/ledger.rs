//! A ledger of a test's own: a simulated daemon, a database in a directory of its own, and the tree or the built program.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use dockledger::config::Config;
use dockledger::model::{PassReport, StoredRow, Timestamp};
use dockledger::simulation::{NewContainer, SimulatedDaemon, World};
use dockledger::store::{NewParent, OpenMode, RowFilter, Store};
use dockledger::{Ledger, LedgerHandle, Mode};
use serde_json::Value;
use tempfile::TempDir;

/// The moment that simulated worlds begin at.
pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// One daemon and one database.
pub(crate) struct Case {
    pub(crate) daemon: SimulatedDaemon,
    pub(crate) config: Config,
    pub(crate) directory: TempDir,
}

impl Case {
    /// A daemon with an empty world and an empty SQLite ledger.
    pub(crate) fn new() -> Self {
        Self::with_world(World::new(1, BEGIN))
    }

    pub(crate) fn with_world(world: World) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let daemon = SimulatedDaemon::start(world).expect("a simulated daemon");
        let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
        config.docker_host = Some(daemon.docker_host());
        Self { daemon, config, directory }
    }

    /// A stack `shop` with `count` running services, `c0` and so on, and one pass over them.
    pub(crate) async fn with_shop(count: usize) -> Self {
        let case = Self::new();
        case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
        for n in 0..count {
            let container = NewContainer::new(format!("c{n}"), "busybox").compose("shop", &format!("s{n}"), 1);
            case.daemon.with(|world| world.run(container)).expect("a fresh name");
        }
        let report = case.once().await;
        assert_eq!((report.error.as_ref(), report.inserted), (None, count));
        case
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.config, OpenMode::Write).expect("the ledger opens")
    }

    pub(crate) fn rows(&self) -> Vec<StoredRow> {
        self.store().rows(&RowFilter::default()).expect("the ledger can be read")
    }

    /// Id and state of every row.
    pub(crate) fn states(&self) -> Vec<(String, String)> {
        self.rows().iter().map(|row| (row.id.to_string(), row.observed.state.to_string())).collect()
    }

    pub(crate) async fn spawn(&self, mode: Mode) -> LedgerHandle {
        Ledger::spawn(self.config.clone(), mode, true).await.expect("the address makes sense")
    }

    /// One pass, as `once` runs it.
    pub(crate) async fn once(&self) -> PassReport {
        let ledger = self.spawn(Mode::Once { details_limit: 64 }).await;
        let report = ledger.reconcile().await;
        ledger.settle_details().await;
        ledger.stop().await;
        report
    }

    /// Runs the built program on this ledger.
    pub(crate) fn program(&self, arguments: &[&str]) -> Ran {
        program_on(&self.config.database, self.config.docker_host.as_deref().unwrap_or_default(), arguments)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// Runs the built program on that ledger and that daemon, with nothing else from the surroundings.
pub(crate) fn program_on(database: &str, docker_host: &str, arguments: &[&str]) -> Ran {
    Ran::new(
        Command::new(env!("CARGO_BIN_EXE_dockledger"))
            .env_clear()
            .args(["--database", database, "--docker-host", docker_host])
            .args(arguments),
    )
}

/// What the program printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn new(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("the program is built");
        Self {
            code: status.code().expect("it was not killed"),
            stdout: String::from_utf8(stdout).expect("UTF-8"),
            stderr: String::from_utf8(stderr).expect("UTF-8"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON document ({error}): {:?} / {}", self.stdout, self.stderr))
    }
}

/// Waits until the condition holds, looking again whenever the ledger says something, for at most `bound`.
pub(crate) async fn until(ledger: &LedgerHandle, bound: Duration, what: &str, holds: impl Fn() -> bool) {
    let mut status = ledger.watch_status();
    let waiting = async {
        while !holds() {
            status.changed().await.expect("the ledger lives");
        }
    };
    tokio::time::timeout(bound, waiting).await.unwrap_or_else(|_| panic!("not within {bound:?}: {what}"));
}
