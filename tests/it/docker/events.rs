//! The event stream: against a simulated daemon, a proxy that goes wrong, and a real one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dockledger::config::Config;
use dockledger::docker::{ContainerSource, Daemon, DaemonError, Endpoint, EventStream, StreamItem};
use dockledger::model::{ContainerId, DaemonEvent, EventAction, HealthWord, Timestamp};
use dockledger::simulation::{
    Engine, Fault, FaultProxy, Health, NewContainer, Reply, SimulatedDaemon, World, WorldError,
};
use tokio::time::timeout;

use EventAction::{
    Changed, Created, Detached, DetailsChanged, Ended, OutOfMemory, Paused, Removed, Signalled, Started, Stopped,
    Unpaused,
};

use super::{BOUND, client, id, playing, wait_for};
use crate::support::dockerd::{Dockerd, PLAIN_IMAGE};
use crate::support::skip::skip;

fn simulated() -> SimulatedDaemon {
    SimulatedDaemon::start(World::new(1, Timestamp::from_millis(1_800_000_000_000))).expect("a socket")
}

fn of_socket(socket: PathBuf) -> Daemon {
    Daemon::new(Endpoint::Unix(socket), &Config::new("unused"))
}

async fn follow(daemon: &Daemon, since_nanos: Option<i64>) -> Box<dyn EventStream> {
    timeout(BOUND, daemon.events(since_nanos)).await.expect("a head").expect("a stream")
}

async fn item(stream: &mut Box<dyn EventStream>) -> Result<Option<StreamItem>, DaemonError> {
    timeout(BOUND, stream.next()).await.expect("an item")
}

async fn event(stream: &mut Box<dyn EventStream>) -> DaemonEvent {
    match item(stream).await {
        Ok(Some(StreamItem::Event(event))) => event,
        other => panic!("no event: {other:?}"),
    }
}

async fn actions(stream: &mut Box<dyn EventStream>, container: &ContainerId, count: usize) -> Vec<EventAction> {
    let mut actions = Vec::new();
    for _ in 0..count {
        let event = event(stream).await;
        assert_eq!(event.container, *container);
        actions.push(event.action);
    }
    actions
}

/// What [`happen`] comes to.
const HAPPENED: [EventAction; 10] = [
    Created,
    Started,
    Paused,
    Unpaused,
    EventAction::Health(Some(HealthWord::Healthy)),
    Changed,
    Ended,
    Started,
    OutOfMemory,
    Ended,
];

/// Makes, starts, freezes, thaws, renames a container, lets it crash, starts it and lets it run out of memory; its
/// health check speaks once.
fn happen(world: &mut World) -> Result<ContainerId, WorldError> {
    let id = world.run(NewContainer::new("web", "nginx:1").health_check())?;
    world.pause("web")?;
    world.unpause("web")?;
    world.set_health("web", Health::Healthy)?;
    world.rename("web", "site")?;
    world.crash("site", 1)?;
    world.start("site")?;
    world.run_out_of_memory("site")?;
    Ok(id)
}

#[tokio::test]
async fn what_happens_to_a_container_is_told_in_order() {
    for engine in [Engine::Docker, Engine::Podman] {
        let simulated = simulated();
        simulated.with(|world| world.set_engine(engine, "1"));
        let daemon = of_socket(simulated.socket());
        let mut stream = follow(&daemon, None).await;
        let container = simulated.with(happen).unwrap();
        let told = actions(&mut stream, &container, HAPPENED.len()).await;
        assert_eq!(told, HAPPENED, "{engine:?}");
    }
}

#[tokio::test]
async fn a_stream_that_resumes_begins_with_the_event_it_names() {
    let simulated = simulated();
    let container = simulated.with(happen).unwrap();
    let at: Vec<i64> = simulated.with(|world| world.events().map(|event| event.at_nanos).collect());
    let daemon = of_socket(simulated.socket());
    let mut resumed = follow(&daemon, Some(at[4])).await;
    let first = event(&mut resumed).await;
    assert_eq!(first, DaemonEvent { container, action: HAPPENED[4], number: None, at_nanos: at[4] });
    simulated.with(|world| world.remove_all());
    let later = simulated.with(|world| world.run(NewContainer::new("later", "nginx:1"))).unwrap();
    let mut last = first;
    while last.container != later {
        last = event(&mut resumed).await;
    }
    assert_eq!(last.action, Created, "what is to come follows without a gap");
}

#[tokio::test]
async fn a_stream_that_is_ended_is_told_from_one_that_is_cut() {
    let simulated = simulated();
    let daemon = of_socket(simulated.socket());
    let mut ended = follow(&daemon, None).await;
    simulated.end_events();
    assert!(matches!(item(&mut ended).await, Ok(None)));
    let mut cut = follow(&daemon, None).await;
    simulated.with(happen).unwrap();
    for _ in HAPPENED {
        event(&mut cut).await;
    }
    simulated.cut_events();
    let error = item(&mut cut).await.expect_err("it was cut");
    assert!(matches!(error, DaemonError::UnexpectedEof { .. }), "{error:?}");
}

// D9
#[tokio::test]
async fn a_cut_within_an_event_is_an_error_though_the_transport_saw_none() {
    let line = format!(r#"{{"Type":"container","Action":"start","id":"{}","timeNano":7}}"#, id(1));
    for (body, whole) in [(line.clone(), true), (format!("{line}\n"), true), (line[..40].to_owned(), false)] {
        let proxy = playing(&[("/events", Reply::new(200, body).until_close())]);
        let mut stream = follow(&client(&proxy), None).await;
        if whole {
            assert_eq!(event(&mut stream).await.at_nanos, 7);
            assert!(matches!(item(&mut stream).await, Ok(None)));
        } else {
            assert!(matches!(item(&mut stream).await, Err(DaemonError::UnexpectedEof { .. })));
        }
    }
}

#[tokio::test]
async fn a_daemon_that_gives_no_stream_says_why() {
    let proxy = playing(&[("/events", Reply::new(403, "denied"))]);
    let refused = client(&proxy).events(None).await.expect_err("no stream");
    assert!(matches!(refused, DaemonError::Status { status: 403, .. }), "{refused:?}");
    proxy.refuse();
    wait_for(&proxy, |traffic| !traffic.listening).await;
    let absent = client(&proxy).events(None).await.expect_err("no stream");
    assert!(absent.is_unreachable(), "{absent:?}");
}

// B52
#[tokio::test]
async fn a_mebibyte_of_labels_costs_nothing_but_its_bytes() {
    let simulated = simulated();
    let daemon = of_socket(simulated.socket());
    let mut stream = follow(&daemon, None).await;
    let large = NewContainer::new("large", "nginx:1").label("x", "y".repeat(1 << 20));
    let container = simulated.with(|world| {
        let id = world.create(large).unwrap();
        world.remove("large", false).unwrap();
        id
    });
    assert_eq!(actions(&mut stream, &container, 2).await, [Created, Removed]);
}

#[tokio::test]
async fn a_line_of_five_mebibytes_is_named_and_the_next_is_read() {
    let simulated = simulated();
    let daemon = of_socket(simulated.socket());
    let mut stream = follow(&daemon, None).await;
    simulated.send_on_events(format!("{}\n<html>\n", "x".repeat(5 << 20)));
    let container = simulated.with(happen).unwrap();
    for _ in 0..2 {
        assert!(matches!(item(&mut stream).await, Ok(Some(StreamItem::Unreadable(_)))));
    }
    assert_eq!(actions(&mut stream, &container, 2).await, [Created, Started]);
}

#[tokio::test]
async fn events_that_come_twice_or_late_are_handed_on_as_they_come() {
    let simulated = simulated();
    let daemon = of_socket(simulated.socket());
    let mut stream = follow(&daemon, None).await;
    simulated.repeat_events(true);
    simulated.disorder_events(true);
    let container = simulated.with(|world| world.run(NewContainer::new("web", "nginx:1"))).unwrap();
    assert_eq!(actions(&mut stream, &container, 4).await, [Started, Started, Created, Created]);
    simulated.lose_events(true);
    simulated.with(|world| world.pause("web")).unwrap();
    simulated.lose_events(false);
    simulated.with(|world| world.kill("web")).unwrap();
    assert_eq!(actions(&mut stream, &container, 1).await, [Ended], "the lost one does not come later");
}

#[tokio::test]
async fn whoever_drops_a_stream_closes_its_connection() {
    let simulated = simulated();
    let proxy = FaultProxy::before(simulated.socket()).expect("a socket");
    let daemon = client(&proxy);
    let mut stream = follow(&daemon, None).await;
    wait_for(&proxy, |traffic| traffic.open == 1).await;
    // As a killed actor does, in the middle of waiting.
    assert!(timeout(Duration::from_millis(1), stream.next()).await.is_err());
    drop(stream);
    wait_for(&proxy, |traffic| traffic.open == 0).await;
}

// D22
#[tokio::test]
async fn a_proxy_passes_events_on_as_they_come_and_may_cut_them() {
    let simulated = simulated();
    let proxy = FaultProxy::before(simulated.socket()).expect("a socket");
    let mut stream = follow(&client(&proxy), None).await;
    let container = simulated.with(|world| world.run(NewContainer::new("web", "nginx:1"))).unwrap();
    assert_eq!(actions(&mut stream, &container, 2).await, [Created, Started]);
    simulated.cut_events();
    assert!(matches!(item(&mut stream).await, Err(DaemonError::UnexpectedEof { .. })));
    proxy.inject(Fault::CutAfter(10).on("/events"));
    let mut cut = follow(&client(&proxy), None).await;
    simulated.with(|world| world.pause("web")).unwrap();
    assert!(matches!(item(&mut cut).await, Err(DaemonError::UnexpectedEof { .. })));
}

#[tokio::test]
async fn a_stream_of_a_hanging_daemon_opens_when_it_answers() {
    let simulated = simulated();
    simulated.hang_events(true);
    let daemon = Arc::new(of_socket(simulated.socket()));
    let opening = tokio::spawn({
        let daemon = Arc::clone(&daemon);
        async move { daemon.events(None).await }
    });
    daemon.list().await.expect("the list answers");
    assert!(!opening.is_finished());
    simulated.hang_events(false);
    timeout(BOUND, opening).await.expect("it opens").unwrap().expect("a stream");
}

#[tokio::test]
async fn a_real_daemon_tells_what_happens_and_resumes() {
    let dockerd = match Dockerd::start() {
        Ok(dockerd) => dockerd,
        Err(why) => return skip("a_real_daemon_tells_what_happens_and_resumes", &why),
    };
    let daemon = of_socket(dockerd.socket());
    let mut stream = follow(&daemon, None).await;
    let body = serde_json::json!({ "Image": PLAIN_IMAGE, "Cmd": ["/bin/sleep", "86400"], "HostConfig": { "NetworkMode": "none" } });
    let reply = dockerd.post("/containers/create?name=web", &body);
    let container = ContainerId::new(reply.body["Id"].as_str().expect("an id"));
    let orders = ["start", "pause", "unpause", "rename?name=site", "kill", "start", "restart?t=0"];
    for order in orders {
        dockerd.order(&format!("/containers/{container}/{order}"));
    }
    dockerd.delete(&format!("/containers/{container}?force=1"));
    // A restart without patience is `kill` twice, `die`, `stop`, `start`, `restart`; a removal by force `kill`, `die`,
    // `destroy`. Its network lets go of each process that ended.
    let expected = [
        Created,
        Started,
        Paused,
        Unpaused,
        Changed,
        Signalled,
        Ended,
        Detached,
        Started,
        Signalled,
        Signalled,
        Ended,
        Detached,
        Stopped,
        Started,
        DetailsChanged,
        Signalled,
        Ended,
        Detached,
        Removed,
    ];
    let mut events = Vec::new();
    for _ in expected {
        events.push(event(&mut stream).await);
    }
    assert_eq!(events.iter().map(|event| event.action).collect::<Vec<_>>(), expected);
    assert!(events.iter().all(|event| event.container == container));
    assert!(events.is_sorted_by(|a, b| a.at_nanos < b.at_nanos));
    let mut resumed = follow(&daemon, Some(events[5].at_nanos)).await;
    for event_before in &events[5..] {
        assert_eq!(event(&mut resumed).await, *event_before, "the same again, that nanosecond included");
    }
}

/// A container that waits for its restart has no process that could die: it is told of by `stop` alone.
#[tokio::test]
async fn a_real_daemon_tells_that_a_restarting_container_was_stopped() {
    let dockerd = match Dockerd::shared() {
        Ok(dockerd) => dockerd,
        Err(why) => return skip("a_real_daemon_tells_that_a_restarting_container_was_stopped", &why),
    };
    let body = serde_json::json!({
        "Image": PLAIN_IMAGE,
        "Cmd": ["/bin/false"],
        "HostConfig": { "NetworkMode": "none", "RestartPolicy": { "Name": "always" } },
    });
    let reply = dockerd.post("/containers/create", &body);
    let container = ContainerId::new(reply.body["Id"].as_str().expect("an id"));
    dockerd.order(&format!("/containers/{container}/start"));
    let inspect = format!("/containers/{container}/json");
    let until = |holds: &dyn Fn(&serde_json::Value) -> bool| {
        let begun = Instant::now();
        while !holds(&dockerd.get(&inspect).body) {
            assert!(begun.elapsed() < BOUND, "it never came there");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    // From the sixth on it waits for seconds.
    until(&|state| state["RestartCount"].as_i64() >= Some(6) && state["State"]["Status"] == "restarting");
    let daemon = of_socket(dockerd.socket());
    let mut stream = follow(&daemon, None).await;
    dockerd.order(&format!("/containers/{container}/stop"));
    loop {
        let event = event(&mut stream).await;
        if event.container == container {
            assert_eq!(event.action, Stopped);
            break;
        }
    }
    dockerd.delete(&format!("/containers/{container}?force=1"));
}
