//! What the supervisor owes to callers, without a daemon or a database.

#[cfg(all(feature = "http", feature = "sqlite", feature = "testkit"))]
mod services;

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::watch;

use super::SupervisorArgs;
use super::actor::SupervisorState;
use crate::config::Config;
use crate::docker::SourceFactory;
use crate::model::{Epoch, SystemClock, Timestamp};
use crate::reply::Reply;
use crate::runtime::Jitter;
use crate::store::{LeaseHolder, LeaseWord, StoreFactory};
use crate::telemetry::{InFlight, LiveCounts, Status};
use crate::tick::TickMessage;

/// Stands for a TickActor.
struct Deaf;

#[ractor::actor(message = TickMessage, state = (), arguments = ())]
impl Deaf {
    async fn pre_start(&self, _myself: ActorRef<TickMessage>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

#[tokio::test]
async fn a_request_that_meets_a_dead_tick_actor_waits_for_the_next_one() {
    let (tick, ended) = Actor::spawn(None, Deaf, ()).await.expect("it does nothing");
    tick.kill();
    ended.await.expect("it is dead");
    let (status, _watcher) =
        watch::channel(Status::new(Timestamp::now(), None, InFlight::default(), LiveCounts::default()));
    let config = Arc::new(Config::new("unused"));
    let stores = StoreFactory::threaded(config.clone(), LeaseHolder::of_this_process(), false);
    let mut state = SupervisorState::new(SupervisorArgs {
        config,
        endpoint: "unused".into(),
        sources: SourceFactory::new(|| unreachable!("no lane is born here")),
        by_itself: false,
        details_limit: 0,
        stores,
        lease: LeaseWord::default(),
        services: std::collections::BTreeMap::new(),
        clock: Arc::new(SystemClock),
        jitter: Jitter::seeded(1),
        status,
        in_flight: InFlight::default(),
        live: LiveCounts::default(),
        heartbeat: watch::channel(0).0,
    });
    // Its death is not handled yet.
    state.wiring.tick = Some((Epoch(1), tick));
    state.request_pass(Reply::new(|_| {}));
    assert_eq!(state.requests.len(), 1, "the caller is kept");
}
