//! What came through a proxy.

use std::collections::BTreeMap;

/// So far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Whether a connect is accepted now.
    pub listening: bool,
    /// Connections that were accepted.
    pub connections: u64,
    /// Those that are open.
    pub open: u64,
    /// Requests by path, without the API's version and the query; those that are never answered included.
    pub requests: BTreeMap<String, u64>,
}

impl Traffic {
    /// Requests for one path.
    #[must_use]
    pub fn requests_for(&self, path: &str) -> u64 {
        self.requests.get(path).copied().unwrap_or(0)
    }
}
