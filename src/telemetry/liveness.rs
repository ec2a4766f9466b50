//! Whether the ledger's own loops turn, for who is asked that from outside: a watchdog, `/healthz`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// The ledger's heartbeat, which beats once a second while no child of the supervisor hangs. Cheap to clone; all clones
/// are one.
#[derive(Clone, Debug)]
pub(crate) struct Liveness {
    heartbeat: watch::Receiver<u64>,
    within: Duration,
    last: Arc<Mutex<(u64, Instant)>>,
}

impl Liveness {
    /// One that is to beat once within that time.
    pub(crate) fn new(heartbeat: watch::Receiver<u64>, within: Duration) -> Self {
        let beats = *heartbeat.borrow();
        Self { heartbeat, within, last: Arc::new(Mutex::new((beats, Instant::now()))) }
    }

    /// Whether it has beaten since the last question, or a moment ago.
    pub(crate) fn is_alive(&self) -> bool {
        let beats = *self.heartbeat.borrow();
        // Replaced whole, it is never half written.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != beats {
            *last = (beats, Instant::now());
        }
        last.1.elapsed() < self.within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_ledger_that_stops_is_noticed_and_one_that_beats_is_not_asked_in_vain() {
        const WITHIN: Duration = Duration::from_secs(3);
        let (sender, heartbeat) = watch::channel(0);
        let liveness = Liveness::new(heartbeat, WITHIN);
        tokio::time::advance(WITHIN * 5).await;
        sender.send_modify(|beats| *beats += 1);
        assert!(liveness.is_alive(), "it has beaten since the last question, however long ago that was");
        tokio::time::advance(WITHIN / 2).await;
        assert!(liveness.is_alive(), "a question between two beats");
        tokio::time::advance(WITHIN).await;
        assert!(!liveness.is_alive());
        sender.send_modify(|beats| *beats += 1);
        assert!(liveness.is_alive(), "what hung was replaced");
    }
}
