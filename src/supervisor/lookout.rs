//! What the supervisor looks at each second: pulses, freshness, and the history on behalf of subscribers.

use ractor::ActorRef;
use tokio::time::Instant;

use super::actor::SupervisorState;
use super::delivery::{Outlet, SubscriptionId};
use super::pulse::BEAT;
use super::subscribers::{PAGE, Question};
use super::{Child, RestartCause, SupervisorMessage};
use crate::model::{HostStatus, OpId, Revision};
use crate::store::{ChangesPage, LedgerSnapshot, StoreError, StoreMessage};

impl SupervisorState {
    pub(super) fn look_around(&mut self, myself: &ActorRef<SupervisorMessage>) {
        self.look_at_pulses(myself);
        self.tell_staleness();
        self.tell_queues();
        // Deployers, operators and other hosts write changes too.
        self.publish(myself);
        // The timer of a dead supervisor ends within a beat and reaches nobody.
        drop(myself.send_after(BEAT, || SupervisorMessage::LookAround));
    }

    /// Who hangs in synchronous code is killed; while nobody does, the heart beats.
    fn look_at_pulses(&mut self, myself: &ActorRef<SupervisorMessage>) {
        self.vigil.look(Instant::now());
        let is_silent = |pulse: &super::Pulse| self.vigil.is_wedged(pulse.stamped());
        let wedged = self.slots.iter().filter(|(_, slot)| slot.pulse.as_ref().is_some_and(is_silent));
        let wedged: Vec<Child> = wedged.map(|(child, _)| *child).collect();
        if wedged.is_empty() {
            self.args.heartbeat.send_modify(|beats| *beats += 1);
        }
        for child in wedged {
            tracing::error!(%child, "the child gives no sign of life: it hangs in synchronous code and is replaced");
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
                tracing::warn!(%status, complete_pass_age_s = age_s, "the rows of this host are not kept true");
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
        outlet: Box<dyn Outlet>,
    ) {
        self.subscribers.add(id, after, outlet);
        self.ask_store(myself);
    }

    /// Something may have been committed.
    pub(super) fn publish(&mut self, myself: &ActorRef<SupervisorMessage>) {
        self.subscribers.look();
        self.ask_store(myself);
    }

    pub(super) fn changes_read(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        op: OpId,
        answer: Result<ChangesPage, StoreError>,
    ) {
        self.subscribers.changes_read(op, answer);
        self.ask_store(myself);
    }

    pub(super) fn snapshot_read(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        op: OpId,
        answer: Result<LedgerSnapshot, StoreError>,
    ) {
        self.subscribers.snapshot_read(op, answer);
        self.ask_store(myself);
    }

    fn ask_store(&mut self, myself: &ActorRef<SupervisorMessage>) {
        let Some((_, store)) = &self.wiring.store else { return };
        let reply_to = myself.clone();
        let message = match self.subscribers.next_question() {
            None => return,
            Some(Question::Changes(op, after)) => StoreMessage::ReadChanges { op, after, limit: PAGE, reply_to },
            Some(Question::Snapshot(op)) => StoreMessage::ReadSnapshot { op, reply_to },
        };
        // Lost with a dying StoreActor: its death has it asked again.
        let _ = store.cast(message);
    }
}
