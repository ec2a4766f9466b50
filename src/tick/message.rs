//! What TickActor hears.

use ractor::{ActorRef, RpcReplyPort};

use crate::dispatch::DispatchMessage;
use crate::events::EventsMessage;
use crate::model::{Dirt, Epoch, PassReport};
use crate::store::{NewBinding, StoreError, StoreMessage};

/// A message to TickActor.
#[derive(Debug)]
pub enum TickMessage {
    /// Somebody wants a pass that begins after this request; the port gets its report.
    Request(Option<RpcReplyPort<PassReport>>),
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
    /// The event stream left something to look at; answered by [`EventsMessage::Looked`] when a pass that took it along
    /// is over. One batch of one EventsActor is on its way at a time.
    Dirty {
        /// Which life of EventsActor.
        epoch: Epoch,
        /// Names the batch within that life.
        batch: u64,
        /// What to look at.
        dirt: Dirt,
    },
    /// The first attempt at the event stream has succeeded or failed, or takes too long: the boot pass may begin.
    StreamTried,
    /// EventsActor lives.
    EventsUp {
        /// Which life of it.
        epoch: Epoch,
        /// Where it is.
        events: ActorRef<EventsMessage>,
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
