//! How often hooks may be called: a bucket of tokens for all of them, and one for each workload. Pure but for the lock:
//! time is given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::WorkloadId;

/// Calls of all hooks at once, known secrets or not: each costs one look-up in an index.
const ALL: Rate = Rate { burst: 200.0, per_second: 50.0 };

/// Calls of one workload's hook: a deployer calls a few times for each deployment, and those that come while a pass runs
/// share the next.
const ONE: Rate = Rate { burst: 20.0, per_second: 1.0 };

/// Buckets that are kept; those that are full again are forgotten first, and there are no more of them than workloads.
const MOST_KEPT: usize = 1_000;

#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: f64,
    per_second: f64,
}

/// The buckets of one HttpActor. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::http) struct Limits(Arc<Mutex<Buckets>>);

#[derive(Debug)]
struct Buckets {
    all: Bucket,
    of_workloads: BTreeMap<WorkloadId, Bucket>,
}

/// Tokens as of a moment.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    as_of: Instant,
}

impl Bucket {
    const fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: rate.burst, as_of: now }
    }

    /// Takes one, or says when there is one.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / self.rate.per_second))
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.as_of).as_secs_f64();
        self.tokens = elapsed.mul_add(self.rate.per_second, self.tokens).min(self.rate.burst);
        self.as_of = now;
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.tokens >= self.rate.burst
    }
}

impl Limits {
    pub(in crate::http) fn new(now: Instant) -> Self {
        let buckets = Buckets { all: Bucket::full(ALL, now), of_workloads: BTreeMap::new() };
        Self(Arc::new(Mutex::new(buckets)))
    }

    /// One call of any hook; else how long to wait.
    pub(super) fn call(&self, now: Instant) -> Result<(), Duration> {
        self.with(|buckets| buckets.all.take(now))
    }

    /// One call of this workload's hook; else how long to wait.
    pub(super) fn call_of(&self, workload: &WorkloadId, now: Instant) -> Result<(), Duration> {
        self.with(|buckets| {
            if buckets.of_workloads.len() >= MOST_KEPT {
                buckets.of_workloads.retain(|_, bucket| !bucket.is_full(now));
            }
            let bucket = buckets.of_workloads.entry(workload.clone());
            bucket.or_insert_with(|| Bucket::full(ONE, now)).take(now)
        })
    }

    fn with<T>(&self, body: impl FnOnce(&mut Buckets) -> T) -> T {
        // A bucket that is left half way is a token too many or too few.
        body(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_passes_and_then_one_call_each_time_a_token_came() {
        let now = Instant::now();
        let limits = Limits::new(now);
        let workload = WorkloadId::new("w");
        for _ in 0..20 {
            assert_eq!(limits.call_of(&workload, now), Ok(()));
        }
        assert_eq!(limits.call_of(&workload, now), Err(SECOND));
        assert_eq!(limits.call_of(&WorkloadId::new("other"), now), Ok(()), "each has its own");
        assert_eq!(limits.call_of(&workload, now + SECOND), Ok(()));
        assert!(limits.call_of(&workload, now + SECOND).is_err());
    }

    #[test]
    fn guesses_are_bounded_all_together() {
        let now = Instant::now();
        let limits = Limits::new(now);
        let passed = (0..10_000).filter(|_| limits.call(now).is_ok()).count();
        assert_eq!(passed, 200);
        let passed = (0..10_000).filter(|_| limits.call(now + 2 * SECOND).is_ok()).count();
        assert_eq!(passed, 100);
    }

    #[test]
    fn buckets_that_are_full_again_are_forgotten() {
        let now = Instant::now();
        let limits = Limits::new(now);
        for n in 0..3 * MOST_KEPT {
            let later = now + SECOND * u32::try_from(n).expect("it is small");
            assert_eq!(limits.call_of(&WorkloadId::new(n.to_string()), later), Ok(()));
        }
        assert!(limits.with(|buckets| buckets.of_workloads.len()) <= MOST_KEPT);
    }
}
