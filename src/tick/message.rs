//! What TickActor hears.

use ractor::{ActorRef, RpcReplyPort};

use crate::dispatch::DispatchMessage;
use crate::model::{Epoch, PassReport};
use crate::store::{NewBinding, StoreError, StoreMessage};

/// A message to TickActor.
#[derive(Debug)]
pub enum TickMessage {
    /// Somebody wants a pass that begins after this request; the port gets its report.
    Request(Option<RpcReplyPort<PassReport>>),
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
    /// No more passes: answer everybody who waits.
    Stop,
}
