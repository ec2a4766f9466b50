//! The tries to open the ledger and take its lease: which of them still counts, and how long one may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The first try. Beyond the time that a server is given to notice that its client is gone, and the other way round.
pub(super) const FIRST_BOUND: Duration = Duration::from_secs(60);

/// Each try may take twice as long as the one before: a large file takes its time to be read for damage, and so does a
/// migration.
const LONGEST_BOUND: Duration = Duration::from_secs(15 * 60);

/// Tries that hang in a server which neither answers nor closes their connections, and end only when it does.
const MOST_AT_ONCE: usize = 4;

/// What the tries of all lives of a ledger's store share.
#[derive(Clone, Debug)]
pub(super) struct Tries {
    latest: Arc<AtomicU64>,
    threads: Arc<Semaphore>,
    first_bound: Duration,
}

/// The tries of one life.
#[derive(Debug)]
pub(super) struct LifeTries {
    all: Tries,
    number: u64,
    bound: Duration,
}

/// One try. It counts only until the next one is begun, in this life or a later one: a thread that comes to the lease
/// after that must not take it.
#[derive(Debug)]
pub(super) struct Try {
    latest: Arc<AtomicU64>,
    number: u64,
    /// How long it is waited for.
    pub(super) bound: Duration,
}

impl Tries {
    pub(super) fn new(first_bound: Duration) -> Self {
        Self { latest: Arc::default(), threads: Arc::new(Semaphore::new(MOST_AT_ONCE)), first_bound }
    }

    /// A new life: no try of an earlier one counts any more.
    pub(super) fn of_a_new_life(&self) -> LifeTries {
        let number = self.latest.fetch_add(1, Ordering::SeqCst) + 1;
        LifeTries { all: self.clone(), number, bound: self.first_bound }
    }
}

impl LifeTries {
    /// The next try of this life; `None` if a later life has begun.
    pub(super) fn next(&mut self) -> Option<Try> {
        let latest = &self.all.latest;
        latest.compare_exchange(self.number, self.number + 1, Ordering::SeqCst, Ordering::SeqCst).ok()?;
        self.number += 1;
        let bound = self.bound;
        self.bound = (bound * 2).min(LONGEST_BOUND);
        Some(Try { latest: Arc::clone(latest), number: self.number, bound })
    }

    /// The right to a thread, which holds it until it ends.
    pub(super) fn thread(&self) -> impl Future<Output = OwnedSemaphorePermit> + use<> {
        let threads = Arc::clone(&self.all.threads);
        async move { threads.acquire_owned().await.expect("the semaphore is never closed") }
    }
}

impl Try {
    /// Asked while the host's line is locked: of two tries the later one is begun before it asks for that lock, so that
    /// one which finds itself the latest comes before its successor.
    pub(super) fn is_replaced(&self) -> bool {
        self.latest.load(Ordering::SeqCst) != self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_try_of_the_latest_life_counts() {
        let tries = Tries::new(FIRST_BOUND);
        let mut first = tries.of_a_new_life();
        let (one, two) = (first.next().expect("its first"), first.next().expect("its second"));
        assert!(one.is_replaced() && !two.is_replaced());
        let mut second = tries.of_a_new_life();
        assert!(two.is_replaced(), "a life that has begun may have the lease by now");
        assert!(first.next().is_none());
        assert!(!second.next().expect("its first").is_replaced());
    }

    #[test]
    fn each_try_may_take_twice_as_long_up_to_a_quarter_of_an_hour() {
        let mut life = Tries::new(FIRST_BOUND).of_a_new_life();
        let bounds: Vec<u64> = (0..6).filter_map(|_| Some(life.next()?.bound.as_secs())).collect();
        assert_eq!(bounds, [60, 120, 240, 480, 900, 900]);
    }
}
