//! Every key of the configuration: its unit, its default and the reason for it.
//!
//! Comes in: values that [`crate::cli`] has read from the file, the environment and the flags, or that an embedding
//! application sets itself. Goes out: one [`Config`], checked by [`Config::check`]. Never: a file, an environment
//! variable.

mod address;
mod base_path;
mod check;
mod database;
mod debug;
mod duration;
mod notify;
#[cfg(feature = "http")]
mod of_a_pass;
mod postgres_parameters;
mod range;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use address::passwords_in;
pub use address::without_password;
#[cfg(feature = "cli")]
pub(crate) use base_path::ALLOWED as ALLOWED_BASE_PATHS;
pub use base_path::BasePath;
pub use check::{ConfigError, clamp_interval};
pub(crate) use database::{DatabaseAddress, database_without_password};
pub use duration::{DurationError, duration_text, parse_duration};

pub use notify::{NotifyConfig, ReceiverUrl};
pub use range::AddressRange;

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

/// The names of the labels that claim an owner, configurable as a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelNames {
    /// Names the workload.
    pub workload_id: String,
    /// Repeats its kind.
    pub workload_kind: String,
    /// The role within it.
    pub workload_role: String,
    /// Names a static site.
    pub static_site: String,
}

impl Default for LabelNames {
    fn default() -> Self {
        Self {
            workload_id: "tinyforge.workload.id".into(),
            workload_kind: "tinyforge.workload.kind".into(),
            workload_role: "tinyforge.workload.role".into(),
            static_site: "tinyforge.static-site".into(),
        }
    }
}

/// Whether a claim by label is checked against the labels of the container's image, which its author may have baked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageLabels {
    /// Where the image can be read; where it cannot, the claim counts, with a standing warning. The default: socket proxies
    /// deny images unless they are told otherwise, and rows without the check are worth more than none.
    #[default]
    WhenReadable,
    /// Always: without its image a container gets no row by a label.
    Required,
    /// Never: no image is asked for.
    Off,
}

impl ImageLabels {
    /// Every one of them.
    pub const ALL: &[Self] = &[Self::WhenReadable, Self::Required, Self::Off];

    /// The word in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhenReadable => "when_readable",
            Self::Required => "required",
            Self::Off => "off",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == word)
    }
}

/// One entry of the ignore list: `name:TEXT`, `image:TEXT`, `label:KEY` or `label:KEY=VALUE`. A `*` at the end of TEXT
/// stands for any ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoreEntry {
    /// The container's name.
    Name(String),
    /// The image as it was named at creation.
    Image(String),
    /// A label, with its value if one is given.
    Label(String, Option<String>),
}

impl IgnoreEntry {
    /// Reads `name:TEXT`, `image:TEXT`, `label:KEY` or `label:KEY=VALUE`; anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (what, pattern) = text.split_once(':')?;
        if pattern.is_empty() || pattern.starts_with('=') {
            return None;
        }
        match what {
            "name" => Some(Self::Name(pattern.into())),
            "image" => Some(Self::Image(pattern.into())),
            "label" => Some(match pattern.split_once('=') {
                Some((key, value)) => Self::Label(key.into(), Some(value.into())),
                None => Self::Label(pattern.into(), None),
            }),
            _ => None,
        }
    }
}

impl fmt::Display for IgnoreEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(text) => write!(f, "name:{text}"),
            Self::Image(text) => write!(f, "image:{text}"),
            Self::Label(key, None) => write!(f, "label:{key}"),
            Self::Label(key, Some(value)) => write!(f, "label:{key}={value}"),
        }
    }
}

/// When a container flaps: more than `starts` starts within `window`. 3 in 5 min: a restart policy that backs off
/// reaches that in its first minute, a person who restarts a container by hand does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flapping {
    /// More starts than this …
    pub starts: u32,
    /// … within this time.
    pub window: Duration,
}

impl Default for Flapping {
    fn default() -> Self {
        Self { starts: 3, window: Duration::from_secs(5 * 60) }
    }
}

/// How `run` serves the ledger over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address. Without tokens loopback may read and nothing else: every local user, and every container on the host's
    /// network, reaches it.
    pub listen: SocketAddr,
    /// The path below which a proxy shows the service; it is served without the path, too.
    pub base_path: BasePath,
    /// Names in the `Host` header that are ours, beside the address itself and `localhost`: those of a proxy.
    pub allowed_hosts: Vec<String>,
    /// The socket by which the commands beside a running service hand their work to it; only its own user can open it.
    /// `None` for none: [`crate::cli`] chooses one for each ledger and host.
    pub control_socket: Option<PathBuf>,
    /// The file of tokens; with one, everybody needs a token but who comes by the control socket. Without, only loopback is
    /// served, and may only read.
    pub tokens: Option<PathBuf>,
    /// Requests a second from one address, four times as many at once; 0 for any number. Loopback is not counted: a
    /// proxy's clients all come from there. 100: a page with its parts, reloaded by hand as fast as one can.
    pub rate: u32,
    /// The certificate chain in PEM, for TLS.
    pub tls_certificate: Option<PathBuf>,
    /// Its private key in PEM.
    pub tls_key: Option<PathBuf>,
    /// How a person calls the program so that it means this ledger: what suggested commands begin with. No key: the program
    /// knows how it was called itself.
    pub command: String,
}

/// What may be done to containers over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionsConfig {
    /// Whether containers are started, stopped, restarted and removed at all.
    pub enabled: bool,
}

/// What a caller without the scope `admin` may claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsConfig {
    /// Whether also a container whose labels name no owner at all. Off: whoever holds a deployer's token could otherwise take
    /// whatever nobody has registered yet, and stop it.
    pub unlabelled: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7878)),
            base_path: BasePath::default(),
            allowed_hosts: Vec::new(),
            control_socket: None,
            tokens: None,
            rate: 100,
            tls_certificate: None,
            tls_key: None,
            command: "dockledger".into(),
        }
    }
}

/// How long things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// A missing row whose deployer columns are all empty.
    pub missing: Duration,
    /// Changes and the audit, each by age …
    pub changes: Duration,
    /// … and by count.
    pub changes_count: u64,
    /// Passes, by age …
    pub passes: Duration,
    /// … and by count.
    pub passes_count: u64,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { missing: 30 * DAY, changes: 30 * DAY, changes_count: 1_000_000, passes: 7 * DAY, passes_count: 20_000 }
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

    #[test]
    fn an_ignore_entry_reads_back_as_it_is_shown() {
        for text in ["name:db", "name:tmp-*", "image:busybox:1.36", "label:a.b", "label:a.b=c=d", "label:a.b="] {
            assert_eq!(IgnoreEntry::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_ignore_entry_is_refused() {
        for text in ["", "db", "name:", "label:", "label:=x", "container:x"] {
            assert_eq!(IgnoreEntry::parse(text), None, "{text}");
        }
    }
}
