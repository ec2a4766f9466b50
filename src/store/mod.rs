//! The ledger.
//!
//! Comes in: plans of passes, look-ups and registry calls. Goes out: rows, directories and reports, or a
//! [`StoreError`]. Never: a write to a deployer's column by the reconciliation, a write without the lease's generation,
//! a name from diesel outside.

mod actor;
mod blocking;
mod changes;
mod db;
mod holder;
mod idle_log;
mod lease;
mod ledger_store;
mod message;
mod open;
mod passes;
mod read;
mod registry;
mod retention_clock;
mod schema;
mod schema_state;
#[cfg(all(test, feature = "sqlite"))]
mod tests;
mod threaded;
mod tries;

pub use actor::{LeaseWord, StoreActor, StoreArgs, StoreEvent, StoreState};
pub use changes::ChangesPage;
pub use holder::{LeaseHolder, is_holder_dead};
pub use lease::{Lease, lease_time_to_live};
pub use ledger_store::{LedgerReader, LedgerStore, StoreFactory};
pub use message::{DetailsReport, NewBinding, Opened, RegistryError, StoreError, StoreMessage};
pub use open::{OpenMode, Store};
pub use passes::plan::{CommitPlan, CommitReport, DetailsWrite, HostStamp, PassStamp, RowWrite};
pub(crate) use read::connections::RegistryConnections;
#[cfg(feature = "http")]
pub use read::counts::{FileSizes, RowCounts};
pub use read::queries::{LedgerSnapshot, RowFilter};
#[cfg(feature = "http")]
pub use read::readers::Readers;
pub use registry::NewParent;
pub use registry::audit::{AuditFilter, NewAudit};
pub use registry::claims::ClaimedRow;
#[cfg(feature = "http")]
pub(crate) use registry::is_name;
pub use registry::notifications::NotificationPlace;
