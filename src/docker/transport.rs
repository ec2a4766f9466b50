//! Our own requests: one GET, read within bounds.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::connector::Connector;
use super::endpoint::Endpoint;
use super::error::DaemonError;
use super::fault::Call;
use super::progress::CallProgress;

/// What an id may hold in a path as it is. Everything else is encoded: a row may be bound to any text.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b':');

/// Longest body of an answer that is an error.
const MAX_ERROR_BODY_BYTES: usize = 8 * 1024;

/// hyper's client over our connector.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    client: Client<Connector, Empty<Bytes>>,
    connector: Connector,
    endpoint: Arc<Endpoint>,
}

/// Connections that may be kept at a time: the idle one, and those that were begun while it was still busy.
const MOST_KEPT: usize = 3;

/// A login costs both machines as much as a hundred requests: a few connections by way of ssh are kept, whatever is asked
/// of them, though not for long.
const KEPT_BY_SSH: usize = 2;

/// For how long they are kept idle.
const KEPT_BY_SSH_FOR: Duration = Duration::from_secs(10);

/// Whether a connection is kept for the next request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keep {
    /// One is kept, however long it is idle; the daemon decides when it ends.
    One,
    /// Each request has its own, so that a dropped one leaves nothing open.
    None,
}

/// An answer whose body was read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body; of an error, its begin.
    pub(super) body: Vec<u8>,
}

/// What is asked, and within what bounds.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Method and path for errors.
    pub(super) call: &'static str,
    /// The path itself.
    pub(super) path: String,
    /// Longest body of an answer that is none.
    pub(super) max_body_bytes: usize,
}

impl Transport {
    /// Connects to nothing yet.
    pub(super) fn new(endpoint: Arc<Endpoint>, keep: Keep) -> Self {
        let connector = Connector::new(Arc::clone(&endpoint));
        let (idle, idle_time) = match (keep, &*endpoint) {
            (Keep::One, _) => (1, None),
            (Keep::None, Endpoint::Ssh(_)) => (KEPT_BY_SSH, Some(KEPT_BY_SSH_FOR)),
            (Keep::None, _) => (0, None),
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(idle)
            .pool_idle_timeout(idle_time)
            .build(connector.clone());
        Self { client, connector, endpoint }
    }

    /// The connector, to see what it opens.
    pub(super) const fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Names a call for errors.
    pub(super) fn call(&self, call: &'static str) -> Call {
        Call { endpoint: self.endpoint.to_string(), call }
    }

    /// Sends a GET and gives the answer at its head. The daemon may end a kept connection just when a request is sent on
    /// it; such a request is sent once more. More than one connection may have been kept: it ends with a new one.
    pub(super) async fn get(&self, path: &str) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        let opened = self.connector.opened();
        let before = *opened.borrow();
        for _ in 0..MOST_KEPT {
            match self.client.get(self.uri(path)).await {
                Err(error) if !error.is_connect() && *opened.borrow() == before => {}
                answer => return answer,
            }
        }
        self.client.get(self.uri(path)).await
    }

    /// Sends a GET and reads the whole answer within the bounds of the question. The caller bounds its time.
    pub(super) async fn ask(&self, question: &Question) -> Result<Answer, DaemonError> {
        let call = &self.call(question.call);
        let progress = &CallProgress::default();
        let response = self.get(&question.path).await.map_err(|error| call.failed(&error, progress))?;
        progress.got_head();
        if response.status() != hyper::StatusCode::OK {
            return error_answer(call, response, progress).await;
        }
        let mut body = Vec::new();
        let mut incoming = response.into_body();
        while let Some(piece) = next_piece(call, &mut incoming, progress).await? {
            if body.len() + piece.len() > question.max_body_bytes {
                return Err(call.too_large(question.max_body_bytes as u64));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status: 200, body })
    }

    fn uri(&self, path: &str) -> Uri {
        let authority = self.endpoint.authority();
        format!("http://{authority}{path}").parse().expect("an endpoint is checked and ids in paths are encoded")
    }
}

/// An answer that is an error: its status, and as much of its body as is worth showing.
pub(super) async fn error_answer(
    call: &Call,
    response: Response<Incoming>,
    progress: &CallProgress,
) -> Result<Answer, DaemonError> {
    let status = response.status().as_u16();
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    while body.len() < MAX_ERROR_BODY_BYTES {
        let Some(piece) = next_piece(call, &mut incoming, progress).await? else { break };
        body.extend_from_slice(&piece);
    }
    body.truncate(MAX_ERROR_BODY_BYTES);
    Ok(Answer { status, body })
}

/// The next piece of a body, or its end.
pub(super) async fn next_piece(
    call: &Call,
    body: &mut Incoming,
    progress: &CallProgress,
) -> Result<Option<Bytes>, DaemonError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| call.failed(&error, progress))?;
        if let Ok(piece) = frame.into_data() {
            progress.got_bytes(piece.len());
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// A text as a value in a query.
pub(super) fn query_value(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// An id as one segment of a path.
pub(super) fn segment(id: &str) -> String {
    utf8_percent_encode(id, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    // B27
    #[test]
    fn an_id_cannot_leave_its_segment_of_the_path() {
        assert_eq!(segment("sha256:0af"), "sha256:0af");
        assert_eq!(segment("../x?a#b %2f"), "%2E%2E%2Fx%3Fa%23b%20%252f");
    }

    #[test]
    fn the_host_of_a_request_is_the_endpoints() {
        let uri = |endpoint| Transport::new(Arc::new(endpoint), Keep::None).uri("/x?y=1").to_string();
        assert_eq!(uri(Endpoint::Unix("/a.sock".into())), "http://localhost/x?y=1");
        assert_eq!(uri(Endpoint::Tcp { host: "::1".into(), port: 1 }), "http://[::1]:1/x?y=1");
    }
}
