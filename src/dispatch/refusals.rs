//! What DispatchActor keeps of refused calls: what stands, what is told of it, and when it is asked again.

use ractor::ActorRef;
use tokio::time::Instant;

use super::DispatchMessage;
use super::state::{DispatchState, WORKER_GRACE};
use crate::docker::{DockerMessage, unanswered};
use crate::model::{DaemonCall, OpId, Refusal, Worker};
use crate::reply::Reply;

impl DispatchState {
    /// The host's line was read: what it says is refused is asked again, beside the list.
    pub(super) fn look_at_stored_refusals(&mut self, myself: &ActorRef<DispatchMessage>, stored: &[Refusal]) {
        self.standing.stored = stored.to_vec();
        let due = self.standing.due(self.settings.config.image_labels);
        let mut calls: Vec<_> = due.into_iter().map(|refusal| (refusal.call, refusal.subject)).collect();
        let is_asked = self.standing.noted.is_known(DaemonCall::Inspect)
            || calls.iter().any(|(call, _)| *call == DaemonCall::Inspect);
        if self.details_limit.is_some() && self.standing.checked.is_none() && !is_asked {
            // Details are read after the commit: in a process of one pass its report would not tell of them.
            calls.push((DaemonCall::Inspect, None));
        }
        if self.standing.op.is_some() || !self.workers.contains_key(&Worker::Identity) {
            return;
        }
        self.standing.checked.get_or_insert_with(Instant::now);
        if calls.is_empty() {
            return;
        }
        let op = self.fresh_op();
        let count = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        let deadline = self.settings.config.inspect_deadline.saturating_mul(count) + WORKER_GRACE;
        let reply = Reply::to(myself, move |()| DispatchMessage::Checked { op });
        if self.to_worker(Worker::Identity, DockerMessage::Check { calls, reply }) {
            self.standing.op = Some(op);
            self.standing.checked = Some(Instant::now());
            self.arm(myself, op, deadline);
        }
    }

    pub(super) fn checked(&mut self, op: OpId) {
        if self.standing.op == Some(op) {
            self.standing.op = None;
            self.disarm(op);
        }
    }

    /// Whether that is the deadline of the look; its worker is replaced then.
    pub(super) fn check_is_overdue(&mut self, op: OpId) -> bool {
        let is_it = self.standing.op == Some(op);
        if is_it {
            self.standing.op = None;
            self.report_stuck_worker(Worker::Identity, op);
        }
        is_it
    }

    /// The worker died with what it was asked.
    pub(super) fn check_is_lost(&mut self) {
        if let Some(op) = self.standing.op.take() {
            self.disarm(op);
        }
    }

    /// Images that did not answer in time are told like those that are refused.
    pub(super) fn note_unanswered_images(&mut self) {
        let config = &self.settings.config;
        if let Some(passes) = self.pass.as_ref().and_then(super::pass::Pass::images_unanswered) {
            let cause = format!("no answer within inspect_deadline ({:?})", config.inspect_deadline);
            let refusal = unanswered(DaemonCall::Images, cause, passes, config.image_labels);
            self.standing.noted.refused(refusal);
        }
    }
}
