//! The caller's side of a request to one actor.

use std::time::Duration;

use dockledger::reply::Reply;
use tokio::sync::oneshot;

/// Bound of every wait: far beyond what any answer here takes.
const BOUND: Duration = Duration::from_secs(20);

/// An answer that is to come.
pub(crate) struct Answer<T>(oneshot::Receiver<T>);

/// The two ends of one request.
pub(crate) fn reply<T: Send + 'static>() -> (Reply<T>, Answer<T>) {
    let (sender, receiver) = oneshot::channel();
    // The test may have seen enough.
    (Reply::new(move |answer| drop(sender.send(answer))), Answer(receiver))
}

impl<T> Answer<T> {
    /// The answer.
    pub(crate) async fn get(self) -> T {
        self.get_if_any().await.expect("it is answered")
    }

    /// The answer, or `None` where the request was dropped unanswered.
    pub(crate) async fn get_if_any(self) -> Option<T> {
        tokio::time::timeout(BOUND, self.0).await.expect("in time").ok()
    }
}
