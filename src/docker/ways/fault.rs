//! What was wrong on the way to a daemon, in words.

use std::io;

/// Why there is no connection, or none any more, where the system's words alone do not say what helps. Travels within an
/// error of I/O.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}; {cure}")]
pub(in crate::docker) struct WayFault {
    /// What happened.
    pub(in crate::docker) cause: String,
    /// What helps.
    pub(in crate::docker) cure: String,
    /// Whether the daemon had said something before.
    pub(in crate::docker) connected: bool,
}

impl WayFault {
    pub(super) fn new(cause: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { cause: cause.into(), cure: cure.into(), connected: false }
    }

    /// Of an error of I/O that carries one.
    pub(in crate::docker) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<WayFault> for io::Error {
    fn from(fault: WayFault) -> Self {
        Self::other(fault)
    }
}

/// Whether the other side is gone, as far as a write can tell.
pub(super) fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
