//! Whether our own loops turn, seen from the threads that serve, which turn whatever the others do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// It beats once a second while no child of the supervisor hangs; one that does is replaced within 6 s.
const BEATS_WITHIN: Duration = Duration::from_secs(10);

/// The ledger's heartbeat. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub(super) struct Heart {
    heartbeat: watch::Receiver<u64>,
    last: Arc<Mutex<(u64, Instant)>>,
}

impl Heart {
    pub(super) fn new(heartbeat: watch::Receiver<u64>) -> Self {
        let beats = *heartbeat.borrow();
        Self { heartbeat, last: Arc::new(Mutex::new((beats, Instant::now()))) }
    }

    /// Whether it has beaten since the last question, or a moment ago.
    pub(super) fn beats(&self) -> bool {
        let beats = *self.heartbeat.borrow();
        // Replaced whole, it is never half written.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != beats {
            *last = (beats, Instant::now());
        }
        last.1.elapsed() < BEATS_WITHIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_heart_that_stops_is_noticed_and_one_that_beats_is_not_asked_in_vain() {
        let (sender, heartbeat) = watch::channel(0);
        let heart = Heart::new(heartbeat);
        tokio::time::advance(BEATS_WITHIN * 5).await;
        sender.send_modify(|beats| *beats += 1);
        assert!(heart.beats(), "it has beaten since the last question, however long ago that was");
        tokio::time::advance(BEATS_WITHIN / 2).await;
        assert!(heart.beats(), "a question between two beats");
        tokio::time::advance(BEATS_WITHIN).await;
        assert!(!heart.beats());
        sender.send_modify(|beats| *beats += 1);
        assert!(heart.beats(), "what hung was replaced");
    }
}
