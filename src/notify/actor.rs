//! NotifyActor: keeps one follower for each receiver alive.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::JoinSet;

use super::command::Program;
use super::follower::Follower;
use super::receiver::Receiver;
use super::webhook::Webhook;
use crate::config::NotifyConfig;
use crate::ledger::{LedgerHandle, Service};
use crate::model::ReceiverKind;
use crate::runtime::Jitter;
use crate::store::Readers;

/// The actor of the notifications.
#[derive(Debug)]
struct NotifyActor;

/// A message to it.
#[derive(Debug)]
enum NotifyMessage {
    /// A follower is no more; it says so also when it panics.
    Ended(ReceiverKind),
}

#[cfg(feature = "cluster")]
impl ractor::Message for NotifyMessage {}

/// What a NotifyActor is born with.
#[derive(Debug)]
struct NotifyArgs {
    ledger: LedgerHandle,
    jitter: Jitter,
}

/// What a NotifyActor knows. The followers go with it.
#[derive(Debug)]
struct NotifyState {
    ledger: LedgerHandle,
    _followers: JoinSet<()>,
}

/// Tells the actor when it is dropped.
struct LastWord(ActorRef<NotifyMessage>, ReceiverKind);

impl Drop for LastWord {
    fn drop(&mut self) {
        // A dead actor's successor has followers of its own.
        let _ = self.0.cast(NotifyMessage::Ended(self.1));
    }
}

/// Tells the receivers of this configuration what happens; `None` if there are none. What
/// [`LedgerBuilder::service`](crate::LedgerBuilder::service) attaches.
#[must_use]
pub fn notify_service(config: &NotifyConfig) -> Option<Service> {
    if receivers(config).is_empty() {
        return None;
    }
    let jitter = Jitter::random();
    Some(Service::new("notify", move |ledger| {
        let jitter = jitter.clone();
        Box::pin(async move {
            let supervisor = ledger.cell();
            let args = NotifyArgs { ledger, jitter };
            let (notify, _) = Actor::spawn_linked(None, NotifyActor, args, supervisor).await?;
            Ok(notify.get_cell())
        })
    }))
}

pub(super) fn receivers(config: &NotifyConfig) -> Vec<(ReceiverKind, Arc<dyn Receiver>)> {
    let webhook = Webhook::of(config).map(|webhook| Arc::new(webhook) as Arc<dyn Receiver>);
    let command = Program::of(config).map(|program| Arc::new(program) as Arc<dyn Receiver>);
    let webhook = webhook.map(|webhook| (ReceiverKind::Webhook, webhook));
    webhook.into_iter().chain(command.map(|command| (ReceiverKind::Command, command))).collect()
}

#[ractor::actor(message = NotifyMessage, state = NotifyState, arguments = NotifyArgs)]
impl NotifyActor {
    async fn pre_start(
        &self,
        myself: ActorRef<NotifyMessage>,
        args: NotifyArgs,
    ) -> Result<NotifyState, ActorProcessingErr> {
        let NotifyArgs { ledger, jitter } = args;
        let readers = Readers::new(Arc::clone(&ledger.config), ledger.status().in_flight());
        let mut followers = JoinSet::new();
        for (kind, receiver) in receivers(&ledger.config.notify) {
            let (ledger, readers, jitter) = (ledger.clone(), readers.clone(), jitter.clone());
            let follower = Follower { ledger, readers, kind, receiver, jitter };
            let last_word = LastWord(myself.clone(), kind);
            followers.spawn(async move {
                let _until_it_ends = last_word;
                follower.follow().await;
            });
        }
        Ok(NotifyState { ledger, _followers: followers })
    }

    async fn handle(
        &self,
        _myself: ActorRef<NotifyMessage>,
        message: NotifyMessage,
        state: &mut NotifyState,
    ) -> Result<(), ActorProcessingErr> {
        let NotifyMessage::Ended(kind) = message;
        if state.ledger.status().ended.is_some() {
            return Ok(());
        }
        let error = format!("the follower of the {kind} has ended before the ledger");
        Err(Box::new(std::io::Error::other(error)))
    }
}
