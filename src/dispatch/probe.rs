//! How DispatchActor waits for a daemon that does not answer.

use std::time::Duration;

use ractor::ActorRef;

use super::pass::Event;
use super::state::DispatchState;
use super::{DispatchEvent, DispatchMessage};
use crate::docker::{DaemonError, DockerMessage};
use crate::model::{OpId, PassReport, Worker};
use crate::reply::Reply;
use crate::runtime::Timer;

/// Between a probe that answered in vain and the next: doubles up to this.
const PROBE_BACKOFF_CAP: Duration = Duration::from_secs(30);

impl DispatchState {
    pub(super) fn note_daemon(
        &mut self,
        myself: &ActorRef<DispatchMessage>,
        error: Option<&DaemonError>,
        report: &PassReport,
    ) {
        if let Some(error) = error {
            self.lists_fail = true;
            let hangs =
                error.is_unreachable() || matches!(error, DaemonError::Stalled { .. } | DaemonError::Slow { .. });
            if hangs && self.probe.op.is_none() {
                self.probe_after_backoff(myself);
            }
        } else if report.error.is_none() {
            self.lists_fail = false;
            self.probe.in_vain = 0;
        }
    }

    pub(super) fn probe_after_backoff(&mut self, myself: &ActorRef<DispatchMessage>) {
        if self.probe.in_vain == 0 {
            self.probe_daemon(myself);
            return;
        }
        if self.probe.wait.is_some() {
            return;
        }
        let backoff = Duration::from_secs(1 << self.probe.in_vain.min(5)).min(PROBE_BACKOFF_CAP);
        let mut wait = Timer::default();
        wait.arm(backoff, myself, DispatchMessage::ProbeDue);
        self.probe.wait = Some(wait);
    }

    pub(super) fn probe_daemon(&mut self, myself: &ActorRef<DispatchMessage>) {
        self.probe.wait = None;
        if self.probe.op.is_some() {
            return;
        }
        let op = self.fresh_op();
        self.probe.op = Some(op);
        let reply = Reply::to(myself, move |()| DispatchMessage::DaemonAnswers { op });
        // A worker that is down sends it as soon as it is up.
        self.to_worker(Worker::Probe, DockerMessage::AwaitDaemon { reply });
    }

    /// A pass whose list is not answered wants to know whether the daemon is; it waits so long for it at most. A ping that
    /// waits since an earlier pass is as good as one of its own.
    pub(super) fn ping(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId, within: Duration) {
        self.arm(myself, op, within);
        self.probe_daemon(myself);
    }

    pub(super) fn daemon_answers(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId) {
        if self.probe.op != Some(op) {
            return;
        }
        self.probe.op = None;
        if self.pass.is_some() {
            // The pass that runs tells by it whether the daemon hangs or only its list takes long.
            self.pass_event(myself, Event::Pinged);
            return;
        }
        if !self.lists_fail {
            // The list was answered at the same time: nothing was in vain, and the next outage is looked at at once.
            return;
        }
        self.probe.in_vain += 1;
        self.report.send(DispatchEvent::DaemonAnswers);
    }
}

#[cfg(test)]
mod tests {
    use super::super::details::tests::{deaf, state};
    use super::*;
    use crate::model::{FailureKind, HostName};

    /// The `_ping` that waited and the list are answered by a daemon that thaws at the same time.
    #[tokio::test]
    async fn a_probe_that_is_answered_after_the_list_delays_no_later_probe() {
        let (mut state, myself) = (state().await, deaf::<DispatchMessage>().await);
        let silent =
            DaemonError::Timeout { endpoint: "unix:///unused".into(), call: "list", deadline: Duration::from_secs(10) };
        let failed = PassReport::failed(&HostName::new("local"), FailureKind::DaemonUnreachable, "silent");
        let committed = PassReport { error: None, ..failed.clone() };
        state.note_daemon(&myself, Some(&silent), &failed);
        let op = state.probe.op.expect("it waits");
        state.note_daemon(&myself, None, &committed);
        state.daemon_answers(&myself, op);
        assert_eq!(state.probe.op, None);
        state.note_daemon(&myself, Some(&silent), &failed);
        assert!(state.probe.op.is_some(), "at once");
    }
}
