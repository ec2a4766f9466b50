//! The daemon's own trouble where it reaches the whole program: its disk, its clock, its absence.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::docker::{Action, ContainerSource, Daemon, Endpoint, Grace};
use dockledger::model::{Completeness, ContainerId, FailureKind, PassReport, Timestamp};
use dockledger::simulation::{Fault, FaultProxy, NewContainer, Reply, SimulatedDaemon, World};
use dockledger::store::NewParent;
use dockledger::{Ledger, Mode};

use crate::whole::ledger::{BEGIN, Case, until};

/// D23: a daemon without room still lists; what it refuses is refused in its own words, and definitely so.
#[tokio::test]
async fn a_daemon_without_room_is_listed_and_its_refusal_is_passed_on() {
    let case = Case::with_shop(2).await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    let words = "mkdir /var/lib/docker/tmp: no space left on device";
    let refusal = Fault::Answer(Reply::new(500, format!("{{\"message\":\"{words}\"}}")));
    let id = case.daemon.with(|world| world.container("c0").expect("it exists").id.clone());
    proxy.inject(refusal.on(&format!("/containers/{id}/restart")));
    let daemon = Daemon::new(Endpoint::Unix(proxy.socket()), &Config::new("unused"));
    let refused = daemon.act(&id, Action::Restart(Grace::default())).await.expect_err("it has no room");
    assert!(refused.to_string().contains(words), "{refused}");
    let listed = daemon.list().await.expect("listing needs no room");
    assert_eq!((listed.listing.completeness, listed.listing.containers.len()), (Completeness::Complete, 2));
}

/// D24: the daemon's clock jumps ten years ahead and back; what decides is the order of passes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_whose_clock_jumps_is_followed_pass_by_pass() {
    let mut case = Case::new();
    case.store().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    let ten_years = 10 * 365 * 24 * 3600 * 1000;
    let mut revision = None;
    for (jump, stops, state) in [(ten_years, false, "running"), (-ten_years, true, "stopped"), (0, false, "running")] {
        // The same seed makes the same daemon with the same container, at another time.
        let mut world = World::new(1, Timestamp::from_millis(BEGIN.as_millis() + jump));
        world.run(NewContainer::new("c0", "busybox").compose("shop", "s0", 1)).expect("a fresh name");
        if stops {
            world.stop("c0").expect("it runs");
        }
        let daemon = SimulatedDaemon::start(world).expect("a socket");
        case.config.docker_host = Some(daemon.docker_host());
        let report = case.once().await;
        assert_eq!((report.error.as_ref(), report.inserted + report.updated), (None, 1), "{jump}");
        assert_eq!(case.states().into_iter().map(|(_, state)| state).collect::<Vec<_>>(), [state], "{jump}");
        assert!(report.revision > revision, "{:?} after {revision:?}", report.revision);
        revision = report.revision;
    }
}

/// D25: hours without a daemon are tried to the last second, at no growing cost, and cost nobody a restart.
#[tokio::test]
async fn a_daemon_that_is_away_for_hours_is_found_when_it_comes() {
    let case = Case::with_shop(1).await;
    tokio::time::pause();
    let socket = case.path("away.sock");
    let mut config = case.config.clone();
    config.docker_host = Some(format!("unix://{}", socket.display()));
    config.interval = Duration::from_secs(300);
    let ledger = Ledger::spawn(config, Mode::Service, true).await.expect("the address makes sense");
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let hour = Duration::from_secs(3_600);
    tokio::time::sleep(hour).await;
    let after_an_hour = alive();
    tokio::time::sleep(5 * hour).await;
    assert!(alive() <= after_an_hour + 2, "{after_an_hour} tasks after an hour, {} after six", alive());
    let status = ledger.watch_status().borrow().clone();
    assert!(status.restarts.is_empty() && status.leaked == 0 && status.ended.is_none(), "{status:?}");
    let failure = |report: &PassReport| report.error.as_ref().map(|error| error.kind);
    assert_eq!(status.last_report.as_deref().and_then(failure), Some(FailureKind::DaemonUnreachable));
    // What is really asked takes real time.
    tokio::time::resume();
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    std::os::unix::fs::symlink(case.daemon.socket(), &socket).expect("the path is free");
    let recovered = || case.states().iter().all(|(_, state)| state == "stopped");
    until(&ledger, Duration::from_secs(10), "the next look finds it, not the next tick", recovered).await;
    ledger.stop().await;
}

/// D21: a path without a version is answered by any engine in its own.
#[tokio::test]
async fn no_request_names_a_version_of_the_api() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("raw.sock");
    let listener = UnixListener::bind(&socket).expect("the path is free");
    let requests = tokio::task::spawn_blocking(move || {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| !line.starts_with("DELETE")) {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut line = String::new();
            // A client that gives up before it asks leaves no line.
            if BufReader::new(&stream).read_line(&mut line).is_ok_and(|length| length > 0) {
                lines.push(line);
            }
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
        lines
    });
    let daemon = Daemon::new(Endpoint::Unix(socket), &Config::new("unused"));
    let id = ContainerId::new("0".repeat(64));
    daemon.list().await.expect_err("status 400");
    daemon.inspect(&id).await;
    daemon.ping().await.expect_err("status 400");
    for action in [Action::Start, Action::Stop(Grace::default()), Action::Restart(Grace::default()), Action::Remove] {
        daemon.act(&id, action).await.expect_err("status 400");
    }
    let requests = requests.await.expect("it does not panic");
    let mut paths: Vec<&str> = requests.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert!(paths.len() >= 7, "{paths:?}");
    paths.retain(|path| !path.starts_with("/containers/") && !["/_ping", "/info", "/version"].contains(path));
    assert_eq!(paths, [""; 0]);
}
