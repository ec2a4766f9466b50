//! How DispatchActor pays details after a commit, beside later passes.

use std::collections::HashMap;

use ractor::ActorRef;

use super::pending_details::DetailsCall;
use super::state::{DispatchState, WORKER_GRACE};
use super::{DispatchEvent, DispatchMessage};
use crate::docker::{DETAILS_AT_ONCE, DockerMessage};
use crate::model::{ContainerId, Inspected, OpId, Worker};
use crate::reply::Reply;
use crate::store::{DetailsReport, StoreError, StoreMessage};

impl DispatchState {
    pub(super) fn fetch_next_details(&mut self, myself: &ActorRef<DispatchMessage>) {
        if self.details_call.is_some() || !self.workers.contains_key(&Worker::Details) {
            return;
        }
        let containers = self.pending.next_batch();
        if containers.is_empty() {
            return;
        }
        let rounds = u32::try_from(containers.len().div_ceil(DETAILS_AT_ONCE)).unwrap_or(u32::MAX);
        let deadline = self.settings.config.inspect_deadline.saturating_mul(rounds) + WORKER_GRACE;
        let op = self.fresh_op();
        let reply = Reply::to(myself, move |answers| DispatchMessage::DetailsRead { op, answers });
        if self.to_worker(Worker::Details, DockerMessage::ReadDetails { containers, reply }) {
            self.details_call = Some(DetailsCall::Reading(op));
            self.arm(myself, op, deadline);
        } else {
            self.pending.lost();
        }
    }

    pub(super) fn details_read(
        &mut self,
        myself: &ActorRef<DispatchMessage>,
        op: OpId,
        answers: HashMap<ContainerId, Inspected>,
    ) {
        if self.details_call != Some(DetailsCall::Reading(op)) {
            return;
        }
        self.disarm(op);
        if self.lists_fail && answers.values().all(|answer| matches!(answer, Inspected::Unanswered(_))) {
            // The daemon answers nobody: each inspect more would fill its backlog. The first pass that commits names
            // what is owed again.
            self.pending.give_up();
        }
        let writes = self.pending.answered(answers);
        if writes.is_empty() {
            // They stay owed in their rows, and nothing to write costs no transaction.
            self.details_lost(myself);
            return;
        }
        let reply = Reply::to(myself, move |result| DispatchMessage::DetailsWritten { op, result });
        if self.to_store(StoreMessage::WriteDetails { writes, writer: self.epoch, reply }) {
            self.details_call = Some(DetailsCall::Writing(op));
            self.arm(myself, op, self.settings.config.store_deadline * 2);
        } else {
            self.details_lost(myself);
        }
    }

    pub(super) fn details_written(
        &mut self,
        myself: &ActorRef<DispatchMessage>,
        op: OpId,
        result: Result<DetailsReport, StoreError>,
    ) {
        if self.details_call != Some(DetailsCall::Writing(op)) {
            return;
        }
        self.disarm(op);
        self.details_call = None;
        match result {
            Ok(report) if report.revision.is_some() => self.report.send(DispatchEvent::LedgerChanged),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "writing details failed; will retry with the next pass"),
        }
        self.fetch_next_details(myself);
        self.answer_if_settled();
    }

    pub(super) fn details_lost(&mut self, myself: &ActorRef<DispatchMessage>) {
        if let Some(call) = self.details_call.take() {
            self.disarm(call.op());
        }
        self.pending.lost();
        self.fetch_next_details(myself);
        self.answer_if_settled();
    }

    pub(super) fn answer_if_settled(&mut self) {
        if self.pending.is_settled() && self.details_call.is_none() {
            for reply in self.settle_waiters.drain(..) {
                reply.send(());
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::marker::PhantomData;
    use std::sync::Arc;

    use ractor::{Actor, ActorProcessingErr, Message};

    use super::*;
    use crate::config::Config;
    use crate::dispatch::DispatchArgs;
    use crate::dispatch::state::Living;
    use crate::docker::Refusals;
    use crate::model::{Epoch, RowId, SystemClock};
    use crate::reply::Callback;
    use crate::telemetry::{InFlight, Pulse};

    /// Stands for any other actor.
    struct Deaf<M>(PhantomData<fn(M)>);

    #[ractor::actor(message = M, state = (), arguments = ())]
    impl<M: Message> Deaf<M> {
        async fn pre_start(&self, _myself: ActorRef<M>, (): ()) -> Result<(), ActorProcessingErr> {
            Ok(())
        }
    }

    pub(in crate::dispatch) async fn deaf<M: Message>() -> ActorRef<M> {
        Actor::spawn(None, Deaf(PhantomData), ()).await.expect("it does nothing").0
    }

    /// A DispatchActor between two passes.
    pub(in crate::dispatch) async fn state() -> DispatchState {
        let mut state = DispatchState::new(DispatchArgs {
            config: Arc::new(Config::new("unused")),
            endpoint: "unix:///unused".into(),
            epoch: Epoch(1),
            report: Callback::new(|_| {}),
            details_limit: None,
            clock: Arc::new(SystemClock),
            pulse: Pulse::new(),
            in_flight: InFlight::default(),
            refusals: Refusals::default(),
        });
        state.workers.insert(Worker::Details, Living { epoch: Epoch(1), actor: deaf().await });
        state.store = Some(Living { epoch: Epoch(1), actor: deaf().await });
        state
    }

    /// The containers of the next batch, all without an answer.
    fn unanswered(containers: impl IntoIterator<Item = u32>) -> HashMap<ContainerId, Inspected> {
        let answer = |n: u32| (ContainerId::new(n.to_string()), Inspected::Unanswered("no answer".into()));
        containers.into_iter().map(answer).collect()
    }

    fn pending(rows: std::ops::Range<u32>) -> impl Iterator<Item = (RowId, ContainerId)> {
        rows.map(|n| (RowId::new(n.to_string()), ContainerId::new(n.to_string())))
    }

    /// D7: a container that is stuck for days owes its details in each pass.
    #[tokio::test]
    async fn inspects_without_an_answer_cost_no_transaction() {
        let (mut state, myself) = (state().await, deaf::<DispatchMessage>().await);
        state.pending.add_new(pending(0..1));
        state.fetch_next_details(&myself);
        let op = state.details_call.expect("they are read").op();
        state.details_read(&myself, op, unanswered(0..1));
        assert_eq!(state.details_call, None);
        assert!(state.pending.is_settled());
    }

    /// D1: of 10,000 pending each would leave a connection in the backlog of a frozen daemon.
    #[tokio::test]
    async fn a_daemon_that_answers_nothing_is_not_asked_for_the_details_of_all_its_containers() {
        for (lists_fail, answered, goes_on) in [(true, 16, false), (true, 15, true), (false, 16, true)] {
            let (mut state, myself) = (state().await, deaf::<DispatchMessage>().await);
            state.lists_fail = lists_fail;
            state.pending.add_new(pending(0..100));
            state.fetch_next_details(&myself);
            let op = state.details_call.expect("they are read").op();
            let mut answers = unanswered(0..answered);
            answers.extend((answered..16).map(|n| (ContainerId::new(n.to_string()), Inspected::Gone)));
            state.details_read(&myself, op, answers);
            assert_eq!(state.details_call.is_some(), goes_on, "{lists_fail} {answered}");
        }
    }
}
