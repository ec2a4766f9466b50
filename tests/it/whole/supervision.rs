//! Every child can be taken away in every state: it is replaced, the others live on, and who asked gets a true report.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use dockledger::config::Config;
use dockledger::docker::{
    Action, CallProgress, ContainerSource, DaemonError, EventStream, ImageAnswer, Listed, SourceFactory,
};
use dockledger::model::{
    BoxFuture, Clock, ContainerId, Examined, FailureKind, ImageId, Inspected, PassOutcome, PassReport, Scope,
    Timestamp, Worker,
};
use dockledger::simulation::{
    Call, FaultPlan, FaultRule, FaultyStore, LedgerLog, NewContainer, PlannedFault, SimulatedHost, World,
};
use dockledger::store::{NewParent, OpenMode, Store};
use dockledger::supervisor::SupervisorMessage;
use dockledger::telemetry::{Child, RestartCause, Status};
use dockledger::{LedgerBuilder, LedgerHandle};
use ractor::concurrency::oneshot;
use ractor::{ActorCell, ActorRef};

use super::ledger::BEGIN;

/// Within this everything that is awaited here happens, on a busy machine too.
const BOUND: Duration = Duration::from_secs(30);

/// As the supervisor bears them.
const CHILDREN: [Child; 9] = [
    Child::Events,
    Child::Tick,
    Child::Dispatch,
    Child::Docker(Worker::Pass),
    Child::Docker(Worker::Identity),
    Child::Docker(Worker::Details),
    Child::Docker(Worker::Actions),
    Child::Docker(Worker::Probe),
    Child::Store,
];

/// What the code of a host application does to the actor that calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Planted {
    Panics,
    /// Hangs in synchronous code, for longer than anybody waits.
    Wedges,
}

impl Planted {
    fn strike(self) {
        match self {
            Self::Panics => panic!("a planned panic"),
            // As code that blocks well: what else waits for this thread goes on elsewhere.
            Self::Wedges => tokio::task::block_in_place(|| std::thread::sleep(Duration::from_secs(9))),
        }
    }
}

/// A wall clock that strikes once, at the call of that number from now on; DispatchActor asks it at each step of a pass.
#[derive(Debug)]
struct PlantedClock {
    planted: Planted,
    calls_left: AtomicU64,
}

impl PlantedClock {
    fn new(planted: Planted) -> Arc<Self> {
        Arc::new(Self { planted, calls_left: AtomicU64::new(0) })
    }

    fn strike_at(&self, call: u64) {
        self.calls_left.store(call, Ordering::SeqCst);
    }
}

impl Clock for PlantedClock {
    fn now(&self) -> Timestamp {
        let left = self.calls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left == Ok(1) {
            self.planted.strike();
        }
        Timestamp::now()
    }
}

/// Whoever answers this one wakes it, and what it does then happens inside the answering actor.
struct PlantedCaller(Planted);

impl Wake for PlantedCaller {
    fn wake(self: Arc<Self>) {
        self.0.strike();
    }
}

/// A ledger over a simulated daemon in this process, behind a plan of faults.
struct Stage {
    plan: FaultPlan,
    host: SimulatedHost,
    ledger: LedgerHandle,
    config: Config,
    children: BTreeMap<Child, ActorCell>,
    _directory: tempfile::TempDir,
}

impl Stage {
    async fn new(
        change: impl FnOnce(&mut Config),
        build: impl FnOnce(LedgerBuilder, SourceFactory) -> LedgerBuilder,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
        config.interval = Duration::from_secs(300);
        change(&mut config);
        let mut store = Store::open(&config, OpenMode::Write).expect("a fresh ledger");
        store.add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
        let plan = FaultPlan::new(1);
        let host = SimulatedHost::new(World::new(1, BEGIN), World::new(2, BEGIN), plan.clone());
        host.with(|world| world.run(NewContainer::new("web", "busybox").compose("shop", "web", 1)))
            .expect("a fresh name");
        let stores = FaultyStore::factory(Arc::new(config.clone()), plan.clone(), LedgerLog::default());
        let sources = host.sources(&config);
        let builder = LedgerBuilder::new(config.clone()).source(sources.clone()).store(stores);
        let ledger = build(builder, sources).spawn().await.expect("nothing is wrong with it");
        let mut cells = ledger.cell().get_children();
        cells.sort_by_key(|cell| cell.get_id().pid());
        let children = CHILDREN.into_iter().zip(cells).collect();
        let stage = Self { plan, host, ledger, config, children, _directory: directory };
        stage.report_is_true("the first pass", &stage.ledger.reconcile().await);
        stage.ledger.settle_details().await;
        stage
    }

    async fn plain() -> Self {
        Self::new(|_| {}, |builder, _| builder).await
    }

    fn status(&self) -> Status {
        self.ledger.status()
    }

    fn ask(&self) -> tokio::task::JoinHandle<PassReport> {
        let ledger = self.ledger.clone();
        tokio::spawn(async move { ledger.reconcile().await })
    }

    fn report_is_true(&self, when: &str, report: &PassReport) {
        let found = (report.error.as_ref(), report.outcome, report.listed);
        assert_eq!(found, (None, PassOutcome::Committed, 1), "{when}: {:?}", self.status());
    }

    /// One child was replaced for one cause, and nobody else but the worker that DispatchActor waited for.
    async fn only(&self, when: &str, child: Child, cause: RestartCause) {
        eventually(when, || self.status().restarts.contains_key(&(child, cause))).await;
        let mut restarts = self.status().restarts;
        assert_eq!(restarts.remove(&(child, cause)), Some(1), "{when}");
        if child == Child::Dispatch {
            restarts.remove(&(Child::Docker(Worker::Pass), RestartCause::Orphaned));
        }
        assert!(restarts.is_empty(), "{when}: {restarts:?}");
        assert_eq!(self.status().ended, None, "{when}");
    }

    fn lease_holder(&self) -> Option<String> {
        let mut store = Store::open(&self.config, OpenMode::Read).expect("it is there");
        store.host(&self.config.host).expect("it was written").lease.holder
    }

    async fn ends(self) {
        tokio::time::timeout(BOUND, self.ledger.stop()).await.expect("a stop is bounded");
        assert_eq!(self.status().ended, Some(Ok(())));
    }
}

/// Waits until the condition holds.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(BOUND, waiting).await.unwrap_or_else(|_| panic!("not within {BOUND:?}: {what}"));
}

async fn answered(when: &str, asked: tokio::task::JoinHandle<PassReport>) -> PassReport {
    let report = tokio::time::timeout(BOUND, asked).await.unwrap_or_else(|_| panic!("not within {BOUND:?}: {when}"));
    report.expect("it does not panic")
}

/// What the pass waits for when the child is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WaitsFor {
    Nothing,
    Daemon,
    Ledger,
    Commit,
}

impl WaitsFor {
    const ALL: [Self; 4] = [Self::Nothing, Self::Daemon, Self::Ledger, Self::Commit];

    const fn call(self) -> Option<Call> {
        match self {
            Self::Nothing => None,
            Self::Daemon => Some(Call::List),
            Self::Ledger => Some(Call::Read),
            Self::Commit => Some(Call::Commit),
        }
    }
}

/// A2: whoever is killed from outside is replaced, with its pending.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_child_can_be_killed_in_each_state() {
    for waits_for in WaitsFor::ALL {
        for child in CHILDREN {
            let when = format!("{child} killed, the pass waits for {waits_for:?}");
            let stage = Stage::plain().await;
            let asked = match waits_for.call() {
                None => None,
                Some(call) => {
                    let met = stage.plan.met();
                    stage.plan.inject(FaultRule::new(PlannedFault::Hang, &[call]));
                    let asked = stage.ask();
                    eventually(&when, || stage.plan.met() != met).await;
                    Some(asked)
                }
            };
            stage.children[&child].kill();
            eventually(&when, || stage.status().restarts_of(child) == 1).await;
            stage.plan.heal();
            if let Some(asked) = asked {
                stage.report_is_true(&when, &answered(&when, asked).await);
            }
            stage.report_is_true(&when, &answered(&when, stage.ask()).await);
            stage.only(&when, child, RestartCause::Killed).await;
            stage.ends().await;
        }
    }
}

/// A1: a panic in a call to the daemon or to the ledger costs that actor, and the pass goes on with its successor.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_actor_that_calls_can_panic_in_each_call() {
    for (call, child) in
        [(Call::List, Child::Docker(Worker::Pass)), (Call::Read, Child::Store), (Call::Commit, Child::Store)]
    {
        let when = format!("{call:?} panics");
        let stage = Stage::plain().await;
        stage.plan.inject(FaultRule::new(PlannedFault::Panic, &[call]).times(1));
        // Its details are owed from now on.
        stage.host.with(|world| world.stop("web")).expect("it runs");
        stage.report_is_true(&when, &answered(&when, stage.ask()).await);
        stage.only(&when, child, RestartCause::Panicked).await;
        stage.ends().await;
    }
}

/// A1: a panic of DispatchActor at any step of a pass costs it alone; TickActor sends the pass to its successor.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_actor_of_the_pass_can_panic_at_each_step() {
    for call in 1..=5 {
        let when = format!("step {call}");
        let clock = PlantedClock::new(Planted::Panics);
        let stage = Stage::new(|_| {}, |builder, _| builder.clock(clock.clone())).await;
        clock.strike_at(call);
        stage.report_is_true(&when, &answered(&when, stage.ask()).await);
        stage.only(&when, Child::Dispatch, RestartCause::Panicked).await;
        stage.ends().await;
    }
}

/// Asks as a caller whose own code strikes inside the actor that answers it.
fn ask_planted(stage: &Stage, planted: Planted) -> ractor::concurrency::OneshotReceiver<PassReport> {
    let (port, mut answer) = oneshot();
    let waker = Arc::new(PlantedCaller(planted)).into();
    let polled = Future::poll(std::pin::Pin::new(&mut answer), &mut Context::from_waker(&waker));
    assert!(matches!(polled, Poll::Pending), "nobody has answered yet");
    let supervisor = ActorRef::<SupervisorMessage>::from(stage.ledger.cell());
    supervisor.cast(SupervisorMessage::Reconcile(port.into())).expect("it lives");
    answer
}

/// A1: what the host application makes for a new life may panic too; that life has ended then, and another one begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_cannot_begin_is_tried_again() {
    let panics = Arc::new(AtomicU64::new(0));
    let armed = panics.clone();
    let panicking = |builder: LedgerBuilder, sources: SourceFactory| {
        builder.source(SourceFactory::new(move || {
            let left = armed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            assert!(left.is_err(), "a planned panic");
            sources.make()
        }))
    };
    let stage = Stage::new(|_| {}, panicking).await;
    panics.store(2, Ordering::SeqCst);
    stage.children[&Child::Docker(Worker::Pass)].kill();
    stage.report_is_true("after it", &answered("after it", stage.ask()).await);
    stage.only("after it", Child::Docker(Worker::Pass), RestartCause::Panicked).await;
    stage.ends().await;
}

/// A1: a panic of TickActor costs it alone; who asked it asks its successor.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_actor_of_the_schedule_can_panic() {
    let stage = Stage::plain().await;
    let _answer = ask_planted(&stage, Planted::Panics);
    stage.only("the answer panics", Child::Tick, RestartCause::Panicked).await;
    stage.report_is_true("after it", &answered("after it", stage.ask()).await);
    stage.ends().await;
}

/// A source whose first list after it is armed hangs in synchronous code.
#[derive(Debug)]
struct WedgingSource {
    real: Arc<dyn ContainerSource>,
    is_armed: Arc<AtomicU64>,
}

impl ContainerSource for WedgingSource {
    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listed, DaemonError>> {
        if self.is_armed.swap(0, Ordering::SeqCst) == 1 {
            Planted::Wedges.strike();
        }
        self.real.list(scope)
    }

    fn inspect<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Inspected> {
        self.real.inspect(container)
    }

    fn examine<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Examined> {
        self.real.examine(container)
    }

    fn image<'a>(&'a self, image: &'a ImageId) -> BoxFuture<'a, ImageAnswer> {
        self.real.image(image)
    }

    fn await_daemon(&self) -> BoxFuture<'_, ()> {
        self.real.await_daemon()
    }

    fn act<'a>(&'a self, container: &'a ContainerId, action: Action) -> BoxFuture<'a, Result<(), DaemonError>> {
        self.real.act(container, action)
    }

    fn events(&self, since_nanos: Option<i64>) -> BoxFuture<'_, Result<Box<dyn EventStream>, DaemonError>> {
        self.real.events(since_nanos)
    }

    fn progress(&self) -> Arc<CallProgress> {
        self.real.progress()
    }
}

/// A3: who hangs in synchronous code is found by its pulse, left behind and counted; the pass goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_actor_of_the_pass_that_hangs_in_synchronous_code_is_left_behind_and_replaced() {
    let clock = PlantedClock::new(Planted::Wedges);
    let stage = Stage::new(|_| {}, |builder, _| builder.clock(clock.clone())).await;
    let mut heartbeat = stage.ledger.heartbeat();
    clock.strike_at(2);
    let when = "the pass is wedged";
    stage.report_is_true(when, &answered(when, stage.ask()).await);
    stage.only(when, Child::Dispatch, RestartCause::Wedged).await;
    assert_eq!(stage.status().leaked, 1);
    heartbeat.mark_unchanged();
    tokio::time::timeout(BOUND, heartbeat.changed()).await.expect("it beats again").expect("it lives");
    stage.ends().await;
}

/// A3: likewise TickActor.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_actor_of_the_schedule_that_hangs_in_synchronous_code_is_left_behind_and_replaced() {
    let stage = Stage::plain().await;
    let _answer = ask_planted(&stage, Planted::Wedges);
    let when = "the schedule is wedged";
    stage.only(when, Child::Tick, RestartCause::Wedged).await;
    stage.report_is_true(when, &answered(when, stage.ask()).await);
    assert_eq!(stage.status().leaked, 1);
    stage.ends().await;
}

/// A3: a worker has no pulse; it is found by the deadline of its call.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_hangs_in_synchronous_code_is_left_behind_and_replaced() {
    let is_armed = Arc::new(AtomicU64::new(0));
    let armed = is_armed.clone();
    let wedging = |builder: LedgerBuilder, sources: SourceFactory| {
        builder.source(SourceFactory::new(move || {
            Arc::new(WedgingSource { real: sources.make(), is_armed: armed.clone() })
        }))
    };
    let stage = Stage::new(|config| config.list_deadline = Duration::from_millis(500), wedging).await;
    is_armed.store(1, Ordering::SeqCst);
    let when = "the pass lane is wedged";
    stage.report_is_true(when, &answered(when, stage.ask()).await);
    stage.only(when, Child::Docker(Worker::Pass), RestartCause::Wedged).await;
    assert_eq!(stage.status().leaked, 1);
    stage.ends().await;
}

/// A6: our own faults have an end; the daemon's have none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_source_that_always_panics_ends_the_ledger_and_one_that_always_hangs_does_not() {
    let stage = Stage::plain().await;
    stage.plan.inject(FaultRule::new(PlannedFault::Panic, &[Call::List]));
    let report = answered("it gives up", stage.ask()).await;
    assert_eq!(report.error.map(|error| error.kind), Some(FailureKind::Stopping), "it ends in order");
    let ended = stage.ledger.ended().await.expect_err("too many faults");
    assert!(ended.message.contains("docker/pass") && ended.message.contains("panicked"), "{ended}");

    let stage = Stage::new(|config| config.list_deadline = Duration::from_millis(50), |builder, _| builder).await;
    stage.plan.inject(FaultRule::new(PlannedFault::Hang, &[Call::List, Call::Examine]));
    for _ in 0..10 {
        assert!(answered("it hangs", stage.ask()).await.error.is_some());
    }
    let status = stage.status();
    let deadlines = status.restarts[&(Child::Docker(Worker::Pass), RestartCause::Deadline)];
    // On a busy machine a whole pass may be past its bound too: that is the surroundings' trouble as well.
    let is_surroundings = |cause| matches!(cause, RestartCause::Deadline | RestartCause::Orphaned);
    let are_surroundings = status.restarts.keys().all(|(_, cause)| is_surroundings(*cause));
    assert!(deadlines >= 10 && are_surroundings && status.ended.is_none(), "{status:?}");
    stage.ends().await;
}

/// What is in flight is told while it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_tells_the_call_that_a_pass_waits_for() {
    let stage = Stage::plain().await;
    assert_eq!(stage.status().call_in_flight(), None);
    assert!(stage.status().complete_pass_age().is_some());
    stage.plan.inject(FaultRule::new(PlannedFault::Hang, &[Call::List]));
    let asked = stage.ask();
    eventually("a call", || stage.status().call_in_flight().is_some_and(|call| call.what == "list")).await;
    stage.plan.heal();
    stage.report_is_true("thawed", &answered("thawed", asked).await);
    assert_eq!(stage.status().call_in_flight(), None);
    stage.ends().await;
}

/// A9: a stop neither waits for a daemon that hangs nor leaves a caller without an answer, and a second one finds it done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_beside_a_hung_daemon_answers_everybody_within_a_second() {
    let stage = Stage::plain().await;
    stage.plan.inject(FaultRule::new(PlannedFault::Hang, &[Call::List]));
    let running = stage.ask();
    eventually("a call", || stage.status().call_in_flight().is_some()).await;
    let waiting = stage.ask();
    eventually("both asked", || stage.host.calls() > 0).await;
    let begun = std::time::Instant::now();
    tokio::join!(stage.ledger.stop(), stage.ledger.stop());
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    stage.ledger.stop().await;
    for asked in [running, waiting] {
        let report = answered("stopped", asked).await;
        assert_eq!(report.error.map(|error| error.kind), Some(FailureKind::Stopping));
    }
    assert_eq!(stage.status().ended, Some(Ok(())));
}

/// A stop beside a database that hangs: what is not known is told as that, and the lease is released as soon as any
/// connection lets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_beside_a_hung_transaction_releases_the_lease_and_owns_up_to_what_it_does_not_know() {
    let stage = Stage::new(|config| config.store_deadline = Duration::from_millis(500), |builder, _| builder).await;
    stage
        .host
        .with(|world| world.run(NewContainer::new("db", "busybox").compose("shop", "db", 1)))
        .expect("a fresh name");
    stage.plan.inject(FaultRule::new(PlannedFault::Hang, &[Call::Commit]));
    let met = stage.plan.met();
    let running = stage.ask();
    eventually("the commit hangs", || stage.plan.met() != met).await;
    let begun = std::time::Instant::now();
    stage.ledger.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(stage.status().ended, Some(Ok(())), "it returns when that is done");
    let error = answered("stopped", running).await.error.expect("it was given up");
    assert_eq!(error.kind, FailureKind::Stopping);
    assert!(error.message.contains("is not known"), "{error}");
    assert_eq!(stage.lease_holder(), None);
    assert_eq!(stage.status().store_trouble, None);
}

/// And where no connection lets it, that is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_beside_a_database_that_is_gone_says_that_the_lease_stands() {
    let stage = Stage::new(|config| config.store_deadline = Duration::from_millis(500), |builder, _| builder).await;
    stage.plan.inject(FaultRule::new(PlannedFault::Hang, &[Call::Lease, Call::Begin]));
    let begun = std::time::Instant::now();
    tokio::join!(stage.ledger.stop(), stage.ledger.stop());
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(stage.status().ended, Some(Ok(())));
    assert!(stage.lease_holder().is_some());
    let told = stage.status().store_trouble.expect("it is told");
    assert!(told.contains("lease of host local") && told.contains("900s"), "{told}");
}

/// A StoreActor that died and could not begin again leaves the lease of the life before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_while_the_store_cannot_begin_again_says_that_the_lease_stands() {
    let stage = Stage::plain().await;
    stage.plan.inject(FaultRule::new(PlannedFault::Gone, &[Call::Begin]));
    stage.children[&Child::Store].kill();
    eventually("it cannot begin", || stage.status().store_trouble.is_some()).await;
    stage.ledger.stop().await;
    assert_eq!(stage.status().ended, Some(Ok(())));
    assert!(stage.lease_holder().is_some());
    let told = stage.status().store_trouble.expect("it is told");
    assert!(told.contains("lease of host local"), "{told}");
}
