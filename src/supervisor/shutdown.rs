//! The ordered end: the daemon's call first, then the transaction, then the answers.

use std::time::Duration;

use ractor::ActorCell;

use super::wiring::Wiring;
use crate::dispatch::DispatchMessage;
use crate::tick::TickMessage;

/// For an actor that only has to work off its mailbox.
const TIME_TO_DRAIN: Duration = Duration::from_millis(250);

/// Ends the children in the order in which they owe each other. Each step is bounded, and a child that is dead already
/// is done.
pub(super) async fn in_order(
    wiring: &Wiring,
    lanes: Vec<ActorCell>,
    store: Option<ActorCell>,
    store_deadline: Duration,
) {
    if let Some((_, tick)) = &wiring.tick {
        // Dead children need no word.
        let _ = tick.cast(TickMessage::Stop);
    }
    if let Some((_, dispatch)) = &wiring.dispatch {
        let _ = dispatch.cast(DispatchMessage::Stop);
    }
    for lane in lanes {
        lane.kill();
    }
    if let Some(store) = store {
        // A pass that is about to commit has sent its transaction before it heard of the stop.
        if let Some((_, dispatch)) = &wiring.dispatch {
            work_off(dispatch).await;
        }
        let is_over = store.drain_and_wait(Some(store_deadline)).await.is_ok();
        if !is_over {
            store.kill();
        }
    }
    if let Some((_, dispatch)) = &wiring.dispatch {
        let _ = dispatch.drain_and_wait(Some(TIME_TO_DRAIN)).await;
    }
    if let Some((_, tick)) = &wiring.tick {
        let _ = tick.drain_and_wait(Some(TIME_TO_DRAIN)).await;
    }
}

/// Lets a guest hand on the last answers.
pub(super) async fn guest(cell: &ActorCell) {
    if cell.stop_and_wait(None, Some(TIME_TO_DRAIN)).await.is_err() {
        cell.kill();
    }
}

/// Waits until DispatchActor has handled what it was sent so far: its answer to a question comes after that.
async fn work_off(dispatch: &ractor::ActorRef<DispatchMessage>) {
    let _ = dispatch.call(DispatchMessage::Barrier, Some(TIME_TO_DRAIN)).await;
}
