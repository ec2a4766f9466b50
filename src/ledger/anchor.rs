//! What stands for the ledger in a host application's tree.
//!
//! ractor kills the children of an actor that ends, without their `post_stop`. A ledger that hung in the host's tree
//! itself would end in the middle of its work then, with its lease kept and its callers left alone. So it hangs free, and
//! this actor, which has nothing to lose, hangs in the tree.

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};

use super::handle::LedgerHandle;
use crate::model::PassFailure;

/// The actor in the host's tree.
#[derive(Debug)]
struct LedgerAnchor;

/// The ledger has ended: `Ok` by a stop, else why it gave up.
#[derive(Debug)]
struct LedgerEnded(Result<(), PassFailure>);

#[cfg(feature = "cluster")]
impl ractor::Message for LedgerEnded {}

/// Spawns the anchor of a ledger under the host's supervisor.
pub(super) async fn anchor(ledger: LedgerHandle, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
    let (anchor, anchor_ended) = Actor::spawn_linked(None, LedgerAnchor, ledger.clone(), supervisor).await?;
    let cell = anchor.get_cell();
    tokio::spawn(async move {
        tokio::select! {
            // Whether it failed is the host's to know.
            _ = anchor_ended => ledger.stop().await,
            // An anchor that is gone stops the ledger by itself, which is over already.
            ended = ledger.ended() => drop(anchor.cast(LedgerEnded(ended))),
        }
    });
    Ok(cell)
}

#[ractor::actor(message = LedgerEnded, state = LedgerHandle, arguments = LedgerHandle)]
impl LedgerAnchor {
    async fn pre_start(
        &self,
        _myself: ActorRef<LedgerEnded>,
        ledger: LedgerHandle,
    ) -> Result<LedgerHandle, ActorProcessingErr> {
        Ok(ledger)
    }

    async fn handle(
        &self,
        myself: ActorRef<LedgerEnded>,
        LedgerEnded(ended): LedgerEnded,
        _ledger: &mut LedgerHandle,
    ) -> Result<(), ActorProcessingErr> {
        // The host's supervisor is to see its child fail, with the reason.
        ended?;
        myself.stop(None);
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<LedgerEnded>,
        ledger: &mut LedgerHandle,
    ) -> Result<(), ActorProcessingErr> {
        // Whoever waits for the anchor waits for the ledger.
        ledger.stop().await;
        Ok(())
    }
}
