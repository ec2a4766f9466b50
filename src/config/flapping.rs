//! From when on a container flaps.

use std::time::Duration;

/// When a container flaps: more than `starts` starts within `window`. 3 in 5 min: a restart policy that backs off
/// reaches that in its first minute, a person who restarts a container by hand does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flapping {
    /// More starts than this …
    pub starts: u32,
    /// … within this time.
    pub window: Duration,
}

impl Default for Flapping {
    fn default() -> Self {
        Self { starts: 3, window: Duration::from_secs(5 * 60) }
    }
}
