//! The ledger.
//!
//! Comes in: plans of passes, look-ups and registry calls. Goes out: rows, directories and reports, or a
//! [`StoreError`]. Never: a write to a deployer's column by the reconciliation, a write without the lease's generation,
//! a name from diesel outside.

mod actor;
mod audit;
mod changes;
mod claims;
mod commit;
mod connections;
#[cfg(feature = "http")]
mod counts;
mod db;
mod details;
mod directory;
mod dismiss;
mod fault;
#[cfg(feature = "sqlite")]
mod file_system;
mod foreign;
mod forget;
mod holder;
mod hosts;
mod idle_log;
mod judge;
mod lease;
mod ledger_store;
mod location;
mod message;
mod migrate;
mod moment;
mod notifications;
mod open;
mod pass;
mod plan;
mod prune;
mod queries;
#[cfg(feature = "http")]
mod readers;
mod registry;
mod retention_clock;
mod rows;
mod schema;
mod staged;
#[cfg(all(test, feature = "sqlite"))]
mod tests;
mod threaded;
mod threaded_reader;
mod tries;
mod upserts;
mod write;

pub use actor::{LeaseWord, StoreActor, StoreArgs, StoreEvent, StoreState};
pub use audit::{AuditFilter, NewAudit};
pub use changes::ChangesPage;
pub use claims::ClaimedRow;
pub(crate) use connections::RegistryConnections;
#[cfg(feature = "http")]
pub use counts::{FileSizes, RowCounts};
pub use holder::{LeaseHolder, is_holder_dead};
pub use lease::{Lease, lease_time_to_live};
pub use ledger_store::{LedgerReader, LedgerStore, StoreFactory};
pub use message::{DetailsReport, NewBinding, Opened, RegistryError, StoreError, StoreMessage};
pub use notifications::NotificationPlace;
pub use open::{OpenMode, Store};
pub use plan::{CommitPlan, CommitReport, DetailsWrite, HostStamp, PassStamp, RowWrite};
pub use queries::{LedgerSnapshot, RowFilter};
#[cfg(feature = "http")]
pub use readers::Readers;
pub use registry::NewParent;
#[cfg(feature = "http")]
pub(crate) use registry::is_name;
