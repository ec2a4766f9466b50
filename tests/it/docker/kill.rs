//! DockerActor: its answers carry the op, and killing it closes what it holds open.

use dockledger::dispatch::DispatchMessage;
use dockledger::docker::{Action, DockerActor, DockerArgs, DockerMessage, Lane};
use dockledger::model::{ContainerId, Epoch, Examined, Inspected, OpId, Scope};
use dockledger::simulation::{Fault, FaultProxy};
use ractor::{Actor, ActorProcessingErr, ActorRef, ActorStatus};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::{BOUND, id, playing, questions, wait_for};

/// Stands where DispatchActor does, and passes on what it hears.
struct Ear;

#[ractor::actor(message = DispatchMessage, state = UnboundedSender<DispatchMessage>, arguments = UnboundedSender<DispatchMessage>)]
impl Ear {
    async fn pre_start(
        &self,
        _myself: ActorRef<DispatchMessage>,
        heard: UnboundedSender<DispatchMessage>,
    ) -> Result<UnboundedSender<DispatchMessage>, ActorProcessingErr> {
        Ok(heard)
    }

    async fn handle(
        &self,
        _myself: ActorRef<DispatchMessage>,
        message: DispatchMessage,
        heard: &mut UnboundedSender<DispatchMessage>,
    ) -> Result<(), ActorProcessingErr> {
        heard.send(message)?;
        Ok(())
    }
}

struct Stage {
    docker: ActorRef<DockerMessage>,
    ear: ActorRef<DispatchMessage>,
    heard: UnboundedReceiver<DispatchMessage>,
}

impl Stage {
    async fn before(proxy: &FaultProxy) -> Self {
        let (heard_by, heard) = unbounded_channel();
        let (ear, _) = Actor::spawn(None, Ear, heard_by).await.expect("an actor");
        let args = DockerArgs { questions: questions(proxy), lane: Lane::Pass, epoch: Epoch(1) };
        let (docker, _) = Actor::spawn(None, DockerActor, args).await.expect("an actor");
        Self { docker, ear, heard }
    }

    async fn answer(&mut self) -> DispatchMessage {
        timeout(BOUND, self.heard.recv()).await.expect("an answer").expect("the ear lives")
    }

    fn list(&self, op: u64) {
        self.docker
            .cast(DockerMessage::List { op: OpId(op), scope: Scope::Host, reply_to: self.ear.clone() })
            .expect("it lives");
    }
}

#[tokio::test]
async fn each_request_is_answered_with_its_op() {
    let proxy = playing(&[]);
    let mut stage = Stage::before(&proxy).await;
    let container = ContainerId::new(id(1));
    let reply_to = || stage.ear.clone();
    let requests = [
        DockerMessage::List { op: OpId(1), scope: Scope::Host, reply_to: reply_to() },
        DockerMessage::Verify { op: OpId(2), containers: vec![container.clone()], reply_to: reply_to() },
        DockerMessage::ReadDetails { op: OpId(3), containers: vec![container.clone()], reply_to: reply_to() },
        DockerMessage::ReadImages { op: OpId(4), images: vec!["sha256:x".into()], reply_to: reply_to() },
        DockerMessage::AwaitDaemon { op: OpId(5), reply_to: reply_to() },
        DockerMessage::Examine {
            op: OpId(6),
            containers: vec![container.clone()],
            within: BOUND,
            reply_to: reply_to(),
        },
        DockerMessage::List { op: OpId(7), scope: Scope::Containers([container.clone()].into()), reply_to: reply_to() },
    ];
    for request in requests {
        stage.docker.cast(request).unwrap();
    }
    let DispatchMessage::Listed { op: OpId(1), result: Ok(listed) } = stage.answer().await else { panic!("listed") };
    assert_eq!(listed.listing.containers.len(), 3);
    let DispatchMessage::Verified { op: OpId(2), answers } = stage.answer().await else { panic!("verified") };
    assert!(matches!(answers[&container], Inspected::Unanswered(_)), "the daemon's 404 is not its own words");
    assert!(
        matches!(stage.answer().await, DispatchMessage::DetailsRead { op: OpId(3), answers } if answers.len() == 1)
    );
    assert!(matches!(stage.answer().await, DispatchMessage::ImagesRead { op: OpId(4), answers } if answers.len() == 1));
    assert!(matches!(stage.answer().await, DispatchMessage::DaemonAnswers { op: OpId(5) }));
    let DispatchMessage::Examined { op: OpId(6), answers } = stage.answer().await else { panic!("examined") };
    assert!(matches!(answers[&container], Examined::Unanswered(_)), "the daemon's 404 is not its own words");
    let DispatchMessage::Listed { op: OpId(7), result: Ok(listed) } = stage.answer().await else { panic!("listed") };
    assert_eq!(listed.listing.containers.len(), 1);
    let acted = stage
        .docker
        .call(|reply| DockerMessage::Act { container, action: Action::Start, reply }, Some(BOUND))
        .await
        .unwrap()
        .unwrap();
    assert!(acted.is_err(), "nothing is played for an action");
}

// D1, D2, A2
#[tokio::test]
async fn killing_it_closes_the_connections_of_the_call_it_awaits() {
    for fault in [Fault::Silent, Fault::StallAfter(100)] {
        let proxy = playing(&[]);
        proxy.inject(fault.clone());
        let stage = Stage::before(&proxy).await;
        stage.list(1);
        wait_for(&proxy, |traffic| traffic.requests_for("/containers/json") == 1).await;
        stage.docker.kill();
        let traffic = wait_for(&proxy, |traffic| traffic.open == 0).await;
        assert_eq!(traffic.connections, 1, "{fault:?}: {traffic:?}");
    }
}

#[tokio::test]
async fn killing_it_closes_the_connections_of_all_inspects() {
    let proxy = playing(&[]);
    proxy.inject(Fault::Silent);
    let stage = Stage::before(&proxy).await;
    let containers = (0..20).map(|number| ContainerId::new(id(number))).collect();
    stage.docker.cast(DockerMessage::Verify { op: OpId(1), containers, reply_to: stage.ear.clone() }).unwrap();
    wait_for(&proxy, |traffic| traffic.open == 8 && traffic.requests.len() == 8).await;
    stage.docker.kill();
    wait_for(&proxy, |traffic| traffic.open == 0).await;
}

// Also when nothing is in flight: the list's kept connection goes with the actor.
#[tokio::test]
async fn stopping_it_closes_the_connection_that_it_keeps() {
    let proxy = playing(&[]);
    let mut stage = Stage::before(&proxy).await;
    stage.list(1);
    stage.answer().await;
    wait_for(&proxy, |traffic| traffic.open == 1).await;
    stage.docker.stop(None);
    wait_for(&proxy, |traffic| traffic.open == 0).await;
    assert_eq!(stage.docker.get_status(), ActorStatus::Stopped);
}

#[tokio::test]
async fn an_answer_for_nobody_is_no_fault() {
    let proxy = playing(&[]);
    let mut stage = Stage::before(&proxy).await;
    let (heard_by, _heard) = unbounded_channel();
    let (gone, ended) = Actor::spawn(None, Ear, heard_by).await.unwrap();
    gone.stop(None);
    ended.await.unwrap();
    stage.docker.cast(DockerMessage::List { op: OpId(1), scope: Scope::Host, reply_to: gone }).unwrap();
    stage.list(2);
    assert!(matches!(stage.answer().await, DispatchMessage::Listed { op: OpId(2), result: Ok(_) }));
}
