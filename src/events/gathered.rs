//! What the reader leaves and EventsActor takes. Bounded, however many events come and however long nobody looks. Pure.

use std::time::Duration;

use super::cursor::Cursor;
use super::dirty::Dirty;
use super::healths::Healths;
use super::rechecks::Rechecks;
use super::requests::Requests;
use super::starts::StartLog;
use crate::config::Config;
use crate::docker::StreamItem;
use crate::model::{ContainerId, DaemonEvent, EventAction, News, Starts, Timestamp, Told};
use crate::telemetry::LiveCounts;

/// Now, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Compared with what the daemon's clock says.
    pub(super) wall: Timestamp,
    /// Since the actor was born.
    pub(super) elapsed: Duration,
}

/// All that is kept of the stream.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) dirty: Dirty,
    cursor: Cursor,
    starts: StartLog,
    rechecks: Rechecks,
    healths: Healths,
    requests: Requests,
    window: Duration,
    /// Events that came; one that came twice counts once.
    pub(super) events: u64,
    /// When the stream last gave a sign of life.
    pub(super) last_sign: Duration,
    is_nudged: bool,
    live: LiveCounts,
}

impl Gathered {
    pub(super) fn new(config: &Config, live: LiveCounts) -> Self {
        let mut dirty = Dirty::new(config.scope_limit as usize);
        // A new EventsActor cannot know what the one before was told.
        dirty.everything();
        Self {
            dirty,
            cursor: Cursor::default(),
            starts: StartLog::new(config.flapping.clone()),
            rechecks: Rechecks::default(),
            healths: Healths::default(),
            requests: Requests::default(),
            window: config.flapping.window,
            events: 0,
            last_sign: Duration::ZERO,
            is_nudged: false,
            live,
        }
    }

    /// From where the stream is to be opened, in nanoseconds since 1970.
    pub(super) fn since(&self, now: Timestamp) -> i64 {
        self.cursor.since(now, self.window)
    }

    /// The stream is open. What happened before may have been lost.
    pub(super) fn opened(&mut self, now: Moment) {
        self.cursor.opened(now.wall);
        self.healths.forget();
        self.last_sign = now.elapsed;
        self.dirty.everything();
    }

    /// Takes in what the stream gave. Whether the actor has to be nudged, since it was not since it last looked.
    pub(super) fn take_in(&mut self, item: StreamItem, now: Moment) -> bool {
        self.last_sign = now.elapsed;
        match item {
            StreamItem::Event(event) => {
                if !self.cursor.is_new(&event) {
                    return false;
                }
                self.events = self.events.saturating_add(1);
                self.live.event();
                let by_request = self.requests.take_in(&event);
                let leaves_nothing = match event.action {
                    EventAction::Signalled => true,
                    EventAction::Detached => self.requests.explain_detachment(&event.container),
                    _ => false,
                };
                if !self.healths.is_news(&event) || leaves_nothing {
                    return false;
                }
                self.event(event, by_request, now);
            }
            // It may have been any event.
            StreamItem::Unreadable(_) => self.dirty.everything(),
        }
        !std::mem::replace(&mut self.is_nudged, true)
    }

    fn event(&mut self, event: DaemonEvent, by_request: Option<bool>, now: Moment) {
        let mut news = News::default();
        if event.action == EventAction::Started {
            let age = self.cursor.age(&event, now.wall);
            if let Some(starts) = self.starts.started(&event.container, age, now.elapsed) {
                news.tell_starts(event.container.clone(), starts);
            }
        }
        // A start is told last, and a health once it is written down: what a list shows then is true.
        if !matches!(event.action, EventAction::Started | EventAction::Health(_)) {
            self.rechecks.told(&event.container, now.elapsed);
        }
        let owe_details =
            [EventAction::Started, EventAction::Ended, EventAction::DetailsChanged, EventAction::OutOfMemory];
        if owe_details.contains(&event.action) {
            news.owe_details(event.container.clone());
        }
        if let Some(told) = Told::of(&event, by_request) {
            let told = self.rechecks.join(&event.container, told);
            news.tell(event.container.clone(), told);
        }
        self.dirty.container(event.container, news);
    }

    /// The actor looks: the next item nudges it again.
    pub(super) const fn looked_at(&mut self) {
        self.is_nudged = false;
    }

    /// What is dirty by itself: containers that have ceased to flap, and those that were told of a moment ago. When to look for
    /// the next ones.
    pub(super) fn dirty_by_itself(&mut self, now: Duration) -> Option<Duration> {
        for (container, starts) in self.starts.calmed(now) {
            self.calmed(container, starts);
        }
        for (container, told) in self.rechecks.due(now) {
            let mut news = News::default();
            if let Some(told) = told {
                news.tell(container.clone(), told);
            }
            self.dirty.container(container, news);
        }
        self.starts.next_calm().into_iter().chain(self.rechecks.next()).min()
    }

    fn calmed(&mut self, container: ContainerId, starts: Starts) {
        let mut news = News::default();
        news.tell_starts(container.clone(), starts);
        self.dirty.container(container, news);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Scope, Trigger};

    const SECOND: Duration = Duration::from_secs(1);

    fn gathered() -> Gathered {
        let mut gathered = Gathered::new(&Config::new("unused"), LiveCounts::default());
        assert_eq!(gathered.dirty.take().expect("owed at birth").scope, Scope::Host);
        gathered
    }

    fn moment(seconds: u32) -> Moment {
        Moment { wall: Timestamp::from_millis(1_000_000 + i64::from(seconds) * 1000), elapsed: SECOND * seconds }
    }

    fn event(action: EventAction, seconds: u32) -> StreamItem {
        let at_nanos = moment(seconds).wall.as_millis() * 1_000_000;
        StreamItem::Event(DaemonEvent { container: ContainerId::new("c"), action, number: None, at_nanos })
    }

    #[test]
    fn details_are_owed_to_what_started_or_ended_and_to_nothing_else() {
        for (action, is_owed) in [
            (EventAction::Started, true),
            (EventAction::Ended, true),
            (EventAction::DetailsChanged, true),
            (EventAction::Changed, false),
            (EventAction::Paused, false),
            (EventAction::Health(None), false),
        ] {
            let mut gathered = gathered();
            gathered.take_in(event(action, 1), moment(1));
            let invalidation = gathered.dirty.take().expect("owed");
            assert_eq!(invalidation.scope, Scope::Containers([ContainerId::new("c")].into()));
            assert_eq!(invalidation.news.details.contains("c"), is_owed, "{action:?}");
        }
    }

    // F12
    #[test]
    fn a_health_that_is_told_again_leaves_nothing_to_look_at() {
        let mut gathered = gathered();
        let well = EventAction::Health(Some(crate::model::HealthWord::Healthy));
        assert!(gathered.take_in(event(well, 1), moment(1)));
        let invalidation = gathered.dirty.take().expect("owed");
        assert_eq!(invalidation.news.told["c"].health, Some(crate::model::HealthWord::Healthy));
        gathered.looked_at();
        for second in 2..100 {
            assert!(!gathered.take_in(event(well, second), moment(second)));
        }
        assert_eq!(gathered.dirty_by_itself(100 * SECOND), None, "nor is it looked at once more");
        assert_eq!((gathered.dirty.take(), gathered.events), (None, 99));
    }

    /// A5
    #[test]
    fn one_nudge_is_on_its_way_however_many_events_come() {
        let mut gathered = gathered();
        let nudges = (0..100).filter(|n| gathered.take_in(event(EventAction::Changed, *n), moment(*n))).count();
        assert_eq!(nudges, 1);
        gathered.looked_at();
        assert!(gathered.take_in(event(EventAction::Changed, 100), moment(100)));
    }

    #[test]
    fn what_is_replayed_is_not_acted_on() {
        let mut gathered = gathered();
        gathered.take_in(event(EventAction::Started, 1), moment(1));
        gathered.dirty.take();
        gathered.looked_at();
        assert!(!gathered.take_in(event(EventAction::Started, 1), moment(2)));
        assert_eq!(gathered.dirty.take(), None);
    }

    #[test]
    fn an_unreadable_line_may_have_been_any_event() {
        let mut gathered = gathered();
        assert!(gathered.take_in(StreamItem::Unreadable("x".into()), moment(1)));
        let invalidation = gathered.dirty.take().expect("owed");
        assert_eq!((invalidation.scope, invalidation.trigger), (Scope::Host, Trigger::Reconnect));
    }

    #[test]
    fn a_container_that_ended_is_dirty_again_a_moment_later() {
        let mut gathered = gathered();
        gathered.take_in(event(EventAction::Ended, 1), moment(1));
        gathered.dirty.take();
        let next = gathered.dirty_by_itself(SECOND).expect("to come");
        assert_eq!(gathered.dirty.take(), None);
        gathered.dirty_by_itself(next);
        let invalidation = gathered.dirty.take().expect("owed");
        assert_eq!(invalidation.scope, Scope::Containers([ContainerId::new("c")].into()));
        assert!(invalidation.news.details.is_empty(), "its details are owed once");
        assert!(invalidation.news.told.contains_key("c"), "a list that was behind has shown nothing of it");
    }

    #[test]
    fn a_container_that_ceased_to_flap_is_dirty_by_itself() {
        let mut gathered = gathered();
        for n in 1..=4 {
            gathered.take_in(event(EventAction::Started, n), moment(n));
        }
        assert!(gathered.dirty.take().expect("owed").news.starts["c"].is_flapping);
        assert_eq!(gathered.dirty_by_itself(4 * SECOND), Some(301 * SECOND));
        assert_eq!(gathered.dirty.take(), None);
        assert_eq!(gathered.dirty_by_itself(301 * SECOND), None);
        let invalidation = gathered.dirty.take().expect("owed");
        assert_eq!(invalidation.scope, Scope::Containers([ContainerId::new("c")].into()));
        assert_eq!(invalidation.news.starts["c"], Starts { recent: 3, is_flapping: false });
    }
}
