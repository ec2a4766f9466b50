//! The ordered end: the daemon's call first, then the transaction, then the answers.

use std::time::Duration;

use ractor::ActorCell;
use tokio::time::Instant;

use super::wiring::Wiring;
use crate::dispatch::DispatchMessage;
use crate::tick::TickMessage;

/// For an actor that only has to work off its mailbox.
const TIME_TO_DRAIN: Duration = Duration::from_millis(250);

/// For one more life of the store, whose only work is to release the lease.
const TIME_TO_RELEASE: Duration = Duration::from_secs(1);

/// What the end takes at most, whatever hangs: the sum of its steps.
pub(crate) fn bound(store_deadline: Duration) -> Duration {
    // DispatchActor twice, TickActor, and the services, who are waited for together.
    store_deadline + TIME_TO_RELEASE + TIME_TO_DRAIN * 4
}

/// Ends the children in the order in which they owe each other. Each step is bounded, and a child that is dead already
/// is done. Returns whether the store ended by itself: one that was killed may come to its lease yet.
pub(super) async fn in_order(
    wiring: &Wiring,
    workers: Vec<ActorCell>,
    store: Option<ActorCell>,
    store_deadline: Duration,
) -> bool {
    let mut is_over = true;
    if let Some((_, tick)) = &wiring.tick {
        // Dead children need no word.
        let _ = tick.cast(TickMessage::Stop);
    }
    if let Some((_, dispatch)) = &wiring.dispatch {
        let _ = dispatch.cast(DispatchMessage::Stop);
    }
    for worker in workers {
        worker.kill();
    }
    if let Some(store) = store {
        // A pass that is about to commit has sent its transaction before it heard of the stop.
        if let Some((_, dispatch)) = &wiring.dispatch {
            work_off(dispatch).await;
        }
        is_over = store.drain_and_wait(Some(store_deadline)).await.is_ok();
        if !is_over {
            store.kill();
        }
    }
    if let Some((_, dispatch)) = &wiring.dispatch {
        // What the store has answered is before it: a pass that still waits for an answer gets none.
        let _ = dispatch.cast(DispatchMessage::StoreGone);
        let _ = dispatch.drain_and_wait(Some(TIME_TO_DRAIN)).await;
    }
    if let Some((_, tick)) = &wiring.tick {
        let _ = tick.drain_and_wait(Some(TIME_TO_DRAIN)).await;
    }
    is_over
}

/// Lets one more life of the store release the lease.
pub(super) async fn last_store(store: &ActorCell) {
    if store.drain_and_wait(Some(TIME_TO_RELEASE)).await.is_err() {
        store.kill();
    }
}

/// Lets the services hand on the last answers, all within one bound.
pub(super) async fn services(services: &[ActorCell]) {
    services.iter().for_each(|service| service.stop(None));
    let until = Instant::now() + TIME_TO_DRAIN;
    for service in services {
        if service.wait(Some(until.saturating_duration_since(Instant::now()))).await.is_err() {
            service.kill();
        }
    }
}

/// Waits until DispatchActor has handled what it was sent so far: its answer to a question comes after that.
async fn work_off(dispatch: &ractor::ActorRef<DispatchMessage>) {
    let _ = dispatch.call(|port| DispatchMessage::Barrier(port.into()), Some(TIME_TO_DRAIN)).await;
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;

    use ractor::{Actor, ActorProcessingErr, ActorRef, Message};

    use super::*;
    use crate::model::Epoch;

    /// Hangs in whatever it is sent.
    struct Hung<M>(PhantomData<fn(M)>);

    #[ractor::actor(message = M, state = (), arguments = ())]
    impl<M: Message + Sync> Hung<M> {
        async fn pre_start(&self, _myself: ActorRef<M>, (): ()) -> Result<(), ActorProcessingErr> {
            Ok(())
        }

        async fn handle(&self, _myself: ActorRef<M>, _message: M, _state: &mut ()) -> Result<(), ActorProcessingErr> {
            std::future::pending().await
        }
    }

    async fn hung<M: Message + Sync>(message: M) -> ActorRef<M> {
        let (actor, _) = Actor::spawn(None, Hung(PhantomData), ()).await.expect("it does nothing");
        actor.cast(message).expect("it lives");
        actor
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_takes_no_longer_than_its_bound_whatever_hangs() {
        let mut wiring = Wiring::default();
        wiring.tick = Some((Epoch(1), hung(TickMessage::BeginDue).await));
        wiring.dispatch = Some((Epoch(1), hung(DispatchMessage::Stop).await));
        let others = [hung(TickMessage::BeginDue).await.get_cell(), hung(TickMessage::BeginDue).await.get_cell()];
        let (store, last) = (hung(TickMessage::BeginDue).await, hung(TickMessage::BeginDue).await);
        let store_deadline = Duration::from_secs(5);
        let begun = Instant::now();
        assert!(!in_order(&wiring, Vec::new(), Some(store.get_cell()), store_deadline).await);
        last_store(&last.get_cell()).await;
        services(&others).await;
        let bound = bound(store_deadline);
        assert!(begun.elapsed() <= bound && begun.elapsed() + TIME_TO_DRAIN > bound, "{:?}", begun.elapsed());
    }
}
