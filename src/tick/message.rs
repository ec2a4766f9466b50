//! What TickActor hears.

use std::sync::Arc;

use ractor::ActorRef;

use crate::dispatch::DispatchMessage;
use crate::model::{Epoch, Invalidation, PassReport};
use crate::reply::{Callback, Reply};
use crate::store::{NewBinding, StoreError, StoreMessage};

/// A message to TickActor.
#[derive(Debug)]
pub enum TickMessage {
    /// Somebody wants a pass that begins after this request; the port gets its report.
    Request(Option<Reply<PassReport>>),
    /// To itself: a second is over, and its loop turns.
    Beat,
    /// The interval is over.
    Interval,
    /// The distance to the pass before is kept: begin what is wanted.
    BeginDue,
    /// A second is over: look whether the ledger got new bindings.
    LookForBindings,
    /// The answer to that look.
    NewBindings(Result<Vec<NewBinding>, StoreError>),
    /// The ordered pass is over.
    PassEnded(Box<PassReport>),
    /// The daemon that did not answer does.
    DaemonAnswers,
    /// The bound of the whole pass is over.
    PassOverdue {
        /// The pass it bounds.
        pass: crate::model::PassId,
    },
    /// DispatchActor lives.
    DispatchUp {
        /// Which life of it.
        epoch: Epoch,
        /// Where it is.
        dispatch: ActorRef<DispatchMessage>,
    },
    /// DispatchActor died.
    DispatchDown {
        /// Which life of it.
        epoch: Epoch,
    },
    /// StoreActor lives.
    StoreUp {
        /// Which life of it.
        epoch: Epoch,
        /// Where it is.
        store: ActorRef<StoreMessage>,
    },
    /// StoreActor died.
    StoreDown {
        /// Which life of it.
        epoch: Epoch,
    },
    /// The event stream left something to look at. One EventsActor sends one at a time.
    Dirty {
        /// What to look at.
        invalidation: Invalidation,
        /// Hears, when a pass that took it along is over, whether that pass has looked.
        looked: Reply<bool>,
    },
    /// The first attempt at the event stream has succeeded or failed, or takes too long: the boot pass may begin.
    StreamTried,
    /// EventsActor lives.
    EventsUp {
        /// Which life of it.
        epoch: Epoch,
        /// Takes what passes tell of the stream.
        events: Callback<PassNews>,
    },
    /// EventsActor died.
    EventsDown {
        /// Which life of it.
        epoch: Epoch,
    },
    /// No more passes: answer everybody who waits.
    Stop,
}

#[cfg(feature = "cluster")]
impl ractor::Message for TickMessage {}

/// What passes tell of the event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassNews {
    /// Passes can look again, after one that could not.
    LookAgain,
    /// A tick found changes that no event had told.
    FoundByTick,
}

/// What TickActor reports on its own account.
#[derive(Debug)]
pub enum TickEvent {
    /// A pass did not end within its bound: DispatchActor has to be replaced.
    PassOverdue {
        /// Which life of DispatchActor.
        epoch: Epoch,
    },
    /// A pass is over.
    PassEnded(Arc<PassReport>),
}
