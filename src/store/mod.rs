//! The ledger.
//!
//! Comes in: plans of passes, look-ups and registry calls. Goes out: rows, directories and reports, or a
//! [`StoreError`]. Never: a write to a deployer's column by the reconciliation, a write without the lease's generation,
//! a name from diesel outside.

mod diff;
mod message;
mod plan;

pub use diff::{DiffInput, Difference, diff};
pub use message::{
    DetailsReport, Directory, DirectoryKeys, NewBinding, Opened, RegistryError, StoreError, StoreMessage,
};
pub use plan::{CommitPlan, CommitReport, DetailsWrite, HostStamp, PassStamp, RowWrite};
