//! EventsActor with a source that the test plays, on a paused clock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ractor::{Actor, ActorRef};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};

use super::reader::LONGEST_SILENCE;
use super::*;
use crate::config::Config;
use crate::docker::{Action, CallProgress, ContainerSource, DaemonError, EventStream, ImageAnswer, Listed, StreamItem};
use crate::model::{
    BoxFuture, ContainerId, DaemonEvent, Epoch, EventAction, Examined, ImageId, Inspected, Invalidation, Scope,
    SystemClock, Timestamp, Trigger,
};
use crate::reply::{Callback, Reply};
use crate::runtime::Jitter;
use crate::telemetry::{LiveCounts, Pulse, StreamStatus};

const SECOND: Duration = Duration::from_secs(1);
const NANOS: i64 = 1_000_000_000;

/// What an attempt at the stream meets.
#[derive(Debug)]
enum Attempt {
    Open(UnboundedReceiver<StreamItem>),
    Hangs,
    Panics,
}

/// Plays the attempts one after another, then refuses.
#[derive(Debug, Default)]
struct Played {
    attempts: Mutex<VecDeque<Attempt>>,
    /// From where each stream was asked for, in nanoseconds since 1970.
    asked: Mutex<Vec<i64>>,
}

#[derive(Debug)]
struct PlayedStream(UnboundedReceiver<StreamItem>);

impl EventStream for PlayedStream {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<StreamItem>, DaemonError>> {
        Box::pin(async { Ok(self.0.recv().await) })
    }
}

impl ContainerSource for Played {
    fn events(&self, since_nanos: Option<i64>) -> BoxFuture<'_, Result<Box<dyn EventStream>, DaemonError>> {
        self.asked.lock().expect("whole").push(since_nanos.expect("a place"));
        let attempt = self.attempts.lock().expect("whole").pop_front();
        Box::pin(async move {
            match attempt {
                Some(Attempt::Open(items)) => Ok(Box::new(PlayedStream(items)) as Box<dyn EventStream>),
                Some(Attempt::Hangs) => std::future::pending().await,
                Some(Attempt::Panics) => panic!("planted"),
                None => Err(DaemonError::Refused { endpoint: "played".into() }),
            }
        })
    }

    fn list<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<Listed, DaemonError>> {
        unreachable!("only the stream is asked for")
    }
    fn inspect<'a>(&'a self, _: &'a ContainerId) -> BoxFuture<'a, Inspected> {
        unreachable!("only the stream is asked for")
    }
    fn examine<'a>(&'a self, _: &'a ContainerId) -> BoxFuture<'a, Examined> {
        unreachable!("only the stream is asked for")
    }
    fn image<'a>(&'a self, _: &'a ImageId) -> BoxFuture<'a, ImageAnswer> {
        unreachable!("only the stream is asked for")
    }
    fn await_daemon(&self) -> BoxFuture<'_, ()> {
        unreachable!("only the stream is asked for")
    }
    fn act<'a>(&'a self, _: &'a ContainerId, _: Action) -> BoxFuture<'a, Result<(), DaemonError>> {
        unreachable!("only the stream is asked for")
    }
    fn progress(&self) -> Arc<CallProgress> {
        unreachable!("only the stream is asked for")
    }
}

struct Stage {
    events: ActorRef<EventsMessage>,
    source: Arc<Played>,
    tick: UnboundedReceiver<StreamNews>,
    reported: UnboundedReceiver<StreamStatus>,
}

impl Stage {
    async fn set(attempts: impl IntoIterator<Item = Attempt>) -> Self {
        let source = Arc::new(Played { attempts: Mutex::new(attempts.into_iter().collect()), asked: Mutex::default() });
        let (reports, reported) = unbounded_channel();
        let args = EventsArgs {
            config: Arc::new(Config::new("unused")),
            source: source.clone(),
            // The test may have heard enough.
            report: Callback::new(move |status| drop(reports.send(status))),
            clock: Arc::new(SystemClock),
            jitter: Jitter::seeded(1),
            pulse: Pulse::new(),
            live: LiveCounts::default(),
        };
        let (events, _) = Actor::spawn(None, EventsActor, args).await.expect("it calls nobody");
        let mut stage = Self { events, source, tick: unbounded_channel().1, reported };
        stage.new_tick(1);
        stage
    }

    fn new_tick(&mut self, epoch: u64) {
        let (sender, heard) = unbounded_channel();
        self.tick = heard;
        let tick = Callback::new(move |news| drop(sender.send(news)));
        self.tell(EventsMessage::TickUp { epoch: Epoch(epoch), tick });
    }

    fn tell(&self, message: EventsMessage) {
        self.events.cast(message).expect("it lives");
    }

    /// The next batch for TickActor, and the way to acknowledge it.
    async fn batch(&mut self) -> (Reply<bool>, Invalidation) {
        loop {
            match timeout(3600 * SECOND, self.tick.recv()).await.expect("in time").expect("the ear lives") {
                StreamNews::Dirty { invalidation, looked } => return (looked, invalidation),
                StreamNews::Tried => {}
            }
        }
    }

    /// The next batch, which is over when it comes.
    async fn looked_at_batch(&mut self) -> Invalidation {
        let (looked, invalidation) = self.batch().await;
        looked.send(true);
        invalidation
    }

    async fn no_batch_within(&mut self, time: Duration) {
        let heard = timeout(time, self.batch()).await;
        assert!(heard.is_err(), "{heard:?}");
    }

    fn times_asked(&self) -> usize {
        self.source.asked.lock().expect("whole").len()
    }
}

fn stream() -> (UnboundedSender<StreamItem>, Attempt) {
    let (sender, items) = unbounded_channel();
    (sender, Attempt::Open(items))
}

/// Later than any opening in this test, so that the event counts as one that happens as it comes.
fn at_nanos(n: i64) -> i64 {
    (Timestamp::now().as_millis() / 1000 + 3600 + n) * NANOS
}

fn started(container: &str, at_nanos: i64) -> StreamItem {
    let container = ContainerId::new(container);
    StreamItem::Event(DaemonEvent { container, action: EventAction::Started, number: None, at_nanos })
}

fn scope(containers: &[&str]) -> Scope {
    Scope::Containers(containers.iter().map(|id| ContainerId::new(*id)).collect())
}

#[tokio::test(start_paused = true)]
async fn the_first_opening_is_everything_and_goes_before_the_word_that_lets_the_boot_pass_begin() {
    let (_sender, open) = stream();
    let mut stage = Stage::set([open]).await;
    let Some(StreamNews::Dirty { invalidation, looked }) = stage.tick.recv().await else { panic!("it is dirty") };
    assert_eq!((invalidation.scope, invalidation.trigger), (Scope::Host, Trigger::Reconnect));
    assert!(matches!(stage.tick.recv().await, Some(StreamNews::Tried)));
    looked.send(true);
    stage.no_batch_within(60 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_hangs_or_is_refused_lets_the_boot_pass_begin_all_the_same() {
    for (attempts, at_most) in [(vec![Attempt::Hangs], STREAM_GRACE), (vec![], Duration::ZERO)] {
        let began = Instant::now();
        let mut stage = Stage::set(attempts).await;
        assert_eq!(stage.batch().await.1.scope, Scope::Host, "what was told before its birth is not known");
        assert!(matches!(stage.tick.recv().await, Some(StreamNews::Tried)));
        assert!(began.elapsed() <= at_most + Duration::from_millis(1), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_come_while_a_batch_is_on_its_way_are_one_batch_after_it() {
    let (sender, open) = stream();
    let mut stage = Stage::set([open]).await;
    stage.looked_at_batch().await;
    sender.send(started("a", at_nanos(0))).expect("followed");
    let (first, invalidation) = stage.batch().await;
    assert_eq!((invalidation.scope, invalidation.trigger), (scope(&["a"]), Trigger::Event));
    assert!(invalidation.news.details.contains("a"));
    for n in 1..10_000 {
        sender.send(started(["b", "c"][usize::from(n % 2 == 0)], at_nanos(n))).expect("followed");
    }
    stage.no_batch_within(SECOND).await;
    first.send(true);
    assert_eq!(stage.looked_at_batch().await.scope, scope(&["b", "c"]));
    stage.no_batch_within(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn what_no_pass_looked_at_is_sent_again_after_a_wait_that_new_events_do_not_shorten() {
    let (sender, open) = stream();
    let mut stage = Stage::set([open]).await;
    stage.looked_at_batch().await;
    sender.send(started("a", at_nanos(0))).expect("followed");
    for wait in [1, 2, 4] {
        let (looked, _) = stage.batch().await;
        let refused = Instant::now();
        looked.send(false);
        sender.send(started("b", at_nanos(wait))).expect("followed");
        let (_unanswered, invalidation) = stage.batch().await;
        assert_eq!(refused.elapsed().as_secs(), u64::try_from(wait).expect("small"));
        assert_eq!(invalidation.scope, scope(&["a", "b"]));
        // As if nobody had heard: it is refused in the next round.
        stage.tell(EventsMessage::Looked { batch: 1_000, is_true: true });
        stage.new_tick(1 + u64::try_from(wait).expect("small"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_tick_actor_gets_the_batch_again_and_is_told_that_the_stream_was_tried() {
    let (_sender, open) = stream();
    let mut stage = Stage::set([open]).await;
    let (first, _) = stage.batch().await;
    stage.new_tick(2);
    let (again, invalidation) = stage.batch().await;
    assert_eq!(invalidation.scope, Scope::Host);
    assert!(matches!(stage.tick.recv().await, Some(StreamNews::Tried)));
    first.send(true);
    again.send(false);
    assert_eq!(stage.looked_at_batch().await.scope, Scope::Host, "a late word for the first is no word for it");
}

/// D9, D22, B53.
#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_is_resumed_with_overlap_and_everything_is_looked_at() {
    let (sender, open) = stream();
    let (sender_again, open_again) = stream();
    let mut stage = Stage::set([open, open_again]).await;
    stage.looked_at_batch().await;
    let last = at_nanos(0);
    sender.send(started("a", last)).expect("followed");
    stage.looked_at_batch().await;
    drop(sender);
    let invalidation = stage.looked_at_batch().await;
    assert_eq!((invalidation.scope, invalidation.trigger), (Scope::Host, Trigger::Reconnect));
    assert_eq!(stage.source.asked.lock().expect("whole")[1], last - NANOS);
    sender_again.send(started("a", last)).expect("followed");
    stage.no_batch_within(SECOND).await;
    sender_again.send(started("b", last)).expect("followed");
    assert_eq!(stage.looked_at_batch().await.scope, scope(&["b"]), "what was not seen is acted on");
}

/// D9: between two ticks nothing else would ask a daemon that was killed, and its return be seen with the next opening only.
#[tokio::test(start_paused = true)]
async fn a_stream_that_is_lost_and_cannot_be_opened_again_is_a_reason_to_look() {
    let (sender, open) = stream();
    let mut stage = Stage::set([open]).await;
    stage.looked_at_batch().await;
    let lost = Instant::now();
    drop(sender);
    let invalidation = stage.looked_at_batch().await;
    assert_eq!((invalidation.scope, invalidation.trigger), (Scope::Host, Trigger::Reconnect));
    assert!(lost.elapsed() <= Duration::from_millis(101), "with the first opening that fails: {:?}", lost.elapsed());
    stage.no_batch_within(SECOND).await;
}

/// A proxy that answers each request with what the daemon has kept, and ends.
#[tokio::test(start_paused = true)]
async fn a_stream_that_only_repeats_itself_is_opened_more_and_more_seldom() {
    let last = at_nanos(0);
    let attempts: Vec<_> = (0..6)
        .map(|_| {
            let (sender, open) = stream();
            sender.send(started("a", last)).expect("kept");
            open
        })
        .collect();
    let mut stage = Stage::set(attempts).await;
    let began = Instant::now();
    while stage.times_asked() < 6 {
        stage.looked_at_batch().await;
    }
    let waits: u64 = [100, 100, 200, 400, 800].iter().sum();
    assert!(began.elapsed() >= Duration::from_millis(waits * 3 / 4), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_back_ends_the_wait_of_a_refused_batch() {
    let (sender, open) = stream();
    let (_sender_again, open_again) = stream();
    let mut stage = Stage::set([open, open_again]).await;
    drop(sender);
    let (looked, _) = stage.batch().await;
    let refused = Instant::now();
    looked.send(false);
    stage.batch().await;
    assert!(refused.elapsed() < SECOND, "{:?}", refused.elapsed());
}

/// D4: a daemon that thaws tells on, and its stream was never lost.
#[tokio::test(start_paused = true)]
async fn a_pass_that_looks_again_ends_the_wait_of_a_refused_batch() {
    let (_sender, open) = stream();
    let mut stage = Stage::set([open]).await;
    let (looked, _) = stage.batch().await;
    let refused = Instant::now();
    looked.send(false);
    stage.tell(EventsMessage::PassesLookAgain);
    stage.batch().await;
    assert!(refused.elapsed() < SECOND, "{:?}", refused.elapsed());
}

/// D4: a stream whose far end is gone looks the same as one to which nothing happens.
#[tokio::test(start_paused = true)]
async fn a_silent_stream_is_opened_anew_in_time() {
    let (_sender, open) = stream();
    let (_sender_again, open_again) = stream();
    let mut stage = Stage::set([open, open_again]).await;
    let began = Instant::now();
    stage.looked_at_batch().await;
    assert_eq!(stage.looked_at_batch().await.trigger, Trigger::Reconnect);
    assert!(began.elapsed() >= LONGEST_SILENCE && began.elapsed() < LONGEST_SILENCE + SECOND);
    assert_eq!(stage.times_asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_found_what_no_event_told_renews_a_silent_stream_at_most_once_a_minute() {
    let streams: Vec<_> = (0..4).map(|_| stream()).collect();
    let (senders, attempts): (Vec<_>, Vec<_>) = streams.into_iter().unzip();
    let mut stage = Stage::set(attempts).await;
    stage.looked_at_batch().await;
    stage.tell(EventsMessage::FoundByTick);
    stage.no_batch_within(6 * SECOND).await;
    assert_eq!(stage.times_asked(), 1, "it was opened just now");
    senders[0].send(started("a", at_nanos(0))).expect("followed");
    stage.looked_at_batch().await;
    stage.tell(EventsMessage::FoundByTick);
    stage.no_batch_within(6 * SECOND).await;
    assert_eq!(stage.times_asked(), 1, "it told something just now");
    stage.tell(EventsMessage::FoundByTick);
    assert_eq!(stage.looked_at_batch().await.trigger, Trigger::Reconnect);
    stage.no_batch_within(50 * SECOND).await;
    stage.tell(EventsMessage::FoundByTick);
    stage.no_batch_within(20 * SECOND).await;
    assert_eq!(stage.times_asked(), 2, "not within a minute");
    stage.tell(EventsMessage::FoundByTick);
    stage.looked_at_batch().await;
    assert_eq!(stage.times_asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_flapping_container_is_told_of_when_it_calms_though_no_event_comes() {
    let (sender, open) = stream();
    let mut stage = Stage::set([open]).await;
    stage.looked_at_batch().await;
    for n in 0..4 {
        sender.send(started("a", at_nanos(n))).expect("followed");
    }
    let mut invalidation = stage.looked_at_batch().await;
    while invalidation.news.starts.is_empty() {
        invalidation = stage.looked_at_batch().await;
    }
    let began = Instant::now();
    assert!(invalidation.news.starts["a"].is_flapping && invalidation.news.starts["a"].recent == 4);
    let calm = stage.looked_at_batch().await;
    assert!(!calm.news.starts["a"].is_flapping);
    assert_eq!(calm.scope, scope(&["a"]));
    let window = Config::new("unused").flapping.window;
    assert!(began.elapsed() <= window && began.elapsed() > window - SECOND, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_panics_is_a_lost_stream() {
    let (_sender, open) = stream();
    let mut stage = Stage::set([Attempt::Panics, open]).await;
    stage.looked_at_batch().await;
    assert_eq!(stage.looked_at_batch().await.trigger, Trigger::Reconnect);
    assert_eq!(stage.times_asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_state_of_the_stream_is_told_when_it_opens_and_when_it_is_lost() {
    let (sender, open) = stream();
    let (_sender_again, open_again) = stream();
    let mut stage = Stage::set([open, open_again]).await;
    stage.looked_at_batch().await;
    sender.send(started("a", at_nanos(0))).expect("followed");
    stage.looked_at_batch().await;
    drop(sender);
    for (is_open, events, reopened) in [(true, 0, 0), (false, 1, 0), (true, 1, 1)] {
        let status = stage.reported.recv().await.expect("it lives");
        assert_eq!((status.is_open, status.events, status.reopened), (is_open, events, reopened));
    }
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_with_its_actor() {
    let (sender, open) = stream();
    let mut stage = Stage::set([open]).await;
    stage.looked_at_batch().await;
    stage.events.kill();
    timeout(SECOND, sender.closed()).await.expect("the reader is gone");
}
