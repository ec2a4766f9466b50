//! What a pass hears, what it wants, and what it leaves behind.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::cache::PassCache;
use crate::config::Config;
use crate::dispatch::rules::RuleSet;
use crate::docker::{DaemonError, Identified, ImageAnswer, Listed};
use crate::model::{
    AttentionSet, ContainerId, Directory, DirectoryKeys, Examined, ImageId, Inspected, LedgerRow, OpId, PassReport,
    RowId, RowKeys, Scope, Timestamp,
};
use crate::store::{CommitPlan, CommitReport, Opened, StoreError};

/// What happens to a pass.
#[derive(Debug)]
pub(crate) enum Event {
    /// The ledger's snapshot is fixed.
    SnapshotBegan(OpId),
    /// The ledger's rows.
    Opened(OpId, Result<Opened, StoreError>),
    /// The daemon's listing.
    Listed(OpId, Result<Listed, DaemonError>),
    /// What is known of who answers on the connection of the listing; no answer to anything.
    Known(Option<Identified>),
    /// Who answers, after a wait for it.
    Identified(OpId, Identified),
    /// The daemon answers a ping.
    Pinged,
    /// The owners that were looked up.
    Found(OpId, Result<Directory, StoreError>),
    /// The stacks that were registered.
    Adopted(OpId, Result<Directory, StoreError>),
    /// The labels of images.
    ImagesRead(OpId, HashMap<ImageId, ImageAnswer>),
    /// Rows that containers in scope claim.
    RowsRead(OpId, Result<Vec<LedgerRow>, StoreError>),
    /// What single inspects say in place of a listing that failed.
    Examined(OpId, HashMap<ContainerId, Examined>),
    /// Whether the absent are gone, or what images were called.
    Verified(OpId, HashMap<ContainerId, Inspected>),
    /// The transaction's end.
    Committed(OpId, Result<CommitReport, StoreError>),
    /// A request is past its deadline; for a list, how far it had come.
    Deadline(OpId, Option<DaemonError>),
    /// The pass worker lives anew: what was asked of the one before is asked again.
    DockerUp,
    /// StoreActor lives anew: what was asked of the one before is asked again.
    StoreUp,
    /// StoreActor cannot begin.
    StoreTrouble(StoreError),
    /// The ledger stops.
    Stop,
    /// The ledger has stopped, and the store with it: what it was asked is not answered any more.
    StoreGone,
}

/// What a pass wants done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Ask this, and answer with the op.
    Ask(OpId, Ask),
    /// The pass worker awaits a call that is past its deadline.
    DockerStuck(OpId),
    /// StoreActor awaits a call that is past its deadline.
    StoreStuck(OpId),
    /// The pass is over.
    Finished(Box<Finished>),
}

/// A request of a pass.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Of the store: the rows in scope.
    Open(Scope),
    /// Of the daemon: the containers in scope.
    List(Scope),
    /// Of the daemon: to be done with what it told of these, for a moment at most.
    Settle(Vec<ContainerId>),
    /// Who answers, if that is told within this time.
    Identify(Duration),
    /// Whether the daemon answers a ping within this time.
    Ping(Duration),
    /// Of the store: these rows.
    ReadRows(RowKeys),
    /// Of the daemon: each of these by itself, as many as answer within this time.
    Examine(Vec<ContainerId>, Duration),
    /// Of the store: the owners named.
    LookUp(DirectoryKeys),
    /// Of the store: register these compose projects.
    Adopt(BTreeSet<String>),
    /// Of the daemon: what the images of these containers were called.
    ReadNames(Vec<ContainerId>),
    /// Of the daemon: the labels of these images.
    ReadImages(Vec<ImageId>),
    /// Of the daemon: whether these are gone.
    Verify(Vec<ContainerId>),
    /// Of the store: write.
    Commit(Box<CommitPlan>),
}

impl Ask {
    pub(super) const fn kind(&self) -> AskKind {
        match self {
            Self::Open(_) => AskKind::Open,
            Self::List(_) => AskKind::List,
            Self::Settle(_) => AskKind::Settle,
            Self::Identify(_) => AskKind::Identify,
            Self::Ping(_) => AskKind::Ping,
            Self::ReadRows(_) => AskKind::ReadRows,
            Self::Examine(..) => AskKind::Examine,
            Self::LookUp(_) => AskKind::LookUp,
            Self::Adopt(_) => AskKind::Adopt,
            Self::ReadNames(_) => AskKind::ReadNames,
            Self::ReadImages(_) => AskKind::ReadImages,
            Self::Verify(_) => AskKind::Verify,
            Self::Commit(_) => AskKind::Commit,
        }
    }
}

/// An [`Ask`] without what it carries: what is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AskKind {
    Open,
    List,
    Settle,
    Identify,
    Ping,
    ReadRows,
    Examine,
    LookUp,
    Adopt,
    ReadNames,
    ReadImages,
    Verify,
    Commit,
}

impl AskKind {
    pub(super) const fn is_of_the_daemon(self) -> bool {
        matches!(self, Self::List | Self::Settle | Self::Examine | Self::ReadNames | Self::ReadImages | Self::Verify)
    }

    /// Answered by workers beside that of the passes, or not at all: nobody is killed for it.
    pub(super) const fn is_beside(self) -> bool {
        matches!(self, Self::Identify | Self::Ping)
    }

    pub(super) const fn is_of_the_store(self) -> bool {
        !self.is_of_the_daemon() && !self.is_beside()
    }
}

/// What a pass leaves behind.
#[derive(Debug)]
pub(crate) struct Finished {
    /// For its callers.
    pub(crate) report: PassReport,
    /// The rows whose details are owed now: made, bound or changed in this pass.
    pub(crate) new_pending: Vec<(RowId, ContainerId)>,
    /// The rows whose details were owed before and are still.
    pub(crate) old_pending: Vec<(RowId, ContainerId)>,
    /// For the next pass.
    pub(crate) cache: PassCache,
    /// The fault of the daemon that ended it, if one did.
    pub(crate) daemon_error: Option<DaemonError>,
    /// The id that the host's daemon had, and the one that it has by now, if they differ and the pass recorded that.
    pub(crate) renewed_id: Option<(String, String)>,
    /// The rows that somebody has to look at from now on, or has not any more.
    pub(crate) attention_changes: Vec<AttentionChange>,
}

/// That somebody has to look at a container, or nobody has to any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttentionChange {
    pub(crate) row: RowId,
    pub(crate) role: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) begun: AttentionSet,
    pub(crate) ended: AttentionSet,
}

/// What is the same for every pass of one DispatchActor.
#[derive(Clone, Debug)]
pub(crate) struct PassSettings {
    /// The host's name and the deadlines.
    pub(crate) config: Arc<Config>,
    /// The daemon's address, for the host's line.
    pub(crate) endpoint: String,
    /// The rules, from the configuration.
    pub(crate) rules: Arc<RuleSet>,
}

/// The time as a pass needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The wall clock: written, never compared.
    pub(crate) wall: Timestamp,
    /// A clock that only goes forward.
    pub(crate) monotonic: Duration,
}
