//! DockerActor: one lane of calls to the daemon.
//!
//! Each call of a pass is awaited inside the handler, those for single callers go on side by side in the state: either way killing
//! the actor drops the call and closes its connection. It holds nothing that has to outlive it: a fresh one with a fresh client
//! takes its place.

use std::future::Future;

use ractor::{ActorProcessingErr, ActorRef};
use tokio::task::JoinSet;

use super::message::{DockerMessage, Lane};
use super::questions::Questions;
use crate::dispatch::DispatchMessage;
use crate::model::Epoch;

/// Makes the calls of one lane: those of a pass one message at a time, those for single callers beside each other.
#[derive(Debug)]
pub struct DockerActor;

/// What an instance begins with.
#[derive(Clone, Debug)]
pub struct DockerArgs {
    /// Asks its own source, fresh for each epoch, within the configured deadlines.
    pub questions: Questions,
    /// Which calls it makes.
    pub lane: Lane,
    /// Which life of the lane this is.
    pub epoch: Epoch,
}

/// What an instance knows.
#[derive(Debug)]
pub struct DockerState {
    args: DockerArgs,
    /// Calls for single callers, each of whom has a port of his own; aborted with the actor.
    beside: JoinSet<()>,
}

#[ractor::actor(message = DockerMessage, state = DockerState, arguments = DockerArgs)]
impl DockerActor {
    async fn pre_start(
        &self,
        _myself: ActorRef<DockerMessage>,
        args: DockerArgs,
    ) -> Result<DockerState, ActorProcessingErr> {
        Ok(DockerState { args, beside: JoinSet::new() })
    }

    async fn handle(
        &self,
        _myself: ActorRef<DockerMessage>,
        message: DockerMessage,
        state: &mut DockerState,
    ) -> Result<(), ActorProcessingErr> {
        let DockerState { args: state, beside } = state;
        let questions = &state.questions;
        match message {
            DockerMessage::List { op, scope, reply_to } => {
                // Its deadline is DispatchActor's, who has this actor killed.
                let result = questions.source().list(&scope).await;
                state.answer(&reply_to, DispatchMessage::Listed { op, result });
            }
            DockerMessage::ReadImages { op, images, reply_to } => {
                let answers = questions.images(images).await;
                state.answer(&reply_to, DispatchMessage::ImagesRead { op, answers });
            }
            DockerMessage::Verify { op, containers, reply_to } => {
                let answers = questions.verify(containers).await;
                state.answer(&reply_to, DispatchMessage::Verified { op, answers });
            }
            DockerMessage::Examine { op, containers, within, reply_to } => {
                let answers = questions.examine(containers, within).await;
                state.answer(&reply_to, DispatchMessage::Examined { op, answers });
            }
            DockerMessage::ReadDetails { op, containers, reply_to } => {
                let answers = questions.details(containers).await;
                state.answer(&reply_to, DispatchMessage::DetailsRead { op, answers });
            }
            DockerMessage::Identify { op, reply_to } => {
                let identified = questions.source().identify().await;
                state.answer(&reply_to, DispatchMessage::Identified { op, identified });
            }
            DockerMessage::Check { op, calls, reply_to } => {
                questions.check(calls).await;
                state.answer(&reply_to, DispatchMessage::Checked { op });
            }
            DockerMessage::AwaitDaemon { op, reply_to } => {
                questions.source().await_daemon().await;
                state.answer(&reply_to, DispatchMessage::DaemonAnswers { op });
            }
            DockerMessage::Look { container, reply } => {
                let questions = questions.clone();
                beside_others(beside, async move {
                    // A caller that is gone does not want to know.
                    let _ = reply.send(questions.look(&container).await);
                })?;
            }
            DockerMessage::LookAtImage { image, reply } => {
                let questions = questions.clone();
                beside_others(beside, async move {
                    // A caller that is gone does not want to know.
                    let _ = reply.send(questions.look_at_image(&image).await);
                })?;
            }
            DockerMessage::Act { container, action, reply } => {
                let questions = questions.clone();
                beside_others(beside, async move {
                    // A caller that is gone does not want the outcome.
                    let _ = reply.send(questions.source().act(&container, action).await);
                })?;
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

impl DockerArgs {
    /// Who owes the answer's use is dead if the cast fails, and its successor asks anew.
    fn answer(&self, reply_to: &ActorRef<DispatchMessage>, message: DispatchMessage) {
        if reply_to.cast(message).is_err() {
            tracing::debug!(lane = self.lane.as_str(), epoch = self.epoch.0, "an answer came for nobody");
        }
    }
}
