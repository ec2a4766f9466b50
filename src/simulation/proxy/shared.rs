//! What a proxy and its connections have in common.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::fault::{Fault, Injection};
use super::reply::Reply;
use super::traffic::Traffic;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) upstream: Upstream,
    pub(super) injections: Mutex<Vec<Injection>>,
    pub(super) switches: watch::Sender<Switches>,
    pub(super) traffic: watch::Sender<Traffic>,
}

#[derive(Debug)]
pub(super) enum Upstream {
    Socket(PathBuf),
    Replies(Vec<(String, Reply)>),
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Switches {
    /// Changes with every change of the faults: whoever hangs looks again.
    pub(super) version: u64,
    pub(super) refusing: bool,
    pub(super) stopped: bool,
}

impl Shared {
    /// Nothing came yet, and nothing goes wrong.
    pub(super) fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            injections: Mutex::default(),
            switches: watch::Sender::default(),
            traffic: watch::Sender::default(),
        }
    }

    /// The fault that this request meets; one that is limited in number is used up by it. With it the version of the
    /// faults, taken before them: a change in between is then seen as one that is still to come.
    pub(super) fn take_fault(&self, path: &str) -> (Option<Fault>, u64) {
        let version = self.switches.borrow().version;
        let mut injections = lock(&self.injections);
        let Some(at) = injections.iter().rposition(|injection| injection.fits(path)) else { return (None, version) };
        let fault = injections[at].fault.clone();
        if injections[at].use_up() {
            injections.remove(at);
        }
        (Some(fault), version)
    }

    pub(super) fn count(&self, path: &str) {
        self.traffic.send_modify(|traffic| *traffic.requests.entry(path.to_owned()).or_default() += 1);
    }
}

/// A poisoned lock guards a list that is whole after each of its changes.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
