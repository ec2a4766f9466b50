//! TickActor among actors that only listen, on a paused clock.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorRef};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};

use super::*;
use crate::config::Config;
use crate::dispatch::{DispatchMessage, PassOrder};
use crate::model::{
    ContainerId, Epoch, FailureKind, HostName, Invalidation, News, PassOutcome, PassReport, Scope, Starts, Trigger,
};
use crate::reply::{Callback, Reply};
use crate::runtime::ear;
use crate::telemetry::Pulse;

const SECOND: Duration = Duration::from_secs(1);

/// For the boot pass.
const STREAM_GRACE: Duration = Duration::from_millis(200);

struct Stage {
    tick: ActorRef<TickMessage>,
    dispatch: UnboundedReceiver<DispatchMessage>,
    events: UnboundedReceiver<Heard>,
    hears: UnboundedSender<Heard>,
}

/// What EventsActor hears of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Looked { batch: u64, is_true: bool },
    News(PassNews),
}

impl Stage {
    async fn set() -> Self {
        let config = Arc::new(Config::new("unused"));
        let report = Callback::new(|_| {});
        let args = TickArgs { config, report, stream_grace: STREAM_GRACE, by_itself: true, pulse: Pulse::new() };
        let (tick, _) = Actor::spawn(None, TickActor, args).await.expect("it calls no other");
        let (hears, events) = unbounded_channel();
        let (dispatch, heard_by_dispatch) = ear().await;
        let news = hears.clone();
        // The test may have heard enough.
        let told = Callback::new(move |heard| {
            let _ = news.send(Heard::News(heard));
        });
        let stage = Self { tick, dispatch: heard_by_dispatch, events, hears };
        stage.tell(TickMessage::EventsUp { epoch: Epoch(2), events: told });
        stage.tell(TickMessage::DispatchUp { epoch: Epoch(1), dispatch });
        stage
    }

    /// After the boot pass.
    async fn booted() -> Self {
        let mut stage = Self::set().await;
        stage.tell(TickMessage::StreamTried);
        let boot = stage.order().await;
        stage.ends(&boot, PassOutcome::Committed, |_| {});
        stage
    }

    fn tell(&self, message: TickMessage) {
        self.tick.cast(message).expect("it lives");
    }

    fn dirty(&self, batch: u64, invalidation: Invalidation) {
        let hears = self.hears.clone();
        let looked = Reply::new(move |is_true| {
            let _ = hears.send(Heard::Looked { batch, is_true });
        });
        self.tell(TickMessage::Dirty { invalidation, looked });
    }

    async fn order(&mut self) -> PassOrder {
        match timeout(3600 * SECOND, self.dispatch.recv()).await.expect("in time") {
            Some(DispatchMessage::Begin { order, .. }) => order,
            other => panic!("unexpected: {other:?}"),
        }
    }

    fn ends(&self, order: &PassOrder, outcome: PassOutcome, more: impl FnOnce(&mut PassReport)) {
        let mut report = PassReport::failed(&HostName::new("local"), FailureKind::Internal, "");
        report.pass_id = order.pass.clone();
        report.trigger = order.trigger;
        report.scope = order.scope.clone();
        report.outcome = outcome;
        more(&mut report);
        self.tell(TickMessage::PassEnded(Box::new(report)));
    }

    async fn events_hear(&mut self) -> Heard {
        timeout(3600 * SECOND, self.events.recv()).await.expect("in time").expect("the ear lives")
    }
}

fn everything() -> Invalidation {
    Invalidation { scope: Scope::Host, trigger: Trigger::Reconnect, news: News::default() }
}

fn some(container: &str) -> Invalidation {
    let id = ContainerId::new(container);
    let mut news = News::default();
    news.owe_details(id.clone());
    news.tell_starts(id.clone(), Starts { recent: 4, is_flapping: true });
    Invalidation { scope: Scope::Containers([id].into()), trigger: Trigger::Event, news }
}

#[tokio::test(start_paused = true)]
async fn the_boot_pass_waits_for_the_stream_and_looks_at_everything_once() {
    let mut stage = Stage::set().await;
    let began = Instant::now();
    stage.dirty(1, everything());
    stage.tell(TickMessage::StreamTried);
    let boot = stage.order().await;
    assert_eq!((boot.trigger, boot.scope.clone()), (Trigger::Boot, Scope::Host));
    assert!(began.elapsed() < STREAM_GRACE);
    stage.ends(&boot, PassOutcome::Committed, |_| {});
    assert!(matches!(stage.events_hear().await, Heard::Looked { batch: 1, is_true: true }));
    assert_eq!(stage.order().await.trigger, Trigger::Tick, "there is no other pass before the tick");
}

#[tokio::test(start_paused = true)]
async fn the_boot_pass_waits_for_no_stream_longer_than_its_grace() {
    let began = Instant::now();
    let mut stage = Stage::set().await;
    stage.order().await;
    assert!(began.elapsed() >= STREAM_GRACE && began.elapsed() < STREAM_GRACE * 2, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_acknowledged_as_true_only_if_a_pass_has_looked() {
    let mut stage = Stage::booted().await;
    for (batch, (outcome, has_looked)) in [
        (PassOutcome::Committed, true),
        (PassOutcome::Partial, true),
        (PassOutcome::Degraded, false),
        (PassOutcome::Failed, false),
        (PassOutcome::WrongDaemon, false),
    ]
    .into_iter()
    .enumerate()
    {
        stage.dirty(batch as u64, some("a"));
        let order = stage.order().await;
        assert_eq!((order.trigger, &order.scope, &order.news), (Trigger::Event, &some("a").scope, &some("a").news));
        stage.ends(&order, outcome, |_| {});
        let heard = stage.events_hear().await;
        assert_eq!(heard, Heard::Looked { batch: batch as u64, is_true: has_looked }, "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_with_a_refused_batch_is_told_once_when_a_pass_looks_again() {
    let mut stage = Stage::booted().await;
    stage.dirty(1, some("a"));
    let refused = stage.order().await;
    stage.ends(&refused, PassOutcome::Failed, |_| {});
    assert!(matches!(stage.events_hear().await, Heard::Looked { batch: 1, is_true: false }));
    for outcome in [PassOutcome::Degraded, PassOutcome::Committed, PassOutcome::Committed] {
        let tick = stage.order().await;
        stage.ends(&tick, outcome, |_| {});
    }
    stage.order().await;
    assert!(matches!(stage.events.try_recv(), Ok(Heard::News(PassNews::LookAgain))));
    assert!(stage.events.try_recv().is_err(), "once");
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_is_lost_with_its_actor_is_ordered_again_with_scope_and_news() {
    let mut stage = Stage::booted().await;
    stage.dirty(1, some("a"));
    let lost = stage.order().await;
    stage.tell(TickMessage::DispatchDown { epoch: Epoch(1) });
    stage.dirty(1, some("a"));
    let (dispatch, heard) = ear().await;
    stage.dispatch = heard;
    stage.tell(TickMessage::DispatchUp { epoch: Epoch(2), dispatch });
    let again = stage.order().await;
    assert_ne!(again.pass, lost.pass);
    assert_eq!((&again.scope, &again.news, again.trigger), (&lost.scope, &lost.news, lost.trigger));
    stage.ends(&again, PassOutcome::Committed, |_| {});
    assert!(matches!(stage.events_hear().await, Heard::Looked { batch: 1, is_true: true }));
}

#[tokio::test(start_paused = true)]
async fn scoped_passes_do_not_put_off_the_tick() {
    let mut stage = Stage::booted().await;
    let booted = Instant::now();
    for n in 0..3 {
        tokio::time::sleep(9 * SECOND).await;
        stage.dirty(n, some("a"));
        let order = stage.order().await;
        assert!(!order.scope.is_whole());
        stage.ends(&order, PassOutcome::Committed, |_| {});
    }
    assert_eq!(stage.order().await.trigger, Trigger::Tick);
    let interval = Config::new("unused").interval;
    assert!(booted.elapsed() >= interval && booted.elapsed() < interval + SECOND, "{:?}", booted.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_finds_what_no_event_told_is_told() {
    let mut stage = Stage::booted().await;
    let quiet = stage.order().await;
    stage.ends(&quiet, PassOutcome::Committed, |report| report.inserted = 1);
    let found = stage.order().await;
    stage.ends(&found, PassOutcome::Committed, |report| report.updated = 1);
    let told = Instant::now();
    assert!(matches!(stage.events_hear().await, Heard::News(PassNews::FoundByTick)));
    assert!(told.elapsed() < SECOND, "the first of the two said nothing against the stream");
    stage.dirty(1, some("a"));
    let order = stage.order().await;
    stage.ends(&order, PassOutcome::Committed, |report| report.updated = 1);
    assert!(matches!(stage.events_hear().await, Heard::Looked { .. }), "an event told it");
    assert_eq!(stage.order().await.trigger, Trigger::Tick);
    assert!(stage.events.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_met_moved_rows_is_followed_by_a_look_at_everything() {
    let mut stage = Stage::booted().await;
    stage.dirty(1, some("a"));
    let order = stage.order().await;
    let ended = Instant::now();
    stage.ends(&order, PassOutcome::Committed, |report| report.moved = 1);
    let look = stage.order().await;
    assert_eq!((look.trigger, look.scope.is_whole()), (Trigger::Moved, true));
    assert!(ended.elapsed() < Duration::from_millis(60));
}

#[tokio::test(start_paused = true)]
async fn a_pass_beyond_its_bound_hands_its_batch_back_and_says_what_it_was() {
    let mut stage = Stage::booted().await;
    stage.dirty(1, some("a"));
    stage.order().await;
    assert!(matches!(stage.events_hear().await, Heard::Looked { batch: 1, is_true: false }));
}
