//! All that a ledger needs to know.

use std::path::PathBuf;
use std::time::Duration;

use super::flapping::Flapping;
use super::http::{ActionsConfig, ClaimsConfig, HttpConfig};
use super::ignore::IgnoreEntry;
use super::labels::{ImageLabels, LabelNames};
use super::notify::NotifyConfig;
use super::retention::Retention;
use crate::model::HostName;

/// What a ledger needs to know. [`Config::new`] gives the defaults.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// The name under which this process writes.
    pub host: HostName,
    /// `sqlite:PATH`, a plain path, or `postgres://…`; shown without its password.
    pub database: String,
    /// The schema on PostgreSQL that holds all of the ledger.
    pub database_schema: String,
    /// The daemon's address; `None` follows `DOCKER_HOST`, the Docker context and the usual sockets.
    pub docker_host: Option<String>,
    /// The directory of `ca.pem`, `cert.pem` and `key.pem`: a daemon over TCP is then spoken to over TLS.
    pub docker_cert_path: Option<PathBuf>,
    /// The configuration that `ssh` reads in place of its usual ones, for a daemon by way of it.
    pub docker_ssh_config: Option<PathBuf>,
    /// Between two ticks. 30 s: a whole list costs the daemon up to 0.4 s of processor time.
    pub interval: Duration,
    /// Over connecting, head, body and decoding of one list. 10 s: ten times the slowest list measured on a busy host.
    pub list_deadline: Duration,
    /// Over one inspect. 2 s: an inspect hangs only when its container does.
    pub inspect_deadline: Duration,
    /// Over the question who the daemon is (`/info`), which is asked beside the list. 15 s: it takes seconds on Podman and on
    /// a busy host, and nothing waits for it unless there is a doubt.
    pub identity_deadline: Duration,
    /// Over one transaction. 5 s: longer than SQLite waits for another writer.
    pub store_deadline: Duration,
    /// Between the begins of two passes that were not asked for by a tick. 50 ms: a burst becomes one pass.
    pub coalesce: Duration,
    /// A burst of events over more containers than this is one pass over the whole host. 32: what one `compose up`
    /// names, and short enough for the query of a list.
    pub scope_limit: u32,
    /// The labels that claim an owner.
    pub labels: LabelNames,
    /// Whether a claim by label counts whose image cannot be read.
    pub image_labels: ImageLabels,
    /// Narrows which compose projects are looked at; empty for all.
    pub compose_prefix: String,
    /// Whether a new compose project becomes a stack in the pass that meets it.
    pub auto_adopt: bool,
    /// Containers that are none of our business.
    pub ignore: Vec<IgnoreEntry>,
    /// How long things are kept.
    pub retention: Retention,
    /// Restarts for faults of our own before the supervisor gives up: more than this many …
    pub restart_intensity: u32,
    /// … within this time.
    pub restart_window: Duration,
    /// From how many starts on a container counts as flapping.
    pub flapping: Flapping,
    /// How `run` serves the ledger.
    pub http: HttpConfig,
    /// Who is told what happens.
    pub notify: NotifyConfig,
    /// Whether it acts on containers.
    pub actions: ActionsConfig,
    /// What a deployer may claim.
    pub claims: ClaimsConfig,
}

impl Config {
    /// The defaults, for one database.
    #[must_use]
    pub fn new(database: impl Into<String>) -> Self {
        Self {
            host: HostName::new("local"),
            database: database.into(),
            database_schema: "dockledger".into(),
            docker_host: None,
            docker_cert_path: None,
            docker_ssh_config: None,
            interval: Duration::from_secs(30),
            list_deadline: Duration::from_secs(10),
            inspect_deadline: Duration::from_secs(2),
            identity_deadline: Duration::from_secs(15),
            store_deadline: Duration::from_secs(5),
            coalesce: Duration::from_millis(50),
            scope_limit: 32,
            labels: LabelNames::default(),
            image_labels: ImageLabels::default(),
            compose_prefix: String::new(),
            auto_adopt: false,
            ignore: Vec::new(),
            retention: Retention::default(),
            restart_intensity: 5,
            restart_window: Duration::from_secs(30),
            flapping: Flapping::default(),
            http: HttpConfig::default(),
            notify: NotifyConfig::default(),
            actions: ActionsConfig::default(),
            claims: ClaimsConfig::default(),
        }
    }

    /// The bound of one whole pass: four lists, so that three tries and a degraded look fit.
    #[must_use]
    pub fn pass_bound(&self) -> Duration {
        self.list_deadline * 4
    }

    /// The deadline of one call of a pass to the store: `store_deadline`, and at most half of the pass's bound. A pass that
    /// is given up takes its deadlines along; one longer than that would never be over, and a store that hangs would
    /// never be replaced.
    #[must_use]
    pub fn store_call_deadline(&self) -> Duration {
        self.store_deadline.min(self.pass_bound() / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_hangs_is_replaced_before_the_pass_is_given_up() {
        let mut config = Config::new("unused");
        assert_eq!(config.store_call_deadline(), config.store_deadline, "as shipped");
        config.list_deadline = Duration::from_secs(1);
        assert!(config.store_call_deadline() < config.pass_bound());
    }
}
