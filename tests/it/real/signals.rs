//! The service is told to stop: in the middle of what hangs, in the middle of what it writes, and twice.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use dockledger::config::Config;
use dockledger::model::Timestamp;
use dockledger::simulation::{Fault, FaultProxy, Injection, NewContainer, SimulatedDaemon, World};
use dockledger::store::{OpenMode, RowFilter, Store};

use super::case::tell;
use crate::cli::daemon::Service;
use crate::cli::program::Program;

/// A daemon that hangs keeps a service no longer than this.
const BAR: Duration = Duration::from_secs(1);

fn shop(containers: usize) -> SimulatedDaemon {
    let mut world = World::new(5, Timestamp::now());
    for n in 0..containers {
        let container = NewContainer::new(format!("c{n}"), "busybox").compose("shop", &format!("s{n}"), 1);
        world.run(container).expect("a fresh name");
    }
    SimulatedDaemon::start(world).expect("a simulated daemon")
}

fn beside(docker_host: &str) -> Program {
    let program = Program::new().variable("DOCKER_HOST", docker_host);
    assert_eq!(program.run(&["stack", "add", "shop"]).code, Some(0));
    program
}

/// Tells it to stop. How long it took to end, with exit code 0.
fn stopped(mut service: Service) -> Duration {
    let begun = Instant::now();
    service.signal("TERM");
    let ended = service.ends();
    let took = begun.elapsed();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    took
}

/// The request is there, and is not answered.
fn is_asked(proxy: &FaultProxy, path: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut traffic = proxy.traffic();
    let asked = traffic.wait_for(|traffic| traffic.requests_for(path) > 0);
    let waited = runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(20), asked).await.map(|found| found.is_ok()) });
    assert_eq!(waited, Ok(true), "{path} is asked for");
}

/// D1, D2, D4, D7: whatever of the daemon hangs, with the deadlines as shipped.
#[test]
fn a_service_whose_daemon_hangs_ends_within_a_second() {
    let daemon = shop(3);
    let id = daemon.with(|world| world.container("c0").expect("it exists").id.clone());
    let inspect = format!("/containers/{id}/json");
    let hangs: [(&str, Injection); 5] = [
        ("/_ping", Fault::Silent.into()),
        ("/containers/json", Fault::Silent.on("/containers/json")),
        ("/containers/json", Fault::StallAfter(100).on("/containers/json")),
        ("/events", Fault::Silent.on("/events")),
        (&inspect, Fault::Silent.on(&inspect)),
    ];
    for (path, hang) in hangs {
        let proxy = FaultProxy::before(daemon.socket()).expect("a socket");
        let what = format!("{path}: {hang:?}");
        proxy.inject(hang);
        let program = beside(&proxy.docker_host());
        let service = Service::start(&program);
        // A daemon that is silent in everything is asked for its list, too.
        is_asked(&proxy, if path == "/_ping" { "/containers/json" } else { path });
        let took = stopped(service);
        tell(&format!("{what}: ended after {took:?}"));
        assert!(took < BAR, "{what}: ended after {took:?}");
    }
}

/// I4: the first pass over many containers is one transaction; the signal comes at eight moments of it.
#[test]
fn a_pass_that_is_interrupted_by_a_stop_is_written_whole_or_not_at_all() {
    const CONTAINERS: usize = 2_000;
    const MOMENTS: u32 = 8;
    let daemon = shop(CONTAINERS);
    let mut whole_pass = None;
    let mut written = Vec::new();
    for moment in 0..=MOMENTS {
        let proxy = FaultProxy::before(daemon.socket()).expect("a socket");
        let program = beside(&proxy.docker_host());
        let mut service = Service::start(&program);
        is_asked(&proxy, "/containers/json");
        let begun = Instant::now();
        match whole_pass {
            None => service.tells("READY=1"),
            // The moment itself: so much of a pass is over.
            Some(whole) => std::thread::sleep(whole * (moment - 1) / MOMENTS),
        }
        whole_pass.get_or_insert(begun.elapsed());
        stopped(service);
        let mut store = Store::open(&Config::new(program.database()), OpenMode::Read).expect("the ledger opens");
        let rows = store.rows(&RowFilter::default()).expect("it can be read").len();
        let changes = store.changes(None, None, 2 * CONTAINERS).expect("it can be read").changes.len();
        assert!(rows == 0 || rows == CONTAINERS, "{rows} rows");
        assert!(rows == 0 || changes >= CONTAINERS, "{changes} changes");
        written.push(rows);
    }
    tell(&format!("rows after a stop at {MOMENTS} moments of {whole_pass:?}: {written:?}"));
    assert_eq!(written.first(), Some(&CONTAINERS), "the one that was not interrupted");
}

/// A9: the first signal waits for the transaction, behind somebody's lock; the second waits for nothing.
#[test]
fn a_second_signal_ends_the_service_at_once() {
    let daemon = shop(3);
    let program = beside(&daemon.docker_host());
    let mut service = Service::start(&program);
    service.tells("READY=1");
    let mut other = SqliteConnection::establish(&program.database()).expect("the file opens");
    other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").expect("the lock is free within that time");
    daemon.with(|world| world.stop("c0")).expect("it runs");
    service.signal("USR1");
    service.signal("TERM");
    service.tells("STOPPING=1");
    let begun = Instant::now();
    service.signal("TERM");
    let ended = service.ends();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    other.batch_execute("COMMIT").expect("it is ours");
}
