//! One timer of one actor: a message to come later.

use std::time::Duration;

use ractor::{ActorRef, Message};
use tokio::task::JoinHandle;

/// At most one message on its way; it goes with whoever holds the timer.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<JoinHandle<()>>);

impl Timer {
    /// Sends the message after the wait, in place of one that was to come.
    pub(crate) fn arm<M: Message>(&mut self, wait: Duration, to: &ActorRef<M>, message: M) {
        self.disarm();
        let to = to.clone();
        self.0 = Some(tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            // A dead actor has no timers.
            let _ = to.cast(message);
        }));
    }

    /// Nothing is to come.
    pub(crate) fn disarm(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}
