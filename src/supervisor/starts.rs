//! How each child is born: with what it needs, and announced to those who use it. No child does I/O before it is spawned.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ractor::{Actor, ActorCell, ActorRef, SpawnErr};

use super::SupervisorMessage;
use super::actor::SupervisorState;
use crate::dispatch::{DispatchActor, DispatchArgs};
use crate::docker::{DockerActor, DockerArgs, Questions};
use crate::events::{EventsActor, EventsArgs, STREAM_GRACE};
use crate::model::{Epoch, Worker};
use crate::reply::Callback;
use crate::store::{StoreActor, StoreArgs, StoreMessage};
use crate::telemetry::{Child, Pulse};
use crate::tick::{TickActor, TickArgs, TickMessage};

impl SupervisorState {
    pub(super) async fn spawn_tick(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        epoch: Epoch,
        pulse: Pulse,
    ) -> Result<ActorCell, SpawnErr> {
        let args = TickArgs {
            config: self.args.config.clone(),
            report: Callback::to(myself, SupervisorMessage::Tick),
            stream_grace: STREAM_GRACE,
            by_itself: self.args.by_itself,
            pulse,
        };
        let (tick, _) = Actor::spawn_linked(None, TickActor, args, myself.get_cell()).await?;
        self.wiring.tick_up(epoch, tick.clone());
        for caller in self.requests.drain(..) {
            // Lost with a dying TickActor, the caller sees its port dropped and asks again.
            let _ = tick.cast(TickMessage::Request(Some(caller)));
        }
        Ok(tick.get_cell())
    }

    pub(super) async fn spawn_dispatch(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        epoch: Epoch,
        pulse: Pulse,
    ) -> Result<ActorCell, SpawnErr> {
        let args = DispatchArgs {
            config: self.args.config.clone(),
            endpoint: self.args.endpoint.clone(),
            epoch,
            report: Callback::to(myself, SupervisorMessage::Dispatch),
            details_limit: (!self.args.by_itself).then_some(self.args.details_limit),
            clock: self.args.clock.clone(),
            pulse,
            in_flight: self.args.in_flight.clone(),
            refusals: self.args.sources.refusals().clone(),
        };
        let (dispatch, _) = Actor::spawn_linked(None, DispatchActor, args, myself.get_cell()).await?;
        self.wiring.dispatch_up(epoch, dispatch.clone());
        Ok(dispatch.get_cell())
    }

    pub(super) async fn spawn_worker(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        worker: Worker,
        epoch: Epoch,
    ) -> Result<ActorCell, SpawnErr> {
        // A fresh source for each life: nothing of a hung call is carried over.
        let source = made(|| self.args.sources.make())?;
        let progress = source.progress();
        let args = DockerArgs { questions: Questions::new(source, &self.args.config) };
        let (docker, _) = Actor::spawn_linked(None, DockerActor, args, myself.get_cell()).await?;
        self.wiring.worker_up(worker, epoch, docker.clone(), progress);
        Ok(docker.get_cell())
    }

    pub(super) async fn spawn_events(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        epoch: Epoch,
        pulse: Pulse,
    ) -> Result<ActorCell, SpawnErr> {
        let args = EventsArgs {
            config: self.args.config.clone(),
            source: made(|| self.args.sources.make())?,
            report: Callback::to(myself, SupervisorMessage::StreamChanged),
            clock: self.args.clock.clone(),
            jitter: self.args.jitter.clone(),
            pulse,
            live: self.args.live.clone(),
        };
        let (events, _) = Actor::spawn_linked(None, EventsActor, args, myself.get_cell()).await?;
        self.wiring.events_up(epoch, events.clone());
        Ok(events.get_cell())
    }

    pub(super) async fn spawn_service(
        &self,
        myself: &ActorRef<SupervisorMessage>,
        child: Child,
    ) -> Result<ActorCell, SpawnErr> {
        self.args.services[&child].spawn(myself.clone()).await
    }

    pub(super) async fn spawn_store(
        &mut self,
        myself: &ActorRef<SupervisorMessage>,
        epoch: Epoch,
    ) -> Result<ActorRef<StoreMessage>, SpawnErr> {
        let args = self.store_args(myself, epoch)?;
        let (store, _) = Actor::spawn_linked(None, StoreActor, args, myself.get_cell()).await?;
        Ok(store)
    }

    /// One that nobody hears of: a supervisor that ends has no use for children.
    pub(super) async fn spawn_last_store(
        &self,
        myself: &ActorRef<SupervisorMessage>,
        epoch: Epoch,
    ) -> Result<ActorCell, SpawnErr> {
        let args = self.store_args(myself, epoch)?;
        Ok(Actor::spawn(None, StoreActor, args).await?.0.get_cell())
    }

    fn store_args(&self, myself: &ActorRef<SupervisorMessage>, epoch: Epoch) -> Result<StoreArgs, SpawnErr> {
        let store = made(|| self.args.stores.make())?;
        let report = Callback::to(myself, move |event| SupervisorMessage::Store { epoch, event });
        Ok(StoreArgs { report, store, lease: self.args.lease.clone() })
    }
}

/// What a factory of the host application makes. Its panic is the child's, which cannot begin: the supervisor lives on.
fn made<T>(make: impl FnOnce() -> T) -> Result<T, SpawnErr> {
    catch_unwind(AssertUnwindSafe(make)).map_err(|_| SpawnErr::StartupFailed("what it needs could not be made".into()))
}
