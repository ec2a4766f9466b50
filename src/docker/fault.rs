//! Tells the faults of a call apart. Pure.

use std::error::Error;
use std::io;
use std::time::Duration;

use serde::Deserialize;

use super::error::DaemonError;
use super::progress::{CallProgress, LIST_CALL};
use super::text::escaped;
use super::ways::fault::WayFault;

/// How much of a foreign body or message goes into an error.
const MAX_SHOWN_BYTES: usize = 200;

/// What helps where the system's words are all that is known.
const CHECK_THE_ADDRESS: &str = "check the address (--docker-host, DOCKER_HOST, `docker context ls`)";

/// One call: what an error has to name.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The address.
    pub(super) endpoint: String,
    /// Method and path.
    pub(super) call: &'static str,
}

impl Call {
    /// The transport failed.
    pub(super) fn failed(&self, error: &(dyn Error + 'static), progress: &CallProgress) -> DaemonError {
        let Self { endpoint, call } = self.clone();
        let system = chain(error).find_map(|cause| cause.downcast_ref::<io::Error>());
        let connected = progress.answered() || !is_connect(error);
        if endpoint.starts_with("tcp:") && chain(error).any(is_no_http) {
            return self.speak_tls();
        }
        if let Some(fault) = system.and_then(WayFault::of) {
            if fault.connected || progress.answered() {
                return DaemonError::UnexpectedEof {
                    endpoint,
                    call,
                    bytes: progress.bytes(),
                    cause: fault.to_string(),
                };
            }
            return DaemonError::Unconnected { endpoint, cause: fault.cause.clone(), cure: fault.cure.clone() };
        }
        match system.map(io::Error::kind) {
            Some(io::ErrorKind::NotFound) if !connected => DaemonError::SocketMissing { endpoint },
            Some(io::ErrorKind::ConnectionRefused) if !connected => DaemonError::Refused { endpoint },
            Some(io::ErrorKind::PermissionDenied) if !connected => DaemonError::Forbidden { endpoint },
            _ if !connected => {
                DaemonError::Unconnected { endpoint, cause: deepest(error), cure: CHECK_THE_ADDRESS.into() }
            }
            _ => DaemonError::UnexpectedEof { endpoint, call, bytes: progress.bytes(), cause: deepest(error) },
        }
    }

    /// The deadline passed.
    pub(super) fn timed_out(&self, deadline: Duration, connecting: bool, progress: &CallProgress) -> DaemonError {
        let Self { endpoint, call } = self.clone();
        if progress.answered() {
            DaemonError::Stalled { endpoint, call, deadline, bytes: progress.bytes() }
        } else if connecting {
            let cause = format!("no connection within {deadline:?}");
            DaemonError::Unconnected { endpoint, cause, cure: CHECK_THE_ADDRESS.into() }
        } else {
            DaemonError::Timeout { endpoint, call, deadline }
        }
    }

    /// The body ended early, though the transport saw nothing wrong.
    pub(super) fn cut(&self, bytes: u64, cause: String) -> DaemonError {
        let Self { endpoint, call } = self.clone();
        DaemonError::UnexpectedEof { endpoint, call, bytes, cause }
    }

    /// An answer with another status than the one that is wanted.
    pub(super) fn status(&self, status: u16, body: &[u8]) -> DaemonError {
        let Self { endpoint, call } = self.clone();
        if status == 400 && wants_tls(body) {
            return self.speak_tls();
        }
        DaemonError::Status { endpoint, call, status, body: shown(body) }
    }

    /// Plain HTTP was spoken to something that speaks none, at the port of a daemon.
    fn speak_tls(&self) -> DaemonError {
        DaemonError::Unconnected {
            endpoint: self.endpoint.clone(),
            cause: "what listens there speaks no plain HTTP, and TLS most likely".into(),
            cure: "have TLS spoken: DOCKER_TLS_VERIFY=1 with DOCKER_CERT_PATH, docker_cert_path, or a Docker context with \
                   certificates"
                .into(),
        }
    }

    /// An answer that is not what the API says.
    pub(super) fn nonsense(&self, cause: &str) -> DaemonError {
        let Self { endpoint, call } = self.clone();
        DaemonError::InvalidResponse { endpoint, call, cause: escaped(cause, MAX_SHOWN_BYTES) }
    }

    /// More bytes than allowed.
    pub(super) fn too_large(&self, limit: u64) -> DaemonError {
        let Self { endpoint, call } = self.clone();
        DaemonError::TooLarge { endpoint, call, limit }
    }

    /// A fault that bollard met.
    pub(super) fn of_bollard(&self, error: &bollard::errors::Error) -> DaemonError {
        match error {
            bollard::errors::Error::DockerResponseServerError { status_code, message } => {
                self.status(*status_code, message.as_bytes())
            }
            other => self.failed(other, &CallProgress::default()),
        }
    }
}

impl CallProgress {
    /// What a list call comes to that is cancelled now, at its deadline.
    #[must_use]
    pub fn overdue(&self, endpoint: &str, deadline: Duration) -> DaemonError {
        Call { endpoint: endpoint.to_owned(), call: LIST_CALL }.timed_out(deadline, false, self)
    }
}

/// The daemon's own words in an error's body, or the body's begin; in one line, since a page of a proxy has several.
fn shown(body: &[u8]) -> String {
    let words = message(body).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    escaped(&words.split_whitespace().collect::<Vec<_>>().join(" "), MAX_SHOWN_BYTES)
}

/// The `message` of an error's JSON body.
fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct ErrorBody {
        message: String,
    }
    serde_json::from_slice(body).ok().map(|ErrorBody { message }| message)
}

/// Whether the body of a 404 is the daemon's own "no such container" (or image): `No such container: X` from Docker,
/// `no container with name or ID "X" found: no such container` from Podman. A proxy's 404 is not.
pub(super) fn says_no_such(what: &str, body: &[u8]) -> bool {
    message(body).is_some_and(|message| message.to_ascii_lowercase().contains(&format!("no such {what}")))
}

/// Whether these are the daemon's words for a container that is not there.
pub(super) fn names_nothing(words: &str) -> bool {
    words.to_ascii_lowercase().contains("no such container")
}

/// Whether this is what servers of Go and nginx say to plain HTTP where TLS is spoken.
fn wants_tls(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    body.contains("HTTP request to an HTTPS server") || body.contains("plain HTTP request was sent to HTTPS port")
}

/// Whether the answer began with something else than HTTP, as an alert of TLS does.
fn is_no_http(error: &(dyn Error + 'static)) -> bool {
    // Whether it comes before or after our request was sent is a matter of moments; hyper has no word for the former.
    error
        .downcast_ref::<hyper::Error>()
        .is_some_and(|error| error.is_parse() || error.to_string().contains("unexpected message"))
}

fn is_connect(error: &(dyn Error + 'static)) -> bool {
    chain(error)
        .any(|cause| cause.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()))
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// The words of the cause beneath all others: those above it only repeat that a request failed.
fn deepest(error: &(dyn Error + 'static)) -> String {
    let cause = chain(error).last().map(ToString::to_string).unwrap_or_default();
    escaped(&cause, MAX_SHOWN_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    // D15, and the opposite: what may not be taken for it.
    #[test]
    fn only_the_daemons_own_words_say_that_a_container_is_gone() {
        for body in [
            r#"{"message":"No such container: 0123"}"#,
            r#"{"cause":"no such container","message":"no container with name or ID \"0123\" found: no such container","response":404}"#,
        ] {
            assert!(says_no_such("container", body.as_bytes()), "{body}");
        }
        for body in [
            "",
            "No such container: 0123",
            "<html>no such container</html>",
            r#"{"message":"page not found"}"#,
            r#"{"message":7}"#,
        ] {
            assert!(!says_no_such("container", body.as_bytes()), "{body}");
        }
        assert!(says_no_such("image", br#"{"message":"No such image: sha256:00"}"#));
        assert!(!says_no_such("container", br#"{"message":"No such image: sha256:00"}"#));
    }

    // D17
    #[test]
    fn a_page_of_a_proxy_is_shown_bounded_and_escaped() {
        let call = Call { endpoint: "unix:///x".into(), call: "GET /x" };
        let body = format!("<html>\n\u{1b}[31m{}", "x".repeat(10_000));
        let shown = call.status(503, body.as_bytes()).to_string();
        assert!(shown.len() < 400 && !shown.contains('\u{1b}') && !shown.contains('\n'), "{shown}");
        let page = call.status(403, b"<h1>Forbidden</h1>\nby administrative\r\n rules.\n").to_string();
        assert!(page.contains("<h1>Forbidden</h1> by administrative rules."), "{page}");
        let denied = call.status(403, br#"{"message":"denied"}"#).to_string();
        assert!(denied.contains("status 403: denied; ") && denied.contains("allow"), "{denied}");
        assert!(call.status(500, br#"{"message":"broken"}"#).to_string().ends_with("status 500: broken"));
    }

    #[test]
    fn a_cancelled_list_is_silent_before_its_head_and_stalled_after_it() {
        let progress = CallProgress::default();
        let overdue = || progress.overdue("unix:///x", Duration::from_secs(1));
        assert!(matches!(overdue(), DaemonError::Timeout { .. }));
        progress.got_head();
        progress.got_bytes(3);
        progress.got_bytes(4);
        assert!(matches!(overdue(), DaemonError::Stalled { bytes: 7, .. }));
        progress.begin();
        assert!(matches!(overdue(), DaemonError::Timeout { .. }));
    }
}
