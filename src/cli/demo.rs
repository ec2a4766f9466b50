//! `demo`: the whole program against a simulated daemon, which starts, stops, crashes and hangs containers.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use super::arguments::DemoArguments;
use super::changes::sentence;
use super::context::{Context, runtime};
use super::exit::{Exit, Failure};
use super::one_pass::listen;
use super::output::Output;
use crate::config::{Config, HttpConfig};
use crate::http::HttpService;
use crate::ledger::{LedgerBuilder, LedgerHandle};
use crate::model::{ClaimRequest, ContainerId, Timestamp};
use crate::simulation::{Life, NewContainer, SimulatedDaemon, World, WorldError};
use crate::store::{NewParent, OpenMode, Store, StoreError};
use crate::supervisor::Delivery;

/// Between two things that happen: often enough to look at, seldom enough to read.
const BETWEEN_EVENTS: Duration = Duration::from_millis(1_200);

/// Between two hangs of the daemon.
const BETWEEN_HANGS: Duration = Duration::from_secs(40);

/// How long it hangs: past the demonstration's list deadline, so that a worker is killed for it.
const HANGS_FOR: Duration = Duration::from_secs(8);

const HANGS: &str = "-- the daemon hangs: the ledger gives its call up and keeps its rows\n";
const ANSWERS: &str = "-- the daemon answers again\n";

/// What lives there: two registered stacks, and one that nobody has registered yet.
const PROJECTS: [&str; 3] = ["shop", "blog", "lab"];

pub(super) fn execute(arguments: &DemoArguments, context: &Context) -> Result<Exit, Failure> {
    let place = Place::new()
        .map_err(|cause| Failure::new(Exit::Failed, format!("cannot make a place for the demonstration: {cause}")))?;
    let stage = Stage::set(arguments.seed, &place, context.config()?)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(Box::pin(play(stage, arguments)));
    runtime.shutdown_background();
    outcome
}

/// A directory that goes with the demonstration.
struct Place(PathBuf);

impl Place {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("dockledger-demo-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn ledger(&self) -> PathBuf {
        self.0.join("ledger.db")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left lies where the system clears up.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The daemon, what lives on it, and the ledger's configuration.
struct Stage {
    daemon: SimulatedDaemon,
    life: Life,
    config: Config,
    ledger_path: PathBuf,
}

impl Stage {
    fn set(seed: u64, place: &Place, chosen: Config) -> Result<Self, Failure> {
        let mut world = World::new(seed, Timestamp::now());
        let console =
            people(&mut world).map_err(|cause| Failure::new(Exit::Failed, format!("cannot set the stage: {cause}")))?;
        let daemon = SimulatedDaemon::start(world)
            .map_err(|cause| Failure::new(Exit::Failed, format!("cannot start the simulated daemon: {cause}")))?;
        let mut config = Config::new(place.ledger().display().to_string());
        config.http = chosen.http;
        config.http.control_socket = Some(place.0.join("control.sock"));
        config.docker_host = Some(daemon.docker_host());
        (config.interval, config.list_deadline) = (Duration::from_secs(10), Duration::from_secs(2));
        register(&config, console)?;
        let life = Life::new(seed, PROJECTS.map(str::to_owned).to_vec());
        Ok(Self { daemon, life, config, ledger_path: place.ledger() })
    }
}

/// What is there when the curtain rises, one of each kind. Returns the container that a deployer has claimed.
fn people(world: &mut World) -> Result<ContainerId, WorldError> {
    for (project, service) in [("shop", "web"), ("shop", "database"), ("blog", "web"), ("lab", "worker")] {
        world.run(
            NewContainer::new(format!("{project}-{service}-1"), format!("example/{service}:1"))
                .compose(project, service, 1),
        )?;
    }
    world.run(NewContainer::new("docs", "example/pages:7").label("tinyforge.static-site", "docs").publish(8081, 80))?;
    world.run(NewContainer::new("by-hand", "example/tool:1"))?;
    world.run(
        NewContainer::new("console-1", "example/console:3").label("tinyforge.workload.id", "console").publish(8080, 80),
    )
}

fn register(config: &Config, console: ContainerId) -> Result<(), StoreError> {
    let mut store = Store::open(config, OpenMode::Write)?;
    store.add_stack(&NewParent::named("shop"), None)?;
    store.add_stack(&NewParent::named("blog"), None)?;
    store.add_site(&NewParent { id: Some("docs".into()), ..NewParent::named("docs") })?;
    store.add_project(&NewParent { workload_id: Some("console".into()), ..NewParent::named("console") })?;
    store.add_stage("console", "production", None, None)?;
    let claim = ClaimRequest {
        project: "console".into(),
        stage: Some("production".into()),
        container_id: Some(console),
        subdomain: Some("console".into()),
        ..ClaimRequest::default()
    };
    store.claim(&config.host, &claim).map(drop)
}

async fn play(stage: Stage, arguments: &DemoArguments) -> Result<Exit, Failure> {
    let Stage { daemon, mut life, config, ledger_path } = stage;
    let http = config.http.clone();
    let mut signals = [listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?];
    let served = HttpService::new(&config.http)?.service();
    let ledger = Box::pin(LedgerBuilder::new(config).service(served).spawn()).await?;
    let output = Output::of_this_process(false);
    output.text(&greeting(&ledger, &http, &ledger_path).await)?;
    let (mut changes, begun) = (ledger.subscribe(None), Instant::now());
    let mut happens = every(BETWEEN_EVENTS);
    let (mut hangs, mut turns_at) = (false, begun + BETWEEN_HANGS);
    loop {
        tokio::select! {
            () = any(&mut signals) => break,
            () = end(begun, arguments.length) => break,
            _ = happens.tick() => drop(daemon.with(|world| life.step(world))),
            () = sleep_until(turns_at) => {
                hangs = !hangs;
                daemon.hang_list(hangs);
                output.text(if hangs { HANGS } else { ANSWERS })?;
                turns_at += if hangs { HANGS_FOR } else { BETWEEN_HANGS };
            }
            delivery = changes.next() => match delivery {
                Some(Delivery::Change(change)) => output.text(&sentence(&change))?,
                Some(Delivery::Snapshot { rows, .. }) => output.text(&format!("-- rows to begin with: {}\n", rows.len()))?,
                Some(Delivery::Lagged { after }) => changes = ledger.subscribe(Some(after)),
                None => break,
            },
        }
    }
    ledger.stop().await;
    Ok(Exit::Fine)
}

/// Where to look. Waits a moment for the address, which may be taken.
async fn greeting(ledger: &LedgerHandle, http: &HttpConfig, path: &Path) -> String {
    const PATIENCE: Duration = Duration::from_secs(2);
    let mut status = ledger.watch_status();
    let bound = tokio::time::timeout(PATIENCE, status.wait_for(|status| status.listening.is_some())).await;
    let page = match bound {
        Ok(Ok(status)) => status.listening.map(|address| format!("http://{address}{}/", http.base_path)),
        _ => None,
    };
    let socket = http.control_socket.as_deref().unwrap_or_else(|| Path::new("")).display();
    format!(
        "A simulated daemon, whose containers start, stop, crash and hang. Nothing of this machine is touched.\n\
         page     {}\n\
         ledger   dockledger ps --database {}\n\
         a pass   curl --unix-socket {socket} -X POST http://localhost/api/v1/passes\n\
         Ctrl-C ends it, and all of it is gone.\n\n",
        page.unwrap_or_else(
            || "not served: the address is taken; DOCKLEDGER_HTTP_LISTEN=127.0.0.1:0 takes a free one".into()
        ),
        path.display()
    )
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn any([first, second]: &mut [Signal; 2]) {
    tokio::select! {
        _ = first.recv() => {}
        _ = second.recv() => {}
    }
}

async fn end(begun: Instant, length: Option<Duration>) {
    match length {
        Some(length) => sleep_until(begun + length).await,
        None => std::future::pending().await,
    }
}
