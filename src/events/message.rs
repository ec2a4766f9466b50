//! What EventsActor hears.

use crate::docker::DaemonError;
use crate::model::{Epoch, Invalidation};
use crate::reply::{Callback, Reply};

/// A message to EventsActor.
#[derive(Debug)]
pub enum EventsMessage {
    /// To itself: a second is over, and its loop turns.
    Beat,
    /// TickActor lives.
    TickUp {
        /// Which life of it.
        epoch: Epoch,
        /// Where it is.
        tick: Callback<StreamNews>,
    },
    /// The pass that took a batch along is over.
    Looked {
        /// The batch.
        batch: u64,
        /// Whether that pass has looked at all of it and is written; else the batch is owed again.
        is_true: bool,
    },
    /// After a batch was refused, a pass that took none along has looked: there is no reason to wait with it any more.
    PassesLookAgain,
    /// A pass by tick found what no event had told.
    FoundByTick,
    /// The stream is open: events from now on come in.
    Opened {
        /// Which stream.
        life: u64,
    },
    /// Something was gathered; sent again only after this one is handled.
    Nudged,
    /// The stream is over, or could not be opened.
    Lost {
        /// Which stream.
        life: u64,
        /// Why.
        loss: Loss,
    },
    /// The first attempt had its time.
    GraceOver,
    /// The wait before the next opening is over.
    ReopenDue,
    /// The wait before a batch is sent again is over.
    RetryDue,
    /// A container may be dirty by itself: it may have ceased to flap, or ended a moment ago.
    OwnLookDue,
}

#[cfg(feature = "cluster")]
impl ractor::Message for EventsMessage {}

/// What the event stream leaves for TickActor.
#[derive(Debug)]
pub enum StreamNews {
    /// The first attempt has succeeded or failed, or takes too long.
    Tried,
    /// There is something to look at. One batch is on its way at a time.
    Dirty {
        /// What to look at.
        invalidation: Invalidation,
        /// Takes, when a pass that took it along is over, whether that pass has looked.
        looked: Reply<bool>,
    },
}

impl Loss {
    /// Whether the daemon, or a proxy before it, refused the stream: that is told with the other calls that are refused.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Failed(DaemonError::Status { .. } | DaemonError::InvalidResponse { .. }))
    }
}

/// Why a stream is not followed any more.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// The daemon, or a proxy before it, ended it in order.
    #[error("the daemon ended it")]
    Ended,
    /// It could not be opened, or broke.
    #[error(transparent)]
    Failed(#[from] DaemonError),
    /// Nothing came for so long that it may be dead.
    #[error("nothing came for {0:?}")]
    Silent(std::time::Duration),
    /// Its reader ended without a word: a fault of our own, or of a source that was given to us.
    #[error("its reader panicked")]
    Panicked,
}
