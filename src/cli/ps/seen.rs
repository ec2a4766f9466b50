//! What is shown, as it was at one moment.

use crate::model::{HostRecord, StoredRow, Timestamp};

/// Rows and hosts of the same look.
pub(super) struct Seen {
    pub(super) rows: Vec<StoredRow>,
    pub(super) hosts: Vec<HostRecord>,
    pub(super) at: Timestamp,
}
