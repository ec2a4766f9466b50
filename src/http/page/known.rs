//! What every page shows of the ledger, read with it.

use crate::model::{HostRecord, Revision};
use crate::store::{Store, StoreError};

/// The hosts, how many rows there are, and the last change that is in what was read after it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) hosts: Vec<HostRecord>,
    pub(super) rows: usize,
    pub(super) revision: Revision,
}

/// Read before the rows of a page: a change between the two reads is shown twice rather than never.
pub(super) fn know(store: &mut Store) -> Result<Known, StoreError> {
    let revision = store.changes(None, None, 1)?.latest;
    Ok(Known { hosts: store.hosts()?, rows: store.count_rows()?, revision })
}
