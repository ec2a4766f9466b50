//! One host, one ledger, and the moments at which both say the same.

use std::ops::Range;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use dockledger::config::Config;
use dockledger::store::{NewParent, OpenMode, Store};
use dockledger::{Ledger, LedgerHandle, Mode};
use serde_json::json;
use tempfile::TempDir;

use crate::dockerd::{Dockerd, PLAIN_IMAGE};
use crate::stream::{self, Told};

/// A change that never reaches the ledger ends the measurement.
const BOUND: Duration = Duration::from_secs(60);

/// Between two looks at the row.
const BETWEEN_LOOKS: Duration = Duration::from_micros(200);

/// From the moment at which a change is seen to the next one.
const BETWEEN_CHANGES: Duration = Duration::from_millis(250);

/// What is done to the container, in turn with its contrary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// `start` and `stop` in turn. The daemon tells each once its own list shows it.
    Ordered,
    /// `kill`, after a start that is not counted. The daemon tells `die` before its own list shows it.
    Killed,
}

/// One change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latency {
    /// From the event's own time to our end of a stream.
    pub(crate) delivery: Duration,
    /// … to the daemon's own list showing it, which is looked at each 4 ms; 0 where the list was earlier.
    pub(crate) listed: Duration,
    /// … to a reader seeing the committed row.
    pub(crate) seen: Duration,
}

impl Latency {
    /// What the ledger adds to the daemon: nothing can be seen in a list that does not show it yet.
    pub(crate) fn beyond_the_list(&self) -> Duration {
        self.seen.saturating_sub(self.listed)
    }
}

/// A ledger that follows a daemon, a reader of its database, and an own end of the event stream.
pub(crate) struct Host {
    ledger: LedgerHandle,
    reader: SqliteConnection,
    told: Receiver<Told>,
    _directory: TempDir,
}

#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = Text)]
    state: String,
}

/// Makes containers that are never started.
pub(crate) fn make(daemon: &Dockerd, numbers: Range<usize>) {
    numbers.for_each(|n| create(daemon, &format!("other-{n}")));
}

/// Makes a container of the stack.
pub(crate) fn create(daemon: &Dockerd, name: &str) {
    let body = json!({
        "Image": PLAIN_IMAGE, "Cmd": ["sleep", "36000"], "StopSignal": "SIGKILL",
        "HostConfig": { "NetworkMode": "none" },
        "Labels": {
            "com.docker.compose.project": "shop", "com.docker.compose.service": name,
            "com.docker.compose.container-number": "1", "com.docker.compose.config-hash": "f00d",
        },
    });
    let made = daemon.post(&format!("/containers/create?name={name}"), &body);
    assert_eq!(made.status, 201, "{made:?}");
}

impl Host {
    pub(crate) async fn new(daemon: &Dockerd, others: usize) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = directory.path().join("ledger.db").display().to_string();
        let mut config = Config::new(&*database);
        config.docker_host = Some(daemon.docker_host());
        let mut store = Store::open(&config, OpenMode::Write).expect("a fresh database");
        store.add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
        let ledger = Ledger::spawn(config, Mode::Service, true).await.expect("a ledger");
        let report = ledger.reconcile().await;
        assert_eq!((report.error.as_ref(), report.listed), (None, others + 1));
        ledger.settle_details().await;
        let mut reader = SqliteConnection::establish(&database).expect("the ledger");
        reader.batch_execute("PRAGMA busy_timeout = 2000").expect("a setting");
        Self { ledger, reader, told: stream::follow(&daemon.socket()), _directory: directory }
    }

    pub(crate) fn measure(&mut self, daemon: &Dockerd, change: Change, changes: usize) -> Vec<Latency> {
        // Not counted: the look at the whole host that follows the opening of the stream comes in between.
        for (order, state) in [("start", "running"), ("stop", "stopped")] {
            self.done(daemon, order, state);
        }
        (0..changes)
            .map(|n| match change {
                Change::Ordered if n % 2 == 0 => self.one(daemon, "start", "start", "running"),
                Change::Ordered => self.one(daemon, "stop", "stop", "stopped"),
                Change::Killed => {
                    self.done(daemon, "start", "running");
                    self.one(daemon, "kill", "die", "stopped")
                }
            })
            .collect()
    }

    /// Brings the subject into a state, seen by the ledger.
    fn done(&mut self, daemon: &Dockerd, order: &str, state: &str) {
        let reply = daemon.order(&format!("/containers/subject/{order}"));
        assert!(matches!(reply.status, 204 | 304), "{order}: {reply:?}");
        if reply.status == 204 {
            self.until_seen(state);
        }
    }

    fn one(&mut self, daemon: &Dockerd, order: &str, action: &str, state: &str) -> Latency {
        std::thread::sleep(BETWEEN_CHANGES);
        while self.told.try_recv().is_ok() {}
        std::thread::scope(|scope| {
            scope.spawn(|| daemon.order(&format!("/containers/subject/{order}")));
            let listing = scope.spawn(|| until_listed(daemon, if state == "running" { "running" } else { "exited" }));
            self.until_seen(state);
            let seen = stream::since_1970();
            let told = loop {
                let told = self.told.recv_timeout(BOUND).expect("the daemon tells it");
                if told.action == action {
                    break told;
                }
            };
            let listed = listing.join().expect("the daemon answers");
            Latency {
                delivery: told.delivery,
                listed: listed.saturating_sub(told.at),
                seen: seen.saturating_sub(told.at),
            }
        })
    }

    fn until_seen(&mut self, state: &str) {
        let begun = Instant::now();
        let query =
            "SELECT state FROM containers WHERE host = 'local' AND name = 'subject' AND container_id IS NOT NULL";
        loop {
            let row: QueryResult<State> = diesel::sql_query(query).get_result(&mut self.reader);
            if row.expect("its row is there").state == state {
                return;
            }
            assert!(begun.elapsed() < BOUND, "{state} is not seen");
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    pub(crate) async fn stop(self) {
        self.ledger.stop().await;
    }
}

/// When the daemon's own list shows the subject in that state.
fn until_listed(daemon: &Dockerd, state: &str) -> Duration {
    loop {
        let reply = daemon.get("/containers/json?all=1&filters=%7B%22name%22:%5B%22subject%22%5D%7D");
        if reply.body[0]["State"] == state {
            return stream::since_1970();
        }
        // Not so often that the looking itself makes the daemon slow.
        std::thread::sleep(Duration::from_millis(4));
    }
}
