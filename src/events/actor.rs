//! EventsActor: keeps the stream open, and what it left until a pass has looked.

use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorProcessingErr, ActorRef};
use tokio::task::JoinSet;

use super::batches::Batches;
use super::gathered::Gathered;
use super::reader::{Reader, Shared};
use super::reopening::Reopening;
use super::{EventsMessage, Loss, StreamNews};
use crate::config::Config;
use crate::docker::ContainerSource;
use crate::model::{Clock, Epoch, whole_millis};
use crate::reply::{Callback, Reply};
use crate::runtime::Jitter;
use crate::runtime::Timer;
use crate::telemetry::{LiveCounts, Pulse, StreamStatus};

/// The actor of the daemon's event stream.
#[derive(Debug)]
pub(crate) struct EventsActor;

/// What an EventsActor is born with.
#[derive(Debug)]
pub(crate) struct EventsArgs {
    /// The configuration.
    pub config: Arc<Config>,
    /// Where the stream comes from.
    pub source: Arc<dyn ContainerSource>,
    /// Spreads the waits before new streams.
    pub jitter: Jitter,
    /// Takes each state of the stream.
    pub report: Callback<StreamStatus>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// What tells the supervisor that its loop turns.
    pub pulse: Pulse,
    /// Where events and streams are counted.
    pub live: LiveCounts,
}

/// What an EventsActor knows. The reader of the stream goes with it.
#[derive(Debug)]
pub(crate) struct EventsState {
    args: EventsArgs,
    shared: Shared,
    reader: JoinSet<()>,
    /// Which stream is the present one; words of older ones are ignored.
    life: u64,
    opening: Opening,
    reopening: Reopening,
    batches: Batches,
    tick: Option<(Epoch, Callback<StreamNews>)>,
    is_tried: bool,
    last_suspicion: Option<Duration>,
    status: StreamStatus,
    grace: Timer,
    reopen: Timer,
    retry: Timer,
    own_look: Timer,
}

/// How far the present stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// It was asked for then.
    Asked(Duration),
    /// It is open since then; so many events had come before.
    Open(Duration, u64),
    /// The wait before the next one is being kept.
    Waiting,
}

/// For the first attempt at the stream: a daemon that answers does so in a few milliseconds, and a first pass is to begin
/// soon also when it does not.
pub(crate) const STREAM_GRACE: Duration = Duration::from_millis(200);

/// A stream that told nothing for so long, while a tick found changes, may be dead.
const SUSPICIOUS_SILENCE: Duration = Duration::from_secs(5);
/// What ticks find can have other reasons: a stream is suspected no more often.
const SUSPICION_INTERVAL: Duration = Duration::from_secs(60);

#[ractor::actor(message = EventsMessage, state = EventsState, arguments = EventsArgs)]
impl EventsActor {
    async fn pre_start(
        &self,
        myself: ActorRef<EventsMessage>,
        args: EventsArgs,
    ) -> Result<EventsState, ActorProcessingErr> {
        let mut state = EventsState::new(args);
        state.args.pulse.beat(&myself, || EventsMessage::Beat);
        state.grace.arm(STREAM_GRACE, &myself, EventsMessage::GraceOver);
        state.open(&myself);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<EventsMessage>,
        message: EventsMessage,
        state: &mut EventsState,
    ) -> Result<(), ActorProcessingErr> {
        state.on(&myself, message);
        Ok(())
    }
}

impl EventsState {
    fn new(args: EventsArgs) -> Self {
        let shared = Shared::new(Gathered::new(&args.config, args.live.clone()), args.clock.clone());
        let status = StreamStatus { is_open: false, since: shared.now().wall, events: 0, reopened: 0 };
        Self {
            args,
            shared,
            reader: JoinSet::new(),
            life: 0,
            opening: Opening::Waiting,
            reopening: Reopening::default(),
            batches: Batches::default(),
            tick: None,
            is_tried: false,
            last_suspicion: None,
            status,
            grace: Timer::default(),
            reopen: Timer::default(),
            retry: Timer::default(),
            own_look: Timer::default(),
        }
    }

    fn on(&mut self, myself: &ActorRef<EventsMessage>, message: EventsMessage) {
        use EventsMessage as M;
        match message {
            M::Beat => self.args.pulse.beat(myself, || EventsMessage::Beat),
            M::TickUp { epoch, tick } => self.tick_up(myself, epoch, tick),
            M::Looked { batch, is_true: true } => {
                if self.batches.looked(batch) {
                    self.send_batch(myself);
                }
            }
            M::Looked { batch, is_true: false } => self.refused(myself, batch),
            M::PassesLookAgain => {
                self.batches.passes_look();
                self.send_batch(myself);
            }
            M::FoundByTick => self.found_by_tick(myself),
            M::Opened { life } if life == self.life => self.opened(myself),
            M::Lost { life, loss } if life == self.life => self.lost(myself, &loss),
            // Of a stream that was given up.
            M::Opened { .. } | M::Lost { .. } => {}
            M::Nudged => {
                self.shared.lock().looked_at();
                self.look_by_itself(myself);
                self.send_batch(myself);
            }
            M::GraceOver => self.tried(myself),
            M::ReopenDue if self.opening == Opening::Waiting => self.open(myself),
            M::ReopenDue => {}
            M::RetryDue => {
                self.batches.waited();
                self.send_batch(myself);
            }
            M::OwnLookDue => {
                self.look_by_itself(myself);
                self.send_batch(myself);
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.shared.now().elapsed
    }

    /// Opens the stream, in place of one that may still be there.
    fn open(&mut self, myself: &ActorRef<EventsMessage>) {
        self.reopen.disarm();
        self.life += 1;
        self.opening = Opening::Asked(self.elapsed());
        self.reader = JoinSet::new();
        let reader = Reader::new(self.life, self.shared.clone(), myself.clone());
        self.reader.spawn(reader.follow(self.args.source.clone()));
    }

    fn opened(&mut self, myself: &ActorRef<EventsMessage>) {
        let events = self.shared.lock().events;
        self.args.live.stream_opened();
        self.opening = Opening::Open(self.elapsed(), events);
        if self.reopening.is_back() {
            tracing::info!("event stream reconnected");
        }
        self.status.reopened = self.life - 1;
        self.tell_status(true);
        self.batches.passes_look();
        self.tried(myself);
        self.send_batch(myself);
    }

    fn lost(&mut self, myself: &ActorRef<EventsMessage>, loss: &Loss) {
        let (lived, gave_event) = match self.opening {
            Opening::Open(since, events) => {
                (Some(self.elapsed().saturating_sub(since)), self.shared.lock().events > events)
            }
            Opening::Asked(_) | Opening::Waiting => (None, false),
        };
        if lived.is_some() {
            self.args.live.stream_lost();
        }
        let next = self.reopening.after_loss(lived, gave_event, self.args.jitter.next());
        self.opening = Opening::Waiting;
        self.reopen.arm(next.wait, myself, EventsMessage::ReopenDue);
        let wait_ms = whole_millis(next.wait);
        if next.is_news {
            if loss.is_refusal() {
                tracing::debug!(error = %loss, "event stream refused");
            } else {
                tracing::warn!(error = %loss, "event stream lost; changes are seen by tick until it is back");
            }
            // A pass that meets a daemon that is away has it waited for more closely than a stream is opened anew.
            self.shared.lock().dirty.everything();
            self.send_batch(myself);
        } else {
            tracing::debug!(error = %loss, wait_ms, "event stream lost");
        }
        self.tell_status(false);
        self.tried(myself);
    }

    fn tell_status(&mut self, is_open: bool) {
        self.status.is_open = is_open;
        self.status.since = self.shared.now().wall;
        self.status.events = self.shared.lock().events;
        self.args.report.send(self.status.clone());
    }

    /// The first attempt has come to an end, or had its time.
    fn tried(&mut self, myself: &ActorRef<EventsMessage>) {
        if !self.is_tried {
            self.is_tried = true;
            self.grace.disarm();
            // The boot pass, which waits for the word, takes the first batch along.
            self.send_batch(myself);
            self.tell_tick(StreamNews::Tried);
        }
    }

    fn tick_up(&mut self, myself: &ActorRef<EventsMessage>, epoch: Epoch, tick: Callback<StreamNews>) {
        if self.tick.as_ref().is_some_and(|(alive, _)| *alive >= epoch) {
            return;
        }
        self.tick = Some((epoch, tick));
        if let Some(invalidation) = self.batches.recalled() {
            self.shared.lock().dirty.put_back(invalidation);
        }
        self.send_batch(myself);
        if self.is_tried {
            self.tell_tick(StreamNews::Tried);
        }
    }

    fn send_batch(&mut self, myself: &ActorRef<EventsMessage>) {
        if !self.is_tried || !self.batches.may_send() || self.tick.is_none() {
            return;
        }
        let Some(invalidation) = self.shared.lock().dirty.take() else { return };
        let batch = self.batches.sent(invalidation.clone());
        let looked = Reply::to(myself, move |is_true| EventsMessage::Looked { batch, is_true });
        self.tell_tick(StreamNews::Dirty { invalidation, looked });
    }

    fn tell_tick(&self, news: StreamNews) {
        if let Some((_, tick)) = &self.tick {
            // Lost with a dying TickActor: the next one's `Up` sends it again.
            tick.send(news);
        }
    }

    fn refused(&mut self, myself: &ActorRef<EventsMessage>, batch: u64) {
        if let Some((invalidation, wait)) = self.batches.refused(batch) {
            self.shared.lock().dirty.put_back(invalidation);
            self.retry.arm(wait, myself, EventsMessage::RetryDue);
        }
    }

    /// Events that should have told it may be stuck in a stream whose far end is gone.
    fn found_by_tick(&mut self, myself: &ActorRef<EventsMessage>) {
        let now = self.elapsed();
        let last_sign = match self.opening {
            Opening::Waiting => return,
            Opening::Asked(since) => since,
            Opening::Open(..) => self.shared.lock().last_sign,
        };
        let is_silent = now.saturating_sub(last_sign) >= SUSPICIOUS_SILENCE;
        let was_suspected = self.last_suspicion.is_some_and(|last| now.saturating_sub(last) < SUSPICION_INTERVAL);
        if is_silent && !was_suspected {
            self.last_suspicion = Some(now);
            tracing::debug!("a tick found changes without events; reopening the event stream");
            if self.status.is_open {
                self.args.live.stream_lost();
                self.tell_status(false);
            }
            self.open(myself);
        }
    }

    fn look_by_itself(&mut self, myself: &ActorRef<EventsMessage>) {
        let now = self.elapsed();
        match self.shared.lock().dirty_by_itself(now) {
            Some(due) => self.own_look.arm(due.saturating_sub(now), myself, EventsMessage::OwnLookDue),
            None => self.own_look.disarm(),
        }
    }
}
