//! Counts that whoever does the work keeps at the moment it does it; the status reads them. They live as long as the tree,
//! whoever dies in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::ReceiverKind;

/// The counts of one tree. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct LiveCounts(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    events: AtomicU64,
    streams_opened: AtomicU64,
    streams_lost: AtomicU64,
    callers: AtomicU64,
    told: [[AtomicU64; DeliveryOutcome::ALL.len()]; ReceiverKind::ALL.len()],
}

/// What came of a try to tell a receiver something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It was taken.
    Delivered,
    /// It was not, and is tried again or dropped.
    Failed,
    /// It was too old and is tried no more.
    Dropped,
}

impl DeliveryOutcome {
    /// Every one of them.
    pub const ALL: &[Self] = &[Self::Delivered, Self::Failed, Self::Dropped];

    /// The word in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// One caller who waits for the report of a pass, until this is dropped.
#[derive(Debug)]
pub(crate) struct WaitingCaller(LiveCounts);

impl LiveCounts {
    /// Events that the daemon's stream told; one that came twice counts once.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.0.events.load(Ordering::Relaxed)
    }

    /// How often the stream was opened, the first time included.
    #[must_use]
    pub fn streams_opened(&self) -> u64 {
        self.0.streams_opened.load(Ordering::Relaxed)
    }

    /// How often an open stream ended, failed or was given up.
    #[must_use]
    pub fn streams_lost(&self) -> u64 {
        self.0.streams_lost.load(Ordering::Relaxed)
    }

    /// Callers who wait for the report of a pass now.
    #[must_use]
    pub fn callers(&self) -> u64 {
        self.0.callers.load(Ordering::Relaxed)
    }

    /// How often this came of telling that receiver something.
    #[must_use]
    pub fn times_told(&self, receiver: ReceiverKind, told: DeliveryOutcome) -> u64 {
        self.0.told[receiver as usize][told as usize].load(Ordering::Relaxed)
    }

    #[cfg(feature = "http")]
    pub(crate) fn told(&self, receiver: ReceiverKind, told: DeliveryOutcome) {
        self.0.told[receiver as usize][told as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn event(&self) {
        self.0.events.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stream_opened(&self) {
        self.0.streams_opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stream_lost(&self) {
        self.0.streams_lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn caller_waits(&self) -> WaitingCaller {
        self.0.callers.fetch_add(1, Ordering::Relaxed);
        WaitingCaller(self.clone())
    }
}

impl Drop for WaitingCaller {
    fn drop(&mut self) {
        self.0.0.callers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_who_goes_away_waits_no_more() {
        let counts = LiveCounts::default();
        let (first, second) = (counts.caller_waits(), counts.caller_waits());
        assert_eq!(counts.callers(), 2);
        drop(first);
        assert_eq!(counts.callers(), 1);
        drop(second);
        assert_eq!(counts.callers(), 0);
    }
}
