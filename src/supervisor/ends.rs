//! How a life ends and the next one begins: killed for a deadline, wedged, failed, or taken by somebody else.

use std::time::Duration;

use ractor::{ActorCell, ActorRef, SpawnErr};
use tokio::task::JoinHandle;

use super::SupervisorMessage;
use super::actor::{Slot, SupervisorState};
use crate::model::{Epoch, FailureKind, PassFailure, Worker, whole_millis};
use crate::telemetry::{Child, RestartCause};

/// How long a killed child may take to die before it is left behind: it hangs in synchronous code then.
const TIME_TO_DIE: Duration = Duration::from_secs(1);

impl SupervisorState {
    /// Ends a life, or that life alone.
    pub(super) fn kill(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        child: Child,
        only: Option<Epoch>,
        cause: RestartCause,
    ) {
        let Some(slot) = self.slots.get_mut(&child) else { return };
        let Some(cell) = slot.cell.as_ref().filter(|_| only.is_none_or(|epoch| epoch == slot.epoch)) else { return };
        // The first kill tells why, and its time runs.
        if slot.killed_for.is_some() {
            return;
        }
        slot.killed_for = Some(cause);
        cell.kill();
        let overdue = SupervisorMessage::KillOverdue { child, epoch: slot.epoch };
        slot.timer = Some(after(TIME_TO_DIE, myself, overdue));
    }

    /// A killed child that does not die is unlinked and counted; its successor must not wait for it.
    pub(super) fn leave_behind(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        child: Child,
        epoch: Epoch,
    ) -> Result<(), PassFailure> {
        let Some(slot) = self.slots.get(&child).filter(|slot| slot.epoch == epoch) else { return Ok(()) };
        let Some(cell) = slot.cell.clone() else { return Ok(()) };
        cell.unlink(myself.get_cell());
        tracing::error!(%child, epoch = epoch.0, "the child did not stop within {TIME_TO_DIE:?}; its thread is leaked");
        self.args.status.send_modify(|status| status.leaked += 1);
        self.life_ended(myself, child, RestartCause::Wedged, "it hangs in synchronous code")
    }

    /// A child told that it ended, or ractor did.
    pub(super) fn died(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        who: &ActorCell,
        error: Option<&(dyn std::error::Error + Send + Sync)>,
    ) -> Result<(), PassFailure> {
        let id = who.get_id();
        let found = self.slots.iter().find(|(_, slot)| slot.cell.as_ref().is_some_and(|cell| cell.get_id() == id));
        let Some((&child, slot)) = found else { return Ok(()) };
        let cause = match (slot.killed_for, error) {
            (Some(cause), _) => cause,
            (None, Some(error)) if is_panic(error) => RestartCause::Panicked,
            (None, Some(_)) => RestartCause::Failed,
            (None, None) => RestartCause::Killed,
        };
        let message = error.map(ToString::to_string).unwrap_or_default();
        if error.is_some() {
            tracing::error!(%child, epoch = slot.epoch.0, %cause, error = %message, "a child failed");
        }
        self.life_ended(myself, child, cause, &message)
    }

    /// The wait before a life is over. One that cannot begin has ended.
    pub(super) async fn respawn(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        child: Child,
        epoch: Epoch,
    ) -> Result<(), PassFailure> {
        match self.give_life(myself, child, epoch).await {
            Ok(()) => Ok(()),
            Err(error) => self.could_not_begin(myself, child, epoch, &error),
        }
    }

    /// A life that could not begin has ended after no time.
    pub(super) fn could_not_begin(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        child: Child,
        epoch: Epoch,
        error: &SpawnErr,
    ) -> Result<(), PassFailure> {
        tracing::error!(%child, epoch = epoch.0, %error, "a child failed to start");
        let cause = match error {
            SpawnErr::StartupFailed(error) if is_panic(&**error) => RestartCause::Panicked,
            _ => RestartCause::Failed,
        };
        self.slots.entry(child).or_insert_with(|| Slot::unborn(epoch)).epoch = epoch;
        self.life_ended(myself, child, cause, &error.to_string())
    }

    /// Counts the end of a life, tells who used it and plans the next one; or says that there were too many faults of
    /// our own.
    fn life_ended(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        child: Child,
        cause: RestartCause,
        message: &str,
    ) -> Result<(), PassFailure> {
        let Some(slot) = self.slots.get_mut(&child) else { return Ok(()) };
        if let Some(timer) = slot.timer.take() {
            timer.abort();
        }
        slot.cell = None;
        slot.store = None;
        slot.pulse = None;
        slot.killed_for = None;
        slot.ended_for = Some(cause);
        let epoch = slot.epoch;
        // What fails in a service harms no pass: there is no end of trying.
        if !child.is_service() && self.intensity.is_exceeded_by(cause, self.born.elapsed()) {
            return Err(self.too_many_faults(child, cause, message));
        }
        // A life that does not begin must not count the one before it as its own.
        let lived = slot.born.take().map_or(Duration::ZERO, |born| born.elapsed());
        let wait = slot.backoff.after_death(cause, lived, self.args.jitter.next());
        slot.timer = Some(after(wait, myself, SupervisorMessage::Respawn { child, epoch: epoch.next() }));
        let wait_ms = whole_millis(wait);
        if matches!(cause, RestartCause::Deadline | RestartCause::Orphaned) {
            tracing::debug!(%child, epoch = epoch.0, %cause, wait_ms, "a child that hung is replaced");
        } else {
            tracing::warn!(%child, epoch = epoch.0, %cause, wait_ms, "restarting a child");
        }
        self.wiring.down(child, epoch);
        match child {
            Child::Dispatch => {
                // Nobody awaits its answer any more, and the next pass must not queue behind it.
                self.args.in_flight.clear();
                self.kill(myself, Child::Docker(Worker::Pass), None, RestartCause::Orphaned);
            }
            Child::HTTP => self.args.status.send_modify(|status| status.listening = None),
            Child::Tick | Child::Docker(_) | Child::Events | Child::Store | Child::Service(_) => {}
        }
        Ok(())
    }

    fn too_many_faults(&self, child: Child, cause: RestartCause, message: &str) -> PassFailure {
        let (allowed, window) = (self.args.config.restart_intensity, self.args.config.restart_window);
        let message = format!(
            "gave up: more than {allowed} faults of its own within {window:?}, the last one of {child}, which {cause}: \
             {message}"
        );
        PassFailure { kind: FailureKind::Internal, message }
    }
}

/// ractor hands a panic on as its bare text, and an error as what it is. None of our handlers fails with a bare text.
fn is_panic(error: &(dyn std::error::Error + Send + Sync)) -> bool {
    // The type of a bare text as an error cannot be named: it alone is shown for debugging as the text is.
    format!("{error:?}") == format!("{:?}", error.to_string())
}

fn after(wait: Duration, myself: &ActorRef<SupervisorMessage>, message: SupervisorMessage) -> JoinHandle<()> {
    let myself = myself.clone();
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        // A dead supervisor restarts nobody.
        let _ = myself.cast(message);
    })
}

#[cfg(test)]
mod tests {
    use ractor::ActorProcessingErr;

    use super::*;

    #[test]
    fn a_panic_is_told_from_an_error() {
        let panic: ActorProcessingErr = "index out of bounds: \"x\"".into();
        assert!(is_panic(&*panic));
        let error: ActorProcessingErr = Box::new(std::io::Error::other("disk"));
        assert!(!is_panic(&*error));
        let error: ActorProcessingErr = Box::new(ractor::MessagingErr::<()>::ChannelClosed);
        assert!(!is_panic(&*error));
    }
}
