//! An action on a container: how the call is named, how long it may take, and what its faults say of it. Pure.

use std::time::Duration;

use super::error::DaemonError;
use super::fault::Call;
use super::message::Action;

/// Over what an action takes beside the time that its container is given to end.
const ACTION_DEADLINE: Duration = Duration::from_secs(20);

/// After which the outcome of an action is not known.
pub(crate) fn action_deadline(action: Action) -> Duration {
    ACTION_DEADLINE + action.grace()
}

/// A fault of an action: only what shows that the daemon never got it, or refused it, is definite.
pub(super) fn outcome(call: &Call, error: DaemonError) -> DaemonError {
    match error {
        DaemonError::SocketMissing { .. }
        | DaemonError::Refused { .. }
        | DaemonError::Forbidden { .. }
        | DaemonError::Unconnected { .. }
        | DaemonError::Status { .. } => error,
        _ => DaemonError::OutcomeUnknown { endpoint: call.endpoint.clone(), call: call.call, cause: error.to_string() },
    }
}

/// Method and path, as errors name them.
pub(super) const fn action_call(action: Action) -> &'static str {
    match action {
        Action::Start => "POST /containers/{id}/start",
        Action::Stop(_) => "POST /containers/{id}/stop",
        Action::Restart(_) => "POST /containers/{id}/restart",
        Action::Remove => "DELETE /containers/{id}",
    }
}
