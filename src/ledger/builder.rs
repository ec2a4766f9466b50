//! How a ledger is put together: its configuration, what it is spawned for, and what a host application gives in place of
//! the daemon, the database and the clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorRef};
use tokio::sync::watch;

use super::anchor::anchor;
use super::handle::{LedgerHandle, Mode, StartError};
use super::service::Service;
use crate::config::{Config, clamp_interval};
use crate::docker::{ContainerSource, Daemon, Refusals, SourceFactory, resolve_endpoint};
use crate::model::{BoxFuture, Clock, HostStatus, SystemClock};
use crate::runtime::Jitter;
use crate::store::{LeaseHolder, LeaseWord, Store, StoreFactory};
use crate::supervisor::{LedgerSupervisor, ServiceFactory, SupervisorArgs, SupervisorMessage};
use crate::telemetry::{Child, InFlight, LiveCounts, Status};

/// Puts a ledger together. Unless told otherwise it is a service that migrates, on the daemon and the database of the
/// configuration.
#[derive(Debug)]
pub struct LedgerBuilder {
    config: Config,
    mode: Mode,
    migrate: bool,
    source: Option<SourceFactory>,
    store: Option<StoreFactory>,
    clock: Arc<dyn Clock>,
    jitter: Jitter,
    services: Vec<Service>,
}

/// What the host's line calls a daemon that stands behind a given source.
const GIVEN_SOURCE: &str = "given by the host application";

impl LedgerBuilder {
    /// A service on the daemon and the database of a configuration.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            mode: Mode::Service,
            migrate: true,
            source: None,
            store: None,
            clock: Arc::new(SystemClock),
            jitter: Jitter::random(),
            services: Vec::new(),
        }
    }

    /// What it is spawned for.
    #[must_use]
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Whether it makes the database and brings its schema up by itself.
    #[must_use]
    pub const fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// What containers are listed, inspected and acted on through, in place of the daemon.
    #[must_use]
    pub fn source(mut self, source: SourceFactory) -> Self {
        self.source = Some(source);
        self
    }

    /// What the ledger is kept in, in place of the database.
    #[must_use]
    pub fn store(mut self, store: StoreFactory) -> Self {
        self.store = Some(store);
        self
    }

    /// The wall clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// What the waits follow from that are spread by chance, so that a test on a paused clock does the same each time.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.jitter = Jitter::seeded(seed);
        self
    }

    /// Attaches a service; of two with one name the later.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// Spawns a tree of its own.
    ///
    /// # Errors
    /// If a value of the configuration is impossible, the daemon's address makes no sense, or the client of the database is not
    /// built in.
    pub async fn spawn(mut self) -> Result<LedgerHandle, StartError> {
        self.config.check()?;
        self.config.interval = clamped(self.config.interval);
        let config = Arc::new(self.config);
        let (endpoint, sources) = match self.source {
            Some(sources) => (config.docker_host.clone().unwrap_or_else(|| GIVEN_SOURCE.into()), sources),
            None => daemon(&config)?,
        };
        let stores = match self.store {
            Some(stores) => stores,
            None => database(&config, self.migrate)?,
        };
        let (by_itself, details_limit) = match self.mode {
            Mode::Service => (true, 0),
            Mode::Once { details_limit } => (false, details_limit),
        };
        let (in_flight, live) = (InFlight::default(), LiveCounts::default());
        let stale_after = by_itself.then(|| HostStatus::stale_after(config.interval));
        let status = Status::new(self.clock.now(), stale_after, in_flight.clone(), live.clone());
        let (status_sender, status) = watch::channel(status);
        let (heartbeat_sender, heartbeat) = watch::channel(0);
        let (subscriptions, registry) = (Arc::default(), Arc::default());
        let handle = {
            let config = Arc::clone(&config);
            move |supervisor: ActorRef<SupervisorMessage>| LedgerHandle {
                config: Arc::clone(&config),
                cell: supervisor.get_cell(),
                supervisor,
                status: status.clone(),
                heartbeat: heartbeat.clone(),
                subscriptions: Arc::clone(&subscriptions),
                registry: Arc::clone(&registry),
            }
        };
        let factory = |service: Service| {
            let (name, handle) = (service.name, handle.clone());
            let start = move |supervisor: ActorRef<SupervisorMessage>| -> BoxFuture<'static, _> {
                let (service, ledger) = (service.clone(), handle(supervisor));
                Box::pin(async move { service.start(ledger).await })
            };
            (Child::Service(name), ServiceFactory::new(start))
        };
        let services = self.services.into_iter().map(factory).collect::<BTreeMap<_, _>>();
        let args = SupervisorArgs {
            config: config.clone(),
            endpoint,
            sources,
            stores,
            lease: LeaseWord::default(),
            services,
            clock: self.clock,
            jitter: self.jitter,
            by_itself,
            details_limit,
            status: status_sender,
            in_flight,
            live,
            heartbeat: heartbeat_sender,
        };
        let (supervisor, _) =
            Actor::spawn(None, LedgerSupervisor, args).await.map_err(|error| StartError::Spawn(error.to_string()))?;
        Ok(handle(supervisor))
    }

    /// Spawns the tree within that of a host application. The host's supervisor sees [`LedgerHandle::cell`] end when the
    /// ledger ends: in order after a stop, failed if it gave up. If that cell is stopped, or dies with its supervisor, the
    /// ledger ends in order: its call to the daemon is cancelled, its transaction ends, its callers are answered, its
    /// lease is released.
    ///
    /// # Errors
    /// As [`Self::spawn`], and if the host's supervisor is ending.
    pub async fn spawn_linked(self, supervisor: ActorCell) -> Result<LedgerHandle, StartError> {
        let mut ledger = self.spawn().await?;
        match anchor(ledger.clone(), supervisor).await {
            Ok(cell) => {
                ledger.cell = cell;
                Ok(ledger)
            }
            Err(error) => {
                ledger.stop().await;
                Err(StartError::Spawn(error.to_string()))
            }
        }
    }
}

/// The interval as it is used; people are told if it is another one.
fn clamped(asked: Duration) -> Duration {
    let (interval, warning) = clamp_interval(asked);
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    interval
}

/// The daemon of a configuration, and its address as it is shown.
fn daemon(config: &Arc<Config>) -> Result<(String, SourceFactory), StartError> {
    let endpoint = resolve_endpoint(config)?;
    let shown = endpoint.to_string();
    let config = Arc::clone(config);
    let refusals = Refusals::default();
    let noted = refusals.clone();
    let make =
        move || -> Arc<dyn ContainerSource> { Arc::new(Daemon::noting(endpoint.clone(), &config, noted.clone())) };
    Ok((shown, SourceFactory::noting(refusals, make)))
}

/// The database of a configuration. Whether it is there is not asked yet.
fn database(config: &Arc<Config>, migrate: bool) -> Result<StoreFactory, StartError> {
    Store::require_built_in(config)?;
    Ok(StoreFactory::threaded(Arc::clone(config), LeaseHolder::of_this_process(), migrate))
}
