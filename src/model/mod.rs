//! The words of the project as types: what a container, a row, a listing, a pass and a change are.
//!
//! Comes in: nothing. Goes out: types that every room shares. Never: I/O, an actor, a name from bollard, diesel or
//! ractor.

mod attention;
mod audit;
mod change;
mod change_filter;
mod clock;
mod condition;
mod container;
mod differences;
mod directory;
mod event;
mod future;
mod ids;
mod notification;
mod pass;
mod ports;
mod reasons;
mod refusal;
mod registry;
mod row;
#[cfg(feature = "http")]
mod schema;
mod since;
mod time;
mod word_enum;
mod words;
mod worker;

pub use attention::{Attention, AttentionSet};
pub use audit::{AuditAction, AuditOutcome, AuditRecord};
pub(crate) use change::attention_between;
#[cfg(test)]
pub(crate) use change::fixtures::change_to;
pub use change::{Change, ChangeCause, Difference, Differences};
pub use change_filter::{Became, ChangeFilter, ChangeKind};
pub use clock::{Clock, SystemClock};
pub use condition::{CONDITION_WORDS, Condition, HealthCondition, RowOrder, RowSummary};
pub(crate) use container::is_image_name;
pub use container::{
    Claims, Completeness, DaemonIdentity, Examined, ExaminedContainer, ForeignLabel, HealthFact, Inspected,
    InspectedDetails, ListedContainer, Listing, Ports, Quarantined,
};
pub(crate) use differences::{binding_differences, changed_columns, differences, without_attention};
pub use directory::{Directory, DirectoryKeys, Elsewhere, RowKeys};
pub use event::{DaemonEvent, EventAction, HealthWord, Invalidation, News, Starts, Told};
pub use future::BoxFuture;
pub use ids::{ContainerId, Epoch, HostName, ImageId, OpId, PassId, Revision, RowId, WorkloadId};
pub use notification::{Notification, NotifyEvent, ReceiverKind};
pub use pass::{FailureKind, PassFailure, PassOutcome, PassReport, Scope, Trigger, Unassigned, UnassignedReason};
pub use ports::{Port, lowest_tcp_port, ports};
pub use refusal::{DaemonCall, Refusal};
pub use registry::{
    ClaimRequest, HostRecord, HostStatus, LeaseRecord, Origin, PassRecord, Project, Registered, Route, Site, Stack,
    Stage, Workload,
};
pub use row::{Binding, DeployerColumns, LedgerRow, Observed, StoredRow};
pub(crate) use since::Since;
pub use time::Timestamp;
pub(crate) use time::whole_millis;
pub use words::{ContainerState, WorkloadKind};
pub use worker::Worker;
