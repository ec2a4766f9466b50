//! Refused calls: what stands, and when it is asked again. Pure.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::ImageLabels;
use crate::docker::Refusals;
use crate::model::{DaemonCall, OpId, Refusal};

/// Between two looks whether what is refused still is: a proxy gets other settings by hand, and a look costs a request
/// for each refused call.
const CHECK_EVERY: Duration = Duration::from_secs(10 * 60);

/// Refused calls, as far as DispatchActor has to know of them.
#[derive(Debug)]
pub(super) struct Standing {
    /// Noted by all that asks the daemon.
    pub(super) noted: Refusals,
    /// As the host's line had them when it was last read.
    pub(super) stored: Vec<Refusal>,
    /// The look on its way.
    pub(super) op: Option<OpId>,
    pub(super) checked: Option<Instant>,
}

impl Standing {
    pub(super) const fn new(noted: Refusals) -> Self {
        Self { noted, stored: Vec::new(), op: None, checked: None }
    }

    /// What is refused now.
    pub(super) fn now(&self, image_labels: ImageLabels) -> Vec<Refusal> {
        let mut standing = self.noted.standing(&self.stored);
        if image_labels == ImageLabels::Off {
            standing.retain(|refusal| refusal.call != DaemonCall::Images);
        }
        standing
    }

    /// What is to be asked again: what another process stored and this one has not asked, and all after a while. Lists and
    /// the question who answers are asked by themselves.
    pub(super) fn due(&self, image_labels: ImageLabels) -> Vec<Refusal> {
        let is_over = self.checked.is_some_and(|checked| checked.elapsed() >= CHECK_EVERY);
        let by_themselves = [DaemonCall::List, DaemonCall::Info, DaemonCall::Version];
        let mut due = self.now(image_labels);
        due.retain(|refusal| !by_themselves.contains(&refusal.call));
        due.retain(|refusal| is_over || !self.noted.is_known(refusal.call));
        due
    }
}
