//! What every page shows of the ledger, read with it.

use super::seen::Seen;
use crate::model::{HostRecord, Revision};
use crate::store::{Store, StoreError};

/// The hosts, how many rows there are, and the last change that is in what was read after it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) hosts: Vec<HostRecord>,
    pub(super) rows: usize,
    /// How many of them somebody has to look at.
    pub(super) attention: usize,
    pub(super) revision: Revision,
    /// How many changes are new to the visitor, [`MOST_NEWS`] at most; `None` of one who has seen none before.
    pub(super) news: Option<usize>,
}

/// Whoever was away for longer learns no more from a greater number.
pub(super) const MOST_NEWS: usize = 1_000;

/// Read before the rows of a page: a change between the two reads is shown twice rather than never.
pub(super) fn know(store: &mut Store, seen: Seen) -> Result<Known, StoreError> {
    let revision = store.changes(None, None, 1)?.latest;
    let news = match seen.until(revision) {
        Some(until) => Some(store.changes(Some(until), None, MOST_NEWS)?.changes.len()),
        None => None,
    };
    let (rows, attention) = (store.count_rows()?, store.count_attention()?);
    Ok(Known { hosts: store.hosts()?, rows, attention, revision, news })
}
