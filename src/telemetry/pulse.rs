//! The pulse of a child that never awaits I/O: it stamps a shared moment each second, and the supervisor looks at it.
//!
//! A handler that hangs in synchronous code stops the stamping, and nothing else does: such a child has no deadline of
//! its own that anybody could keep for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ractor::ActorRef;
use tokio::time::Instant;

use crate::model::whole_millis;

/// Between two stamps, and between two looks at them.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// When a child last said that its loop turns. Its clock is the runtime's, so that a paused clock drives it. Cheap to
/// clone.
#[derive(Clone, Debug)]
pub struct Pulse {
    born: Instant,
    /// Since `born`.
    stamped_ms: Arc<AtomicU64>,
}

impl Pulse {
    /// The pulse of a child that is born now.
    pub(crate) fn new() -> Self {
        Self { born: Instant::now(), stamped_ms: Arc::default() }
    }

    /// Stamps it, and has the actor do so again a beat later: called at birth and for each such message.
    pub(crate) fn beat<M: ractor::Message>(&self, myself: &ActorRef<M>, again: impl FnOnce() -> M + Send + 'static) {
        self.stamped_ms.store(whole_millis(self.born.elapsed()), Ordering::Relaxed);
        // The timer of a dead actor ends within a beat and reaches nobody.
        drop(myself.send_after(BEAT, again));
    }

    /// The last stamp; the birth if there is none.
    pub(crate) fn stamped(&self) -> Instant {
        self.born + Duration::from_millis(self.stamped_ms.load(Ordering::Relaxed))
    }
}
