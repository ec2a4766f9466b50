//! What follows from what the children report, and how a caller's request reaches them.

use std::sync::Arc;

use ractor::{ActorRef, MessagingErr};

use super::SupervisorMessage;
use super::actor::SupervisorState;
use crate::dispatch::{DispatchEvent, DispatchMessage, Peer};
use crate::model::{Epoch, FailureKind, PassFailure, PassReport};
use crate::reply::Reply;
use crate::store::StoreError;
use crate::telemetry::{Child, RestartCause};
use crate::tick::{TickEvent, TickMessage};

impl SupervisorState {
    pub(super) fn store_ready(&mut self, myself: &ActorRef<SupervisorMessage>, epoch: Epoch) {
        let ready =
            self.slots.get(&Child::Store).filter(|slot| slot.epoch == epoch).and_then(|slot| slot.store.clone());
        if let Some(store) = ready {
            self.wiring.store_up(epoch, store);
            if self.args.status.borrow().store_trouble.is_some() {
                tracing::info!("the database is usable again");
            }
            self.args.status.send_modify(|status| status.store_trouble = None);
            self.publish(myself);
        }
    }

    pub(super) fn store_trouble(&mut self, myself: &ActorRef<SupervisorMessage>, epoch: Epoch, error: &StoreError) {
        if self.slots.get(&Child::Store).is_none_or(|slot| slot.epoch != epoch) {
            return;
        }
        let message = error.to_string();
        let before = self.args.status.borrow().store_trouble.clone();
        if before.as_ref() != Some(&message) {
            tracing::warn!(%error, "the database is unusable; will retry");
        }
        self.args.status.send_modify(|status| status.store_trouble = Some(message.clone()));
        self.wiring.store_trouble(error);
        if self.args.by_itself && matches!(error, StoreError::LeaseHeld { .. }) {
            // Two writers for one host is the one thing that must not be: whoever lost the lease does not take it back.
            self.verdict = Err(PassFailure { kind: FailureKind::LeaseLost, message });
            myself.stop(None);
        }
    }

    pub(super) fn request_pass(&mut self, caller: Reply<PassReport>) {
        let Some((_, tick)) = &self.wiring.tick else {
            self.requests.push(caller);
            return;
        };
        // Lost in the mailbox of a dying TickActor, the caller sees its port dropped and asks again. One that is dead
        // already hands it back, and its successor answers.
        if let Err(MessagingErr::SendErr(TickMessage::Request(Some(caller)))) =
            tick.cast(TickMessage::Request(Some(caller)))
        {
            self.requests.push(caller);
        }
    }

    pub(super) fn settle_details(&self, caller: Reply<()>) {
        if let Some((_, dispatch)) = &self.wiring.dispatch {
            // Lost with a dying DispatchActor, the caller sees its port dropped.
            let _ = dispatch.cast(DispatchMessage::SettleDetails(caller));
        }
    }

    pub(super) fn tick_reports(&mut self, myself: &ActorRef<SupervisorMessage>, event: TickEvent) {
        match event {
            TickEvent::PassOverdue { epoch } => {
                self.kill(myself, Child::Dispatch, Some(epoch), RestartCause::Deadline);
            }
            TickEvent::PassEnded(report) => self.pass_ended(myself, report),
        }
    }

    pub(super) fn dispatch_reports(&mut self, myself: &ActorRef<SupervisorMessage>, event: &DispatchEvent) {
        match *event {
            DispatchEvent::Stuck { peer, epoch, op } => {
                let child = match peer {
                    Peer::Docker(worker) => Child::Docker(worker),
                    Peer::Store => Child::Store,
                };
                tracing::debug!(%child, epoch = epoch.0, op = op.0, "stuck");
                self.kill(myself, child, Some(epoch), RestartCause::Deadline);
            }
            DispatchEvent::LedgerChanged => self.publish(myself),
            DispatchEvent::DaemonAnswers => self.wiring.daemon_answers(),
        }
    }

    pub(super) fn pass_ended(&mut self, myself: &ActorRef<SupervisorMessage>, report: Arc<PassReport>) {
        let has_changed = report.revision.is_some();
        let refused = report.error.clone().filter(|error| error.kind == FailureKind::IdentityTaken);
        self.args.status.send_modify(|status| status.note_pass(report));
        self.tell_staleness();
        if has_changed {
            self.publish(myself);
        }
        if let (true, Some(failure)) = (self.args.by_itself, refused) {
            // Under this name nothing can be written before an operator has decided.
            self.verdict = Err(failure);
            myself.stop(None);
        }
    }
}
