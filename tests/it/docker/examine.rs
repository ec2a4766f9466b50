//! A container that is examined by itself is what the list says of it.

use std::sync::Arc;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::docker::{
    Action, CallProgress, ContainerSource, Daemon, DaemonError, Endpoint, EventStream, ImageAnswer, Listed, Questions,
};
use dockledger::model::{
    BoxFuture, ContainerId, ContainerState, Examined, HealthFact, ImageId, Inspected, ListedContainer, Scope, Timestamp,
};
use dockledger::simulation::{
    Engine, Fault, Health, NewContainer, Reply, RestartPolicy, SimulatedDaemon, SimulatedState, World, WorldError,
};
use tokio::time::timeout;

use super::{BOUND, SHORT, id, playing, questions, questions_with, wait_for};
use crate::support::containers::build_the_sixty;
use crate::support::dockerd::Dockerd;
use crate::support::skip::skip;

/// What is told by the list alone is left out.
fn without_what_differs(mut listed: ListedContainer) -> ListedContainer {
    if matches!(listed.state, ContainerState::Paused | ContainerState::Restarting) {
        listed.health = HealthFact::Keep;
    }
    listed
}

async fn compare(daemon: &Daemon) -> usize {
    let listing = daemon.list().await.expect("a listing").listing;
    for listed in &listing.containers {
        let Examined::Present(examined) = daemon.examine(&listed.id).await else { panic!("{}", listed.name) };
        let mut expected = without_what_differs(listed.clone());
        if expected.health == HealthFact::Keep {
            // Docker's list says nothing where there is no check, and Podman's nothing at all.
            expected.health = examined.listed.health.clone();
        }
        assert_eq!(examined.listed, expected, "{}", listed.name);
    }
    listing.containers.len()
}

fn in_every_state(world: &mut World) -> Result<(), WorldError> {
    world.run(NewContainer::new("plain", "nginx:1").label("tinyforge.static-site", "s1"))?;
    world.run(NewContainer::new("published", "nginx:1").publish(8080, 80).publish(443, 443).health_check())?;
    for (name, health) in [("well", Health::Healthy), ("ill", Health::Unhealthy)] {
        world.run(NewContainer::new(name, "nginx:1").compose("shop", name, 1).health_check())?;
        world.set_health(name, health)?;
    }
    world.create(NewContainer::new("created", "nginx:1"))?;
    for name in ["paused", "stopped", "killed", "dead", "removing", "odd"] {
        world.run(NewContainer::new(name, "nginx:1").publish(9000, 90))?;
    }
    world.pause("paused")?;
    world.stop("stopped")?;
    world.kill("killed")?;
    for (name, state) in [
        ("dead", SimulatedState::Dead),
        ("removing", SimulatedState::Removing),
        ("odd", SimulatedState::Other("hibernating".into())),
    ] {
        world.set_state(name, state)?;
    }
    world.run(NewContainer::new("crashing", "nginx:1").restart(RestartPolicy::Always))?;
    world.crash("crashing", 3)?;
    Ok(())
}

#[tokio::test]
async fn a_simulated_container_in_every_state_is_what_the_list_says() {
    for engine in [Engine::Docker, Engine::Podman] {
        let mut world = World::new(1, Timestamp::from_millis(1_800_000_000_123));
        world.set_engine(engine, "1");
        in_every_state(&mut world).unwrap();
        let simulated = SimulatedDaemon::start(world).expect("a socket");
        let daemon = Daemon::new(Endpoint::Unix(simulated.socket()), &Config::new("unused"));
        assert_eq!(compare(&daemon).await, 12);
    }
}

#[tokio::test]
async fn the_sixty_are_examined_as_they_are_listed() {
    let dockerd = match Dockerd::start() {
        Ok(dockerd) => dockerd,
        Err(why) => return skip("the_sixty_are_examined_as_they_are_listed", &why),
    };
    let built = build_the_sixty(&dockerd).len();
    let daemon = Daemon::new(Endpoint::Unix(dockerd.socket()), &Config::new("unused"));
    assert_eq!(compare(&daemon).await, built);
    let gone = ContainerId::new("f".repeat(64));
    assert_eq!(daemon.examine(&gone).await, Examined::Gone);
}

fn present(number: usize) -> Reply {
    Reply::new(200, format!(r#"{{"Id":"{}","State":{{"Status":"running"}}}}"#, id(number)))
}

fn containers(count: usize) -> Vec<ContainerId> {
    (0..count).map(|number| ContainerId::new(id(number))).collect()
}

// D6, D7
#[tokio::test]
async fn containers_that_hang_do_not_keep_the_others_from_being_examined() {
    let paths: Vec<String> = (0..20).map(|number| format!("/containers/{}", id(number))).collect();
    let replies: Vec<(&str, Reply)> =
        paths.iter().enumerate().map(|(number, path)| (path.as_str(), present(number))).collect();
    let proxy = playing(&replies);
    for path in &paths[..7] {
        proxy.inject(Fault::Silent.on(path));
    }
    let questions = questions_with(&proxy, |config| config.inspect_deadline = SHORT);
    let answers = timeout(BOUND, questions.examine(containers(20), BOUND)).await.expect("bounded");
    assert_eq!(answers.len(), 20);
    for (number, container) in containers(20).iter().enumerate() {
        assert_eq!(matches!(answers[container], Examined::Unanswered(_)), number < 7, "{number}");
    }
}

// D1
#[tokio::test]
async fn a_frozen_daemon_is_asked_for_eight_containers_and_no_more() {
    let proxy = playing(&[]);
    proxy.inject(Fault::Silent);
    let questions = questions_with(&proxy, |config| config.inspect_deadline = SHORT);
    let answers = timeout(BOUND, questions.examine(containers(1000), BOUND)).await.expect("bounded");
    assert_eq!(answers.len(), 8);
    assert!(answers.values().all(|answer| matches!(answer, Examined::Unanswered(_))));
    let traffic = wait_for(&proxy, |traffic| traffic.open == 0).await;
    // For each of the first that gave up another may have begun, until the eighth did.
    assert!(traffic.requests.len() <= 15, "{traffic:?}");
}

#[tokio::test]
async fn what_was_examined_when_the_time_is_over_is_kept() {
    let proxy = playing(&[(&format!("/containers/{}", id(0)), present(0))]);
    proxy.inject(Fault::Silent.on("/containers/"));
    proxy.inject(Fault::Answer(present(0)).on(&format!("/containers/{}/json", id(0))));
    let questions: Questions = questions(&proxy);
    let answers = timeout(BOUND, questions.examine(containers(30), SHORT)).await.expect("bounded");
    assert_eq!(answers.keys().collect::<Vec<_>>(), [&ContainerId::new(id(0))]);
    wait_for(&proxy, |traffic| traffic.open == 0).await;
}

/// A source of a host application, which answers without a socket.
#[derive(Debug)]
struct Frozen(Daemon);

impl ContainerSource for Frozen {
    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listed, DaemonError>> {
        ContainerSource::list(&self.0, scope)
    }

    fn inspect<'a>(&'a self, _: &'a ContainerId) -> BoxFuture<'a, Inspected> {
        Box::pin(std::future::pending())
    }

    fn examine<'a>(&'a self, _: &'a ContainerId) -> BoxFuture<'a, Examined> {
        Box::pin(std::future::pending())
    }

    fn image<'a>(&'a self, _: &'a ImageId) -> BoxFuture<'a, ImageAnswer> {
        Box::pin(std::future::pending())
    }

    fn await_daemon(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn act<'a>(&'a self, _: &'a ContainerId, _: Action) -> BoxFuture<'a, Result<(), DaemonError>> {
        Box::pin(std::future::pending())
    }

    fn events(&self, _: Option<i64>) -> BoxFuture<'_, Result<Box<dyn EventStream>, DaemonError>> {
        Box::pin(std::future::pending())
    }

    fn progress(&self) -> Arc<CallProgress> {
        self.0.progress()
    }
}

// D1
#[tokio::test(start_paused = true)]
async fn questions_are_bounded_whatever_the_source() {
    let config = Config::new("unused");
    let source = Frozen(Daemon::new(Endpoint::Unix("/unused".into()), &config));
    let questions = Questions::new(Arc::new(source), &config);
    let begun = tokio::time::Instant::now();
    assert_eq!(questions.verify(containers(100)).await.len(), 100);
    assert_eq!(begun.elapsed().as_secs(), config.list_deadline.as_secs());
    let begun = tokio::time::Instant::now();
    assert_eq!(questions.examine(containers(100), Duration::from_secs(60)).await.len(), 8);
    assert_eq!(begun.elapsed().as_secs(), config.inspect_deadline.as_secs());
    let begun = tokio::time::Instant::now();
    assert_eq!(questions.details(containers(8)).await.len(), 8);
    assert_eq!(begun.elapsed().as_secs(), 2 * config.inspect_deadline.as_secs(), "four at a time");
}
