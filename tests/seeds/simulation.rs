//! One seed: a whole ledger on a paused clock, its steps, and the end where all must agree.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::dispatch::DispatchMessage;
use dockledger::docker::DockerMessage;
use dockledger::events::EventsMessage;
use dockledger::model::{Clock, ContainerId, FailureKind, HostName, PassReport, Timestamp};
use dockledger::simulation::{
    Call, FaultPlan, FaultRule, FaultyStore, LedgerLog, NewContainer, PlannedFault, RuleId, SimulatedHost, World,
};
use dockledger::store::{OpenMode, Store, StoreMessage};
use dockledger::tick::TickMessage;
use dockledger::{LedgerBuilder, LedgerHandle};
use ractor::ActorCell;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::clock::JumpingClock;
use super::deployer::Deployer;
use super::dice::Dice;
use super::followers::Follower;
use super::invariants::{self as check, Checked, Replay, Replayed, Violation, broken};
use super::ledger::{Database, Picture};
use super::life::Life;
use super::registry::{BAKED_IMAGE, baked_labels, directory, template};
use super::{faults, truth};

/// What came of a seed.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What was done, in order, and what the ledger answered.
    pub(crate) log: Vec<String>,
    /// The faults that were met, by their words.
    pub(crate) met: BTreeMap<&'static str, u64>,
    pub(crate) violation: Option<Violation>,
}

/// Every seed does at least so many steps, and meets at least so many faults.
const STEPS: usize = 40;
const FAULTS: u64 = 20;
/// Nothing grows old in a seed, though its clock jumps.
const A_CENTURY: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);
/// A seed that met too few faults by then is at fault itself.
const MOST_STEPS: usize = 200;

struct Request {
    asked_at: Instant,
    /// By the wall clock, as long as that has not jumped since.
    asked_wall: Option<Timestamp>,
    number: usize,
    /// A pass of this request may have run twice.
    is_rerun: bool,
    answer: JoinHandle<PassReport>,
}

pub(crate) struct Simulation {
    dice: Dice,
    log: Vec<String>,
    plan: FaultPlan,
    host: SimulatedHost,
    clock: Arc<JumpingClock>,
    config: Config,
    ledger: LedgerHandle,
    ledger_log: LedgerLog,
    life: Life,
    deployer: Deployer,
    database: Database,
    picture: Picture,
    replay: Replay,
    generation: i64,
    rules: VecDeque<RuleId>,
    requests: Vec<Request>,
    followers: Vec<Follower>,
    asked: usize,
    /// When an actor was last killed that holds what a caller waits for.
    disturbed_at: Instant,
}

/// Runs one seed on a runtime of its own.
pub(crate) fn run(seed: u64) -> Outcome {
    let path = directory().join(format!("seed-{seed}-{:?}.db", std::thread::current().id()));
    std::fs::copy(template(), &path).expect("a copy of the template");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let outcome = runtime.block_on(async {
        let mut simulation = Simulation::begin(seed, &path.display().to_string()).await;
        let violation = simulation.live().await.err();
        Outcome { log: simulation.log, met: simulation.plan.met(), violation }
    });
    drop(runtime);
    for suffix in ["", "-wal", "-shm"] {
        // Gone already where the last connection closed it.
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    outcome
}

fn config(path: &str) -> Config {
    let mut config = Config::new(path);
    config.interval = Duration::from_secs(10);
    config.list_deadline = Duration::from_secs(2);
    config.inspect_deadline = Duration::from_millis(500);
    config.store_deadline = Duration::from_secs(1);
    // Panics are planned by the dozen; when to give up is for other tests.
    config.restart_intensity = 1_000;
    config.retention.missing = A_CENTURY;
    config.retention.changes = A_CENTURY;
    config.retention.passes = A_CENTURY;
    config
}

impl Simulation {
    async fn begin(seed: u64, path: &str) -> Self {
        let config = config(path);
        let plan = FaultPlan::new(seed);
        let mut stranger = World::new(seed ^ 0xffff_ffff, JumpingClock::begin());
        let mut dice = Dice::new(seed);
        let mut elsewhere = Life::default();
        for _ in 0..6 {
            elsewhere.step(&mut dice, &mut stranger);
        }
        let mut home = World::new(seed, JumpingClock::begin());
        home.add_image(BAKED_IMAGE, baked_labels());
        let host = SimulatedHost::new(home, stranger, plan.clone());
        let clock = Arc::new(JumpingClock::new());
        let ledger_log = LedgerLog::default();
        let stores = FaultyStore::factory(Arc::new(config.clone()), plan.clone(), ledger_log.clone());
        let builder =
            LedgerBuilder::new(config.clone()).source(host.sources(&config)).store(stores).clock(clock.clone());
        let ledger = builder.seed(seed).spawn().await.expect("the configuration is possible");
        let deployer = Deployer::new(Store::open(&config, OpenMode::WriteUnmigrated).expect("the copy opens"));
        Self {
            dice,
            log: Vec::new(),
            plan,
            host,
            clock,
            ledger,
            ledger_log,
            life: Life::default(),
            deployer,
            database: Database::open(path),
            config,
            picture: Picture::default(),
            replay: Replay::new(),
            generation: 0,
            rules: VecDeque::new(),
            requests: Vec::new(),
            followers: Vec::new(),
            asked: 0,
            disturbed_at: Instant::now(),
        }
    }

    async fn live(&mut self) -> Checked {
        for step in 0..MOST_STEPS {
            let faults: u64 = self.plan.met().values().sum();
            if step >= STEPS && faults >= FAULTS {
                break;
            }
            let what = self.step();
            let wait = self.draw_wait();
            self.note(&format!("{step}: {}; then {} ms", what?, wait.as_millis()));
            self.host.with(|world| world.advance(wait));
            sleep(wait).await;
            self.check().await?;
        }
        let faults: u64 = self.plan.met().values().sum();
        if faults < FAULTS {
            return Err(broken("schedule", format!("only {faults} faults")));
        }
        self.end().await
    }

    fn note(&mut self, line: &str) {
        self.log.push(format!("{:>9} ms  {line}", self.clock.elapsed().as_millis()));
    }

    fn draw_wait(&mut self) -> Duration {
        match self.dice.roll(10) {
            0..=3 => self.dice.millis(25),
            4..=6 => self.dice.millis(400),
            7 | 8 => self.dice.millis(3_000),
            _ => self.dice.millis(15_000),
        }
    }

    /// Does one thing.
    fn step(&mut self) -> Result<String, Violation> {
        Ok(match self.dice.roll(100) {
            0..=27 => self.life_goes_on(),
            28..=39 => self.deploy(),
            40..=43 => self.deployer.register(&mut self.dice, &self.picture),
            44..=58 => self.begin_fault(true),
            59..=66 => self.begin_fault(false),
            67..=76 => self.end_fault(),
            77..=85 => self.kill(),
            86..=90 => self.request(),
            91 | 92 => self.follow(),
            93 | 94 => {
                self.host.restart();
                self.plan.count("restarted");
                "the daemon restarts".into()
            }
            95 | 96 => self.exchange(),
            97 => {
                let by_ms = [3_600_000, -3_600_000, 315_360_000_000, -86_400_000][self.dice.roll(4) as usize];
                self.clock.jump(by_ms);
                self.requests.iter_mut().for_each(|request| request.asked_wall = None);
                self.plan.count("clock_jumped");
                format!("the clock jumps by {by_ms} ms")
            }
            98 => self.second_process()?,
            _ => {
                self.plan.heal();
                self.rules.clear();
                "everything heals".into()
            }
        })
    }

    fn life_goes_on(&mut self) -> String {
        let times = 1 + self.dice.roll(3);
        let (life, dice) = (&mut self.life, &mut self.dice);
        // Each by itself, so that the stream tells of each.
        let told: Vec<String> = (0..times).map(|_| self.host.with(|world| life.step(dice, world))).collect();
        told.join(", ")
    }

    fn deploy(&mut self) -> String {
        let all: Vec<ContainerId> = self.host.with(|world| world.containers().map(|one| one.id.clone()).collect());
        if self.dice.percent(15)
            && let Some(container) = self.dice.pick(&all)
        {
            return self.deployer.insert_elsewhere(&mut self.database, &container);
        }
        let is_free =
            |id: &ContainerId| self.picture.local().all(|row| row.container_id.as_deref() != Some(id.as_str()));
        let of_project = self.host.with(|world| {
            let app = world
                .containers()
                .filter(|one| one.labels.get("tinyforge.workload.id").is_some_and(|id| id == "w-app"));
            app.map(|one| one.id.clone()).collect::<Vec<_>>()
        });
        let free: Vec<ContainerId> = of_project.into_iter().filter(is_free).collect();
        self.deployer.step(&mut self.dice, &mut self.database, &self.picture, &free)
    }

    fn begin_fault(&mut self, is_of_the_daemon: bool) -> String {
        let rule = if is_of_the_daemon {
            let all: Vec<ContainerId> = self.host.with(|world| world.containers().map(|one| one.id.clone()).collect());
            faults::of_the_daemon(&mut self.dice, &all)
        } else {
            faults::of_the_ledger(&mut self.dice)
        };
        let told = format!("begins: {rule:?}");
        self.rules.push_back(self.plan.inject(rule));
        told
    }

    fn end_fault(&mut self) -> String {
        match self.rules.pop_front() {
            Some(rule) => {
                self.plan.end(rule);
                format!("ends: {rule:?}")
            }
            None => "no fault to end".into(),
        }
    }

    fn kill(&mut self) -> String {
        let mut children = self.ledger.cell().get_children();
        children.sort_by_key(|child| child.get_id().pid());
        let Some(child) = self.dice.pick(&children) else { return "nobody to kill".into() };
        let word = word_of(&child);
        // A StoreActor that is stopped gives the host up, as it is to at the end.
        let by_stop = self.dice.percent(20) && word != "killed_store";
        if by_stop {
            child.stop(None);
            self.plan.count("stopped");
        } else {
            child.kill();
            self.plan.count(word);
        }
        self.disturbed();
        format!("{word}{}", if by_stop { " by a stop" } else { "" })
    }

    fn disturbed(&mut self) {
        self.disturbed_at = Instant::now();
        for request in &mut self.requests {
            request.is_rerun = true;
        }
    }

    fn request(&mut self) -> String {
        self.asked += 1;
        let ledger = self.ledger.clone();
        let answer = tokio::spawn(async move { ledger.reconcile().await });
        let (asked_at, asked_wall) = (Instant::now(), Some(self.clock.now()));
        self.requests.push(Request { asked_at, asked_wall, number: self.asked, is_rerun: false, answer });
        format!("request {}", self.asked)
    }

    /// Somebody subscribes, or ends a subscription.
    fn follow(&mut self) -> String {
        if self.followers.len() >= 3 {
            let at = self.dice.roll(self.followers.len() as u64) as usize;
            self.ledger.unsubscribe(self.followers.swap_remove(at).id);
            return "a subscriber goes".into();
        }
        let known = self.picture.changes.last().map_or(0, |change| change.revision);
        let after = if self.dice.percent(50) { Some(self.dice.roll(known as u64 + 1) as i64) } else { None };
        self.followers.push(Follower::subscribe(&self.ledger, after));
        format!("a subscriber comes, after {after:?}")
    }

    fn exchange(&mut self) -> String {
        let is_stranger_here = !self.host.is_stranger_here();
        // A daemon that is met first is the host's own, and where nothing is bound there is nothing to confuse.
        let has_rows = self.picture.local().any(|row| row.container_id.is_some() && row.state != "missing");
        if is_stranger_here && (self.picture.host.engine_identity.is_none() || !has_rows) {
            return "the daemon is not known yet".into();
        }
        self.host.exchange(is_stranger_here);
        if is_stranger_here {
            self.plan.count("stranger");
        }
        format!("another daemon is here: {is_stranger_here}")
    }

    fn second_process(&mut self) -> Result<String, Violation> {
        if self.generation == 0 {
            return Ok("the host is nobody's yet".into());
        }
        self.plan.count("second_process");
        self.deployer.try_to_take_the_host().map_err(|what| broken("I7", what))?;
        Ok("a second process is refused".into())
    }

    /// Everything that must hold now.
    async fn check(&mut self) -> Checked {
        if self.ledger.watch_status().borrow().ended.is_some() {
            return Err(broken("I8", "the ledger gave up"));
        }
        let events = self.ledger_log.take();
        check::one_generation_writes(&events, &mut self.generation)?;
        check::only_a_complete_listing_sweeps_or_stamps(&events)?;
        check::a_row_that_moved_is_left_out(&events)?;
        if let Some(after) = self.database.look(&self.picture) {
            self.check_history(&after)?;
            check::the_deployers_columns_are_his(&after, &self.deployer.registry)?;
            check::no_row_is_lost_doubled_or_invented(&self.picture, &after, &self.deployer.registry)?;
            check::replayed_changes_give_the_rows(&after, &self.replay)?;
            check::other_hosts_are_left_alone(&self.picture, &after)?;
            self.picture = after;
        }
        self.deployer.registry.removed.clear();
        for follower in &mut self.followers {
            follower.gets_each_change_once_and_in_order(&self.picture)?;
        }
        self.check_requests().await
    }

    fn check_history(&mut self, after: &Picture) -> Checked {
        let home: BTreeSet<ContainerId> =
            self.host.with(|world| world.containers().map(|one| one.id.clone()).collect());
        let answered = self.host.take_answered();
        let last = self.picture.changes.last().map_or(0, |change| change.revision);
        let known = self.picture.changes.len();
        if after.changes.get(..known) != Some(&self.picture.changes[..]) {
            return Err(broken("I5", "a change came later with an older revision"));
        }
        let mut lines = Vec::new();
        let mut previous = last;
        for change in &after.changes[known..] {
            let key = (change.host.clone(), change.row_id.clone());
            let before = self.replay.get(&key);
            check::the_history_goes_on(change, previous, before)?;
            let is_moved = after.changes[known..].iter().any(|other| {
                other.pass_id == change.pass_id && other.cause == "rebound" && other.container_id == change.container_id
            });
            check::nothing_is_missing_or_taken_that_is_there(change, is_moved, before, &home, &answered)?;
            previous = change.revision;
            let from = change.from_state.as_deref().unwrap_or("-");
            lines.push(format!("    {} {}: {from} to {}", change.row_id, change.cause, change.to_state));
            if change.to_state == "forgotten" {
                self.replay.remove(&key);
            } else {
                let replayed = Replayed { state: change.to_state.clone(), container: change.container_id.clone() };
                self.replay.insert(key, replayed);
            }
        }
        self.log.extend(lines);
        Ok(())
    }

    /// I8: within two passes, counted anew where the death of an actor took a caller along.
    fn answer_bound(&self) -> Duration {
        self.config.pass_bound() * 2 + Duration::from_secs(5)
    }

    async fn check_requests(&mut self) -> Checked {
        let mut waiting = Vec::new();
        for mut request in std::mem::take(&mut self.requests) {
            if request.answer.is_finished() {
                let report =
                    (&mut request.answer).await.map_err(|error| broken("I8", format!("no answer: {error}")))?;
                self.check_report(&request, &report)?;
            } else if request.asked_at.max(self.disturbed_at).elapsed() > self.answer_bound() {
                return Err(broken("I8", format!("request {} has no answer within its bound", request.number)));
            } else {
                waiting.push(request);
            }
        }
        self.requests = waiting;
        Ok(())
    }

    fn check_report(&mut self, request: &Request, report: &PassReport) -> Checked {
        let kind = report.error.as_ref().map(|error| error.kind);
        self.note(&format!("request {} is answered: {} {kind:?}", request.number, report.outcome));
        // Panics are deaths, too.
        let is_rerun = request.is_rerun || self.plan.met().contains_key("panic");
        // A pass that was given up tells nothing of its begin.
        let has_begun = kind != Some(FailureKind::Internal);
        if has_begun && request.asked_wall.is_some_and(|asked| report.started_at < asked) {
            return Err(broken("I8", "a caller got the report of a pass that began before it asked"));
        }
        check::a_failure_is_of_the_surroundings(report)?;
        check::a_report_is_true(report, &self.picture, is_rerun)
    }

    /// All faults end: within two passes rows and daemon agree, a third finds nothing to write, and nothing is left behind.
    async fn end(&mut self) -> Checked {
        self.note("all faults end");
        self.plan.heal();
        if self.host.is_stranger_here() {
            self.host.exchange(false);
        }
        if self.plan.met().contains_key("stranger") {
            // A host without rows takes any daemon for its own, and after that only an operator can say which one is meant.
            self.deployer.store.confirm_host(&HostName::new("local")).expect("the host is there");
        }
        self.disturbed();
        // The longest wait before the next try to open the database.
        sleep(Duration::from_secs(6)).await;
        self.check().await?;
        let mut disagreements = vec!["no pass ran".to_owned()];
        for _ in 0..2 {
            self.final_pass().await?;
            disagreements = self.disagreements();
            if disagreements.is_empty() {
                break;
            }
        }
        if !disagreements.is_empty() {
            return Err(broken("I6", disagreements.join("; ")));
        }
        self.settle().await?;
        let before = self.picture.clone();
        self.final_pass().await?;
        check::a_steady_pass_writes_no_row(&before, &self.picture)?;
        self.events_are_enough().await?;
        self.stop().await
    }

    /// Between two ticks: what events tell is true soon, also if the pass that they cost fails, and if the stream was lost.
    async fn events_are_enough(&mut self) -> Checked {
        for (role, trouble) in [("x", "no trouble"), ("y", "a list that fails once"), ("z", "a stream that is lost")] {
            // A pass that was just asked for puts off the tick.
            self.final_pass().await?;
            sleep(Duration::from_millis(500)).await;
            if trouble == "a list that fails once" {
                self.plan.inject(FaultRule::new(PlannedFault::ServerError, &[Call::List]).times(1));
            }
            let id = self.host.with(|world| {
                let container = NewContainer::new(format!("last-{role}"), "example/web:1");
                world.run(container.label("tinyforge.workload.id", "w-tools").label("tinyforge.workload.role", role))
            });
            if trouble == "a stream that is lost" {
                self.host.restart();
            }
            self.note(&format!("a last container, with {trouble}: {id:?}"));
            sleep(Duration::from_secs(5)).await;
            self.check().await?;
            let disagreements = self.disagreements();
            if !disagreements.is_empty() {
                return Err(broken("between ticks", format!("with {trouble}: {}", disagreements.join("; "))));
            }
        }
        Ok(())
    }

    async fn final_pass(&mut self) -> Checked {
        let report = timeout(self.answer_bound(), self.ledger.reconcile()).await;
        let report = report.map_err(|_| broken("I8", "a pass after all faults was not answered"))?;
        self.note(&format!("a last pass: {} {:?}", report.outcome, report.error));
        self.check().await
    }

    fn disagreements(&self) -> Vec<String> {
        let containers = self
            .host
            .with(|world| world.containers().map(|one| (one.id.to_string(), one.clone())).collect::<BTreeMap<_, _>>());
        let rows: Vec<_> = self.picture.local().collect();
        let mut found = truth::disagreements(&rows, &containers, &self.deployer.registry);
        // Another daemon, put into the place of this one between a listing and the look at its images, calls an image gone:
        // what its containers claim counts then, and the row stays. So it does where an image did not answer in three passes.
        let is_disturbed = self.log.iter().any(|line| line.contains("FaultRule") && line.contains("Image"));
        let images_are_known = !is_disturbed && !self.plan.met().contains_key("stranger");
        if let Some(row) = rows.iter().find(|row| images_are_known && row.role == "baked") {
            found.push(format!("row {} was made for labels of an image", row.id));
        }
        found
    }

    /// Details that are owed are paid.
    async fn settle(&mut self) -> Checked {
        // The longest wait before what events told is sent again.
        sleep(Duration::from_secs(35)).await;
        let settled = timeout(Duration::from_secs(30), self.ledger.settle_details()).await;
        settled.map_err(|_| broken("I8", "details are not settled"))?;
        sleep(Duration::from_millis(200)).await;
        self.check().await?;
        for follower in &self.followers {
            follower.has_got_everything(&self.picture)?;
        }
        let owing: Vec<_> = self.picture.local().filter(|row| row.details_owed && row.state != "missing").collect();
        if owing.is_empty() { Ok(()) } else { Err(broken("I6", format!("details are owed to {owing:?}"))) }
    }

    /// I10: nothing of the ledger is left when it has stopped and its timers have run out.
    async fn stop(&mut self) -> Checked {
        let streams = self.host.streams();
        if streams > 1 {
            return Err(broken("I10", format!("{streams} streams are open")));
        }
        let asked = std::mem::take(&mut self.requests);
        let waiting = asked.iter().filter(|request| !request.answer.is_finished()).count();
        if waiting > 0 {
            return Err(broken("I8", format!("{waiting} callers were not answered")));
        }
        drop(asked);
        timeout(Duration::from_secs(3), self.ledger.stop()).await.map_err(|_| broken("I8", "the stop takes long"))?;
        sleep(Duration::from_secs(60)).await;
        let left =
            (tokio::runtime::Handle::current().metrics().num_alive_tasks(), self.host.calls(), self.host.streams());
        if left != (0, 0, 0) {
            return Err(broken("I10", format!("tasks, calls and streams that are left: {left:?}")));
        }
        if let Some(last) = self.database.look(&self.picture)
            && last.host.lease_holder.is_some()
        {
            return Err(broken("I7", "the lease was not released"));
        }
        Ok(())
    }
}

fn word_of(child: &ActorCell) -> &'static str {
    if child.is_message_type_of::<TickMessage>() == Some(true) {
        "killed_tick"
    } else if child.is_message_type_of::<DispatchMessage>() == Some(true) {
        "killed_dispatch"
    } else if child.is_message_type_of::<DockerMessage>() == Some(true) {
        "killed_docker"
    } else if child.is_message_type_of::<StoreMessage>() == Some(true) {
        "killed_store"
    } else if child.is_message_type_of::<EventsMessage>() == Some(true) {
        "killed_events"
    } else {
        "killed"
    }
}
