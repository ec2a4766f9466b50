//! The manager of services (systemd), told by datagrams.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sd_notify::NotifyState;

/// What the manager is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The first pass ended, with this line of status.
    Ready(String),
    /// A line of status.
    Status(String),
    /// Our own loops turn.
    Watchdog,
    /// The ordered stop has begun.
    Stopping,
}

/// Speaks to the manager from a thread of its own: a datagram to a manager that does not read blocks for as long as it
/// does not, and neither a pass nor a stop may wait for that. What it cannot take in is dropped. Without a manager, all of
/// this does nothing.
#[derive(Clone, Debug)]
pub(super) struct Manager(SyncSender<News>);

/// News that wait while the manager does not read. A few are enough: each says what the ones before it said, newer.
const WAITING: usize = 8;

impl Manager {
    /// Begins to listen for news.
    pub(super) fn start() -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        // Without the thread every sending fails, which is what it would do without a manager.
        let thread = std::thread::Builder::new().name("service-manager".into());
        if let Err(error) = thread.spawn(move || speak(&receiver)) {
            tracing::warn!("notifying the service manager failed: {error}");
        }
        Self(sender)
    }

    /// Tells the manager soon, or never if it does not read.
    pub(super) fn tell(&self, news: News) {
        if self.0.try_send(news).is_err() {
            tracing::debug!("the service manager does not read: it is not told");
        }
    }
}

fn speak(news: &Receiver<News>) {
    for news in news {
        let told = match &news {
            News::Ready(status) => sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(status)]),
            News::Status(status) => sd_notify::notify(&[NotifyState::Status(status)]),
            News::Watchdog => sd_notify::notify(&[NotifyState::Watchdog]),
            News::Stopping => sd_notify::notify(&[NotifyState::Stopping]),
        };
        if let Err(error) = told {
            tracing::debug!("cannot tell the service manager: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_that_does_not_read_is_not_waited_for() {
        let (sender, receiver) = sync_channel(WAITING);
        let manager = Manager(sender);
        for _ in 0..10 * WAITING {
            manager.tell(News::Watchdog);
        }
        drop(manager);
        assert_eq!(receiver.iter().count(), WAITING);
    }
}
