//! What a caller gets in place of an answer of the daemon. Pure.

use super::plan::PlannedFault;
use crate::docker::DaemonError;

/// What errors and the host's line call the address.
pub(super) const ENDPOINT: &str = "simulated://host";

/// What the caller gets in place of an answer.
pub(super) fn error_of(fault: &PlannedFault, call: &'static str) -> Option<DaemonError> {
    let endpoint = ENDPOINT.to_owned();
    match fault {
        PlannedFault::Absent => Some(DaemonError::SocketMissing { endpoint }),
        PlannedFault::Refused => Some(DaemonError::Refused { endpoint }),
        PlannedFault::ServerError => Some(status(call, 500, "planned")),
        PlannedFault::Cut => Some(cut(call, 7, "connection reset by peer")),
        _ => None,
    }
}

pub(super) fn cut(call: &'static str, bytes: u64, cause: &str) -> DaemonError {
    DaemonError::UnexpectedEof { endpoint: ENDPOINT.into(), call, bytes, cause: cause.into() }
}

pub(super) fn status(call: &'static str, status: u16, body: &str) -> DaemonError {
    DaemonError::Status { endpoint: ENDPOINT.into(), call, status, body: body.into() }
}

pub(super) fn nonsense(call: &'static str, cause: String) -> DaemonError {
    DaemonError::InvalidResponse { endpoint: ENDPOINT.into(), call, cause }
}
