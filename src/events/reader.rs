//! Drains one stream into what is gathered. It waits for the daemon alone: a reader that falls behind loses events in
//! silence, and slows the daemon.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ractor::ActorRef;
use tokio::time::{Instant, timeout};

use super::gathered::{Gathered, Moment};
use super::{EventsMessage, Loss};
use crate::docker::{ContainerSource, StreamItem};
use crate::model::Clock;

/// Without any item for so long, a stream is opened anew: one whose far end is gone looks the same as an idle one (D4).
/// As often as proxies cut it anyway; a stream that is told nothing costs one list in this time.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(10 * 60);

/// What reader and actor share; held for a moment only, and never while something is awaited.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    gathered: Arc<Mutex<Gathered>>,
    clock: Arc<dyn Clock>,
    born: Instant,
}

impl Shared {
    pub(super) fn new(gathered: Gathered, clock: Arc<dyn Clock>) -> Self {
        Self { gathered: Arc::new(Mutex::new(gathered)), clock, born: Instant::now() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Gathered> {
        // What is gathered is whole after each of its methods.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        Moment { wall: self.clock.now(), elapsed: self.born.elapsed() }
    }
}

/// One life of the stream. Its last word is that it is lost, also when it panics.
#[derive(Debug)]
pub(super) struct Reader {
    life: u64,
    shared: Shared,
    actor: ActorRef<EventsMessage>,
    loss: Option<Loss>,
}

impl Reader {
    pub(super) const fn new(life: u64, shared: Shared, actor: ActorRef<EventsMessage>) -> Self {
        Self { life, shared, actor, loss: None }
    }

    /// Opens the stream and follows it until it is lost.
    pub(super) async fn follow(mut self, source: Arc<dyn ContainerSource>) {
        self.loss = Some(self.read(&*source).await);
    }

    async fn read(&self, source: &dyn ContainerSource) -> Loss {
        let since_nanos = self.shared.lock().since(self.shared.now().wall);
        // An opening that hangs is left waiting: the daemon answers it when it thaws, and each new one costs it a
        // connection.
        let mut stream = match timeout(LONGEST_SILENCE, source.events(Some(since_nanos))).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return error.into(),
            Err(_) => return Loss::Silent(LONGEST_SILENCE),
        };
        self.shared.lock().opened(self.shared.now());
        self.tell(EventsMessage::Opened { life: self.life });
        loop {
            match timeout(LONGEST_SILENCE, stream.next()).await {
                Ok(Ok(Some(item))) => {
                    if let StreamItem::Unreadable(problem) = &item {
                        tracing::debug!(?problem, "an event of the daemon cannot be read");
                    }
                    let is_nudge = self.shared.lock().take_in(item, self.shared.now());
                    if is_nudge {
                        self.tell(EventsMessage::Nudged);
                    }
                }
                Ok(Ok(None)) => return Loss::Ended,
                Ok(Err(error)) => return error.into(),
                Err(_) => return Loss::Silent(LONGEST_SILENCE),
            }
        }
    }

    fn tell(&self, message: EventsMessage) {
        // A dead actor's successor has a reader of its own.
        let _ = self.actor.cast(message);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let loss = self.loss.take().unwrap_or(Loss::Panicked);
        self.tell(EventsMessage::Lost { life: self.life, loss });
    }
}
