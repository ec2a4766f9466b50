//! One engine, a compose project on it, and a ledger that follows by events alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::model::Trigger;
use dockledger::store::{NewParent, OpenMode, RowFilter, Store};
use dockledger::{Ledger, LedgerHandle, Mode};
use serde_json::Value;
use tokio::time::Instant;

use super::truth::{self, Listed};
use crate::real::case::tell;
use crate::real::recovery::complete_pass;
use crate::support::database::TestDatabase;
use crate::support::unpacked::{PROJECT, Release, Unpacked};
use crate::whole::ledger::until;

/// After a step its rows are true within this time.
const BOUND: Duration = Duration::from_secs(3);

/// The longest that there is: no case lasts as long, so that no tick helps the ledger.
const INTERVAL: Duration = Duration::from_secs(300);

/// Until the engine itself says something, such as that a container is healthy.
const ENGINE_BOUND: Duration = Duration::from_secs(60);

pub(super) struct EngineCase {
    pub(super) engine: Unpacked,
    pub(super) ledger: LedgerHandle,
    config: Config,
    database: TestDatabase,
    workload: String,
    /// Whether a container may run on since later than its start.
    pub(super) unpaused: bool,
    /// Passes that were no event's and that the case brought about.
    expected: BTreeSet<Trigger>,
}

impl EngineCase {
    /// `None`, said aloud, where the engine is not there. The ledger has had its first pass, over nothing, and its stream is
    /// open.
    pub(super) async fn start(test: &str, release: Release) -> Option<Self> {
        Self::follow(Unpacked::start(test, release)?).await
    }

    pub(super) async fn follow(engine: Unpacked) -> Option<Self> {
        let database = TestDatabase::sqlite();
        let mut config = database.config.clone();
        config.docker_host = Some(engine.docker_host());
        config.interval = INTERVAL;
        let mut store = Store::open(&config, OpenMode::Write).expect("the ledger opens");
        let stack = store.add_stack(&NewParent::named(PROJECT), None).expect("a fresh stack");
        let workload = stack.workload_id.to_string();
        let ledger = Ledger::spawn(config.clone(), Mode::Service, true).await.expect("the address makes sense");
        complete_pass(&ledger, None).await;
        let status = ledger.watch_status();
        let is_open = || status.borrow().stream.as_ref().is_some_and(|stream| stream.is_open);
        until(&ledger, ENGINE_BOUND, "the stream is open", is_open).await;
        tell(&format!("{} is {}", engine.release.name, engine.version()));
        let expected = BTreeSet::from([Trigger::Boot, Trigger::Event, Trigger::Moved]);
        Some(Self { engine, ledger, config, database, workload, unpaused: false, expected })
    }

    /// Writes the project's compose file.
    pub(super) fn write_compose(&self, text: &str) {
        fs::write(self.engine.project().join("compose.yaml"), text).expect("the directory is ours");
    }

    /// Writes another file of the project.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path: PathBuf = self.engine.project().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the directory is ours");
        fs::write(path, text).expect("the directory is ours");
    }

    /// A step of compose, and what it leaves.
    pub(super) async fn compose(&self, arguments: &[&str]) -> Vec<Listed> {
        self.engine.compose(arguments);
        self.until_true(&format!("compose {}", arguments.join(" "))).await
    }

    /// A step of the engine's own command line, and what it leaves.
    pub(super) async fn command(&self, arguments: &[&str]) -> Vec<Listed> {
        self.engine.command(arguments);
        self.until_true(&arguments.join(" ")).await
    }

    /// Follows the ledger until its rows are what the contract makes of the engine's own words.
    pub(super) async fn until_true(&self, step: &str) -> Vec<Listed> {
        let begun = Instant::now();
        loop {
            let looked = begun.elapsed();
            let containers = truth::ask(&self.engine);
            let rows = self.rows();
            let wrong = containers.as_ref().map_or_else(
                || vec!["the engine's containers change".to_owned()],
                |containers| truth::differences(containers, &rows, &self.workload, self.unpaused),
            );
            if let (true, Some(containers)) = (wrong.is_empty(), containers) {
                tell(&format!(
                    "{}: {step}: true after {:.0} ms",
                    self.engine.release.name,
                    looked.as_secs_f64() * 1000.0
                ));
                return containers;
            }
            assert!(
                looked < BOUND,
                "{}: {step}: not true within {BOUND:?}:\n{}",
                self.engine.release.name,
                wrong.join("\n")
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the engine says so.
    pub(super) async fn until_engine(&self, what: &str, says: impl Fn(&[Listed]) -> bool) {
        let begun = Instant::now();
        while !truth::ask(&self.engine).is_some_and(|containers| says(&containers)) {
            assert!(begun.elapsed() < ENGINE_BOUND, "{}: {what} takes too long", self.engine.release.name);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The rows as readers get them.
    pub(super) fn rows(&self) -> Vec<Value> {
        let mut store = Store::open(&self.config, OpenMode::Read).expect("the ledger opens");
        let rows = store.rows(&RowFilter::default()).expect("the ledger can be read");
        rows.into_iter().map(|row| serde_json::to_value(row).expect("it is printed as JSON")).collect()
    }

    /// The ids of the rows that ever went missing.
    pub(super) fn ever_missing(&self) -> Vec<String> {
        self.database.lines(&["row_id"], "FROM changes WHERE to_state = 'missing'")
    }

    /// All that the history tells, a line a change, for whoever has to see why.
    pub(super) fn history(&self) -> String {
        let columns = ["at", "row_id", "container_id", "from_state", "to_state", "cause", "pass_id", "differences"];
        self.database.lines(&columns, "FROM changes ORDER BY revision").join("\n")
    }

    /// The case brings it about that a pass of this kind runs.
    pub(super) fn expect(&mut self, trigger: Trigger) {
        self.expected.insert(trigger);
    }

    /// No pass ran that was not an event's, and a whole pass finds nothing that the events had not told.
    pub(super) async fn ends(self) {
        let ran = self.database.lines(&["\"trigger\""], "FROM passes");
        let unchanged = self.database.line(&["unchanged_passes"], "FROM hosts");
        let expected: Vec<&str> = self.expected.iter().map(|trigger| trigger.as_str()).collect();
        assert!(ran.iter().all(|trigger| expected.contains(&trigger.as_str())), "passes by {ran:?}");
        assert_eq!(unchanged, "0", "passes by ticks");
        self.ledger.settle_details().await;
        let report = self.ledger.reconcile().await;
        let changed = (report.inserted, report.updated, report.missing, report.returned, report.rebound);
        assert_eq!((report.error, changed), (None, (0, 0, 0, 0, 0)), "a whole pass finds nothing more");
        self.ledger.stop().await;
    }
}
