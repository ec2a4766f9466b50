//! The daemon as the other rooms call it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::answers;
use super::bollard_client;
use super::endpoint::Endpoint;
use super::events::DaemonEvents;
use super::fault::{Call, names_nothing};
use super::identity::{Identified, identity};
use super::labels::LabelReader;
use super::list::{ListCall, ReadList, list_path};
use super::message::{Action, Connection, DaemonError, ImageAnswer, Listed};
use super::progress::{CallProgress, LIST_CALL};
use super::refusals::{Refusals, refusal, unanswered};
use super::resolve::{ResolveError, resolve_among};
use super::source::{ContainerSource, EventStream};
use super::transport::{Answer, Keep, Question, Transport, segment};
use crate::config::{Config, ImageLabels};
use crate::model::{BoxFuture, ContainerId, DaemonCall, Examined, ImageId, Inspected, Refusal, Scope};

/// The inspect of one container, as errors name it.
const INSPECT_CALL: &str = DaemonCall::Inspect.request();

/// The inspect of one image, as errors name it.
const IMAGE_CALL: &str = DaemonCall::Images.request();

/// Longest text that a row is bound to and a daemon is asked for: no request holds a path of more than 64 KB.
const MAX_ID_BYTES: usize = 4096;

/// Longest body of an inspect. An ordinary one takes 10 KB.
const MAX_INSPECT_BYTES: usize = 8 * 1024 * 1024;

/// Longest body of `/info` and `/version`.
const MAX_INFO_BYTES: usize = 1024 * 1024;

/// Over what an action takes beside the time that its container is given to end.
const ACTION_DEADLINE: Duration = Duration::from_secs(20);

/// After which the outcome of an action is not known.
pub(crate) fn action_deadline(action: Action) -> Duration {
    ACTION_DEADLINE + action.grace()
}

/// An id that no container and no image has: asked for it, whoever carries the call out says so.
const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// For a ping after a list that was not answered: a daemon that does not hang answers in milliseconds.
const TIME_TO_PONG: Duration = Duration::from_secs(1);

/// Between two tries to reach a daemon that is absent or refuses. One that was killed and starts again is followed within
/// half a second of its first answer; a connect that is refused costs neither side more than a system call.
const RETRY_EVERY: Duration = Duration::from_millis(250);

/// A client of one daemon, cheap to clone. A dropped call closes its connection.
#[derive(Clone, Debug)]
pub struct Daemon {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    endpoint: Arc<Endpoint>,
    list_deadline: Duration,
    inspect_deadline: Duration,
    labels: Arc<LabelReader>,
    /// For the list alone, on a connection that is kept.
    lists: ListCall,
    /// For all other reads: each has its own connection.
    calls: Transport,
    /// For pings and actions.
    docker: bollard::Docker,
    identity_deadline: Duration,
    /// Which of the clients of this process it is.
    number: u64,
    refusals: Refusals,
    image_labels: ImageLabels,
}

/// Tells the clients of this process apart.
static CLIENTS: AtomicU64 = AtomicU64::new(1);

impl Daemon {
    /// A client that has not connected yet.
    #[must_use]
    pub fn new(endpoint: Endpoint, config: &Config) -> Self {
        Self::noting(endpoint, config, Refusals::default())
    }

    /// As [`Self::new`]; notes there which calls are refused.
    #[must_use]
    pub fn noting(endpoint: Endpoint, config: &Config, refusals: Refusals) -> Self {
        let endpoint = Arc::new(endpoint);
        let labels = Arc::new(LabelReader::new(config));
        let inner = Inner {
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
        };
        Self { inner: Arc::new(inner) }
    }

    /// The address, as it is shown.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.inner.endpoint.to_string()
    }

    /// How it is reached, for people, where the address alone does not say.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        self.inner.endpoint.remark()
    }

    /// All containers, stopped ones too. `list_deadline` bounds connecting, head, body and decoding; a daemon that was silent
    /// until then is asked whether it answers a ping.
    ///
    /// # Errors
    ///
    /// Every way in which there is no whole listing; never a short one.
    pub async fn list(&self) -> Result<Listed, DaemonError> {
        let read = self.inner.lists.read_within(self.inner.list_deadline, Instant::now()).await;
        let listed = read.map(|read| self.inner.listed(read));
        let listed = self.inner.noted(DaemonCall::List, None, listed);
        match listed {
            Err(error @ DaemonError::Silent { .. }) => {
                let pong = timeout(TIME_TO_PONG, self.ping()).await;
                let answers = pong.is_ok_and(|pong| pong.is_ok());
                Err(if answers { error.of_a_daemon_that_answers() } else { error })
            }
            listed => listed,
        }
    }

    /// One `_ping` under `inspect_deadline`. It proves that the daemon's front door answers, and nothing more.
    ///
    /// # Errors
    ///
    /// It did not answer, or not with 200.
    pub async fn ping(&self) -> Result<(), DaemonError> {
        let call = self.inner.calls.call("GET /_ping");
        let deadline = self.inner.inspect_deadline;
        let result = match timeout(deadline, self.inner.docker.ping()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(call.of_bollard(&error)),
            Err(_) => Err(call.timed_out(deadline, false, &CallProgress::default())),
        };
        self.inner.noted(DaemonCall::Ping, None, result)
    }

    /// Makes one call of each of these kinds, side by side, each under its deadline. What comes of a call that is refused, or
    /// not answered in time, is a [`Refusal`].
    pub async fn refused_among(&self, calls: &[DaemonCall]) -> Vec<Refusal> {
        let mut checks = JoinSet::new();
        for call in calls {
            let (daemon, call) = (self.clone(), *call);
            checks.spawn(async move { daemon.refused(call).await });
        }
        let mut refused: Vec<Refusal> = checks.join_all().await.into_iter().flatten().collect();
        refused.sort_by_key(|refusal| refusal.call);
        refused
    }

    async fn refused(&self, call: DaemonCall) -> Option<Refusal> {
        let deadline = match call {
            DaemonCall::List => self.inner.list_deadline,
            DaemonCall::Info | DaemonCall::Version => self.inner.identity_deadline,
            _ => self.inner.inspect_deadline,
        };
        match timeout(deadline, self.check(call, None)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => refusal(call, &error, None, self.inner.image_labels),
            Err(_) => {
                let setting = call.deadline_setting().map_or_else(String::new, |setting| format!("{setting} "));
                let cause = format!("no answer within {setting}({deadline:?})");
                Some(unanswered(call, cause, 0, self.inner.image_labels))
            }
        }
    }

    /// Which of its calls are refused, as far as it made them.
    #[must_use]
    pub fn refusals(&self) -> &Refusals {
        &self.inner.refusals
    }

    /// The container that a full id, an exact name, or the begin of exactly one id means, among those listed now.
    ///
    /// # Errors
    ///
    /// None or several are meant, or the daemon gave no listing.
    pub async fn resolve(&self, name_or_id: &str) -> Result<ContainerId, ResolveError> {
        let read = self.inner.lists.read_within(self.inner.list_deadline, Instant::now()).await?;
        resolve_among(&read.listing, name_or_id)
    }
}

impl ContainerSource for Daemon {
    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listed, DaemonError>> {
        Box::pin(async move {
            let read = self.inner.lists.read(scope, Instant::now()).await;
            self.inner.noted(DaemonCall::List, None, read.map(|read| self.inner.listed(read)))
        })
    }

    fn identify(&self) -> BoxFuture<'_, Identified> {
        Box::pin(self.inner.identify())
    }

    fn inspect<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Inspected> {
        Box::pin(async move {
            if container.as_str().len() > MAX_ID_BYTES {
                return Inspected::Unanswered(no_id());
            }
            self.inner.inspect(container).await.unwrap_or_else(|error| Inspected::Unanswered(error.to_string()))
        })
    }

    fn examine<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Examined> {
        Box::pin(async move {
            if container.as_str().len() > MAX_ID_BYTES {
                return Examined::Unanswered(no_id());
            }
            self.inner.examine(container).await.unwrap_or_else(|error| Examined::Unanswered(error.to_string()))
        })
    }

    fn image<'a>(&'a self, image: &'a ImageId) -> BoxFuture<'a, ImageAnswer> {
        Box::pin(async move {
            let error = match self.inner.image(image.as_str()).await {
                Ok(answer) => return answer,
                Err(error) => error,
            };
            match refusal(DaemonCall::Images, &error, Some(image.as_str()), self.inner.image_labels) {
                Some(refusal) => {
                    let status = refusal.status_text();
                    ImageAnswer::Refused(format!("{} is refused with status {status}", refusal.request).into())
                }
                None => ImageAnswer::Unanswered,
            }
        })
    }

    /// By an id that nothing has, where the call is about one thing. The stream of events is opened and closed.
    fn check<'a>(&'a self, call: DaemonCall, image: Option<&'a str>) -> BoxFuture<'a, Result<(), DaemonError>> {
        Box::pin(async move {
            match call {
                DaemonCall::List => self.inner.list_nothing().await,
                DaemonCall::Events => self.events(None).await.map(drop),
                DaemonCall::Inspect => self.inner.inspect(&ContainerId::new(NOBODY)).await.map(drop),
                DaemonCall::Images => {
                    let nobody = format!("sha256:{NOBODY}");
                    self.inner.image(image.unwrap_or(&nobody)).await.map(drop)
                }
                DaemonCall::Info => self.inner.ask_json(call, "/info").await.map(drop),
                DaemonCall::Version => self.inner.ask_json(call, "/version").await.map(drop),
                DaemonCall::Ping => self.ping().await,
                DaemonCall::Actions => self.inner.act_on_nothing().await,
            }
        })
    }

    /// One `_ping` is left waiting without a deadline, for a frozen daemon answers it when it thaws; one that fails is
    /// sent again four times a second. A refusal is an answer, unless it is a proxy's that reaches no daemon.
    fn await_daemon(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while !self.inner.answers_a_ping().await {
                sleep(RETRY_EVERY).await;
            }
        })
    }

    /// Within 30 s, and as long as the container is given to end.
    fn act<'a>(&'a self, container: &'a ContainerId, action: Action) -> BoxFuture<'a, Result<(), DaemonError>> {
        Box::pin(async move {
            let call = self.inner.calls.call(action_call(action));
            let path_segment = segment(container.as_str());
            let acting = bollard_client::act(&self.inner.docker, &path_segment, action);
            let deadline = action_deadline(action);
            let result = match timeout(deadline, acting).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(outcome(&call, call.of_bollard(&error))),
                Err(_) => Err(outcome(&call, call.timed_out(deadline, false, &CallProgress::default()))),
            };
            self.inner.noted(DaemonCall::Actions, None, result)
        })
    }

    fn events(&self, since_nanos: Option<i64>) -> BoxFuture<'_, Result<Box<dyn EventStream>, DaemonError>> {
        Box::pin(async move {
            let stream = DaemonEvents::open(&self.inner.calls, since_nanos).await;
            let stream = self.inner.noted(DaemonCall::Events, None, stream)?;
            Ok(Box::new(stream) as Box<dyn EventStream>)
        })
    }

    fn progress(&self) -> Arc<CallProgress> {
        self.inner.lists.progress()
    }
}

impl Inner {
    fn listed(&self, read: ReadList) -> Listed {
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
    async fn inspect(&self, container: &ContainerId) -> Result<Inspected, DaemonError> {
        let answer = self.ask_inspect(container).await;
        let inspected = answer.and_then(|answer| answers::inspected(&self.calls.call(INSPECT_CALL), answer));
        self.noted(DaemonCall::Inspect, None, inspected)
    }

    /// Gone or present.
    async fn examine(&self, container: &ContainerId) -> Result<Examined, DaemonError> {
        let answer = self.ask_inspect(container).await;
        let call = self.calls.call(INSPECT_CALL);
        let examined = answer.and_then(|answer| answers::examined(&call, &self.labels, container, answer));
        self.noted(DaemonCall::Inspect, None, examined)
    }

    /// Gone, or its labels.
    async fn image(&self, image: &str) -> Result<ImageAnswer, DaemonError> {
        let path = format!("/images/{}/json", segment(image));
        let answer = self.ask(IMAGE_CALL, path, MAX_INSPECT_BYTES).await;
        let read = answer.and_then(|answer| answers::image(&self.calls.call(IMAGE_CALL), &self.labels, answer));
        self.noted(DaemonCall::Images, Some(image), read)
    }

    /// A list of the one container that nobody has.
    async fn list_nothing(&self) -> Result<(), DaemonError> {
        let path = list_path(&[ContainerId::new(NOBODY)].into());
        let body = self.ask(LIST_CALL, path, MAX_INSPECT_BYTES).await.and_then(|answer| match answer.status {
            200 if answer.body.trim_ascii_start().starts_with(b"[") => Ok(()),
            200 => Err(self.calls.call(LIST_CALL).nonsense("it is no list")),
            status => Err(self.calls.call(LIST_CALL).status(status, &answer.body)),
        });
        self.noted(DaemonCall::List, None, body)
    }

    /// An action on the container that nobody has: whoever carries it out says that there is none.
    async fn act_on_nothing(&self) -> Result<(), DaemonError> {
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

    async fn answers_a_ping(&self) -> bool {
        let call = self.calls.call("GET /_ping");
        let pinged = self.docker.ping().await.map_err(|error| call.of_bollard(&error));
        match self.noted(DaemonCall::Ping, None, pinged) {
            Ok(_) => true,
            Err(DaemonError::Status { status, .. }) => status < 500 || status == 501,
            Err(_) => false,
        }
    }

    /// Notes whether a call is carried out, and hands its result on.
    fn noted<T>(
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
    async fn identify(&self) -> Identified {
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
    async fn ask_json(&self, call: DaemonCall, path: &str) -> Result<String, DaemonError> {
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

fn no_id() -> String {
    format!("it has more than {MAX_ID_BYTES} bytes and is the id of no container")
}

/// A fault of an action: only what shows that the daemon never got it, or refused it, is definite.
fn outcome(call: &Call, error: DaemonError) -> DaemonError {
    match error {
        DaemonError::Absent { .. }
        | DaemonError::Refused { .. }
        | DaemonError::Forbidden { .. }
        | DaemonError::Unconnected { .. }
        | DaemonError::Status { .. } => error,
        _ => DaemonError::OutcomeUnknown { endpoint: call.endpoint.clone(), call: call.call, cause: error.to_string() },
    }
}

const fn action_call(action: Action) -> &'static str {
    match action {
        Action::Start => "POST /containers/{id}/start",
        Action::Stop(_) => "POST /containers/{id}/stop",
        Action::Restart(_) => "POST /containers/{id}/restart",
        Action::Remove => "DELETE /containers/{id}",
    }
}
