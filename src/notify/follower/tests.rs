//! What one notification does to those behind it.

use std::sync::Mutex;

use super::*;
use crate::config::Config;
use crate::model::{BoxFuture, HostName};
use crate::simulation::{FaultPlan, FaultyStore, LedgerLog, SimulatedHost, World};
use crate::store::OpenMode;
use crate::{LedgerBuilder, Mode};

/// Takes everything but what it panics over.
#[derive(Debug, Default)]
struct Poisoned(Mutex<Vec<NotifyEvent>>);

impl Receiver for Poisoned {
    fn tell<'a>(&'a self, notification: &'a Notification) -> BoxFuture<'a, Result<(), TellError>> {
        Box::pin(async move {
            assert_ne!(notification.event, NotifyEvent::Flapping, "a planned panic");
            self.0.lock().expect("nobody panics with it").push(notification.event);
            Ok(())
        })
    }

    fn examine(&self) -> BoxFuture<'_, Result<String, TellError>> {
        unreachable!("a follower tells and does not examine")
    }
}

#[tokio::test(start_paused = true)]
async fn a_notification_that_we_panic_over_is_dropped_after_a_minute_and_the_next_one_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config::new(directory.path().join("ledger.db").display().to_string());
    drop(Store::open(&config, OpenMode::Write).expect("a fresh ledger"));
    let plan = FaultPlan::new(1);
    let host = SimulatedHost::new(World::new(1, Timestamp::now()), World::new(2, Timestamp::now()), plan.clone());
    let stores = FaultyStore::factory(Arc::new(config.clone()), plan, LedgerLog::default());
    let builder = LedgerBuilder::new(config.clone()).source(host.sources(&config)).store(stores);
    let ledger = builder.mode(Mode::Once { details_limit: 0 }).spawn().await.expect("nothing is wrong with it");

    let receiver = Arc::new(Poisoned::default());
    let follower = Follower {
        readers: Readers::new(Arc::clone(&ledger.config), ledger.status().in_flight()),
        kind: ReceiverKind::Command,
        receiver: Arc::clone(&receiver) as Arc<dyn Receiver>,
        jitter: Jitter::seeded(1),
        ledger,
    };
    let told = |event| Notification::new(event, &HostName::new("local"), Timestamp::now(), 1);
    let begun = Instant::now();
    follower.tell(&told(NotifyEvent::Flapping)).await;
    assert!((60..300).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    follower.tell(&told(NotifyEvent::Missing)).await;

    assert_eq!(*receiver.0.lock().expect("nobody panics with it"), [NotifyEvent::Missing]);
    let times = |told| follower.ledger.status().live().times_told(ReceiverKind::Command, told);
    assert_eq!((times(DeliveryOutcome::Delivered), times(DeliveryOutcome::Dropped)), (1, 1));
    assert!(times(DeliveryOutcome::Failed) > 1, "it is tried again first");
    follower.ledger.stop().await;
}
