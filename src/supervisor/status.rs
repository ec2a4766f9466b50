//! What the ledger says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Child;
use crate::events::StreamStatus;
use crate::model::{PassFailure, PassReport, Timestamp};

/// The state of one ledger, as its watchers see it.
#[derive(Clone, Debug)]
pub struct Status {
    /// When the tree was spawned.
    pub started_at: Timestamp,
    /// The report of the last pass, whatever came of it.
    pub last_report: Option<Arc<PassReport>>,
    /// How often each child was replaced.
    pub restarts: BTreeMap<Child, u64>,
    /// Children that did not die within their time and were left behind.
    pub leaked: u64,
    /// Why the ledger cannot be written now; `None` while it can.
    pub store_trouble: Option<String>,
    /// The daemon's event stream; `None` before the first attempt, and where passes run on request alone.
    pub stream: Option<StreamStatus>,
    /// Set once, at the end: `Ok` by a stop, else why the ledger gave up.
    pub ended: Option<Result<(), PassFailure>>,
}

impl Status {
    pub(crate) const fn new(started_at: Timestamp) -> Self {
        Self {
            started_at,
            last_report: None,
            restarts: BTreeMap::new(),
            leaked: 0,
            store_trouble: None,
            stream: None,
            ended: None,
        }
    }
}
