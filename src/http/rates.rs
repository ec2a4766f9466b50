//! How many requests an address may make: a bucket of tokens for each. Pure but for its lock.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The buckets.
#[derive(Debug)]
pub(super) struct Rates {
    per_second: u32,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// At once, in seconds of the rate: a page asks for its parts together.
const BURST_SECONDS: u32 = 4;

/// Addresses that are remembered; those beyond share one bucket. Some 300 KiB.
const MOST_ADDRESSES: usize = 4_096;

impl Rates {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, buckets: Mutex::default() }
    }

    /// Takes one request of an address, or says how long it is to wait.
    pub(super) fn admit(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let address = address.to_canonical();
        if self.per_second == 0 || address.is_loopback() {
            return Ok(());
        }
        let rate = f64::from(self.per_second);
        let full = rate * f64::from(BURST_SECONDS);
        // A panic leaves no bucket half written.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = network(address);
        if buckets.len() >= MOST_ADDRESSES && !buckets.contains_key(&key) {
            // A bucket that is full again says what none says.
            buckets.retain(|_, bucket| bucket.refilled(rate, full, now) < full);
            if buckets.len() >= MOST_ADDRESSES {
                key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: full, at: now });
        *bucket = Bucket { left: bucket.refilled(rate, full, now), at: now };
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / rate));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

impl Bucket {
    fn refilled(&self, rate: f64, full: f64, now: Instant) -> f64 {
        now.saturating_duration_since(self.at).as_secs_f64().mul_add(rate, self.left).min(full)
    }
}

/// What one person has: an address, or the lower half of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_has_its_burst_and_then_its_rate() {
        let (rates, begin) = (Rates::new(10), Instant::now());
        let taken =
            |address: &str, now: Instant| (0..1_000).take_while(|_| rates.admit(ip(address), now).is_ok()).count();
        assert_eq!(taken("203.0.113.1", begin), 40);
        let wait = rates.admit(ip("203.0.113.1"), begin).expect_err("it is empty");
        assert_eq!(wait, Duration::from_millis(100));
        assert_eq!(taken("203.0.113.2", begin), 40, "another address has its own");
        assert_eq!(taken("::ffff:203.0.113.1", begin), 0, "the same address in another spelling");
        assert_eq!(taken("203.0.113.1", begin + Duration::from_secs(1)), 10);
        assert_eq!(taken("203.0.113.1", begin + Duration::from_secs(1_000)), 40, "it does not save up");
        assert_eq!(taken("2001:db8::1", begin), 40);
        assert_eq!(taken("2001:db8::2", begin), 0, "one network is one person");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_loopback_is_not_counted() {
        let (rates, begin) = (Rates::new(1), Instant::now());
        for n in 0..10_000_u32 {
            let _ = rates.admit(IpAddr::V4((0x0100_0000 + n).into()), begin);
        }
        assert!(rates.buckets.lock().expect("no panic").len() <= MOST_ADDRESSES + 1);
        assert!((0..1_000).all(|_| rates.admit(ip("127.0.0.1"), begin).is_ok()));
        assert!((0..1_000).all(|_| Rates::new(0).admit(ip("203.0.113.1"), begin).is_ok()));
    }
}
