//! What the supervisor hears.

use std::net::SocketAddr;

use ractor::RpcReplyPort;

use super::delivery::{Sink, SubscriptionId};
use crate::dispatch::DispatchEvent;
use crate::docker::{Action, DaemonError, ImageAnswer};
use crate::model::{ContainerId, Epoch, Examined, ImageId, OpId, PassReport, Revision};
use crate::store::{ChangesPage, LedgerSnapshot, StoreError, StoreEvent};
use crate::telemetry::{Child, StreamStatus};
use crate::tick::TickEvent;

/// A message to the supervisor. It never awaits I/O while it handles one.
#[derive(Debug)]
pub enum SupervisorMessage {
    /// What TickActor reports.
    Tick(TickEvent),
    /// What DispatchActor reports.
    Dispatch(DispatchEvent),
    /// What StoreActor reports.
    Store {
        /// Which life of it; an older one is ignored.
        epoch: Epoch,
        /// What it reports.
        event: StoreEvent,
    },
    /// The daemon's event stream was opened or lost.
    StreamChanged(StreamStatus),
    /// A killed child had its time to die.
    KillOverdue {
        /// Who.
        child: Child,
        /// Which life of it.
        epoch: Epoch,
    },
    /// The backoff before the next life of a child is over.
    Respawn {
        /// Who.
        child: Child,
        /// The life that is about to begin.
        epoch: Epoch,
    },
    /// To itself: a second is over.
    LookAround,
    /// To itself: a subscriber that had no room may have some now.
    LookForRoom,
    /// A part of the history, as it was asked of the ledger's reader.
    ChangesRead {
        /// The question.
        op: OpId,
        /// The answer.
        result: Result<ChangesPage, StoreError>,
    },
    /// All rows, as they were asked of the ledger's reader.
    SnapshotRead {
        /// The question.
        op: OpId,
        /// The answer.
        result: Result<LedgerSnapshot, StoreError>,
    },
    /// Something was committed beside a pass.
    LedgerChanged,
    /// Somebody follows the changes from now on.
    Subscribe {
        /// Names the subscription.
        id: SubscriptionId,
        /// The last revision that is known already; without one it begins with a snapshot.
        after: Option<Revision>,
        /// Where its deliveries go.
        sink: Box<dyn Sink>,
    },
    /// Somebody does not any more.
    Unsubscribe(SubscriptionId),
    /// Where the ledger is served over TCP from now on; `None` while it is not.
    Listening(Option<SocketAddr>),
    /// Asks for one container by its full id, in the worker of the actions. Without an answer the port is dropped.
    Look {
        /// The container.
        container: ContainerId,
        /// Gets what an inspect says.
        reply: RpcReplyPort<Examined>,
    },
    /// Asks for the labels of one image, in the worker of the actions. Without an answer the port is dropped.
    LookAtImage {
        /// The image.
        image: ImageId,
        /// Gets what its inspect says.
        reply: RpcReplyPort<ImageAnswer>,
    },
    /// Acts on one container. A port that is dropped without an answer leaves the outcome unknown.
    Act {
        /// The full id, as authorised.
        container: ContainerId,
        /// What to do.
        action: Action,
        /// Gets what is known of the outcome.
        reply: RpcReplyPort<Result<(), DaemonError>>,
    },
    /// Answers as soon as no details are owed that can be paid now.
    SettleDetails(RpcReplyPort<()>),
    /// Runs a pass that begins after this message; the port gets its report.
    Reconcile(RpcReplyPort<PassReport>),
}

#[cfg(feature = "cluster")]
impl ractor::Message for SupervisorMessage {}
