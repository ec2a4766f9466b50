//! A real daemon of a test's own, a ledger of its containers, and what both say.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::model::{ContainerId, ContainerState};
use dockledger::store::{NewParent, OpenMode, RowFilter, Store};
use dockledger::{Ledger, LedgerHandle, Mode};
use serde_json::{Value, json};

use super::watch::MissingWatch;
use crate::support::database::TestDatabase;
use crate::support::dockerd::Dockerd;
use crate::support::engine::{Engine, PLAIN_IMAGE};
use crate::support::podman::Podman;
use crate::support::skip::skip;

/// The rounds of each fault that were asked for; `None` for the few of an ordinary run.
pub(super) fn rounds_asked_for() -> Option<usize> {
    std::env::var("DOCKLEDGER_REAL_ROUNDS").ok()?.parse().ok()
}

#[expect(clippy::print_stderr, reason = "a round's figures are told where the tests' own words are")]
pub(super) fn tell(line: &str) {
    eprintln!("{line}");
}

/// Name and state of each container.
pub(super) type Containers = BTreeMap<ContainerId, (String, ContainerState)>;

/// A daemon whose containers all belong to the stack `shop`, and an SQLite ledger.
pub(super) struct RealCase<D = Dockerd> {
    pub(super) daemon: Arc<D>,
    pub(super) config: Config,
    database: TestDatabase,
}

impl RealCase {
    /// `None`, said aloud, where there can be no daemon. Deadlines are short, so that a hang is noticed soon.
    pub(super) fn start(test: &str) -> Option<Self> {
        Self::impatient(test, Dockerd::start())
    }

    /// One that also listens for TLS, in its own network.
    pub(super) fn start_with_tls(test: &str) -> Option<Self> {
        Self::impatient(test, Dockerd::start_with_tls())
    }

    fn impatient(test: &str, daemon: Result<Dockerd, String>) -> Option<Self> {
        let mut case = Self::beside(test, daemon)?;
        case.config.list_deadline = Duration::from_millis(500);
        case.config.inspect_deadline = Duration::from_millis(300);
        Some(case)
    }
}

impl RealCase<Podman> {
    /// `None`, said aloud, where there can be no Podman. The deadlines are as shipped but for that of inspects: to say who
    /// it is, Podman runs some programs, 300 ms on a quiet machine.
    pub(super) fn start_podman(test: &str) -> Option<Self> {
        let mut case = Self::beside(test, Podman::start())?;
        case.config.inspect_deadline = case.config.list_deadline;
        Some(case)
    }
}

impl<D: Deref<Target = Engine>> RealCase<D> {
    fn beside(test: &str, daemon: Result<D, String>) -> Option<Self> {
        let daemon = match daemon {
            Ok(daemon) => Arc::new(daemon),
            Err(why) => {
                skip(test, &why);
                return None;
            }
        };
        let database = TestDatabase::sqlite();
        let mut config = database.config.clone();
        config.docker_host = Some(daemon.docker_host());
        let case = Self { daemon, config, database };
        case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
        Some(case)
    }

    pub(super) fn store(&self) -> Store {
        Store::open(&self.config, OpenMode::Write).expect("the ledger opens")
    }

    pub(super) async fn spawn(&self) -> LedgerHandle {
        Ledger::spawn(self.config.clone(), Mode::Service, true).await.expect("the address makes sense")
    }

    /// Another process's ledger of the same daemon, empty, which looks only when it is asked.
    pub(super) async fn spawn_another(&self, database: &TestDatabase) -> LedgerHandle {
        let config = Config { database: database.config.database.clone(), ..self.config.clone() };
        Ledger::spawn(config, Mode::Once { details_limit: 0 }, true).await.expect("the address makes sense")
    }

    /// A container that is not started. It ends at once when it is stopped, and whatever else `more` says of it.
    pub(super) fn create(&self, name: &str, command: &[&str], more: &Value) -> ContainerId {
        let mut body = json!({
            "Image": PLAIN_IMAGE, "Cmd": command, "StopSignal": "SIGKILL",
            "HostConfig": { "NetworkMode": "none", "CgroupParent": self.daemon.cgroup_parent() },
            "Labels": {
                "com.docker.compose.project": "shop", "com.docker.compose.service": name,
                "com.docker.compose.container-number": "1", "com.docker.compose.config-hash": "f00d",
            },
        });
        merge(&mut body, more);
        let made = self.daemon.post(&format!("/containers/create?name={name}"), &body);
        ContainerId::new(made.body["Id"].as_str().unwrap_or_else(|| panic!("{name}: {made:?}")))
    }

    /// One that runs until it is stopped.
    pub(super) fn run(&self, name: &str) -> ContainerId {
        let id = self.create(name, &["sleep", "36000"], &Value::Null);
        self.order(&id, "start");
        id
    }

    /// `start`, `stop` and so on.
    pub(super) fn order(&self, id: &ContainerId, action: &str) {
        let reply = self.daemon.order(&format!("/containers/{id}/{action}"));
        assert!(matches!(reply.status, 204 | 304), "{action}: {reply:?}");
    }

    /// What the daemon has, stopped ones too.
    pub(super) fn has(&self) -> Containers {
        listed(&self.daemon.get("/containers/json?all=1").body)
    }

    /// What the ledger has, as readers see it, without the missing ones.
    pub(super) fn says(&self) -> Containers {
        let mut store = Store::open(&self.config, OpenMode::Read).expect("the ledger opens");
        let rows = store.rows(&RowFilter::default()).expect("the ledger can be read");
        rows.into_iter()
            .filter(|row| row.observed.state != ContainerState::Missing)
            .filter_map(|row| Some((row.binding.container_id?, (row.observed.name.into(), row.observed.state))))
            .collect()
    }

    /// Follows the ledger until it equals the daemon.
    pub(super) async fn until_equal(&self, bound: Duration) {
        let begun = tokio::time::Instant::now();
        loop {
            let (has, says) = (self.has(), self.says());
            if has == says {
                return;
            }
            assert!(begun.elapsed() < bound, "not equal within {bound:?}: the daemon {has:?}, the ledger {says:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Looks at the ledger all the while for a row that is missing without reason.
    pub(super) fn watch(&self) -> MissingWatch {
        MissingWatch::begin(&self.config)
    }

    /// The containers whose rows ever went missing, as the history tells.
    pub(super) fn ever_missing(&self) -> Vec<String> {
        self.database.lines(&["container_id"], "FROM changes WHERE to_state = 'missing'")
    }
}

fn listed(body: &Value) -> Containers {
    let text = |value: &Value| value.as_str().expect("the daemon's own list").to_owned();
    let containers = body.as_array().expect("a list");
    containers
        .iter()
        .map(|container| {
            let name = text(&container["Names"][0]).trim_start_matches('/').to_owned();
            let state = ContainerState::from_daemon(&text(&container["State"]));
            (ContainerId::new(text(&container["Id"])), (name, state))
        })
        .collect()
}

/// Writes `more` over it, key by key; what is null in `more` stays.
pub(super) fn merge(into: &mut Value, more: &Value) {
    if let (Value::Object(into), Value::Object(more)) = (&mut *into, more) {
        for (key, value) in more {
            merge(into.entry(key.clone()).or_insert(Value::Null), value);
        }
    } else if !more.is_null() {
        *into = more.clone();
    }
}
