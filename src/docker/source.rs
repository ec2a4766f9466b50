//! The seam: all that the ledger asks of a daemon, as a trait that a host application or a test may give.
//!
//! [`Daemon`](super::Daemon) is the real one. Whoever calls bounds the call and ends it by dropping it; a source keeps
//! nothing of a dropped call, and nothing goes on behind it.

use std::fmt;
use std::sync::Arc;

use super::error::DaemonError;
use super::identity::Identified;
use super::message::{Action, ImageAnswer, Listed};
use super::progress::CallProgress;
use super::refusals::Refusals;
use crate::model::{BoxFuture, ContainerId, DaemonCall, DaemonEvent, Examined, ImageId, Inspected, Scope};

/// Where containers are listed, inspected and acted on.
pub trait ContainerSource: fmt::Debug + Send + Sync + 'static {
    /// The containers in scope, stopped ones too, and over which connection they came. Of a scope of containers, exactly those of its ids
    /// that exist. No deadline of its own: [`Self::progress`] tells how far a dropped call came.
    ///
    /// # Errors
    /// Every way in which there is no whole listing; never a short one.
    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listed, DaemonError>>;

    /// What only an inspect tells. The caller bounds it by `inspect_deadline`.
    fn inspect<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Inspected>;

    /// What a listing would say of one container, from one inspect. The caller bounds it by `inspect_deadline`.
    fn examine<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Examined>;

    /// The labels of one image. The caller bounds it by `inspect_deadline`.
    fn image<'a>(&'a self, image: &'a ImageId) -> BoxFuture<'a, ImageAnswer>;

    /// Returns when the daemon answers, however long that takes.
    fn await_daemon(&self) -> BoxFuture<'_, ()>;

    /// Acts on one container, given by its full id. Bounded by itself: an action that was sent may still be carried out
    /// after it was dropped.
    ///
    /// # Errors
    /// `OutcomeUnknown` if it was sent and nothing definite came back; the daemon's status; or that it was not reached.
    fn act<'a>(&'a self, container: &'a ContainerId, action: Action) -> BoxFuture<'a, Result<(), DaemonError>>;

    /// The events of containers: those that the daemon still keeps from `since_nanos` on (that nanosecond included), then
    /// those to come. Returns when the daemon answered: from then on the stream is followed.
    ///
    /// # Errors
    /// There is no stream.
    fn events(&self, since_nanos: Option<i64>) -> BoxFuture<'_, Result<Box<dyn EventStream>, DaemonError>>;

    /// Who answers, from one `/info` and one `/version`. Bounded by itself, by `identity_deadline`: what one of them said counts
    /// though the other hangs. A source that cannot say is known by its containers alone.
    fn identify(&self) -> BoxFuture<'_, Identified> {
        let without_id = Some("what containers are listed through does not say who answers".to_owned());
        Box::pin(async { Identified { identity: None, without_id } })
    }

    /// Makes one call of this kind that changes nothing, the cheapest that tells whether it is carried out; about that one
    /// image, if one is given. The caller bounds it. A source that refuses nothing has nothing to do.
    ///
    /// # Errors
    /// What came instead of an answer.
    fn check<'a>(&'a self, call: DaemonCall, image: Option<&'a str>) -> BoxFuture<'a, Result<(), DaemonError>> {
        let _ = (call, image);
        Box::pin(async { Ok(()) })
    }

    /// How far the list in flight has come. One list is in flight at a time.
    fn progress(&self) -> Arc<CallProgress>;
}

/// Events in the daemon's order. Dropped, it closes its connection.
pub trait EventStream: fmt::Debug + Send {
    /// The next one; `None` when the daemon ended the stream. Silence is no fault: it waits without a bound. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// The stream broke. It is of no more use.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<StreamItem>, DaemonError>>;
}

/// What a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamItem {
    /// Something happened to a container that a row could show.
    Event(DaemonEvent),
    /// Something happened to a container and cannot be read: which one, or what. The text says why, bounded.
    Unreadable(String),
}

/// Makes sources: a fresh client for each life of each actor that asks, so that nothing of a hung call is carried over.
#[derive(Clone)]
pub struct SourceFactory {
    make: Arc<dyn Fn() -> Arc<dyn ContainerSource> + Send + Sync>,
    refusals: Refusals,
}

impl SourceFactory {
    /// Takes what makes one.
    pub fn new(make: impl Fn() -> Arc<dyn ContainerSource> + Send + Sync + 'static) -> Self {
        Self::noting(Refusals::default(), make)
    }

    /// Takes what makes sources that note there which of their calls are refused.
    pub fn noting(refusals: Refusals, make: impl Fn() -> Arc<dyn ContainerSource> + Send + Sync + 'static) -> Self {
        Self { make: Arc::new(make), refusals }
    }

    /// A fresh source.
    #[must_use]
    pub fn make(&self) -> Arc<dyn ContainerSource> {
        (self.make)()
    }

    /// Which calls of its sources are refused.
    #[must_use]
    pub const fn refusals(&self) -> &Refusals {
        &self.refusals
    }
}

impl fmt::Debug for SourceFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceFactory")
    }
}
