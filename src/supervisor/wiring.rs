//! Who hears of whom: the refs of the living, handed out in the order of their epochs.
//!
//! | child | heard of by |
//! |---|---|
//! | TickActor | EventsActor |
//! | DispatchActor | TickActor |
//! | DockerActor, each worker | DispatchActor |
//! | EventsActor | TickActor, before EventsActor hears of that |
//! | StoreActor, once its generation is raised | DispatchActor, TickActor |
//!
//! A cast to an actor that just died is lost; its successor gets every ref at its birth.

use std::collections::BTreeMap;
use std::sync::Arc;

use ractor::ActorRef;

use crate::dispatch::DispatchMessage;
use crate::docker::{CallProgress, DockerMessage};
use crate::events::{EventsMessage, StreamNews};
use crate::model::{Epoch, Worker};
use crate::reply::Callback;
use crate::store::{StoreError, StoreMessage};
use crate::telemetry::Child;
use crate::tick::{PassNews, TickMessage};

/// The living, by what they are.
#[derive(Debug, Default)]
pub(super) struct Wiring {
    pub(super) tick: Option<(Epoch, ActorRef<TickMessage>)>,
    pub(super) dispatch: Option<(Epoch, ActorRef<DispatchMessage>)>,
    events: Option<(Epoch, ActorRef<EventsMessage>)>,
    workers: BTreeMap<Worker, (Epoch, ActorRef<DockerMessage>, Arc<CallProgress>)>,
    /// Announced only once it is ready.
    pub(super) store: Option<(Epoch, ActorRef<StoreMessage>)>,
}

impl Wiring {
    /// A new TickActor hears of those it uses, then they hear of it.
    pub(super) fn tick_up(&mut self, epoch: Epoch, tick: ActorRef<TickMessage>) {
        if let Some((epoch, store)) = &self.store {
            send(&tick, TickMessage::StoreUp { epoch: *epoch, store: store.clone() });
        }
        if let Some((epoch, dispatch)) = &self.dispatch {
            send(&tick, TickMessage::DispatchUp { epoch: *epoch, dispatch: dispatch.clone() });
        }
        if let Some((epoch, events)) = &self.events {
            send(&tick, TickMessage::EventsUp { epoch: *epoch, events: pass_news(events) });
        }
        if let Some((_, events)) = &self.events {
            send(events, EventsMessage::TickUp { epoch, tick: stream_news(&tick) });
        }
        self.tick = Some((epoch, tick));
    }

    /// A new EventsActor: TickActor hears of it first, since it may answer as soon as it has a batch.
    pub(super) fn events_up(&mut self, epoch: Epoch, events: ActorRef<EventsMessage>) {
        self.tell_tick(|| TickMessage::EventsUp { epoch, events: pass_news(&events) });
        if let Some((epoch, tick)) = &self.tick {
            send(&events, EventsMessage::TickUp { epoch: *epoch, tick: stream_news(tick) });
        }
        self.events = Some((epoch, events));
    }

    /// A new DispatchActor hears of those it uses, then TickActor hears of it.
    pub(super) fn dispatch_up(&mut self, epoch: Epoch, dispatch: ActorRef<DispatchMessage>) {
        for (worker, (epoch, docker, progress)) in &self.workers {
            send(&dispatch, worker_up(*worker, *epoch, docker, progress));
        }
        if let Some((epoch, store)) = &self.store {
            send(&dispatch, DispatchMessage::StoreUp { epoch: *epoch, store: store.clone() });
        }
        self.tell_tick(|| TickMessage::DispatchUp { epoch, dispatch: dispatch.clone() });
        self.dispatch = Some((epoch, dispatch));
    }

    /// A new worker: DispatchActor hears of it.
    pub(super) fn worker_up(
        &mut self,
        worker: Worker,
        epoch: Epoch,
        docker: ActorRef<DockerMessage>,
        progress: Arc<CallProgress>,
    ) {
        self.tell_dispatch(|| worker_up(worker, epoch, &docker, &progress));
        self.workers.insert(worker, (epoch, docker, progress));
    }

    /// Hands a message to the worker of the actions. One that dies drops the port of whoever asked.
    pub(super) fn to_actions(&self, message: DockerMessage) {
        if let Some((_, docker, _)) = self.workers.get(&Worker::Actions) {
            send(docker, message);
        }
    }

    /// StoreActor is ready: both who write and ask hear of it.
    pub(super) fn store_up(&mut self, epoch: Epoch, store: ActorRef<StoreMessage>) {
        self.tell_dispatch(|| DispatchMessage::StoreUp { epoch, store: store.clone() });
        self.tell_tick(|| TickMessage::StoreUp { epoch, store: store.clone() });
        self.store = Some((epoch, store));
    }

    /// StoreActor cannot begin: a pass that waits for it fails now.
    pub(super) fn store_trouble(&self, error: &StoreError) {
        self.tell_dispatch(|| DispatchMessage::StoreTrouble { error: error.clone() });
    }

    /// The daemon answers: TickActor wants a pass. One that died owes a whole pass at its start anyway.
    pub(super) fn daemon_answers(&self) {
        self.tell_tick(|| TickMessage::DaemonAnswers);
    }

    /// A child died: whoever used it hears of that before it hears of the next.
    pub(super) fn down(&mut self, child: Child, epoch: Epoch) {
        match child {
            Child::Tick => self.tick = None,
            Child::Dispatch => {
                self.dispatch = None;
                self.tell_tick(|| TickMessage::DispatchDown { epoch });
            }
            Child::Events => {
                self.events = None;
                self.tell_tick(|| TickMessage::EventsDown { epoch });
            }
            Child::Docker(worker) => {
                self.workers.remove(&worker);
                self.tell_dispatch(|| DispatchMessage::DockerDown { worker, epoch });
            }
            // Nobody has its ref.
            Child::Service(_) => {}
            Child::Store => {
                self.store = None;
                self.tell_dispatch(|| DispatchMessage::StoreDown { epoch });
                self.tell_tick(|| TickMessage::StoreDown { epoch });
            }
        }
    }

    fn tell_dispatch(&self, message: impl FnOnce() -> DispatchMessage) {
        if let Some((_, dispatch)) = &self.dispatch {
            send(dispatch, message());
        }
    }

    fn tell_tick(&self, message: impl FnOnce() -> TickMessage) {
        if let Some((_, tick)) = &self.tick {
            send(tick, message());
        }
    }
}

fn worker_up(
    worker: Worker,
    epoch: Epoch,
    docker: &ActorRef<DockerMessage>,
    progress: &Arc<CallProgress>,
) -> DispatchMessage {
    DispatchMessage::DockerUp { worker, epoch, docker: docker.clone(), progress: progress.clone() }
}

/// Carries what the stream leaves to a TickActor.
fn stream_news(tick: &ActorRef<TickMessage>) -> Callback<StreamNews> {
    Callback::to(tick, |news| match news {
        StreamNews::Tried => TickMessage::StreamTried,
        StreamNews::Dirty { invalidation, looked } => TickMessage::Dirty { invalidation, looked },
    })
}

/// Carries what passes tell of the stream to an EventsActor.
fn pass_news(events: &ActorRef<EventsMessage>) -> Callback<PassNews> {
    Callback::to(events, |news| match news {
        PassNews::LookAgain => EventsMessage::PassesLookAgain,
        PassNews::FoundByTick => EventsMessage::FoundByTick,
    })
}

fn send<M: ractor::Message>(to: &ActorRef<M>, message: M) {
    // The dead miss nothing: their successors get every ref at their birth.
    let _ = to.cast(message);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::ear;

    #[tokio::test]
    async fn tick_actor_and_events_actor_hear_of_each_other_whoever_is_reborn() {
        let mut wiring = Wiring::default();
        let (events, mut heard_by_events) = ear().await;
        wiring.events_up(Epoch(1), events);
        let (tick, mut heard_by_tick) = ear().await;
        wiring.tick_up(Epoch(1), tick);
        assert!(matches!(heard_by_tick.recv().await, Some(TickMessage::EventsUp { epoch: Epoch(1), .. })));
        assert!(matches!(heard_by_events.recv().await, Some(EventsMessage::TickUp { epoch: Epoch(1), .. })));

        wiring.down(Child::Events, Epoch(1));
        let (events, mut heard_by_events) = ear().await;
        wiring.events_up(Epoch(2), events);
        assert!(matches!(heard_by_tick.recv().await, Some(TickMessage::EventsDown { epoch: Epoch(1) })));
        assert!(matches!(heard_by_tick.recv().await, Some(TickMessage::EventsUp { epoch: Epoch(2), .. })));
        assert!(matches!(heard_by_events.recv().await, Some(EventsMessage::TickUp { epoch: Epoch(1), .. })));

        wiring.down(Child::Tick, Epoch(1));
        let (tick, mut heard_by_tick) = ear().await;
        wiring.tick_up(Epoch(2), tick);
        assert!(matches!(heard_by_tick.recv().await, Some(TickMessage::EventsUp { epoch: Epoch(2), .. })));
        assert!(matches!(heard_by_events.recv().await, Some(EventsMessage::TickUp { epoch: Epoch(2), .. })));
    }
}
