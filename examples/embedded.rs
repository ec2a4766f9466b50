//! A platform that has the ledger within its own tree of actors.
//!
//! ```text
//! Platform            spawns the others; spawns the ledger anew when it gives up
//! ├─ Announcer        hears of every change and says what became of the container
//! ├─ Auditor          asks for a pass and reads the rows
//! └─ the ledger
//! ```
//!
//! `cargo run --example embedded` shows it on a simulated daemon in this process: two containers live, one ends, one is
//! removed; then the code that lists panics until the ledger gives up, a container starts while there is no ledger, and
//! the next ledger tells of it. With `--docker` the daemon is a real one, of which nothing is changed, and the ledger is
//! killed instead. Either way the example ends by itself, and with an error if something did not come.

#![expect(clippy::print_stdout, reason = "an example prints what it shows")]

use std::error::Error;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::docker::SourceFactory;
use dockledger::model::{Change, ContainerState, Revision, RowId, Timestamp};
use dockledger::simulation::{Call, FaultPlan, FaultRule, NewContainer, PlannedFault, SimulatedHost, World};
use dockledger::store::{NewParent, OpenMode, RowFilter, Store};
use dockledger::supervisor::{Delivered, Delivery};
use dockledger::{LedgerBuilder, LedgerHandle};
use ractor::rpc::CallResult;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type AnyError = Box<dyn Error + Send + Sync>;

/// What the example waits for.
#[derive(Debug, PartialEq)]
enum Told {
    /// A ledger lives, the first or a later one.
    Ledger(u32),
    /// A row is in this state now.
    Row(RowId, ContainerState),
}

// -- the root of the application ---------------------------------------------------------------------------------------

#[derive(Debug)]
struct Platform;

#[derive(Debug)]
enum PlatformMessage {
    SpawnLedger,
    Ledger(RpcReplyPort<Option<LedgerHandle>>),
    Audit(RpcReplyPort<usize>),
}

// Needed where the application turns on ractor's `cluster`, and only there.
#[cfg(feature = "cluster")]
impl ractor::Message for PlatformMessage {}

struct PlatformArgs {
    config: Config,
    /// In place of the daemon of the configuration.
    source: Option<SourceFactory>,
    told: UnboundedSender<Told>,
}

struct PlatformState {
    args: PlatformArgs,
    announcer: ActorRef<AnnouncerMessage>,
    auditor: ActorRef<AuditorMessage>,
    ledger: Option<LedgerHandle>,
    lives: u32,
}

/// A ledger that gave up had its reason: the next one gets a moment's distance.
const BEFORE_THE_NEXT_LEDGER: Duration = Duration::from_millis(100);

#[ractor::actor(message = PlatformMessage, state = PlatformState, arguments = PlatformArgs)]
impl Platform {
    async fn pre_start(
        &self,
        myself: ActorRef<PlatformMessage>,
        args: PlatformArgs,
    ) -> Result<PlatformState, ActorProcessingErr> {
        let (announcer, _) = Actor::spawn_linked(None, Announcer, args.told.clone(), myself.get_cell()).await?;
        let (auditor, _) = Actor::spawn_linked(None, Auditor, (), myself.get_cell()).await?;
        myself.cast(PlatformMessage::SpawnLedger)?;
        Ok(PlatformState { args, announcer, auditor, ledger: None, lives: 0 })
    }

    async fn handle(
        &self,
        myself: ActorRef<PlatformMessage>,
        message: PlatformMessage,
        state: &mut PlatformState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            PlatformMessage::SpawnLedger => state.spawn_ledger(&myself).await?,
            PlatformMessage::Ledger(reply) => drop(reply.send(state.ledger.clone())),
            PlatformMessage::Audit(reply) => state.auditor.cast(AuditorMessage::Audit(reply))?,
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<PlatformMessage>,
        event: SupervisionEvent,
        state: &mut PlatformState,
    ) -> Result<(), ActorProcessingErr> {
        // The last arm is needed: ractor's features add kinds of events.
        let (who, why) = match event {
            SupervisionEvent::ActorFailed(who, error) => (who, error.to_string()),
            SupervisionEvent::ActorTerminated(who, _, reason) => (who, reason.unwrap_or_else(|| "stopped".into())),
            _ => return Ok(()),
        };
        if state.ledger.as_ref().is_none_or(|ledger| ledger.cell().get_id() != who.get_id()) {
            return Err(format!("a worker ended: {why}").into());
        }
        println!("platform   the ledger ended: {why}");
        myself.send_after(BEFORE_THE_NEXT_LEDGER, || PlatformMessage::SpawnLedger);
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<PlatformMessage>,
        state: &mut PlatformState,
    ) -> Result<(), ActorProcessingErr> {
        // The workers end with this actor. The ledger goes first, so that the announcer lives to hear its last changes.
        if let Some(ledger) = state.ledger.take() {
            ledger.stop().await;
        }
        println!("platform   the ledger has stopped");
        Ok(())
    }
}

impl PlatformState {
    async fn spawn_ledger(&mut self, myself: &ActorRef<PlatformMessage>) -> Result<(), ActorProcessingErr> {
        if let Some(last) = self.ledger.take() {
            // Its lease is released by then.
            last.stop().await;
        }
        let mut builder = LedgerBuilder::new(self.args.config.clone());
        if let Some(source) = &self.args.source {
            builder = builder.source(source.clone());
        }
        let ledger = builder.spawn_linked(myself.get_cell()).await?;
        self.announcer.cast(AnnouncerMessage::LedgerUp(ledger.clone()))?;
        self.auditor.cast(AuditorMessage::LedgerUp(ledger.clone()))?;
        self.ledger = Some(ledger);
        self.lives += 1;
        println!("platform   ledger {} lives", self.lives);
        self.args.told.send(Told::Ledger(self.lives))?;
        Ok(())
    }
}

// -- a worker that reacts to changes -----------------------------------------------------------------------------------

#[derive(Debug)]
struct Announcer;

#[derive(Debug)]
enum AnnouncerMessage {
    LedgerUp(LedgerHandle),
    Delivered(Delivered),
}

#[cfg(feature = "cluster")]
impl ractor::Message for AnnouncerMessage {}

struct AnnouncerState {
    told: UnboundedSender<Told>,
    ledger: Option<LedgerHandle>,
    /// The last revision that was heard: the next subscription goes on after it, and nothing is heard twice or missed.
    after: Option<Revision>,
}

#[ractor::actor(message = AnnouncerMessage, state = AnnouncerState, arguments = UnboundedSender<Told>)]
impl Announcer {
    async fn pre_start(
        &self,
        _myself: ActorRef<AnnouncerMessage>,
        told: UnboundedSender<Told>,
    ) -> Result<AnnouncerState, ActorProcessingErr> {
        Ok(AnnouncerState { told, ledger: None, after: None })
    }

    async fn handle(
        &self,
        myself: ActorRef<AnnouncerMessage>,
        message: AnnouncerMessage,
        state: &mut AnnouncerState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AnnouncerMessage::LedgerUp(ledger) => {
                state.ledger = Some(ledger);
                state.subscribe(myself);
            }
            AnnouncerMessage::Delivered(delivered) => match delivered.into_delivery() {
                Delivery::Change(change) => {
                    state.after = Some(change.revision);
                    announce(&change);
                    state.told.send(Told::Row(change.row_id, change.to_state))?;
                }
                Delivery::Snapshot { revision, rows } => {
                    state.after = Some(revision);
                    println!("announcer  {} rows to begin with", rows.len());
                    for row in rows.iter() {
                        state.told.send(Told::Row(row.id.clone(), row.observed.state.clone()))?;
                    }
                }
                Delivery::Lagged { after } => {
                    state.after = Some(after);
                    state.subscribe(myself);
                }
            },
        }
        Ok(())
    }
}

impl AnnouncerState {
    fn subscribe(&self, myself: ActorRef<AnnouncerMessage>) {
        if let Some(ledger) = &self.ledger {
            ledger.subscribe_actor(self.after, myself, AnnouncerMessage::Delivered);
        }
    }
}

fn announce(change: &Change) {
    let row = &change.row_id;
    match (&change.from_state, &change.to_state) {
        (None, now) => println!("announcer  {row} is new and {now}"),
        (Some(_), ContainerState::Missing) => println!("announcer  {row} is gone"),
        (Some(before), now) if before != now => println!("announcer  {row} was {before} and is {now}"),
        // Its container, its health or its restart count is another.
        (Some(_), _) => println!("announcer  {row} has news"),
    }
}

// -- a worker that asks ------------------------------------------------------------------------------------------------

#[derive(Debug)]
struct Auditor;

#[derive(Debug)]
enum AuditorMessage {
    LedgerUp(LedgerHandle),
    /// Answered with the count of rows that are not missing.
    Audit(RpcReplyPort<usize>),
}

#[cfg(feature = "cluster")]
impl ractor::Message for AuditorMessage {}

#[ractor::actor(message = AuditorMessage, state = Option<LedgerHandle>, arguments = ())]
impl Auditor {
    async fn pre_start(
        &self,
        _myself: ActorRef<AuditorMessage>,
        (): (),
    ) -> Result<Option<LedgerHandle>, ActorProcessingErr> {
        Ok(None)
    }

    async fn handle(
        &self,
        _myself: ActorRef<AuditorMessage>,
        message: AuditorMessage,
        ledger: &mut Option<LedgerHandle>,
    ) -> Result<(), ActorProcessingErr> {
        match (message, ledger) {
            (AuditorMessage::LedgerUp(new), ledger) => *ledger = Some(new),
            (AuditorMessage::Audit(reply), Some(ledger)) => reply.send(audit(ledger).await?)?,
            // The caller sees its question dropped.
            (AuditorMessage::Audit(_), None) => {}
        }
        Ok(())
    }
}

async fn audit(ledger: &LedgerHandle) -> Result<usize, ActorProcessingErr> {
    let report = ledger.reconcile().await;
    println!("auditor    a pass listed {} containers in {} ms: {}", report.listed, report.list_ms, report.outcome);
    let rows = ledger.registry(|store| store.rows(&RowFilter::default())).await?;
    for row in &rows {
        println!("auditor      {}  {}  {}", row.id, row.observed.name, row.observed.state);
    }
    Ok(rows.iter().filter(|row| row.observed.state != ContainerState::Missing).count())
}

// -- the story ---------------------------------------------------------------------------------------------------------

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let directory = tempfile::tempdir()?;
    let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
    // Compose projects become stacks by themselves; and giving up is to be seen within seconds.
    config.auto_adopt = true;
    config.restart_intensity = 2;
    let is_real = std::env::args().any(|argument| argument == "--docker");
    let story = async { if is_real { with_docker(&config).await } else { with_a_simulated_daemon(&config).await } };
    tokio::time::timeout(Duration::from_secs(60), story).await??;
    let holder = Store::open(&config, OpenMode::Read)?.host(&config.host)?.lease.holder;
    if holder.is_some() { Err("the lease was not released".into()) } else { Ok(()) }
}

async fn with_a_simulated_daemon(config: &Config) -> Result<(), AnyError> {
    let plan = FaultPlan::new(1);
    let now = Timestamp::now();
    let daemon = SimulatedHost::new(World::new(1, now), World::new(2, now), plan.clone());
    for service in ["web", "worker"] {
        daemon.with(|world| world.run(NewContainer::new(service, "busybox").compose("shop", service, 1)))?;
    }
    let shop = NewParent { workload_id: Some("shop".into()), ..NewParent::named("shop") };
    Store::open(config, OpenMode::Write)?.add_stack(&shop, None)?;

    let (told, mut heard) = unbounded_channel();
    let args = PlatformArgs { config: config.clone(), source: Some(daemon.sources(config)), told };
    let (platform, platform_ended) = Actor::spawn(None, Platform, args).await?;
    hears(&mut heard, &Told::Row("shop:web".into(), ContainerState::Running)).await?;
    expect(asks(&platform).await?, 2)?;

    daemon.with(|world| world.stop("worker"))?;
    hears(&mut heard, &Told::Row("shop:worker".into(), ContainerState::Stopped)).await?;
    daemon.with(|world| world.remove("web", true))?;
    hears(&mut heard, &Told::Row("shop:web".into(), ContainerState::Missing)).await?;

    println!("story      listing panics now, once more than the ledger takes");
    plan.inject(FaultRule::new(PlannedFault::Panic, &[Call::List]).times(config.restart_intensity + 1));
    daemon.with(|world| world.start("worker"))?;
    hears(&mut heard, &Told::Ledger(2)).await?;
    hears(&mut heard, &Told::Row("shop:worker".into(), ContainerState::Running)).await?;
    expect(asks(&platform).await?, 1)?;

    platform.stop(None);
    Ok(platform_ended.await?)
}

async fn with_docker(config: &Config) -> Result<(), AnyError> {
    let (told, mut heard) = unbounded_channel();
    let args = PlatformArgs { config: config.clone(), source: None, told };
    let (platform, platform_ended) = Actor::spawn(None, Platform, args).await?;
    hears(&mut heard, &Told::Ledger(1)).await?;
    asks(&platform).await?;

    let CallResult::Success(Some(ledger)) = platform.call(PlatformMessage::Ledger, None).await? else {
        return Err("there is no ledger".into());
    };
    ledger.cell().kill();
    hears(&mut heard, &Told::Ledger(2)).await?;
    asks(&platform).await?;

    platform.stop(None);
    Ok(platform_ended.await?)
}

/// Has the auditor look; answers with the count of rows that are not missing.
async fn asks(platform: &ActorRef<PlatformMessage>) -> Result<usize, AnyError> {
    match platform.call(PlatformMessage::Audit, None).await? {
        CallResult::Success(rows) => Ok(rows),
        CallResult::Timeout | CallResult::SenderError => Err("nobody answers for the auditor".into()),
    }
}

async fn hears(heard: &mut UnboundedReceiver<Told>, wanted: &Told) -> Result<(), AnyError> {
    while let Some(told) = heard.recv().await {
        if told == *wanted {
            return Ok(());
        }
    }
    Err(format!("the platform ended before it told of {wanted:?}").into())
}

fn expect(found: usize, expected: usize) -> Result<(), AnyError> {
    if found == expected { Ok(()) } else { Err(format!("{found} rows are not missing, expected {expected}").into()) }
}
