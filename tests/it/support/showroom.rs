//! A ledger as a busy machine has one: some two hundred containers of every kind and in every state, served over HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use dockledger::config::Config;
use dockledger::model::{ClaimRequest, HostName, Timestamp};
use dockledger::simulation::{Health, NewContainer, RestartPolicy, SimulatedDaemon, SimulatedState, World};
use dockledger::store::{NewParent, OpenMode, Store};
use dockledger::{HttpService, Ledger, LedgerBuilder, LedgerHandle, Mode};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::chromium::wait_for;

/// A service on a simulated daemon.
pub(crate) struct Showroom {
    pub(crate) daemon: SimulatedDaemon,
    pub(crate) config: Config,
    pub(crate) address: SocketAddr,
    ledger: LedgerHandle,
    runtime: Runtime,
    directory: TempDir,
}

/// Stacks with their services.
const STACKS: [(&str, &[&str]); 14] = [
    ("shop", &["web", "api", "worker", "postgres", "redis", "mail"]),
    ("blog", &["web", "mysql", "cache"]),
    ("wiki", &["app", "postgres", "search"]),
    ("metrics", &["prometheus", "grafana", "alertmanager", "node-exporter", "cadvisor", "loki"]),
    ("git", &["server", "runner-1", "runner-2", "postgres", "registry"]),
    ("mail", &["postfix", "dovecot", "rspamd", "webmail", "clamav"]),
    ("media", &["jellyfin", "sonarr", "radarr", "transmission", "bazarr"]),
    ("chat", &["synapse", "element", "postgres", "turn"]),
    ("files", &["nextcloud", "mariadb", "redis", "cron", "collabora"]),
    ("home", &["assistant", "mosquitto", "zigbee2mqtt", "influxdb"]),
    ("analytics", &["clickhouse", "plausible", "geoip"]),
    ("proxy", &["caddy", "crowdsec", "authelia"]),
    ("backup", &["restic", "minio", "scheduler"]),
    ("ci", &["queue", "builder-a", "builder-b", "builder-c", "artifacts", "ui"]),
];

/// Projects with their stages; each stage has five instances.
const PROJECTS: [(&str, &[&str]); 12] = [
    ("storefront", &["production", "staging", "preview"]),
    ("billing", &["production", "staging"]),
    ("accounts", &["production", "staging"]),
    ("catalogue", &["production", "staging"]),
    ("landing", &["production", "preview"]),
    ("reports", &["production"]),
    ("notifications", &["production", "staging"]),
    ("search-api", &["production", "staging"]),
    ("geocoder", &["production"]),
    ("thumbnails", &["production", "staging"]),
    ("webhooks", &["production", "staging"]),
    ("admin", &["production", "staging"]),
];

const SITES: [&str; 10] =
    ["docs", "handbook", "status", "careers", "press", "brand", "api-reference", "changelog", "events", "legal"];

impl Showroom {
    /// Nothing runs and nothing is registered.
    pub(crate) fn empty() -> Self {
        Self::serve(World::new(1, Timestamp::now()), |_, _| {})
    }

    /// Some two hundred containers of every kind and in every state, and a second host.
    pub(crate) fn furnished() -> Self {
        let mut world = World::new(7, Timestamp::now().minus(Duration::from_secs(623_000)));
        let claimed = furnish(&mut world).expect("names are taken once");
        let room = Self::serve(world, |config, store| register(config, store, &claimed));
        second_host(&room.config);
        room.daemon.with(|world| age(world).expect("they are there"));
        room.reconcile();
        room
    }

    /// That many containers of compose projects, all assigned.
    pub(crate) fn crowded(count: usize) -> Self {
        let mut world = World::new(3, Timestamp::now().minus(Duration::from_secs(86_400)));
        let population = world.populate("stack", count).expect("names are taken once");
        Self::serve(world, |_, store| {
            for project in &population.compose_projects {
                store.add_stack(&NewParent::named(project), None).expect("a fresh stack");
            }
        })
    }

    /// Serves a world after `register` has filled the ledger, and waits for the first pass.
    pub(crate) fn serve(world: World, register: impl FnOnce(&Config, &mut Store)) -> Self {
        let daemon = SimulatedDaemon::start(world).expect("a simulated daemon");
        let docker_host = daemon.docker_host();
        let (config, directory, ledger, runtime) = spawn(&docker_host, register);
        let address = address_of(&ledger);
        let room = Self { daemon, config, address, ledger, runtime, directory };
        room.reconcile();
        room
    }

    /// One whole pass, and its details.
    pub(crate) fn reconcile(&self) {
        let report = self.runtime.block_on(self.ledger.reconcile());
        assert_eq!(report.error, None);
        self.runtime.block_on(self.ledger.settle_details());
    }

    /// As another process writes into the ledger.
    pub(crate) fn execute(&self, sql: &str) {
        let mut other = SqliteConnection::establish(&self.config.database).expect("the file opens");
        other.batch_execute(sql).expect("the statement is right");
    }

    /// Ends the service; the daemon goes on.
    pub(crate) fn stop(&mut self) {
        self.runtime.block_on(self.ledger.stop());
    }

    /// Serves it again at the same address.
    pub(crate) fn start_again(&mut self) {
        let mut config = self.config.clone();
        config.http.listen = self.address;
        let http = HttpService::new(&config.http).expect("it may be served so");
        let spawning = LedgerBuilder::new(config).service(http.service()).spawn();
        self.ledger = self.runtime.block_on(Box::pin(spawning)).expect("it was served before");
        assert_eq!(address_of(&self.ledger), self.address);
    }

    /// Where a file of the test's own may lie.
    pub(crate) fn place(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Showroom {
    fn drop(&mut self) {
        self.runtime.block_on(self.ledger.stop());
    }
}

/// A ledger that is served on a port of its own, on a runtime of its own.
pub(crate) fn spawn(
    docker_host: &str,
    register: impl FnOnce(&Config, &mut Store),
) -> (Config, TempDir, LedgerHandle, Runtime) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
    config.docker_host = Some(docker_host.to_owned());
    config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut store = Store::open(&config, OpenMode::Write).expect("the ledger opens");
    register(&config, &mut store);
    drop(store);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime of the test's own");
    let http = HttpService::new(&config.http).expect("it may be served so");
    let spawning = LedgerBuilder::new(config.clone()).service(http.service()).spawn();
    let ledger = runtime.block_on(Box::pin(spawning)).expect("the address makes sense");
    (config, directory, ledger, runtime)
}

/// Where it is served, as soon as it is.
pub(crate) fn address_of(ledger: &LedgerHandle) -> SocketAddr {
    wait_for("the address is bound", || ledger.status().listening.is_some());
    ledger.status().listening.expect("it was there a moment ago")
}

type Claimed = BTreeMap<(String, String), Vec<dockledger::model::ContainerId>>;
type Made<T> = Result<T, Box<dyn std::error::Error>>;

/// What exists, made over nine days.
fn furnish(world: &mut World) -> Made<Claimed> {
    let mut port = 8_001;
    let mut claimed = Claimed::new();
    for (stack, services) in STACKS {
        world.advance(Duration::from_secs(7 * 3_600));
        for service in services {
            let image = format!("{service}:2.{}", service.len());
            let mut new = NewContainer::new(format!("{stack}-{service}-1"), image)
                .compose(stack, service, 1)
                .restart(RestartPolicy::Always);
            if service.len() % 2 == 0 {
                port += 1;
                new = new.publish(port, 8_080);
            }
            if ["postgres", "web", "api", "app"].contains(service) {
                new = new.health_check();
            }
            let id = world.run(new)?;
            world.advance(Duration::from_secs(41));
            if ["postgres", "web", "api", "app"].contains(service) {
                world.set_health(id.as_str(), Health::Healthy)?;
            }
        }
    }
    for (project, stages) in PROJECTS {
        world.advance(Duration::from_secs(5 * 3_600));
        for stage in stages {
            for instance in 1..=5 {
                port += 1;
                let image = format!("registry.example.org/{project}:{}.{instance}", stage.len());
                let name = format!("{project}-{stage}-{instance}");
                let new = NewContainer::new(name, image)
                    .label("tinyforge.workload.id", format!("w-{project}"))
                    .label("tinyforge.workload.kind", "project")
                    .label("tinyforge.workload.role", *stage)
                    .publish(port, 3_000)
                    .restart(RestartPolicy::Always);
                let id = world.run(new)?;
                claimed.entry((project.to_owned(), (*stage).to_owned())).or_default().push(id);
                world.advance(Duration::from_secs(97));
            }
        }
    }
    for site in SITES {
        port += 1;
        world.advance(Duration::from_secs(1_900));
        let new = NewContainer::new(format!("site-{site}"), "caddy:2.8")
            .label("tinyforge.static-site", format!("site-{site}"))
            .publish(port, 80);
        world.run(new)?;
    }
    furnish_without_owner(world)?;
    Ok(claimed)
}

/// What nobody registered, for several reasons.
fn furnish_without_owner(world: &mut World) -> Made<()> {
    for name in ["portainer", "watchtower", "old-mysql", "test-nginx"] {
        world.advance(Duration::from_secs(3_000));
        world.run(NewContainer::new(name, format!("{name}:latest")))?;
    }
    for service in ["web", "db"] {
        world.run(NewContainer::new(format!("experiment-{service}-1"), "alpine:3.20").compose(
            "experiment",
            service,
            1,
        ))?;
    }
    let oneoff = NewContainer::new("shop-web-run-3f1c", "web:2.3")
        .compose("shop", "web", 1)
        .label("com.docker.compose.oneoff", "True");
    world.run(oneoff)?;
    let unknown = NewContainer::new("lost-worker", "worker:1").label("tinyforge.workload.id", "w-retired");
    world.run(unknown)?;
    let unclaimed = NewContainer::new("reports-canary", "registry.example.org/reports:9")
        .label("tinyforge.workload.id", "w-reports")
        .label("tinyforge.workload.kind", "project");
    world.run(unclaimed)?;
    world.run(NewContainer::new("site-ghost", "caddy:2.8").label("tinyforge.static-site", "site-ghost"))?;
    Ok(())
}

/// Registers the owners, as an operator and a deployer do.
fn register(config: &Config, store: &mut Store, claimed: &Claimed) {
    for (stack, _) in STACKS {
        store.add_stack(&NewParent::named(stack), None).expect("a fresh stack");
    }
    for site in SITES {
        let new = NewParent { id: Some(format!("site-{site}")), ..NewParent::named(site) };
        store.add_site(&new).expect("a fresh site");
    }
    for (project, stages) in PROJECTS {
        let new = NewParent { workload_id: Some(format!("w-{project}")), ..NewParent::named(project) };
        store.add_project(&new).expect("a fresh project");
        for stage in stages {
            store.add_stage(project, stage, None, None).expect("a fresh stage");
        }
    }
    for ((project, stage), containers) in claimed {
        for (number, container) in containers.iter().enumerate() {
            let request = ClaimRequest {
                project: project.clone(),
                stage: Some(stage.clone()),
                container_id: Some(container.clone()),
                subdomain: (number == 0).then(|| format!("{project}.{stage}")),
                ..ClaimRequest::default()
            };
            store.claim(&config.host, &request).expect("nobody else has it");
        }
    }
    let failed = ClaimRequest {
        project: "landing".into(),
        stage: Some("preview".into()),
        image_tag: Some("broken-7".into()),
        ..ClaimRequest::default()
    };
    store.claim(&config.host, &failed).expect("a row without a container");
    let mut deployer = SqliteConnection::establish(&config.database).expect("the file opens");
    let fails = "UPDATE containers SET state = 'failed' WHERE container_id IS NULL";
    deployer.batch_execute(fails).expect("a deployer may say so of a row that is not bound");
}

/// What went on since: every state, and what explains it.
fn age(world: &mut World) -> Made<()> {
    world.advance(Duration::from_secs(5_400));
    world.stop("backup-restic-1")?;
    world.advance(Duration::from_secs(1_900));
    world.kill("ci-builder-b-1")?;
    world.set_state("mail-clamav-1", SimulatedState::Dead)?;
    world.advance(Duration::from_secs(700));
    world.run_out_of_memory("analytics-clickhouse-1")?;
    world.crash("reports-production-2", 1)?;
    world.crash("media-bazarr-1", 137)?;
    world.pause("git-runner-2-1")?;
    world.set_health("wiki-app-1", Health::Unhealthy)?;
    world.create(NewContainer::new("shop-importer-1", "importer:1").compose("shop", "importer", 1))?;
    world.set_state("chat-turn-1", SimulatedState::Removing)?;
    world.set_state("home-influxdb-1", SimulatedState::Other("hibernating".into()))?;
    let made_at = world.container("shop-importer-1")?.created_at;
    // What starts too often does so now, by the clock on the wall.
    world.advance(made_at.age(Timestamp::now()).saturating_sub(Duration::from_secs(150)));
    for _ in 0..5 {
        world.advance(Duration::from_secs(20));
        world.restart("ci-queue-1")?;
    }
    for name in ["files-cron-1", "thumbnails-staging-3", "media-transmission-1"] {
        world.remove(name, true)?;
    }
    Ok(())
}

/// Another machine that writes the same ledger, and is not served now.
fn second_host(config: &Config) {
    let mut world = World::new(11, Timestamp::now().minus(Duration::from_secs(40_000)));
    world.set_engine_id("edge-engine");
    for (service, port) in [("caddy", 9_443), ("node-exporter", 9_100), ("promtail", 9_080)] {
        let new = NewContainer::new(format!("edge-{service}-1"), format!("{service}:2"))
            .compose("edge", service, 1)
            .publish(port, port);
        world.run(new).expect("a fresh name");
    }
    let daemon = SimulatedDaemon::start(world).expect("a simulated daemon");
    let mut config = config.clone();
    config.host = HostName::new("edge");
    config.docker_host = Some(daemon.docker_host());
    let mut store = Store::open(&config, OpenMode::Write).expect("the ledger opens");
    store.add_stack(&NewParent::named("edge"), None).expect("a fresh stack");
    let runtime = Runtime::new().expect("a runtime of its own");
    runtime.block_on(async {
        let ledger = Ledger::spawn(config, Mode::Once { details_limit: 64 }, true).await.expect("it makes sense");
        assert_eq!(ledger.reconcile().await.error, None);
        ledger.stop().await;
    });
}
