//! A wall clock that follows the runtime's clock, and jumps when it is told to.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use dockledger::model::{Clock, Timestamp};
use tokio::time::Instant;

/// Late enough that no real clock is behind it.
const BEGIN_MS: i64 = 4_102_444_800_000;

#[derive(Debug)]
pub(crate) struct JumpingClock {
    born: Instant,
    jumped_ms: AtomicI64,
}

impl JumpingClock {
    pub(crate) fn new() -> Self {
        Self { born: Instant::now(), jumped_ms: AtomicI64::new(0) }
    }

    /// What a clock shows that never jumps: the daemon's.
    pub(crate) const fn begin() -> Timestamp {
        Timestamp::from_millis(BEGIN_MS)
    }

    pub(crate) fn jump(&self, by_ms: i64) {
        self.jumped_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.born.elapsed()
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.born.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(BEGIN_MS + elapsed + self.jumped_ms.load(Ordering::Relaxed))
    }
}
