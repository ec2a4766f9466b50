//! How actors answer without knowing who asks.
//!
//! The callee owns its protocol: a request carries a [`Reply`], and what an actor reports on its own account goes to a
//! [`Callback`] that it was started with. Both are closures of the caller, which decides what an answer means to it. So no
//! message type names its sender's, and the rooms depend on each other one way only.

use std::fmt;
use std::sync::Arc;

use ractor::{ActorRef, Message, RpcReplyPort};

/// The way back for the answer to one request. It is dropped unused if the callee dies: the caller learns that from the
/// callee's end, not from here.
pub struct Reply<T>(Box<dyn FnOnce(T) + Send + Sync>);

impl<T: 'static> Reply<T> {
    /// Calls this closure with the answer. It runs within the callee, so that it must neither wait nor panic.
    #[must_use]
    pub fn new(deliver: impl FnOnce(T) + Send + Sync + 'static) -> Self {
        Self(Box::new(deliver))
    }

    /// Turns the answer into a message to this actor.
    #[must_use]
    pub fn to<M: Message>(actor: &ActorRef<M>, message: impl FnOnce(T) -> M + Send + Sync + 'static) -> Self {
        let actor = actor.clone();
        Self::new(move |answer| deliver(&actor, message(answer)))
    }

    /// Answers the request.
    pub fn send(self, answer: T) {
        (self.0)(answer);
    }
}

impl<T: Send + 'static> From<RpcReplyPort<T>> for Reply<T> {
    fn from(port: RpcReplyPort<T>) -> Self {
        Self::new(move |answer| {
            if port.send(answer).is_err() {
                tracing::debug!("reply dropped: the requester is gone");
            }
        })
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

/// Where an actor reports what happens to it. Cheap to clone.
pub struct Callback<T>(Arc<dyn Fn(T) + Send + Sync>);

impl<T: 'static> Callback<T> {
    /// Calls this closure with each report. It runs within the actor that reports, so that it must neither wait nor panic.
    #[must_use]
    pub fn new(deliver: impl Fn(T) + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// Turns each report into a message to this actor.
    #[must_use]
    pub fn to<M: Message>(actor: &ActorRef<M>, message: impl Fn(T) -> M + Send + Sync + 'static) -> Self {
        let actor = actor.clone();
        Self::new(move |report| deliver(&actor, message(report)))
    }

    /// Reports.
    pub fn send(&self, report: T) {
        (self.0)(report);
    }
}

impl<T> Clone for Callback<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Callback<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

/// An actor that is gone has no use for the message: its successor asks anew.
fn deliver<M: Message>(actor: &ActorRef<M>, message: M) {
    if actor.cast(message).is_err() {
        tracing::debug!(actor = %actor.get_id(), "reply dropped: the requester is gone");
    }
}
