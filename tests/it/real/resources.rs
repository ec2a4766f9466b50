//! I10: what passes and restarts leave behind: nothing.

use std::fs;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use dockledger::model::{Timestamp, Worker};
use dockledger::simulation::{Fault, FaultProxy, NewContainer, SimulatedDaemon, World};
use dockledger::store::NewParent;
use dockledger::telemetry::Child;
use dockledger::{LedgerHandle, Mode};

use super::case::{rounds_asked_for, tell};
use crate::cli::daemon::Service;
use crate::cli::program::Program;
use crate::whole::ledger::{Case, until};

/// Longer than the slowest of these waits takes.
const BOUND: Duration = Duration::from_secs(120);

/// Passes and forced restarts, as many as are asked for.
fn counts() -> (u64, u64) {
    if rounds_asked_for().is_some() { (1_000, 200) } else { (200, 30) }
}

/// What the kernel says of a process.
#[derive(Clone, Copy, Debug)]
struct Held {
    resident_kib: u64,
    threads: u64,
    descriptors: usize,
    sockets: usize,
}

impl Held {
    fn by(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        let number = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key)).expect("Linux says it");
            line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
        };
        let links: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
            .expect("it is ours")
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .collect();
        Self {
            resident_kib: number("VmRSS:"),
            threads: number("Threads:"),
            descriptors: links.len(),
            sockets: links.iter().filter(|link| link.to_string_lossy().starts_with("socket:")).count(),
        }
    }
}

/// What a level may differ by between two moments of the same steady life: a connection or a blocking thread that is just
/// in use, and memory that the allocator keeps.
const SLACK: usize = 4;
const SLACK_KIB: u64 = 4 * 1024;

/// The built program: list calls that hang have their worker killed and replaced.
#[test]
fn passes_and_restarts_leave_a_process_as_it_was() {
    let (passes, restarts) = counts();
    let mut world = World::new(3, Timestamp::now());
    for n in 0..50 {
        let container = NewContainer::new(format!("c{n}"), "busybox").compose("shop", &format!("s{n}"), 1);
        world.run(container).expect("a fresh name");
    }
    let daemon = SimulatedDaemon::start(world).expect("a simulated daemon");
    let proxy = FaultProxy::before(daemon.socket()).expect("a socket");
    let program = Program::new()
        .variable("DOCKER_HOST", &proxy.docker_host())
        .variable("DOCKLEDGER_INTERVAL", "10ms")
        .variable("DOCKLEDGER_LIST_DEADLINE", "50ms")
        .variable("DOCKLEDGER_INSPECT_DEADLINE", "50ms");
    assert_eq!(program.run(&["stack", "add", "shop"]).code, Some(0));
    let mut service = Service::start(&program);
    service.tells("READY=1");
    let live = |passes: u64, restarts: u64| {
        lists(&proxy, passes);
        proxy.inject(Fault::Silent.on("/containers/json"));
        lists(&proxy, restarts);
        proxy.heal();
        // Whatever was in flight is over after a few passes.
        lists(&proxy, 20);
        Held::by(service.pid())
    };
    let warm = live(passes / 5, restarts / 5);
    let after = live(passes, restarts);
    tell(&format!("after {passes} passes and {restarts} restarts {after:?}, before {warm:?}"));
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0));
    assert!(after.descriptors <= warm.descriptors + SLACK, "{warm:?} {after:?}");
    assert!(after.sockets <= warm.sockets + SLACK, "{warm:?} {after:?}");
    assert!(after.threads as usize <= warm.threads as usize + SLACK, "{warm:?} {after:?}");
    assert!(after.resident_kib <= warm.resident_kib + SLACK_KIB, "{warm:?} {after:?}");
}

/// Waits for so many lists more, answered or not.
fn lists(proxy: &FaultProxy, more: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut traffic = proxy.traffic();
    let until = traffic.borrow().requests_for("/containers/json") + more;
    let waiting = traffic.wait_for(|traffic| traffic.requests_for("/containers/json") >= until);
    let waited = runtime.block_on(async { tokio::time::timeout(BOUND, waiting).await.map(|found| found.is_ok()) });
    assert_eq!(waited, Ok(true), "so many lists are asked for in time");
}

/// The tree in this process: its tasks, with workers that are killed for hanging and stores that are killed behind a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passes_and_restarts_leave_the_runtime_as_it_was() {
    let (passes, restarts) = counts();
    let mut case = Case::with_shop(20).await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    case.config.interval = Duration::from_millis(10);
    case.config.list_deadline = Duration::from_millis(50);
    case.config.inspect_deadline = Duration::from_millis(50);
    case.config.store_deadline = Duration::from_millis(50);
    case.store().add_stack(&NewParent::named("more"), None).expect("a fresh stack");
    let ledger = case.spawn(Mode::Service).await;
    let mut levels = Vec::new();
    for share in [5, 1] {
        for _ in 0..passes / share {
            assert_eq!(ledger.reconcile().await.error, None);
        }
        proxy.inject(Fault::Silent.on("/containers/json"));
        restarted(&ledger, Child::Docker(Worker::Pass), restarts * 3 / 4 / share).await;
        proxy.heal();
        let enough = ledger.watch_status().borrow().restarts_of(Child::Store) + restarts / 4 / share;
        while ledger.watch_status().borrow().restarts_of(Child::Store) < enough {
            locked_out(&case, &ledger).await;
        }
        for _ in 0..20 {
            ledger.reconcile().await;
        }
        levels.push(settled_tasks().await);
    }
    tell(&format!("tasks before and after {passes} passes and {restarts} restarts: {levels:?}"));
    assert!(levels[1] <= levels[0] + SLACK, "{levels:?}");
    assert_eq!(ledger.watch_status().borrow().leaked, 0);
    ledger.stop().await;
}

/// Tasks that live once the timers of what is over have run out: the lowest number within the longest of them.
async fn settled_tasks() -> usize {
    let metrics = tokio::runtime::Handle::current().metrics();
    let mut lowest = usize::MAX;
    for _ in 0..60 {
        lowest = lowest.min(metrics.num_alive_tasks());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    lowest
}

/// A store that waits for a lock beyond its deadline is killed; the next one begins as soon as the lock is gone. One that
/// is just beginning waits for it without being killed, and says so.
async fn locked_out(case: &Case, ledger: &LedgerHandle) {
    let before = ledger.watch_status().borrow().restarts_of(Child::Store);
    let mut other = SqliteConnection::establish(&case.config.database).expect("the file opens");
    other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").expect("the lock is free within that time");
    let asked = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.reconcile().await }
    });
    let meets_it = || {
        let status = ledger.watch_status().borrow().clone();
        status.restarts_of(Child::Store) > before || status.store_trouble.is_some()
    };
    until(ledger, BOUND, "the store meets the lock", meets_it).await;
    other.batch_execute("COMMIT").expect("it is ours");
    asked.await.expect("it is answered");
}

/// Waits until that child was replaced so many times more.
async fn restarted(ledger: &LedgerHandle, child: Child, times: u64) {
    let count = || ledger.watch_status().borrow().restarts_of(child);
    let before = count();
    until(ledger, BOUND, "the child is replaced", || count() >= before + times).await;
}
