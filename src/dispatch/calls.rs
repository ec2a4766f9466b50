//! How DispatchActor asks the others, and what it does when they do not answer.

use std::time::Duration;

use ractor::ActorRef;

use super::DispatchMessage;
use super::pass::{Ask, Event};
use super::pending_details::DetailsCall;
use super::state::{DispatchState, WORKER_GRACE};
use crate::docker::DockerMessage;
use crate::model::{ContainerId, OpId, Worker};
use crate::reply::Reply;
use crate::store::StoreMessage;

/// How long the daemon may take to be done with what it told, before it is listed all the same. Docker 20.10 takes 5 to
/// 60 ms to take down a container that ended; one that takes longer is looked at again.
const TIME_TO_SETTLE: Duration = Duration::from_millis(100);

impl DispatchState {
    /// Sends a request to whoever lives; one that cannot be sent is asked again by the machine when its actor is up.
    pub(super) fn send(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId, ask: Ask) {
        match &ask {
            Ask::Commit(_) => self.note_unanswered_images(),
            Ask::List(_) => self.identify_beside_the_list(myself),
            Ask::Identify(within) => return self.await_identity(myself, op, *within),
            Ask::Ping(within) => return self.ping(myself, op, *within),
            _ => {}
        }
        let config = &self.settings.config;
        let store_deadline = config.store_call_deadline();
        let daemon_call = daemon_call(&ask);
        let (sent, deadline) = match ask {
            // Answered from what is known beside the pass.
            Ask::Identify(_) | Ask::Ping(_) => return,
            Ask::List(scope) => {
                let reply = Reply::to(myself, move |result| DispatchMessage::Listed { op, result });
                (self.to_worker(Worker::Pass, DockerMessage::List { scope, reply }), config.list_deadline)
            }
            Ask::Settle(containers) => {
                let message = examine(myself, op, containers, TIME_TO_SETTLE);
                (self.to_worker(Worker::Pass, message), TIME_TO_SETTLE + WORKER_GRACE)
            }
            Ask::Examine(containers, within) => {
                let message = examine(myself, op, containers, within);
                (self.to_worker(Worker::Pass, message), within + WORKER_GRACE)
            }
            Ask::ReadImages(images) => {
                let reply = Reply::to(myself, move |answers| DispatchMessage::ImagesRead { op, answers });
                let message = DockerMessage::ReadImages { images, reply };
                (self.to_worker(Worker::Pass, message), config.list_deadline + WORKER_GRACE)
            }
            Ask::Verify(containers) | Ask::ReadNames(containers) => {
                let reply = Reply::to(myself, move |answers| DispatchMessage::Verified { op, answers });
                let message = DockerMessage::Verify { containers, reply };
                (self.to_worker(Worker::Pass, message), config.list_deadline + WORKER_GRACE)
            }
            Ask::Open(scope) => {
                let began = Reply::to(myself, move |()| DispatchMessage::SnapshotBegan { op });
                let reply = Reply::to(myself, move |result| DispatchMessage::Opened { op, result });
                let message = StoreMessage::Open { scope, writer: self.epoch, began, reply };
                (self.to_store(message), store_deadline)
            }
            Ask::ReadRows(rows) => {
                let reply = Reply::to(myself, move |result| DispatchMessage::RowsRead { op, result });
                (self.to_store(StoreMessage::ReadRows { rows, reply }), store_deadline)
            }
            Ask::LookUp(keys) => {
                let reply = Reply::to(myself, move |result| DispatchMessage::Found { op, result });
                (self.to_store(StoreMessage::LookUp { keys, reply }), store_deadline)
            }
            Ask::Adopt(compose_projects) => {
                let reply = Reply::to(myself, move |result| DispatchMessage::Adopted { op, result });
                (self.to_store(StoreMessage::AdoptStacks { compose_projects, reply }), store_deadline)
            }
            Ask::Commit(mut plan) => {
                let standing = self.standing.now(config.image_labels);
                plan.host.refusals = (standing != self.standing.stored).then_some(standing);
                let reply = Reply::to(myself, move |result| DispatchMessage::Committed { op, result });
                let message = StoreMessage::Commit { plan, writer: self.epoch, reply };
                (self.to_store(message), store_deadline)
            }
        };
        if sent {
            if let Some(what) = daemon_call {
                self.in_flight.begin(op, what);
            }
            self.arm(myself, op, deadline);
        }
    }

    pub(super) fn deadline(&mut self, myself: &ActorRef<DispatchMessage>, op: OpId) {
        self.deadlines.remove(&op);
        if self.check_is_overdue(op) || self.identification_is_overdue(myself, op) {
            return;
        }
        if let Some(call) = self.details_call.filter(|call| call.op() == op) {
            match call {
                DetailsCall::Reading(_) => self.report_stuck_worker(Worker::Details, op),
                DetailsCall::Writing(_) => self.report_stuck_store(op),
            }
            self.details_lost(myself);
            return;
        }
        let list_deadline = self.settings.config.list_deadline;
        let overdue = self.progress.as_ref().map(|p| p.overdue(&self.settings.endpoint, list_deadline));
        self.pass_event(myself, Event::Deadline(op, overdue));
    }
}

fn examine(
    myself: &ActorRef<DispatchMessage>,
    op: OpId,
    containers: Vec<ContainerId>,
    within: Duration,
) -> DockerMessage {
    let reply = Reply::to(myself, move |answers| DispatchMessage::Examined { op, answers });
    DockerMessage::Examine { containers, within, reply }
}

/// What the status calls a question to the daemon; the others are the store's.
const fn daemon_call(ask: &Ask) -> Option<&'static str> {
    match ask {
        Ask::List(_) => Some("list"),
        Ask::Settle(_) => Some("settle"),
        Ask::Examine(..) => Some("examine"),
        Ask::ReadImages(_) => Some("images"),
        Ask::ReadNames(_) => Some("names"),
        Ask::Verify(_) => Some("verify"),
        Ask::Open(_)
        | Ask::ReadRows(_)
        | Ask::LookUp(_)
        | Ask::Adopt(_)
        | Ask::Commit(_)
        | Ask::Identify(_)
        | Ask::Ping(_) => None,
    }
}
