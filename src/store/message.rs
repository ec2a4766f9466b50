//! What StoreActor is asked, and the faults it answers with.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    ContainerId, Directory, DirectoryKeys, Epoch, HostRecord, LedgerRow, Origin, Revision, RowId, RowKeys, Scope,
};
use crate::reply::Reply;
use crate::store::passes::plan::{CommitPlan, CommitReport, DetailsWrite};

/// A request to StoreActor; one transaction at a time.
#[derive(Debug)]
pub enum StoreMessage {
    /// Reads the host's line and its rows from one snapshot.
    Open {
        /// All rows of the host, or those that are bound to some containers.
        scope: Scope,
        /// Which life of the writer opens the pass: writes of earlier ones are dropped from now on.
        writer: Epoch,
        /// Hears that the snapshot is fixed, so that the daemon is asked after it.
        began: Reply<()>,
        /// Takes what was read.
        reply: Reply<Result<Opened, StoreError>>,
    },
    /// Reads rows of the host by their ids and owners.
    ReadRows {
        /// The rows; one that does not exist is not in the answer.
        rows: RowKeys,
        /// Takes the rows.
        reply: Reply<Result<Vec<LedgerRow>, StoreError>>,
    },
    /// Looks up the owners that a listing names.
    LookUp {
        /// What to look up.
        keys: DirectoryKeys,
        /// Takes what was found.
        reply: Reply<Result<Directory, StoreError>>,
    },
    /// Registers compose projects as stacks of the same name, those that are registered by now left as they are.
    AdoptStacks {
        /// The compose projects.
        compose_projects: BTreeSet<String>,
        /// Takes the directory's words for them.
        reply: Reply<Result<Directory, StoreError>>,
    },
    /// Writes one pass.
    Commit {
        /// What to write.
        plan: Box<CommitPlan>,
        /// Which life of the writer it comes from; dropped, with its reply, if a later one has opened a pass.
        writer: Epoch,
        /// Takes what was written.
        reply: Reply<Result<CommitReport, StoreError>>,
    },
    /// Writes details.
    WriteDetails {
        /// What to write.
        writes: Vec<DetailsWrite>,
        /// As in [`Self::Commit`].
        writer: Epoch,
        /// Takes what was written.
        reply: Reply<Result<DetailsReport, StoreError>>,
    },
    /// Asks for bound rows of the host whose observed columns describe another container, or none: somebody bound
    /// them and no pass has looked yet.
    LookForBindings {
        /// Takes those rows.
        reply: Reply<Result<Vec<NewBinding>, StoreError>>,
    },
    /// To itself: open the database and take the lease.
    Begin,
    /// To itself: a third of the lease's time is over.
    RenewLease,
    /// To itself: remove what is no longer kept.
    Prune,
}

#[cfg(feature = "cluster")]
impl ractor::Message for StoreMessage {}

/// What *open* read.
#[derive(Debug)]
pub struct Opened {
    /// The host's line.
    pub host: HostRecord,
    /// Every row of the host, missing ones too. The same allocation as that of the *open* before only if nothing at all
    /// was written to the ledger in between but this host's own line.
    pub rows: Arc<Vec<LedgerRow>>,
}

/// A binding that no pass has looked at.
pub type NewBinding = (RowId, ContainerId);

/// What the store says of a finished write of details.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetailsReport {
    /// Rows written.
    pub written: usize,
    /// The revision of the last change; `None` if nothing changed.
    pub revision: Option<Revision>,
}

impl StoreError {
    /// A call was given up with the runtime that it ran on.
    pub(crate) fn runtime_ended() -> Self {
        let cause = "the runtime is ending; nothing more is read or written".into();
        Self::Unopened { url: "of the configuration".into(), cause }
    }
}

/// Why the ledger could not be read or written. Expected, and so a value: no restart is counted for it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("cannot open the database {url}: {cause}")]
    Unopened {
        /// Without its password.
        url: String,
        /// What the database says, and the cure.
        cause: String,
    },
    /// It did not answer a read in time.
    #[error("the database {url} did not answer within {deadline:?}; look whether its server or its disk hangs")]
    Unanswered {
        /// Without its password.
        url: String,
        /// `store_deadline`.
        deadline: Duration,
    },
    /// A query failed.
    #[error("cannot {attempt} (database {url}): {cause}")]
    Query {
        /// What was attempted.
        attempt: &'static str,
        /// Without its password.
        url: String,
        /// What the database says, and the cure where we know one.
        cause: String,
    },
    /// Another writer holds a lock for longer than we wait.
    #[error("cannot {attempt} (database {url}): it is locked by another process ({cause}); it is tried again")]
    Busy {
        /// What was attempted.
        attempt: &'static str,
        /// Without its password.
        url: String,
        /// What the database says.
        cause: String,
    },
    /// A unique index refused a row: somebody made or bound it meanwhile.
    #[error("cannot {attempt}: {cause}")]
    Clash {
        /// What was attempted.
        attempt: &'static str,
        /// What the database says.
        cause: String,
    },
    /// A value that the database refuses.
    #[error("cannot {attempt}: the database refuses a value: {cause}")]
    Refused {
        /// What was attempted.
        attempt: &'static str,
        /// What the database says.
        cause: String,
    },
    /// A newer epoch or another process writes this host.
    #[error(
        "host {host} is written by another dockledger ({holder}); stop that one, ask it to reconcile by SIGUSR1, or \
         give this one another name with --host"
    )]
    LeaseHeld {
        /// The host.
        host: String,
        /// Who holds it.
        holder: String,
    },
    /// Another host of this ledger is that daemon.
    #[error(
        "the daemon at {endpoint} is already kept under the host name {other}; use --host {other}, or \
         `dockledger hosts rename {other} {host}`, `dockledger hosts forget {other}`, or `dockledger hosts confirm {host}` if \
         both names are meant"
    )]
    IdentityTaken {
        /// The daemon's address.
        endpoint: String,
        /// This host.
        host: String,
        /// The other host.
        other: String,
    },
    /// One of our table names is taken.
    #[error(
        "cannot migrate the database {url}: {table} exists and dockledger did not create it; move it away or use another schema"
    )]
    ForeignTable {
        /// Without its password.
        url: String,
        /// The table.
        table: String,
    },
    /// The schema is another than this program's.
    #[error("the database {url} has {found}, and this dockledger needs {needed}; {cure}")]
    WrongSchema {
        /// Without its password.
        url: String,
        /// What is there.
        found: String,
        /// What is needed.
        needed: String,
        /// What to do.
        cure: &'static str,
    },
    /// What was asked for is not there, or is there already, or must not go.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Why a registry call was refused. Its messages are for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Nothing of that name or id.
    #[error("there is no {kind} {name:?}; {} shows those that exist", listed_by(.kind))]
    Unknown {
        /// project, stage, stack, site, workload, row, host.
        kind: &'static str,
        /// As it was given.
        name: String,
    },
    /// The name, id or compose project is taken.
    #[error("{what} {name:?} is taken by another {kind}")]
    Taken {
        /// project, stage, stack, site, workload.
        kind: &'static str,
        /// name, id, compose project.
        what: &'static str,
        /// As it was given.
        name: String,
    },
    /// Several workloads have the name.
    #[error("{name:?} is no single workload: several workloads have this name: give `kind/name`, or the id")]
    Ambiguous {
        /// As it was given.
        name: String,
    },
    /// Not a name or an id.
    #[error("{name:?} is no {what}: {rule}")]
    Invalid {
        /// What it was meant to be.
        what: &'static str,
        /// As it was given, bounded.
        name: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// It still owns rows that are not missing.
    #[error(
        "{kind} {name:?} still owns rows that are not missing ({rows}); remove their containers first, or forget the rows \
         with --force"
    )]
    InUse {
        /// project, stack, site.
        kind: &'static str,
        /// As it was given.
        name: String,
        /// How many.
        rows: i64,
    },
    /// A row whose container is not gone cannot be dismissed.
    #[error(
        "row {row:?} is {state} and not missing: only a missing row can be forgotten; remove its container first, or \
         `dockledger release` the row of a project that gives it up"
    )]
    NotMissing {
        /// The row.
        row: String,
        /// Its state.
        state: String,
    },
    /// A deployer's facts would be lost.
    #[error("row {row:?} bears what a deployer wrote ({columns}); {cure}")]
    Deployed {
        /// The row.
        row: String,
        /// The columns that are not empty.
        columns: String,
        /// What can be done.
        cure: &'static str,
    },
    /// What was not adopted is not given back unasked.
    #[error("{}", not_adopted(what, *origin))]
    NotAdopted {
        /// What it is, with its name.
        what: String,
        /// How it came into the ledger.
        origin: Origin,
    },
    /// What a row has a container for is not the deployer's to say.
    #[error("row {row:?} is bound to a container: its state is what the daemon says, and is not set to failed")]
    Bound {
        /// The row.
        row: String,
    },
    /// A claim on what belongs to somebody else.
    #[error(
        "{what} belongs to {owner}: a claim cannot take it; name another row or container, or `dockledger release` the row \
         if its owner has no use for it"
    )]
    Owned {
        /// The row or the container.
        what: String,
        /// The other workload or row.
        owner: String,
    },
}

/// The commands that list what of a kind exists.
fn listed_by(kind: &str) -> &'static str {
    match kind {
        "project" => "`dockledger project list`",
        "stage" => "`dockledger stage list PROJECT`",
        "stack" => "`dockledger stack list`",
        "site" => "`dockledger site list`",
        "host" => "`dockledger hosts`",
        "workload" => "`dockledger project list` (or `stack list`, `site list`)",
        _ => "`dockledger ps --json`",
    }
}

fn not_adopted(what: &str, origin: Origin) -> String {
    let cure = "`adopt --undo --force` takes it out all the same";
    match origin {
        Origin::Unknown => {
            format!(
                "nobody knows whether {what} was adopted: it is from before that was kept, or written in plain SQL; {cure}"
            )
        }
        Origin::Added | Origin::Adopted => {
            format!("{what} was not adopted, somebody added it (`stack add`, or a call to the API); {cure}")
        }
    }
}
