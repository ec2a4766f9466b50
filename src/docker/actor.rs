//! DockerActor: one worker of calls to the daemon.
//!
//! Each call of a pass is awaited inside the handler, those for single callers go on side by side in the state: either way killing
//! the actor drops the call and closes its connection. It holds nothing that has to outlive it: a fresh one with a fresh client
//! takes its place.

use std::future::Future;

use ractor::{ActorProcessingErr, ActorRef};
use tokio::task::JoinSet;

use super::message::DockerMessage;
use super::questions::Questions;

/// Makes the calls of one worker: those of a pass one message at a time, those for single callers beside each other.
#[derive(Debug)]
pub struct DockerActor;

/// What an instance begins with.
#[derive(Clone, Debug)]
pub struct DockerArgs {
    /// Asks its own source, fresh for each epoch, within the configured deadlines.
    pub questions: Questions,
}

/// What an instance knows.
#[derive(Debug)]
pub struct DockerState {
    questions: Questions,
    /// Calls for single callers, each with a reply of its own; aborted with the actor.
    beside: JoinSet<()>,
}

#[ractor::actor(message = DockerMessage, state = DockerState, arguments = DockerArgs)]
impl DockerActor {
    async fn pre_start(
        &self,
        _myself: ActorRef<DockerMessage>,
        args: DockerArgs,
    ) -> Result<DockerState, ActorProcessingErr> {
        Ok(DockerState { questions: args.questions, beside: JoinSet::new() })
    }

    async fn handle(
        &self,
        _myself: ActorRef<DockerMessage>,
        message: DockerMessage,
        state: &mut DockerState,
    ) -> Result<(), ActorProcessingErr> {
        let DockerState { questions, beside } = state;
        match message {
            // Its deadline is the caller's, which has this actor killed.
            DockerMessage::List { scope, reply } => reply.send(questions.source().list(&scope).await),
            DockerMessage::ReadImages { images, reply } => reply.send(questions.images(images).await),
            DockerMessage::Verify { containers, reply } => reply.send(questions.verify(containers).await),
            DockerMessage::Examine { containers, within, reply } => {
                reply.send(questions.examine(containers, within).await);
            }
            DockerMessage::ReadDetails { containers, reply } => reply.send(questions.details(containers).await),
            DockerMessage::Identify { reply } => reply.send(questions.source().identify().await),
            DockerMessage::Check { calls, reply } => {
                questions.check(calls).await;
                reply.send(());
            }
            DockerMessage::AwaitDaemon { reply } => {
                questions.source().await_daemon().await;
                reply.send(());
            }
            DockerMessage::Look { container, reply } => {
                let questions = questions.clone();
                beside_others(beside, async move { reply.send(questions.look(&container).await) })?;
            }
            DockerMessage::LookAtImage { image, reply } => {
                let questions = questions.clone();
                beside_others(beside, async move { reply.send(questions.look_at_image(&image).await) })?;
            }
            DockerMessage::Act { container, action, reply } => {
                let questions = questions.clone();
                beside_others(beside, async move { reply.send(questions.source().act(&container, action).await) })?;
            }
        }
        Ok(())
    }
}

/// Begins a call that nobody else waits for; those who ask bound how many there are. What panicked among those that have ended is
/// a fault of ours, and of this actor.
fn beside_others(
    beside: &mut JoinSet<()>,
    call: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ActorProcessingErr> {
    beside.spawn(call);
    while let Some(ended) = beside.try_join_next() {
        ended?;
    }
    Ok(())
}
