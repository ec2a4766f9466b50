//! What the ledger counts and says of itself.
//!
//! Comes in: what each actor notes at the moment it does it. Goes out: the status, its counts and whether the loops turn. Never: a
//! decision, a wait, the name of any other room than the model.

mod child;
mod in_flight;
mod live;
#[cfg(feature = "http")]
mod liveness;
mod pulse;
mod status;
mod stream;
mod tally;

pub use child::{Child, RestartCause};
pub use in_flight::{CallInFlight, InFlight};
pub use live::{DeliveryOutcome, LiveCounts};
#[cfg(feature = "http")]
pub(crate) use liveness::Liveness;
pub(crate) use pulse::BEAT;
pub use pulse::Pulse;
pub use status::{Queues, Status};
pub use stream::StreamStatus;
pub use tally::{BUCKETS_MS, Histogram, RowsWritten, Tally};
