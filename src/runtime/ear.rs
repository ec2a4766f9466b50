//! Stands for any actor in a test: hands on what it hears.

use std::marker::PhantomData;

use ractor::{Actor, ActorProcessingErr, ActorRef, Message};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Ear<M>(PhantomData<fn(M)>);

#[ractor::actor(message = M, state = UnboundedSender<M>, arguments = UnboundedSender<M>)]
impl<M: Message + Sync> Ear<M> {
    async fn pre_start(
        &self,
        _myself: ActorRef<M>,
        heard: UnboundedSender<M>,
    ) -> Result<UnboundedSender<M>, ActorProcessingErr> {
        Ok(heard)
    }

    async fn handle(
        &self,
        _myself: ActorRef<M>,
        message: M,
        heard: &mut UnboundedSender<M>,
    ) -> Result<(), ActorProcessingErr> {
        // The test may have heard enough.
        let _ = heard.send(message);
        Ok(())
    }
}

/// An actor that does nothing else, and what it hears.
pub(crate) async fn ear<M: Message + Sync>() -> (ActorRef<M>, UnboundedReceiver<M>) {
    let (sender, heard) = unbounded_channel();
    (Actor::spawn(None, Ear(PhantomData), sender).await.expect("it does nothing").0, heard)
}
