//! What the connections to one daemon by way of `ssh` have in common: how many log in at a time, and how long a failure is not
//! tried again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::fault::WayFault;
use super::keeper::Keeper;

/// Logins at a time: sshd refuses some of more than ten that have not logged in yet (`MaxStartups`), and other clients
/// want some of those.
const LOGINS_AT_ONCE: usize = 4;

/// After a failure that the other machine's daemon may be over with at any moment, until the next try.
const SOON: Duration = Duration::from_millis(500);

/// After a failure that somebody has to mend; doubled by each that follows, since a machine may shut out who fails to log
/// in again and again.
const LATER: Duration = Duration::from_secs(1);

/// The most that it is doubled to.
const LATEST: Duration = Duration::from_secs(15);

/// What the connections to one daemon have in common.
#[derive(Debug)]
pub(in crate::docker) struct SshState {
    pub(super) keeper: Option<Keeper>,
    pub(super) logins: Arc<Semaphore>,
    failed: Option<Failed>,
}

/// The last failure; gone with the first byte that comes through.
#[derive(Debug)]
struct Failed {
    fault: WayFault,
    wait: Duration,
    until: Instant,
}

impl Default for SshState {
    fn default() -> Self {
        Self { keeper: None, logins: Arc::new(Semaphore::new(LOGINS_AT_ONCE)), failed: None }
    }
}

impl SshState {
    /// What a try would come to that begins too soon after a failure.
    pub(super) fn held_off(&self) -> Option<WayFault> {
        self.failed.as_ref().filter(|failed| Instant::now() < failed.until).map(|failed| failed.fault.clone())
    }

    /// Something came through: the last failure is over.
    pub(super) fn came_through(&mut self) {
        self.failed = None;
    }

    /// Those that were begun before the last failure do not count again.
    pub(super) fn failed(&mut self, fault: &WayFault, is_lasting: bool) {
        if self.held_off().is_some() {
            return;
        }
        let wait = match &self.failed {
            _ if !is_lasting => SOON,
            Some(failed) => (failed.wait * 2).clamp(LATER, LATEST),
            None => LATER,
        };
        self.failed = Some(Failed { fault: fault.clone(), wait, until: Instant::now() + wait });
    }
}
