//! DockerActor: each request is answered by its own reply, and killing it closes what it holds open.

use dockledger::docker::{Action, DaemonError, DockerActor, DockerArgs, DockerMessage, Listed};
use dockledger::model::{ContainerId, Examined, Inspected, Scope};
use dockledger::simulation::{Fault, FaultProxy};
use ractor::{Actor, ActorRef, ActorStatus};

use super::{BOUND, id, playing, questions, wait_for};
use crate::support::replies::{Answer, reply};

async fn actor_before(proxy: &FaultProxy) -> ActorRef<DockerMessage> {
    let args = DockerArgs { questions: questions(proxy) };
    Actor::spawn(None, DockerActor, args).await.expect("an actor").0
}

fn list(docker: &ActorRef<DockerMessage>, scope: Scope) -> Answer<Result<Listed, DaemonError>> {
    ask(docker, |reply| DockerMessage::List { scope, reply })
}

fn ask<T: Send + 'static>(
    docker: &ActorRef<DockerMessage>,
    message: impl FnOnce(dockledger::reply::Reply<T>) -> DockerMessage,
) -> Answer<T> {
    let (reply, answer) = reply();
    docker.cast(message(reply)).expect("it lives");
    answer
}

#[tokio::test]
async fn each_request_is_answered_in_its_turn() {
    let proxy = playing(&[]);
    let docker = actor_before(&proxy).await;
    let container = ContainerId::new(id(1));
    let one = || vec![container.clone()];
    let listed = list(&docker, Scope::Host);
    let verified = ask(&docker, |reply| DockerMessage::Verify { containers: one(), reply });
    let details = ask(&docker, |reply| DockerMessage::ReadDetails { containers: one(), reply });
    let images = ask(&docker, |reply| DockerMessage::ReadImages { images: vec!["sha256:x".into()], reply });
    let answers = ask(&docker, |reply| DockerMessage::AwaitDaemon { reply });
    let examined = ask(&docker, |reply| DockerMessage::Examine { containers: one(), within: BOUND, reply });
    let scoped = list(&docker, Scope::Containers([container.clone()].into()));
    let acted = ask(&docker, |reply| DockerMessage::Act { container: container.clone(), action: Action::Start, reply });
    assert_eq!(listed.get().await.expect("a listing").listing.containers.len(), 3);
    let verified = verified.get().await;
    assert!(matches!(verified[&container], Inspected::Unanswered(_)), "the daemon's 404 is not its own words");
    assert_eq!(details.get().await.len(), 1);
    assert_eq!(images.get().await.len(), 1);
    answers.get().await;
    let examined = examined.get().await;
    assert!(matches!(examined[&container], Examined::Unanswered(_)), "the daemon's 404 is not its own words");
    assert_eq!(scoped.get().await.expect("a listing").listing.containers.len(), 1);
    assert!(acted.get().await.is_err(), "nothing is played for an action");
}

// D1, D2, A2
#[tokio::test]
async fn killing_it_closes_the_connections_of_the_call_it_awaits() {
    for fault in [Fault::Silent, Fault::StallAfter(100)] {
        let proxy = playing(&[]);
        proxy.inject(fault.clone());
        let docker = actor_before(&proxy).await;
        let listed = list(&docker, Scope::Host);
        wait_for(&proxy, |traffic| traffic.requests_for("/containers/json") == 1).await;
        docker.kill();
        assert!(listed.get_if_any().await.is_none(), "the reply is dropped with it");
        let traffic = wait_for(&proxy, |traffic| traffic.open == 0).await;
        assert_eq!(traffic.connections, 1, "{fault:?}: {traffic:?}");
    }
}

#[tokio::test]
async fn killing_it_closes_the_connections_of_all_inspects() {
    let proxy = playing(&[]);
    proxy.inject(Fault::Silent);
    let docker = actor_before(&proxy).await;
    let containers = (0..20).map(|number| ContainerId::new(id(number))).collect();
    let _verified = ask(&docker, |reply| DockerMessage::Verify { containers, reply });
    wait_for(&proxy, |traffic| traffic.open == 8 && traffic.requests.len() == 8).await;
    docker.kill();
    wait_for(&proxy, |traffic| traffic.open == 0).await;
}

// Also when nothing is in flight: the list's kept connection goes with the actor.
#[tokio::test]
async fn stopping_it_closes_the_connection_that_it_keeps() {
    let proxy = playing(&[]);
    let docker = actor_before(&proxy).await;
    list(&docker, Scope::Host).get().await.expect("a listing");
    wait_for(&proxy, |traffic| traffic.open == 1).await;
    docker.stop(None);
    wait_for(&proxy, |traffic| traffic.open == 0).await;
    assert_eq!(docker.get_status(), ActorStatus::Stopped);
}

#[tokio::test]
async fn an_answer_for_a_requester_that_is_gone_is_no_fault() {
    let proxy = playing(&[]);
    let docker = actor_before(&proxy).await;
    drop(list(&docker, Scope::Host));
    assert!(list(&docker, Scope::Host).get().await.is_ok());
}
