//! Trying the receivers of a configuration, beside any ledger.

use super::actor::receivers;
use crate::config::NotifyConfig;
use crate::model::{HostName, Notification, NotifyEvent, ReceiverKind, Timestamp};

/// What came of each receiver: what is there, or why it could not be told.
pub(crate) type Tried = Vec<(ReceiverKind, Result<String, String>)>;

/// Looks whether each receiver could be told. Tells none.
pub(crate) async fn examine_receivers(config: &NotifyConfig) -> Tried {
    let mut tried = Vec::new();
    for (kind, receiver) in receivers(config) {
        tried.push((kind, receiver.examine().await.map_err(|error| error.to_string())));
    }
    tried
}

/// Tells each receiver once that somebody tries it.
pub(crate) async fn try_receivers(config: &NotifyConfig, host: &HostName) -> Tried {
    let notification = Notification::new(NotifyEvent::Test, host, Timestamp::now(), 0);
    let mut tried = Vec::new();
    for (kind, receiver) in receivers(config) {
        let told = receiver.tell(&notification).await;
        tried.push((kind, told.map(|()| notification.id.clone()).map_err(|error| error.to_string())));
    }
    tried
}
