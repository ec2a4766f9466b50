//! Who hears of whom: the refs of the living, handed out in the order of their epochs.
//!
//! | child | heard of by |
//! |---|---|
//! | TickActor | DispatchActor |
//! | DispatchActor | TickActor |
//! | DockerActor, each lane | DispatchActor |
//! | StoreActor, once its generation is raised | DispatchActor, TickActor |
//!
//! A cast to an actor that just died is lost; its successor gets every ref at its birth.

use std::collections::BTreeMap;
use std::sync::Arc;

use ractor::ActorRef;

use super::Child;
use crate::dispatch::DispatchMessage;
use crate::docker::{CallProgress, DockerMessage, Lane};
use crate::model::Epoch;
use crate::store::{StoreError, StoreMessage};
use crate::tick::TickMessage;

/// The living, by what they are.
#[derive(Debug, Default)]
pub(super) struct Wiring {
    pub(super) tick: Option<(Epoch, ActorRef<TickMessage>)>,
    pub(super) dispatch: Option<(Epoch, ActorRef<DispatchMessage>)>,
    lanes: BTreeMap<Lane, (Epoch, ActorRef<DockerMessage>, Arc<CallProgress>)>,
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
        self.tell_dispatch(|| DispatchMessage::TickUp { epoch, tick: tick.clone() });
        self.tick = Some((epoch, tick));
    }

    /// A new DispatchActor hears of those it uses, then TickActor hears of it.
    pub(super) fn dispatch_up(&mut self, epoch: Epoch, dispatch: ActorRef<DispatchMessage>) {
        for (lane, (epoch, docker, progress)) in &self.lanes {
            send(&dispatch, lane_up(*lane, *epoch, docker, progress));
        }
        if let Some((epoch, store)) = &self.store {
            send(&dispatch, DispatchMessage::StoreUp { epoch: *epoch, store: store.clone() });
        }
        if let Some((epoch, tick)) = &self.tick {
            send(&dispatch, DispatchMessage::TickUp { epoch: *epoch, tick: tick.clone() });
        }
        self.tell_tick(|| TickMessage::DispatchUp { epoch, dispatch: dispatch.clone() });
        self.dispatch = Some((epoch, dispatch));
    }

    /// A new lane: DispatchActor hears of it.
    pub(super) fn lane_up(
        &mut self,
        lane: Lane,
        epoch: Epoch,
        docker: ActorRef<DockerMessage>,
        progress: Arc<CallProgress>,
    ) {
        self.tell_dispatch(|| lane_up(lane, epoch, &docker, &progress));
        self.lanes.insert(lane, (epoch, docker, progress));
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

    /// A child died: whoever used it hears of that before it hears of the next.
    pub(super) fn down(&mut self, child: Child, epoch: Epoch) {
        match child {
            Child::Tick => self.tick = None,
            Child::Dispatch => {
                self.dispatch = None;
                self.tell_tick(|| TickMessage::DispatchDown { epoch });
            }
            Child::Docker(lane) => {
                self.lanes.remove(&lane);
                self.tell_dispatch(|| DispatchMessage::DockerDown { lane, epoch });
            }
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

fn lane_up(
    lane: Lane,
    epoch: Epoch,
    docker: &ActorRef<DockerMessage>,
    progress: &Arc<CallProgress>,
) -> DispatchMessage {
    DispatchMessage::DockerUp { lane, epoch, docker: docker.clone(), progress: progress.clone() }
}

fn send<M: ractor::Message>(to: &ActorRef<M>, message: M) {
    // The dead miss nothing: their successors get every ref at their birth.
    let _ = to.cast(message);
}
