//! The daemon as the other rooms call it.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::answers;
use super::bollard_client;
use super::endpoint::Endpoint;
use super::events::DaemonEvents;
use super::fault::Call;
use super::identity::identity;
use super::labels::LabelReader;
use super::list::{ListCall, ReadList};
use super::message::{Action, DaemonError, ImageAnswer, Listed};
use super::progress::CallProgress;
use super::resolve::{ResolveError, resolve_among};
use super::source::{ContainerSource, EventStream};
use super::transport::{Answer, Keep, Question, Transport, segment};
use crate::config::Config;
use crate::model::{BoxFuture, ContainerId, DaemonIdentity, Examined, ImageId, Inspected, Scope, whole_millis};

/// The inspect of one container, as errors name it.
const INSPECT_CALL: &str = "GET /containers/{id}/json";

/// Longest text that a row is bound to and a daemon is asked for: no request holds a path of more than 64 KB.
const MAX_ID_BYTES: usize = 4096;

/// Longest body of an inspect. An ordinary one takes 10 KB.
const MAX_INSPECT_BYTES: usize = 8 * 1024 * 1024;

/// Longest body of `/info` and `/version`.
const MAX_INFO_BYTES: usize = 1024 * 1024;

/// Over one action. `stop` gives a container 10 s to end before it kills it.
const ACTION_DEADLINE: Duration = Duration::from_secs(30);

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
    /// For the list alone; a new connection of it asks for the identity.
    lists: ListCall,
    /// For all other reads: each has its own connection.
    calls: Transport,
    /// For pings and actions.
    docker: bollard::Docker,
    known: Mutex<Known>,
}

/// Who answers on which of the list's connections.
#[derive(Clone, Debug, Default)]
struct Known {
    connection: u64,
    identity: Option<DaemonIdentity>,
}

impl Daemon {
    /// A client that has not connected yet.
    #[must_use]
    pub fn new(endpoint: Endpoint, config: &Config) -> Self {
        let endpoint = Arc::new(endpoint);
        let labels = Arc::new(LabelReader::new(config));
        let inner = Inner {
            list_deadline: config.list_deadline,
            inspect_deadline: config.inspect_deadline,
            lists: ListCall::new(Arc::clone(&endpoint), Arc::clone(&labels)),
            labels,
            calls: Transport::new(Arc::clone(&endpoint), Keep::None),
            docker: bollard_client::connect(&endpoint),
            known: Mutex::default(),
            endpoint,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The address, as it is shown.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.inner.endpoint.to_string()
    }

    /// All containers, stopped ones too, and who answers. `list_deadline` bounds connecting, head, body and decoding. The
    /// identity is asked for beside the list when the list opens a new connection, under `inspect_deadline` and within
    /// `list_deadline`; unknown, it is asked for again beside the next list.
    ///
    /// # Errors
    ///
    /// Every way in which there is no whole listing; never a short one.
    pub async fn list(&self) -> Result<Listed, DaemonError> {
        let began = Instant::now();
        self.list_beside_identity(began, self.inner.lists.read_within(self.inner.list_deadline, began)).await
    }

    async fn list_beside_identity(
        &self,
        began: Instant,
        list: impl Future<Output = Result<ReadList, DaemonError>>,
    ) -> Result<Listed, DaemonError> {
        let known = self.inner.known();
        let opened = self.inner.lists.connector().opened();
        let mut list = pin!(list);
        let mut learn = pin!(self.inner.learn_identity(known.connection));
        let mut learned = None;
        let ReadList { listing, body_bytes, duration } = loop {
            tokio::select! {
                listing = &mut list => break listing?,
                identity = &mut learn, if learned.is_none() => learned = Some(identity),
            }
        };
        let same_connection = *opened.borrow() == known.connection;
        let identity = match learned {
            Some(identity) => identity,
            None if same_connection => known.identity,
            None => timeout_at(began + self.inner.list_deadline, learn).await.unwrap_or_default(),
        };
        Ok(Listed { listing, body_bytes, duration, identity })
    }

    /// Who answers now, asked afresh under `inspect_deadline`; `None` if it does not say.
    pub async fn identity(&self) -> Option<DaemonIdentity> {
        self.inner.ask_identity().await
    }

    /// One `_ping` under `inspect_deadline`. It proves that the daemon's front door answers, and nothing more.
    ///
    /// # Errors
    ///
    /// It did not answer, or not with 200.
    pub async fn ping(&self) -> Result<(), DaemonError> {
        let call = self.inner.calls.call("GET /_ping");
        let deadline = self.inner.inspect_deadline;
        match timeout(deadline, self.inner.docker.ping()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(call.of_bollard(&error)),
            Err(_) => Err(call.timed_out(deadline, false, &CallProgress::default())),
        }
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
            let began = Instant::now();
            self.list_beside_identity(began, self.inner.lists.read(scope, began)).await
        })
    }

    fn inspect<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Inspected> {
        Box::pin(async move {
            if container.as_str().len() > MAX_ID_BYTES {
                return Inspected::Unanswered(no_id());
            }
            let answer = self.inner.ask_inspect(container).await;
            answers::inspected(&self.inner.calls.call(INSPECT_CALL), answer)
        })
    }

    fn examine<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Examined> {
        Box::pin(async move {
            if container.as_str().len() > MAX_ID_BYTES {
                return Examined::Unanswered(no_id());
            }
            let answer = self.inner.ask_inspect(container).await;
            answers::examined(&self.inner.calls.call(INSPECT_CALL), &self.inner.labels, container, answer)
        })
    }

    fn image<'a>(&'a self, image: &'a ImageId) -> BoxFuture<'a, ImageAnswer> {
        Box::pin(async move {
            let path = format!("/images/{}/json", segment(image.as_str()));
            let answer = self.inner.ask("GET /images/{id}/json", path, MAX_INSPECT_BYTES).await;
            answers::image(&self.inner.labels, answer)
        })
    }

    /// One `_ping` is left waiting without a deadline, for a frozen daemon answers it when it thaws; one that fails is
    /// sent again four times a second.
    fn await_daemon(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while self.inner.docker.ping().await.is_err() {
                sleep(RETRY_EVERY).await;
            }
        })
    }

    /// Within 30 s.
    fn act<'a>(&'a self, container: &'a ContainerId, action: Action) -> BoxFuture<'a, Result<(), DaemonError>> {
        Box::pin(async move {
            let call = self.inner.calls.call(action_call(action));
            let path_segment = segment(container.as_str());
            let acting = bollard_client::act(&self.inner.docker, &path_segment, action);
            match timeout(ACTION_DEADLINE, acting).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(outcome(&call, call.of_bollard(&error))),
                Err(_) => Err(outcome(&call, call.timed_out(ACTION_DEADLINE, false, &CallProgress::default()))),
            }
        })
    }

    fn events(&self, since_nanos: Option<i64>) -> BoxFuture<'_, Result<Box<dyn EventStream>, DaemonError>> {
        Box::pin(async move {
            let stream = DaemonEvents::open(&self.inner.calls, since_nanos).await?;
            Ok(Box::new(stream) as Box<dyn EventStream>)
        })
    }

    fn progress(&self) -> Arc<CallProgress> {
        self.inner.lists.progress()
    }
}

impl Inner {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn ask(&self, call: &'static str, path: String, max_body_bytes: usize) -> Result<Answer, DaemonError> {
        self.calls.ask(&Question { call, path, max_body_bytes }).await
    }

    async fn ask_inspect(&self, container: &ContainerId) -> Result<Answer, DaemonError> {
        let path = format!("/containers/{}/json", segment(container.as_str()));
        self.ask(INSPECT_CALL, path, MAX_INSPECT_BYTES).await
    }

    /// Waits until the list opens another connection than the one given, then asks who answers, and keeps the answer.
    async fn learn_identity(&self, known_connection: u64) -> Option<DaemonIdentity> {
        let mut opened = self.lists.connector().opened();
        // The sender lives as long as this client, so that the wait cannot fail.
        let connection = *opened.wait_for(|count| *count != known_connection).await.ok()?;
        let identity = self.ask_identity().await;
        if identity.is_some() {
            let known = Known { connection, identity: identity.clone() };
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
        }
        identity
    }

    async fn ask_identity(&self) -> Option<DaemonIdentity> {
        let asked = timeout(self.inspect_deadline, self.ask_who()).await;
        match asked {
            Ok(Ok(identity)) => identity,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the daemon's identity is unknown");
                None
            }
            Err(_) => {
                tracing::debug!(deadline_ms = whole_millis(self.inspect_deadline), "the daemon's identity is unknown");
                None
            }
        }
    }

    async fn ask_who(&self) -> Result<Option<DaemonIdentity>, DaemonError> {
        let info = async || self.ask_json("GET /info", "/info").await;
        let infos = async { Ok((info().await?, info().await?)) };
        let ((first, second), version) = tokio::try_join!(infos, self.ask_json("GET /version", "/version"))?;
        let call = self.calls.call("GET /info");
        let nonsense = |error: serde_json::Error| call.nonsense(&error.to_string());
        let first = serde_json::from_str(&first).map_err(nonsense)?;
        let second = serde_json::from_str(&second).map_err(nonsense)?;
        let version = serde_json::from_str(&version).map_err(nonsense)?;
        Ok(identity(&first, &second, &version))
    }

    async fn ask_json(&self, call: &'static str, path: &str) -> Result<String, DaemonError> {
        let answer = self.ask(call, path.to_owned(), MAX_INFO_BYTES).await?;
        if answer.status != 200 {
            return Err(self.calls.call(call).status(answer.status, &answer.body));
        }
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
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
        Action::Stop => "POST /containers/{id}/stop",
        Action::Restart => "POST /containers/{id}/restart",
        Action::Remove => "DELETE /containers/{id}",
    }
}
