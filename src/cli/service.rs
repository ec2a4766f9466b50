//! A running service, as the commands beside it ask it: over its control socket.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::context::runtime;
use super::exit::Failure;
use super::output::Spinner;
use crate::config::Config;
use crate::model::PassReport;

/// The service that keeps the ledger and the host of a configuration, if one runs.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    socket: PathBuf,
}

/// Why a service gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// Nobody serves there.
    #[error("no service answers at its control socket {socket}: {cause}")]
    Absent {
        /// The socket.
        socket: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// It was asked and said nothing in time.
    #[error("the service at {socket} did not answer {call} within {deadline:?}")]
    Silent {
        /// The socket.
        socket: PathBuf,
        /// Method and path.
        call: String,
        /// The deadline.
        deadline: Duration,
    },
    /// The connection ended inside the answer.
    #[error("the service at {socket} broke off its answer to {call}: {cause}")]
    Cut {
        /// The socket.
        socket: PathBuf,
        /// Method and path.
        call: String,
        /// The transport's words.
        cause: String,
    },
    /// It answered with a problem.
    #[error("the service at {socket} answered {call} with {status}: {detail}")]
    Refused {
        /// The socket.
        socket: PathBuf,
        /// Method and path.
        call: String,
        /// The status.
        status: StatusCode,
        /// The problem's own sentence.
        detail: String,
    },
}

/// What is read of a problem document.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

/// To connect and to be accepted: it happens on this machine.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);

/// A report of a pass over 10,000 containers is far below.
const MOST_ANSWER_BYTES: usize = 16 * 1024 * 1024;

impl Service {
    /// The one that a configuration names.
    pub(crate) fn of(config: &Config) -> Option<Self> {
        config.http.control_socket.clone().map(|socket| Self { socket })
    }

    /// A whole pass by the service, and its report. Blocks the caller, who has no runtime. A pass that runs already ends
    /// first.
    ///
    /// # Errors
    /// No service answers, or not within the bound of two passes.
    pub(crate) fn reconcile(&self, config: &Config) -> Result<Result<PassReport, ServiceError>, Failure> {
        let deadline = config.pass_bound() * 2 + CONNECT_DEADLINE;
        let _spinner = Spinner::start("the running service is asked for a pass");
        let runtime = runtime()?;
        let answer = runtime.block_on(self.ask(Method::POST, "/api/v1/passes", deadline));
        runtime.shutdown_background();
        Ok(answer)
    }

    /// The keys that decide what a pass of the service comes to, each with its value; `None` if it does not say. Blocks the
    /// caller, who has no runtime.
    pub(crate) fn settings(&self) -> Result<Option<BTreeMap<String, String>>, Failure> {
        #[derive(Deserialize)]
        struct Told {
            settings: Vec<Setting>,
        }
        #[derive(Deserialize)]
        struct Setting {
            key: String,
            value: String,
        }
        let runtime = runtime()?;
        let told = runtime.block_on(self.ask::<Told>(Method::GET, "/api/v1/settings", CONNECT_DEADLINE));
        runtime.shutdown_background();
        let told = told.inspect_err(|error| tracing::debug!(%error, "the service does not tell its settings")).ok();
        Ok(told.map(|told| told.settings.into_iter().map(|setting| (setting.key, setting.value)).collect()))
    }

    /// One call and its whole answer.
    ///
    /// # Errors
    /// No service answers, not within the deadline, or with a problem.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        deadline: Duration,
    ) -> Result<T, ServiceError> {
        let call = format!("{method} {path}");
        let asked = async {
            let response = self.open(method, path, &[]).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MOST_ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| self.cut(&call, error.to_string()))?.to_bytes();
            if status.is_success() {
                return serde_json::from_slice(&body).map_err(|error| self.cut(&call, error.to_string()));
            }
            let problem = serde_json::from_slice::<Problem>(&body);
            let detail = problem.map_or_else(|_| "no problem document".into(), |problem| problem.detail);
            Err(ServiceError::Refused { socket: self.socket.clone(), call: call.clone(), status, detail })
        };
        timeout(deadline, asked)
            .await
            .unwrap_or_else(|_| Err(ServiceError::Silent { socket: self.socket.clone(), call: call.clone(), deadline }))
    }

    /// One call, answered by its head: the body follows as it comes, for as long as it is read. Only connecting is
    /// bounded.
    ///
    /// # Errors
    /// No service answers.
    pub(crate) async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response<Incoming>, ServiceError> {
        let call = format!("{method} {path}");
        let connecting = timeout(CONNECT_DEADLINE, UnixStream::connect(&self.socket)).await;
        let stream = connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let stream = stream.map_err(|cause| ServiceError::Absent { socket: self.socket.clone(), cause })?;
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(|error| self.cut(&call, error.to_string()))?;
        // It ends with the answer; a fault of it is the answer's.
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
        request = request.header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::<Bytes>::default()).expect("its parts are our own");
        sender.send_request(request).await.map_err(|error| self.cut(&call, error.to_string()))
    }

    fn cut(&self, call: &str, cause: String) -> ServiceError {
        ServiceError::Cut { socket: self.socket.clone(), call: call.to_owned(), cause }
    }
}
