//! What DispatchActor hears: one pass at a time, and the answers of the others.

use std::collections::HashMap;
use std::sync::Arc;

use ractor::ActorRef;

use crate::docker::{CallProgress, DaemonError, DockerMessage, Identified, ImageAnswer, Listed};
use crate::model::{
    ContainerId, Directory, Epoch, Examined, ImageId, Inspected, LedgerRow, News, OpId, PassId, PassReport, Scope,
    Trigger, Worker,
};
use crate::reply::Reply;
use crate::store::{CommitReport, DetailsReport, Opened, StoreError, StoreMessage};

/// A message to DispatchActor.
#[derive(Debug)]
pub enum DispatchMessage {
    /// Runs a pass. One at a time: a second order takes the place of the pass that runs.
    Begin {
        /// What to look at.
        order: PassOrder,
        /// Takes the report of the pass.
        reply: Reply<PassReport>,
    },
    /// The snapshot is fixed: the daemon may be asked.
    SnapshotBegan {
        /// The request that is answered.
        op: OpId,
    },
    /// The host's rows.
    Opened {
        /// The request that is answered.
        op: OpId,
        /// The answer.
        result: Result<Opened, StoreError>,
    },
    /// The daemon's listing.
    Listed {
        /// The request that is answered.
        op: OpId,
        /// The answer.
        result: Result<Listed, DaemonError>,
    },
    /// The owners that the listing names.
    Found {
        /// The request that is answered.
        op: OpId,
        /// The answer.
        result: Result<Directory, StoreError>,
    },
    /// Stacks were registered for new compose projects: what the directory gains.
    Adopted {
        /// The request that is answered.
        op: OpId,
        /// The answer: `stacks` alone is filled.
        result: Result<Directory, StoreError>,
    },
    /// The labels of images.
    ImagesRead {
        /// The request that is answered.
        op: OpId,
        /// By image; each that was asked for.
        answers: HashMap<ImageId, ImageAnswer>,
    },
    /// Whether the absent are gone.
    Verified {
        /// The request that is answered.
        op: OpId,
        /// By container; each that was asked for.
        answers: HashMap<ContainerId, Inspected>,
    },
    /// What single inspects say in place of a listing that failed.
    Examined {
        /// The request that is answered.
        op: OpId,
        /// By container; those whose turn came.
        answers: HashMap<ContainerId, Examined>,
    },
    /// Rows that containers in scope claim.
    RowsRead {
        /// The request that is answered.
        op: OpId,
        /// The answer: those that exist.
        result: Result<Vec<LedgerRow>, StoreError>,
    },
    /// The transaction's end.
    Committed {
        /// The request that is answered.
        op: OpId,
        /// The answer.
        result: Result<CommitReport, StoreError>,
    },
    /// Details, read after a commit.
    DetailsRead {
        /// The request that is answered.
        op: OpId,
        /// By container; each that was asked for.
        answers: HashMap<ContainerId, Inspected>,
    },
    /// Details, written.
    DetailsWritten {
        /// The request that is answered.
        op: OpId,
        /// The answer.
        result: Result<DetailsReport, StoreError>,
    },
    /// Who answers.
    Identified {
        /// The request that is answered.
        op: OpId,
        /// The answer.
        identified: Identified,
    },
    /// What was refused was asked once more.
    Checked {
        /// The request that is answered.
        op: OpId,
    },
    /// The daemon that did not answer does.
    DaemonAnswers {
        /// The request that is answered.
        op: OpId,
    },
    /// A deadline of ours has passed.
    Deadline {
        /// The request that it bounds.
        op: OpId,
    },
    /// A worker of DockerActor lives.
    DockerUp {
        /// Which.
        worker: Worker,
        /// Which life of it.
        epoch: Epoch,
        /// Where it is.
        docker: ActorRef<DockerMessage>,
        /// How far its list call has come.
        progress: Arc<CallProgress>,
    },
    /// A worker of DockerActor died.
    DockerDown {
        /// Which.
        worker: Worker,
        /// Which life of it.
        epoch: Epoch,
    },
    /// StoreActor lives and its generation is raised.
    StoreUp {
        /// Which life of it.
        epoch: Epoch,
        /// Where it is.
        store: ActorRef<StoreMessage>,
    },
    /// StoreActor cannot begin: a pass that waits for it fails now.
    StoreTrouble {
        /// Why.
        error: StoreError,
    },
    /// StoreActor died.
    StoreDown {
        /// Which life of it.
        epoch: Epoch,
    },
    /// Answers as soon as no details are owed that can be paid now.
    SettleDetails(Reply<()>),
    /// To itself: a second is over, and its loop turns.
    Beat,
    /// The wait before the next look whether the daemon answers is over.
    ProbeDue,
    /// Answers at once: whatever was sent before is handled.
    Barrier(Reply<()>),
    /// No more passes: give up the one that runs unless its transaction is on its way.
    Stop,
    /// The store has ended too: a pass that waits for it is given up.
    StoreGone,
}

#[cfg(feature = "cluster")]
impl ractor::Message for DispatchMessage {}

/// What DispatchActor reports on its own account.
#[derive(Debug)]
pub enum DispatchEvent {
    /// A call is past its deadline: the actor that awaits it has to be replaced.
    Stuck {
        /// Which actor.
        peer: Peer,
        /// Which life of it.
        epoch: Epoch,
        /// The call.
        op: OpId,
    },
    /// Rows were changed outside of a pass.
    LedgerChanged,
    /// The daemon answers again, or says now what a pass was in doubt about: a pass is worth its while.
    DaemonAnswers,
}

/// An actor that DispatchActor asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// DockerActor, one of its instances.
    Docker(Worker),
    /// StoreActor.
    Store,
}

/// One pass that is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassOrder {
    /// Its id.
    pub pass: PassId,
    /// Why.
    pub trigger: Trigger,
    /// Over what.
    pub scope: Scope,
    /// What events told; empty for a pass that no event asked for.
    pub news: News,
}
