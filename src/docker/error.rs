//! The faults that a call to the daemon may end in: what was attempted, on what, the cause and the cure.

use std::time::Duration;

use crate::model::DaemonCall;

/// Why a call to the daemon gave no answer. Expected, and so a value: no restart is counted for it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DaemonError {
    /// There is no socket.
    #[error(
        "cannot reach the Docker daemon at {endpoint}: there is no such socket; start the daemon \
         (`systemctl start docker`), or name another with --docker-host or DOCKER_HOST"
    )]
    SocketMissing {
        /// The address tried.
        endpoint: String,
    },
    /// Nobody listens.
    #[error("cannot reach the Docker daemon at {endpoint}: the connection was refused; {}", start_it(endpoint))]
    Refused {
        /// The address tried.
        endpoint: String,
    },
    /// The socket is not ours to open.
    #[error(
        "cannot reach the Docker daemon at {endpoint}: permission denied; run as root or as a member of the group \
         that owns the socket (`usermod -aG docker USER`, then log in again)"
    )]
    Forbidden {
        /// The address tried.
        endpoint: String,
    },
    /// Connecting failed otherwise.
    #[error("cannot reach the Docker daemon at {endpoint}: {cause}; {cure}")]
    Unconnected {
        /// The address tried.
        endpoint: String,
        /// The system's words, or what TLS, `ssh` or each usual socket said.
        cause: String,
        /// What helps.
        cure: String,
    },
    /// Connected, and no head of an answer within the deadline.
    #[error(
        "the Docker daemon at {endpoint} {}did not begin to answer {call} within {}; it hangs or is starting{}; if it stays \
         so, see its log (`journalctl -u docker`) and restart it",
        accepted(endpoint),
        named(call, *deadline),
        or_login(endpoint)
    )]
    Timeout {
        /// The address tried.
        endpoint: String,
        /// Method and path.
        call: &'static str,
        /// The deadline.
        deadline: Duration,
    },
    /// It answers, but not this call within its deadline.
    #[error(
        "{call} took longer than {}: the Docker daemon at {endpoint} answers a ping and did not begin to answer that; how \
         long it needs is not known{}",
        named(call, *deadline),
        raise(call)
    )]
    Slow {
        /// The address tried.
        endpoint: String,
        /// Method and path.
        call: &'static str,
        /// The deadline.
        deadline: Duration,
    },
    /// The answer began and did not end within the deadline.
    #[error(
        "the Docker daemon at {endpoint} began to answer {call} and did not end within {}, after {bytes} bytes{}",
        named(call, *deadline),
        raise(call)
    )]
    Stalled {
        /// The address tried.
        endpoint: String,
        /// Method and path.
        call: &'static str,
        /// The deadline.
        deadline: Duration,
        /// How much had come.
        bytes: u64,
    },
    /// The connection ended inside the answer.
    #[error("the Docker daemon at {endpoint} ended its answer to {call} early, after {bytes} bytes: {cause}")]
    UnexpectedEof {
        /// The address tried.
        endpoint: String,
        /// Method and path.
        call: &'static str,
        /// How much had come.
        bytes: u64,
        /// The transport's words.
        cause: String,
    },
    /// A status other than 200.
    #[error("the Docker daemon at {endpoint} answered {call} with status {status}: {body}{}", told_cure(call, *status))]
    Status {
        /// The address tried.
        endpoint: String,
        /// Method and path.
        call: &'static str,
        /// The HTTP status.
        status: u16,
        /// The body's begin, escaped and bounded.
        body: String,
    },
    /// A body that is not what the API says.
    #[error("the Docker daemon at {endpoint} answered {call} with something that is no listing: {cause}")]
    InvalidResponse {
        /// The address tried.
        endpoint: String,
        /// Method and path.
        call: &'static str,
        /// Where it stopped making sense, escaped and bounded.
        cause: String,
    },
    /// More bytes than we are willing to read.
    #[error("the Docker daemon at {endpoint} answered {call} with more than {limit} bytes")]
    TooLarge {
        /// The address tried.
        endpoint: String,
        /// Method and path.
        call: &'static str,
        /// The cap.
        limit: u64,
    },
    /// An action was sent and nothing definite came back: the daemon may have carried it out, or do so later.
    #[error(
        "{call} was sent to the Docker daemon at {endpoint} and its outcome is unknown ({cause}); the daemon may still \
         carry it out: look at the container's state before trying again"
    )]
    OutcomeUnknown {
        /// The address tried.
        endpoint: String,
        /// Method and path.
        call: &'static str,
        /// What came instead of an answer.
        cause: String,
    },
}

impl DaemonError {
    /// What a call that nobody began to answer comes to where the daemon answers a ping: it does not hang.
    #[must_use]
    pub(crate) fn of_a_daemon_that_answers(self) -> Self {
        match self {
            Self::Timeout { endpoint, call, deadline } => Self::Slow { endpoint, call, deadline },
            other => other,
        }
    }

    /// Whether no daemon answered at all.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::SocketMissing { .. }
                | Self::Refused { .. }
                | Self::Forbidden { .. }
                | Self::Unconnected { .. }
                | Self::Timeout { .. }
        )
    }
}

/// What helps where nobody listens.
fn start_it(endpoint: &str) -> &'static str {
    if endpoint.starts_with("unix:") {
        "start the daemon, and if the socket file is bind-mounted into a container, mount its directory instead"
    } else {
        "start the daemon, and see that it listens there"
    }
}

/// By way of ssh nothing is known before the first byte of an answer.
fn accepted(endpoint: &str) -> &'static str {
    if endpoint.starts_with("ssh:") { "" } else { "accepted the connection and " }
}

/// What else takes time by way of ssh.
fn or_login(endpoint: &str) -> &'static str {
    if endpoint.starts_with("ssh:") { ", or the login by ssh takes longer" } else { "" }
}

/// A deadline with its name in the configuration.
fn named(call: &str, deadline: Duration) -> String {
    match DaemonCall::of_request(call).deadline_setting() {
        Some(setting) => format!("{setting} ({deadline:?})"),
        None => format!("{deadline:?}"),
    }
}

/// The cure of an answer that only needs longer.
fn raise(call: &str) -> String {
    match DaemonCall::of_request(call).deadline_setting() {
        Some(setting) => format!("; raise {setting} if it only needs longer"),
        None => String::new(),
    }
}

/// What ends a status other than 200, where we know it. Restarting the daemon is never among it: it did answer.
pub(super) fn status_cure(call: DaemonCall, status: u16) -> String {
    let setting = call.proxy_setting();
    match status {
        200 => "what answers there is not the Docker API: point --docker-host at the daemon".to_owned(),
        300..=399 | 401 | 407 => format!(
            "what stands before the daemon wants a sign-in: let this client through, and allow the call ({setting})"
        ),
        403 | 404 | 405 | 501 => format!("allow this call at the proxy before the daemon ({setting})"),
        400 => format!("see what the daemon says of it; a proxy may have to allow the call ({setting})"),
        429 => "the daemon, or what stands before it, is asked too often".to_owned(),
        _ => "see the log of the daemon, and of the proxy before it if there is one".to_owned(),
    }
}

/// The cure behind an error's words, for the statuses that only somebody else can end.
fn told_cure(call: &str, status: u16) -> String {
    match status {
        300..=399 | 401 | 403 | 405 | 407 | 501 => format!("; {}", status_cure(DaemonCall::of_request(call), status)),
        _ => String::new(),
    }
}
