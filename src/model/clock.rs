//! The wall clock, which a host application or a test may give. Deadlines and waits go by the runtime's own clock.

use std::fmt::Debug;

use super::Timestamp;

/// Tells the wall time. It decides nothing: it is written and shown, so that it may jump.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The moment.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
