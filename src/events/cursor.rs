//! Where the stream is resumed, and which events were seen. Pure.
//!
//! Order is that of the stream; the daemon's clock only says where to resume, and how old an event is that may have been
//! kept for us. It can jump (D24), and what that costs the next tick repairs.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::{DaemonEvent, Timestamp};

/// A stream is resumed that much before the last event, since events of one moment may come in any order (B53).
const OVERLAP_NANOS: i64 = 1_000_000_000;

/// As many events as are remembered. The daemon keeps the last 256 for those who resume; Podman keeps all, and a storm
/// has some hundred in a second.
const REMEMBERED: usize = 1024;

const NANOS_PER_MILLI: i64 = 1_000_000;

/// The place in the stream.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    last_nanos: Option<i64>,
    seen: VecDeque<DaemonEvent>,
    opened_at: Timestamp,
}

impl Cursor {
    /// From where to open the stream, in nanoseconds since 1970: at first what happened within the window, so that starts
    /// from before our birth count; later, what came after the last event and a little before it.
    pub(super) fn since(&self, now: Timestamp, window: Duration) -> i64 {
        self.last_nanos
            .map_or_else(
                || now.minus(window).as_millis().saturating_mul(NANOS_PER_MILLI),
                |last| last.saturating_sub(OVERLAP_NANOS),
            )
            .max(0)
    }

    /// The stream was opened.
    pub(super) const fn opened(&mut self, now: Timestamp) {
        self.opened_at = now;
    }

    /// Whether the event was not seen before. It is remembered then.
    pub(super) fn is_new(&mut self, event: &DaemonEvent) -> bool {
        // The moment first: it differs for nearly all.
        if self.seen.iter().any(|seen| seen.at_nanos == event.at_nanos && seen == event) {
            return false;
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(event.clone());
        self.last_nanos = Some(event.at_nanos);
        true
    }

    /// How long ago the event happened. One from before the opening was kept for us; any other happens as it comes.
    pub(super) fn age(&self, event: &DaemonEvent, now: Timestamp) -> Duration {
        let at = Timestamp::from_millis(event.at_nanos / NANOS_PER_MILLI);
        if at < self.opened_at { at.age(now) } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContainerId, EventAction};

    const SECOND: i64 = 1_000_000_000;
    const WINDOW: Duration = Duration::from_secs(300);

    fn event(container: &str, action: EventAction, at_nanos: i64) -> DaemonEvent {
        DaemonEvent { container: ContainerId::new(container), action, number: None, at_nanos }
    }

    #[test]
    fn the_first_opening_reaches_back_a_window_and_later_ones_overlap_by_a_second() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.since(Timestamp::from_millis(1_000_000), WINDOW), 700 * SECOND);
        assert_eq!(cursor.since(Timestamp::from_millis(1_000), WINDOW), 0, "a machine whose clock is not set yet");
        cursor.is_new(&event("a", EventAction::Started, 950 * SECOND));
        assert_eq!(cursor.since(Timestamp::from_millis(9_000_000), WINDOW), 949 * SECOND);
    }

    /// B53: what is replayed after a reconnect comes twice.
    #[test]
    fn an_event_counts_once_and_its_twins_of_the_same_moment_each() {
        let mut cursor = Cursor::default();
        for different in [
            event("a", EventAction::Started, SECOND),
            event("a", EventAction::Ended, SECOND),
            event("b", EventAction::Started, SECOND),
            event("a", EventAction::Started, SECOND + 1),
        ] {
            assert!(cursor.is_new(&different));
            assert!(!cursor.is_new(&different), "seen");
        }
        assert!(cursor.is_new(&event("a", EventAction::Started, SECOND - 1)), "late is not seen");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut cursor = Cursor::default();
        for n in 0..10_000 {
            cursor.is_new(&event("a", EventAction::Changed, n));
        }
        assert_eq!(cursor.seen.len(), REMEMBERED);
        assert!(!cursor.is_new(&event("a", EventAction::Changed, 9_999)));
    }

    /// D24: a daemon whose clock is behind ours, or ahead.
    #[test]
    fn only_what_was_kept_for_us_has_an_age() {
        let mut cursor = Cursor::default();
        cursor.opened(Timestamp::from_millis(100_000));
        let now = Timestamp::from_millis(101_000);
        assert_eq!(cursor.age(&event("a", EventAction::Started, 90 * SECOND), now), Duration::from_secs(11));
        assert_eq!(cursor.age(&event("a", EventAction::Started, 100 * SECOND), now), Duration::ZERO);
        assert_eq!(cursor.age(&event("a", EventAction::Started, 9_000 * SECOND), now), Duration::ZERO);
    }
}
