//! The daemon as the other rooms call it.

mod inner;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use self::inner::{Inner, NOBODY};
use super::action::{action_call, action_deadline, outcome};
use super::bollard_client;
use super::endpoint::Endpoint;
use super::error::DaemonError;
use super::events::DaemonEvents;
use super::identity::Identified;
use super::message::{Action, ImageAnswer, Listed};
use super::progress::CallProgress;
use super::refusals::{Refusals, refusal, unanswered};
use super::resolve::{ResolveError, resolve_among};
use super::source::{ContainerSource, EventStream};
use super::transport::segment;
use crate::config::Config;
use crate::model::{BoxFuture, ContainerId, DaemonCall, Examined, ImageId, Inspected, Refusal, Scope};

/// Longest text that a row is bound to and a daemon is asked for: no request holds a path of more than 64 KB.
const MAX_ID_BYTES: usize = 4096;

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

impl Daemon {
    /// A client that has not connected yet.
    #[must_use]
    pub fn new(endpoint: Endpoint, config: &Config) -> Self {
        Self::noting(endpoint, config, Refusals::default())
    }

    /// As [`Self::new`]; notes there which calls are refused.
    #[must_use]
    pub fn noting(endpoint: Endpoint, config: &Config, refusals: Refusals) -> Self {
        Self { inner: Arc::new(Inner::new(endpoint, config, refusals)) }
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
            Err(error @ DaemonError::Timeout { .. }) => {
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

fn no_id() -> String {
    format!("it has more than {MAX_ID_BYTES} bytes and is the id of no container")
}
