//! What the supervisor looks at each second: pulses, freshness, and the history on behalf of subscribers.

use std::time::Duration;

use ractor::ActorRef;
use tokio::time::{Instant, timeout};

use super::SupervisorMessage;
use super::actor::SupervisorState;
use super::delivery::{Sink, SubscriptionId};
use super::subscribers::{PAGE, Question};
use crate::model::{HostStatus, OpId, Revision};
use crate::store::{ChangesPage, LedgerSnapshot, StoreError};
use crate::telemetry::{BEAT, Child, Pulse, RestartCause};

impl SupervisorState {
    pub(super) fn look_around(&mut self, myself: &ActorRef<SupervisorMessage>) {
        self.look_at_pulses(myself);
        self.tell_staleness();
        self.tell_queues();
        self.subscribers.second_passed();
        // Deployers, operators and other hosts write changes too.
        self.publish(myself);
        // The timer of a dead supervisor ends within a beat and reaches nobody.
        drop(myself.send_after(BEAT, || SupervisorMessage::LookAround));
    }

    /// A child that hangs in synchronous code is killed; while none does, the heartbeat counts up.
    fn look_at_pulses(&mut self, myself: &ActorRef<SupervisorMessage>) {
        self.watchdog.look(Instant::now());
        let is_silent = |pulse: &Pulse| self.watchdog.is_wedged(pulse.stamped());
        let wedged = self.slots.iter().filter(|(_, slot)| slot.pulse.as_ref().is_some_and(is_silent));
        let wedged: Vec<Child> = wedged.map(|(child, _)| *child).collect();
        if wedged.is_empty() {
            self.args.heartbeat.send_modify(|beats| *beats += 1);
        }
        for child in wedged {
            tracing::error!(%child, "the child's heartbeat stopped: it blocks in synchronous code; restarting it");
            self.kill(myself, child, None, RestartCause::Wedged);
        }
    }

    /// Logs that the rows are not kept true, and that they are again, once each. What makes a pass fail is logged with
    /// that pass.
    pub(super) fn tell_staleness(&mut self) {
        let status = self.args.status.borrow();
        let (host_status, age) = (status.host_status(), status.complete_pass_age());
        let is_told_otherwise = status.last_report.as_ref().is_some_and(|report| report.error.is_some());
        drop(status);
        let age_s = age.map(|age| age.as_secs());
        match host_status {
            None => {}
            Some(HostStatus::Fresh) if self.is_told_stale => {
                self.is_told_stale = false;
                tracing::info!("the host is fresh again");
            }
            Some(HostStatus::Fresh) => {}
            Some(_) if self.is_told_stale || is_told_otherwise => {}
            Some(status) => {
                self.is_told_stale = true;
                tracing::warn!(%status, complete_pass_age_s = age_s, "the rows of this host are out of date");
            }
        }
    }

    /// Whoever watches the status is woken only if there is news.
    fn tell_queues(&self) {
        let queues = self.subscribers.queues();
        self.args.status.send_if_modified(|status| std::mem::replace(&mut status.queues, queues) != queues);
    }

    pub(super) fn subscribe(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        id: SubscriptionId,
        after: Option<Revision>,
        sink: Box<dyn Sink>,
    ) {
        self.subscribers.add(id, after, sink);
        self.ask_reader(myself);
    }

    /// Something may have been committed.
    pub(super) fn publish(&mut self, myself: &ActorRef<SupervisorMessage>) {
        self.subscribers.look();
        self.ask_reader(myself);
    }

    pub(super) fn changes_read(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        op: OpId,
        answer: Result<ChangesPage, StoreError>,
    ) {
        self.subscribers.changes_read(op, answer);
        self.ask_reader(myself);
    }

    pub(super) fn snapshot_read(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        op: OpId,
        answer: Result<LedgerSnapshot, StoreError>,
    ) {
        self.subscribers.snapshot_read(op, answer);
        self.ask_reader(myself);
    }

    /// Beside the passes, in a task of its own: this never waits.
    fn ask_reader(&mut self, myself: &ActorRef<SupervisorMessage>) {
        let question = self.subscribers.next_question();
        if question.is_none() && self.subscribers.is_waited_for() && !self.looks_for_room {
            self.looks_for_room = true;
            // The timer of a dead supervisor reaches nobody.
            drop(myself.send_after(LOOK_FOR_ROOM, || SupervisorMessage::LookForRoom));
        }
        let Some(question) = question else { return };
        let (reader, supervisor) = (self.args.stores.reader(), myself.clone());
        let deadline = self.args.config.store_deadline;
        tokio::spawn(async move {
            let answer = match question {
                Question::Changes(op, after) => {
                    let read = async move { reader.changes(after, PAGE).await };
                    SupervisorMessage::ChangesRead { op, result: answered(read, deadline).await }
                }
                Question::Snapshot(op) => {
                    let read = async move { reader.snapshot().await };
                    SupervisorMessage::SnapshotRead { op, result: answered(read, deadline).await }
                }
            };
            // A supervisor that has ended needs no answer.
            let _ = supervisor.cast(answer);
        });
    }

    pub(super) fn look_for_room(&mut self, myself: &ActorRef<SupervisorMessage>) {
        self.looks_for_room = false;
        self.ask_reader(myself);
    }
}

/// Between two looks whether a subscriber that is filled up has taken half of that: what it needs for that many deliveries.
const LOOK_FOR_ROOM: Duration = Duration::from_millis(20);

/// An answer within its bound, whatever the read does: a question without one would be the last.
async fn answered<T: Send + 'static>(
    read: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    deadline: Duration,
) -> Result<T, StoreError> {
    let unanswered = || StoreError::Unanswered { url: "of the configuration".into(), deadline };
    match timeout(deadline, tokio::spawn(read)).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(_) => Err(unanswered()),
    }
}
