//! What fails in a service is the service's: no pass notices, and the program lives, however often it happens.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::Config;
use crate::model::{BoxFuture, PassOutcome, SystemClock, Timestamp};
use crate::runtime::Jitter;
use crate::simulation::{FaultPlan, FaultyStore, LedgerLog, SimulatedHost, World};
use crate::store::{LeaseWord, OpenMode, Store};
use crate::supervisor::service::ServiceFactory;
use crate::supervisor::{LedgerSupervisor, SupervisorArgs, SupervisorMessage};
use crate::telemetry::{Child, InFlight, LiveCounts, Status};

/// A service that panics as soon as it lives, or when it is told to.
struct Poisoned;

#[ractor::actor(message = Poison, state = (), arguments = bool)]
impl Poisoned {
    async fn pre_start(&self, myself: ActorRef<Poison>, at_once: bool) -> Result<(), ActorProcessingErr> {
        if at_once {
            myself.cast(Poison)?;
        }
        Ok(())
    }

    async fn handle(
        &self,
        _myself: ActorRef<Poison>,
        _message: Poison,
        _state: &mut (),
    ) -> Result<(), ActorProcessingErr> {
        panic!("a planned panic")
    }
}

#[derive(Debug)]
struct Poison;

#[cfg(feature = "cluster")]
impl ractor::Message for Poison {}

/// A supervisor with one service over a simulated daemon.
struct Stage {
    supervisor: ActorRef<SupervisorMessage>,
    status: watch::Receiver<Status>,
    _host: SimulatedHost,
    _directory: tempfile::TempDir,
}

impl Stage {
    async fn new(service: ServiceFactory) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = Config::new(directory.path().join("ledger.db").display().to_string());
        drop(Store::open(&config, OpenMode::Write).expect("a fresh ledger"));
        let config = Arc::new(config);
        let plan = FaultPlan::new(1);
        let host = SimulatedHost::new(World::new(1, Timestamp::now()), World::new(2, Timestamp::now()), plan.clone());
        let status = Status::new(Timestamp::now(), None, InFlight::default(), LiveCounts::default());
        let (status, watcher) = watch::channel(status);
        let args = SupervisorArgs {
            endpoint: "simulated".into(),
            sources: host.sources(&config),
            by_itself: true,
            details_limit: 0,
            stores: FaultyStore::factory(Arc::clone(&config), plan, LedgerLog::default()),
            lease: LeaseWord::default(),
            services: BTreeMap::from([(Child::NOTIFY, service)]),
            clock: Arc::new(SystemClock),
            jitter: Jitter::seeded(1),
            status,
            in_flight: InFlight::default(),
            live: LiveCounts::default(),
            heartbeat: watch::channel(0).0,
            config,
        };
        let (supervisor, _) =
            Actor::spawn(None, LedgerSupervisor, args).await.expect("no service keeps it from beginning");
        Self { supervisor, status: watcher, _host: host, _directory: directory }
    }

    async fn passes_go_on(&self) {
        let report = self.supervisor.call(SupervisorMessage::Reconcile, None).await.expect("it lives");
        let report = report.expect("it answers");
        assert_eq!(report.outcome, PassOutcome::Committed, "{:?}", report.error);
        assert_eq!(self.status.borrow().ended, None);
    }

    async fn ends(self) {
        self.supervisor.stop_and_wait(None, None).await.expect("it lives");
        assert_eq!(self.status.borrow().ended, Some(Ok(())));
    }
}

/// When each life was to begin, and the cell of one that did.
type Births = Vec<(Instant, Option<ActorCell>)>;

/// Makes a service by a function of its supervisor.
fn service(
    life: impl Fn(ActorRef<SupervisorMessage>) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> + Send + Sync + 'static,
) -> ServiceFactory {
    ServiceFactory::new(life)
}

fn poisoned(supervisor: ActorRef<SupervisorMessage>, at_once: bool) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> {
    Box::pin(async move {
        let (service, _) = Actor::spawn_linked(None, Poisoned, at_once, supervisor.get_cell()).await?;
        Ok(service.get_cell())
    })
}

async fn no_life() -> Result<ActorCell, SpawnErr> {
    Err(SpawnErr::StartupFailed("nothing to live on".into()))
}

#[tokio::test(start_paused = true)]
async fn a_service_that_panics_in_each_life_costs_no_pass_and_not_the_program() {
    let stage = Stage::new(service(|supervisor| poisoned(supervisor, true))).await;
    let mut status = stage.status.clone();
    // Four times what the core is allowed within its window.
    status
        .wait_for(|status| status.restarts_of(Child::NOTIFY) >= 20 || status.ended.is_some())
        .await
        .expect("it lives");
    stage.passes_go_on().await;
    stage.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_begin_keeps_no_other_from_beginning() {
    let may_live = Arc::new(AtomicBool::new(false));
    let births = Arc::new(AtomicUsize::new(0));
    let stage = Stage::new(service({
        let (may_live, births) = (Arc::clone(&may_live), Arc::clone(&births));
        move |supervisor| {
            births.fetch_add(1, Ordering::SeqCst);
            if may_live.load(Ordering::SeqCst) { poisoned(supervisor, false) } else { Box::pin(no_life()) }
        }
    }))
    .await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    stage.passes_go_on().await;
    assert!((10..20).contains(&births.load(Ordering::SeqCst)), "{births:?}: it waits longer each time");
    may_live.store(true, Ordering::SeqCst);
    let mut status = stage.status.clone();
    status.wait_for(|status| status.restarts_of(Child::NOTIFY) == 1).await.expect("it lives");
    stage.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_child_that_cannot_begin_again_after_a_long_life_waits_longer_each_time() {
    let births: Arc<Mutex<Births>> = Arc::default();
    let stage = Stage::new(service({
        let births = Arc::clone(&births);
        move |supervisor| {
            let births = Arc::clone(&births);
            Box::pin(async move {
                let is_first = births.lock().expect("nobody panics with it").is_empty();
                let life = if is_first { poisoned(supervisor, false).await } else { no_life().await };
                births.lock().expect("nobody panics with it").push((Instant::now(), life.as_ref().ok().cloned()));
                life
            })
        }
    }))
    .await;
    // Longer than what makes a life a recovered one.
    tokio::time::sleep(Duration::from_secs(90)).await;
    let first = births.lock().expect("nobody panics with it")[0].1.clone().expect("it lived");
    first.kill();
    tokio::time::sleep(Duration::from_secs(10)).await;
    stage.passes_go_on().await;
    let tried: Vec<Instant> = births.lock().expect("nobody panics with it")[1..].iter().map(|(at, _)| *at).collect();
    assert!((5..12).contains(&tried.len()), "{} lives within 10 s", tried.len());
    let waits: Vec<Duration> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
    stage.ends().await;
}
