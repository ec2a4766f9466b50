//! The calls of one client, each of which is noted as carried out or refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use crate::config::{Config, ImageLabels};
use crate::docker::action::action_call;
use crate::docker::endpoint::Endpoint;
use crate::docker::error::DaemonError;
use crate::docker::fault::names_nothing;
use crate::docker::identity::{Identified, identity};
use crate::docker::labels::LabelReader;
use crate::docker::list::{ListCall, ReadList, list_path};
use crate::docker::message::{Action, Connection, ImageAnswer, Listed};
use crate::docker::progress::LIST_CALL;
use crate::docker::refusals::{Refusals, refusal, unanswered};
use crate::docker::transport::{Answer, Keep, Question, Transport, segment};
use crate::docker::{answers, bollard_client};
use crate::model::{ContainerId, DaemonCall, Examined, Inspected};

/// The inspect of one container, as errors name it.
const INSPECT_CALL: &str = DaemonCall::Inspect.request();

/// The inspect of one image, as errors name it.
const IMAGE_CALL: &str = DaemonCall::Images.request();

/// Longest body of an inspect. An ordinary one takes 10 KB.
const MAX_INSPECT_BYTES: usize = 8 * 1024 * 1024;

/// Longest body of `/info` and `/version`.
const MAX_INFO_BYTES: usize = 1024 * 1024;

/// An id that no container and no image has: asked for it, whoever carries the call out says so.
pub(super) const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What the clones of a client have in common.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) list_deadline: Duration,
    pub(super) inspect_deadline: Duration,
    labels: Arc<LabelReader>,
    /// For the list alone, on a connection that is kept.
    pub(super) lists: ListCall,
    /// For all other reads: each has its own connection.
    pub(super) calls: Transport,
    /// For pings and actions.
    pub(super) docker: bollard::Docker,
    pub(super) identity_deadline: Duration,
    /// Which of the clients of this process it is.
    number: u64,
    pub(super) refusals: Refusals,
    pub(super) image_labels: ImageLabels,
}

/// Tells the clients of this process apart.
static CLIENTS: AtomicU64 = AtomicU64::new(1);

impl Inner {
    /// A client that has not connected yet.
    pub(super) fn new(endpoint: Endpoint, config: &Config, refusals: Refusals) -> Self {
        let endpoint = Arc::new(endpoint);
        let labels = Arc::new(LabelReader::new(config));
        Self {
            list_deadline: config.list_deadline,
            inspect_deadline: config.inspect_deadline,
            lists: ListCall::new(Arc::clone(&endpoint), Arc::clone(&labels)),
            labels,
            calls: Transport::new(Arc::clone(&endpoint), Keep::None),
            docker: bollard_client::connect(&endpoint),
            identity_deadline: config.identity_deadline,
            number: CLIENTS.fetch_add(1, Ordering::Relaxed),
            refusals,
            image_labels: config.image_labels,
            endpoint,
        }
    }

    pub(super) fn listed(&self, read: ReadList) -> Listed {
        let ReadList { listing, body_bytes, duration } = read;
        let connection = Connection { client: self.number, number: *self.lists.connector().opened().borrow() };
        Listed { listing, body_bytes, duration, connection }
    }

    async fn ask(&self, call: &'static str, path: String, max_body_bytes: usize) -> Result<Answer, DaemonError> {
        self.calls.ask(&Question { call, path, max_body_bytes }).await
    }

    async fn ask_inspect(&self, container: &ContainerId) -> Result<Answer, DaemonError> {
        let path = format!("/containers/{}/json", segment(container.as_str()));
        self.ask(INSPECT_CALL, path, MAX_INSPECT_BYTES).await
    }

    /// Gone or present.
    pub(super) async fn inspect(&self, container: &ContainerId) -> Result<Inspected, DaemonError> {
        let answer = self.ask_inspect(container).await;
        let inspected = answer.and_then(|answer| answers::inspected(&self.calls.call(INSPECT_CALL), answer));
        self.noted(DaemonCall::Inspect, None, inspected)
    }

    /// Gone or present.
    pub(super) async fn examine(&self, container: &ContainerId) -> Result<Examined, DaemonError> {
        let answer = self.ask_inspect(container).await;
        let call = self.calls.call(INSPECT_CALL);
        let examined = answer.and_then(|answer| answers::examined(&call, &self.labels, container, answer));
        self.noted(DaemonCall::Inspect, None, examined)
    }

    /// Gone, or its labels.
    pub(super) async fn image(&self, image: &str) -> Result<ImageAnswer, DaemonError> {
        let path = format!("/images/{}/json", segment(image));
        let answer = self.ask(IMAGE_CALL, path, MAX_INSPECT_BYTES).await;
        let read = answer.and_then(|answer| answers::image(&self.calls.call(IMAGE_CALL), &self.labels, answer));
        self.noted(DaemonCall::Images, Some(image), read)
    }

    /// A list of the one container that nobody has.
    pub(super) async fn list_nothing(&self) -> Result<(), DaemonError> {
        let path = list_path(&[ContainerId::new(NOBODY)].into());
        let body = self.ask(LIST_CALL, path, MAX_INSPECT_BYTES).await.and_then(|answer| match answer.status {
            200 if answer.body.trim_ascii_start().starts_with(b"[") => Ok(()),
            200 => Err(self.calls.call(LIST_CALL).nonsense("it is no list")),
            status => Err(self.calls.call(LIST_CALL).status(status, &answer.body)),
        });
        self.noted(DaemonCall::List, None, body)
    }

    /// An action on the container that nobody has: whoever carries it out says that there is none.
    pub(super) async fn act_on_nothing(&self) -> Result<(), DaemonError> {
        let call = self.calls.call(action_call(Action::Start));
        let result = match bollard_client::act(&self.docker, NOBODY, Action::Start).await {
            Ok(()) => Ok(()),
            Err(error) => match call.of_bollard(&error) {
                DaemonError::Status { status: 404, body, .. } if names_nothing(&body) => Ok(()),
                error => Err(error),
            },
        };
        self.noted(DaemonCall::Actions, None, result)
    }

    pub(super) async fn answers_a_ping(&self) -> bool {
        let call = self.calls.call("GET /_ping");
        let pinged = self.docker.ping().await.map_err(|error| call.of_bollard(&error));
        match self.noted(DaemonCall::Ping, None, pinged) {
            Ok(_) => true,
            Err(DaemonError::Status { status, .. }) => status < 500 || status == 501,
            Err(_) => false,
        }
    }

    /// Notes whether a call is carried out, and hands its result on.
    pub(super) fn noted<T>(
        &self,
        call: DaemonCall,
        subject: Option<&str>,
        result: Result<T, DaemonError>,
    ) -> Result<T, DaemonError> {
        match &result {
            Ok(_) => self.refusals.carried_out(call, subject),
            Err(error) => {
                if let Some(refusal) = refusal(call, error, subject, self.image_labels) {
                    self.refusals.refused(refusal);
                }
            }
        }
        result
    }

    /// Each of the two under the deadline: `/info` hangs with the container runtime, and `/version` does not.
    pub(super) async fn identify(&self) -> Identified {
        let (info, version) = tokio::join!(
            self.ask_in_time(DaemonCall::Info, "/info"),
            self.ask_in_time(DaemonCall::Version, "/version")
        );
        let without_id = info.as_ref().err().cloned();
        let (info, version) = (info.unwrap_or_default(), version.unwrap_or_default());
        let info = serde_json::from_str(&info).ok();
        let identity = identity(info.as_ref(), serde_json::from_str(&version).ok().as_ref());
        let has_id = identity.as_ref().is_some_and(|identity| identity.id.is_some());
        let is_podman = identity.as_ref().is_some_and(|identity| identity.place.is_some());
        let without_id = without_id.unwrap_or_else(|| {
            if is_podman { "Podman has no id of its own".to_owned() } else { "GET /info tells no id".to_owned() }
        });
        Identified { identity, without_id: (!has_id).then_some(without_id) }
    }

    /// The body of an answer; else which call it was and what came instead, in few words.
    async fn ask_in_time(&self, call: DaemonCall, path: &str) -> Result<String, String> {
        let deadline = self.identity_deadline;
        let request = call.request();
        match timeout(deadline, self.ask_json(call, path)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(DaemonError::Status { status, .. })) => Err(format!("{request} is refused with status {status}")),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => {
                let cause = format!("no answer within identity_deadline ({deadline:?})");
                self.refusals.refused(unanswered(call, cause, 0, self.image_labels));
                Err(format!("{request} was not answered within identity_deadline ({deadline:?})"))
            }
        }
    }

    /// A JSON object, as it came.
    pub(super) async fn ask_json(&self, call: DaemonCall, path: &str) -> Result<String, DaemonError> {
        let answer = self.ask(call.request(), path.to_owned(), MAX_INFO_BYTES).await;
        let read = answer.and_then(|answer| match answer.status {
            200 if answer.body.trim_ascii_start().starts_with(b"{") => {
                Ok(String::from_utf8_lossy(&answer.body).into_owned())
            }
            200 => Err(self.calls.call(call.request()).nonsense("it is no JSON object")),
            status => Err(self.calls.call(call.request()).status(status, &answer.body)),
        });
        self.noted(call, None, read)
    }
}
