//! The daemon as the other rooms call it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::answers;
use super::bollard_client;
use super::each::ask_each;
use super::endpoint::Endpoint;
use super::fault::Call;
use super::identity::identity;
use super::labels::LabelReader;
use super::listing::{Memory, RememberingReader, SplitError};
use super::message::{Action, DaemonError, ImageAnswer, Listed};
use super::progress::{CallProgress, LIST_CALL};
use super::resolve::{ResolveError, resolve_among};
use super::transport::{Answer, Keep, Question, Transport, error_answer, next_piece, segment};
use crate::config::Config;
use crate::model::{ContainerId, DaemonIdentity, ImageId, Inspected, Listing, whole_millis};

/// Longest body of a list. 10,000 containers take 14 MiB; beyond this something is wrong with the daemon.
const MAX_LIST_BYTES: u64 = 256 * 1024 * 1024;

/// Longest body of an inspect. An ordinary one takes 10 KB.
const MAX_INSPECT_BYTES: usize = 8 * 1024 * 1024;

/// Longest body of `/info` and `/version`.
const MAX_INFO_BYTES: usize = 1024 * 1024;

/// Inspects at a time when a pass waits for them.
const VERIFY_AT_ONCE: usize = 8;

/// Inspects at a time beside later passes.
pub(crate) const DETAILS_AT_ONCE: usize = 4;

/// Over one action. `stop` gives a container 10 s to end before it kills it.
const ACTION_DEADLINE: Duration = Duration::from_secs(30);

/// Between two tries to reach a daemon that is absent or refuses.
const RETRY_EVERY: Duration = Duration::from_secs(1);

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
    /// For the list alone: it keeps its connection, and a new one asks for the identity.
    lists: Transport,
    /// For all other reads: each has its own connection.
    calls: Transport,
    /// For pings and actions.
    docker: bollard::Docker,
    known: Mutex<Known>,
    /// What the last list said; taken by the list in flight, and lost with it.
    memory: Mutex<Memory>,
    /// Of the list in flight, for whoever cancels it.
    progress: Arc<CallProgress>,
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
        let inner = Inner {
            list_deadline: config.list_deadline,
            inspect_deadline: config.inspect_deadline,
            labels: Arc::new(LabelReader::new(config)),
            lists: Transport::new(Arc::clone(&endpoint), Keep::One),
            calls: Transport::new(Arc::clone(&endpoint), Keep::None),
            docker: bollard_client::connect(&endpoint),
            known: Mutex::default(),
            memory: Mutex::default(),
            progress: Arc::default(),
            endpoint,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The address, as it is shown.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.inner.endpoint.to_string()
    }

    /// How far the list in flight has come. One list is in flight at a time.
    #[must_use]
    pub fn progress(&self) -> Arc<CallProgress> {
        Arc::clone(&self.inner.progress)
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
        self.list_beside_identity(began, self.inner.list_within_deadline(began)).await
    }

    /// The same without a deadline of its own, for a caller who ends the call by dropping it; [`Self::progress`] then
    /// tells how far it came.
    ///
    /// # Errors
    ///
    /// Every way in which there is no whole listing; never a short one.
    pub async fn list_until_dropped(&self) -> Result<Listed, DaemonError> {
        let began = Instant::now();
        self.inner.progress.begin();
        let call = self.inner.lists.call("GET /containers/json");
        self.list_beside_identity(began, self.inner.read_listing(&call, began)).await
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

    /// One inspect under `inspect_deadline`.
    pub async fn inspect(&self, container: &ContainerId) -> Inspected {
        const CALL: &str = "GET /containers/{id}/json";
        let path = format!("/containers/{}/json", segment(container.as_str()));
        let answer = self.inner.ask(CALL, path, MAX_INSPECT_BYTES).await;
        answers::inspected(&self.inner.calls.call(CALL), answer)
    }

    /// The labels of one image under `inspect_deadline`.
    pub async fn image(&self, image: &ImageId) -> ImageAnswer {
        let path = format!("/images/{}/json", segment(image.as_str()));
        let answer = self.inner.ask("GET /images/{id}/json", path, MAX_INSPECT_BYTES).await;
        answers::image(&self.inner.labels, answer)
    }

    /// The labels of several images, 8 at a time, all under one `list_deadline`; one whose turn did not come is
    /// `Unanswered`.
    pub async fn images(&self, images: Vec<ImageId>) -> HashMap<ImageId, ImageAnswer> {
        let mut answers = HashMap::with_capacity(images.len());
        let ask = |image: ImageId| {
            let daemon = self.clone();
            async move { (daemon.image(&image).await, image) }
        };
        let all = ask_each(images.clone(), VERIFY_AT_ONCE, ask, &mut answers);
        let ended = timeout(self.inner.list_deadline, all).await;
        if ended.is_err() {
            for image in images {
                answers.entry(image).or_insert(ImageAnswer::Unanswered);
            }
        }
        answers
    }

    /// Inspects each id, 8 at a time, all under one `list_deadline`; one whose turn did not come is `Unanswered`.
    pub async fn verify(&self, containers: Vec<ContainerId>) -> HashMap<ContainerId, Inspected> {
        let mut answers = HashMap::with_capacity(containers.len());
        let all = ask_each(containers.clone(), VERIFY_AT_ONCE, |id| self.inspect_one(id), &mut answers);
        let deadline = self.inner.list_deadline;
        let ended = timeout(deadline, all).await;
        if ended.is_err() {
            for container in containers {
                answers.entry(container).or_insert_with(|| {
                    Inspected::Unanswered(format!("no answer within {deadline:?} for all inspects"))
                });
            }
        }
        answers
    }

    /// Inspects each id, 4 at a time, without a bound over all.
    pub async fn details(&self, containers: Vec<ContainerId>) -> HashMap<ContainerId, Inspected> {
        let mut answers = HashMap::with_capacity(containers.len());
        ask_each(containers, DETAILS_AT_ONCE, |id| self.inspect_one(id), &mut answers).await;
        answers
    }

    fn inspect_one(&self, id: ContainerId) -> impl Future<Output = (Inspected, ContainerId)> + Send + 'static {
        let daemon = self.clone();
        async move { (daemon.inspect(&id).await, id) }
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

    /// Returns when the daemon answers: one `_ping` is left waiting without a deadline, for a frozen daemon answers it
    /// when it thaws; one that fails is sent again each second.
    pub async fn await_daemon(&self) {
        while self.inner.docker.ping().await.is_err() {
            sleep(RETRY_EVERY).await;
        }
    }

    /// Acts on one container, given by its full id, within 30 s.
    ///
    /// # Errors
    ///
    /// `OutcomeUnknown` if the request was sent and nothing definite came back; the daemon's status; or that it was not
    /// reached.
    pub async fn act(&self, container: &ContainerId, action: Action) -> Result<(), DaemonError> {
        let call = self.inner.calls.call(action_call(action));
        let path_segment = segment(container.as_str());
        let acting = bollard_client::act(&self.inner.docker, &path_segment, action);
        match timeout(ACTION_DEADLINE, acting).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(outcome(&call, call.of_bollard(&error))),
            Err(_) => Err(outcome(&call, call.timed_out(ACTION_DEADLINE, false, &CallProgress::default()))),
        }
    }

    /// The container that a full id, an exact name, or the begin of exactly one id means, among those listed now.
    ///
    /// # Errors
    ///
    /// None or several are meant, or the daemon gave no listing.
    pub async fn resolve(&self, name_or_id: &str) -> Result<ContainerId, ResolveError> {
        let read = self.inner.list_within_deadline(Instant::now()).await?;
        resolve_among(&read.listing, name_or_id)
    }
}

impl Inner {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn ask(&self, call: &'static str, path: String, max_body_bytes: usize) -> Result<Answer, DaemonError> {
        self.calls.ask(&Question { call, path, deadline: self.inspect_deadline, max_body_bytes }).await
    }

    async fn list_within_deadline(&self, began: Instant) -> Result<ReadList, DaemonError> {
        let call = self.lists.call(LIST_CALL);
        self.progress.begin();
        match timeout_at(began + self.list_deadline, self.read_listing(&call, began)).await {
            Ok(listing) => listing,
            Err(_) => Err(call.timed_out(self.list_deadline, self.lists.connector().is_connecting(), &self.progress)),
        }
    }

    async fn read_listing(&self, call: &Call, began: Instant) -> Result<ReadList, DaemonError> {
        let progress = &*self.progress;
        let response = self.lists.get("/containers/json?all=1").await.map_err(|error| call.failed(&error, progress))?;
        progress.got_head();
        if response.status() != hyper::StatusCode::OK {
            let answer = error_answer(call, response, progress).await?;
            return Err(call.status(answer.status, &answer.body));
        }
        let memory = std::mem::take(&mut *self.memory.lock().unwrap_or_else(PoisonError::into_inner));
        let mut reader = RememberingReader::new(Arc::clone(&self.labels), memory);
        let mut body = response.into_body();
        while let Some(piece) = next_piece(call, &mut body, progress).await? {
            if progress.bytes() > MAX_LIST_BYTES {
                return Err(call.too_large(MAX_LIST_BYTES));
            }
            reader.feed(&piece).map_err(|error| not_a_listing(call, error, &piece, progress))?;
        }
        let body_bytes = reader.body_bytes();
        let (listing, memory) = reader.finish().map_err(|error| not_a_listing(call, error, &[], progress))?;
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = memory;
        Ok(ReadList { listing, body_bytes, duration: began.elapsed() })
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

/// A list that was read to its end.
struct ReadList {
    listing: Arc<Listing>,
    body_bytes: u64,
    duration: Duration,
}

/// An array that is cut is a cut answer, whatever the transport thought of it.
fn not_a_listing(call: &Call, error: SplitError, piece: &[u8], progress: &CallProgress) -> DaemonError {
    match error {
        SplitError::Cut(_) => call.cut(progress.bytes(), error.to_string()),
        SplitError::NotAnArray if !piece.is_empty() => {
            let begin = String::from_utf8_lossy(&piece[..piece.len().min(80)]).into_owned();
            call.nonsense(&format!("{error}; it begins with {begin}"))
        }
        _ => call.nonsense(&error.to_string()),
    }
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
