//! Whether a container ended because somebody asked for it. Pure.
//!
//! Docker tells of a signal, or of a stop, some milliseconds before or after the end that it leads to. Podman tells of a stop by
//! neither.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{ContainerId, DaemonEvent, EventAction, Timestamp};

/// A process may take its time to end after it was asked to: the longest that people give it.
const PATIENCE: Duration = Duration::from_secs(600);

/// Between a word on an end and the end: some milliseconds.
const BESIDE: Duration = Duration::from_secs(1);

/// A container that is removed when it ends (`--rm`) is so within some ten milliseconds.
const BY_ITSELF: Duration = Duration::from_millis(300);

/// Signals that ask a process to end: HUP is left out, by which many read their configuration anew, and so are those of the
/// user and of a terminal. From 34 on they are an image's own choice of `STOPSIGNAL`.
const ENDING_SIGNALS: [i64; 4] = [2, 3, 9, 15];
const FIRST_REAL_TIME_SIGNAL: i64 = 34;

/// What a process ends with that SIGTERM ended: nothing but a wish that it end sends that.
const TERMINATED: i64 = 143;

/// The codes of an end that was asked for, or that is nobody's concern.
const EXPECTED_CODES: [i64; 3] = [0, 137, TERMINATED];

/// Containers that something is remembered of. A bound for our memory that no host comes near; what is beyond is unknown.
const MOST_CONTAINERS: usize = 10_000;

/// What was said of each container since it last started.
#[derive(Debug, Default)]
pub(super) struct Requests(BTreeMap<ContainerId, Said>);

#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// When it was last sent a signal, and whether that asks it to end.
    signal: Option<(Timestamp, bool)>,
    stop: Option<Timestamp>,
    end: Option<End>,
    has_started: bool,
}

#[derive(Clone, Copy, Debug)]
struct End {
    at: Timestamp,
    by_request: bool,
    exit_code: Option<i64>,
}

impl Requests {
    /// Takes in what happened. Of an end or a removal, and of a stop that comes right after its end: whether it was asked for.
    pub(super) fn take_in(&mut self, event: &DaemonEvent) -> Option<bool> {
        if event.action == EventAction::Removed {
            let at = Timestamp::from_millis(event.at_nanos / 1_000_000);
            return Some(self.0.remove(&event.container).is_none_or(|said| said.allows_removal(at)));
        }
        let is_said_of = matches!(
            event.action,
            EventAction::Started | EventAction::Signalled | EventAction::Stopped | EventAction::Ended
        );
        if !is_said_of || (self.0.len() >= MOST_CONTAINERS && !self.0.contains_key(&event.container)) {
            return None;
        }
        self.0.entry(event.container.clone()).or_default().take_in(event)
    }

    /// Whether it is known why a network let go of a container: it ran, and ends or is about to.
    pub(super) fn explain_detachment(&self, container: &ContainerId) -> bool {
        self.0.get(container).is_some_and(|said| said.has_started || said.signal.is_some() || said.end.is_some())
    }
}

impl Said {
    fn take_in(&mut self, event: &DaemonEvent) -> Option<bool> {
        let at = Timestamp::from_millis(event.at_nanos / 1_000_000);
        match event.action {
            EventAction::Started => {
                *self = Self { has_started: true, ..Self::default() };
                None
            }
            EventAction::Signalled => {
                let asks = event
                    .number
                    .is_none_or(|signal| ENDING_SIGNALS.contains(&signal) || signal >= FIRST_REAL_TIME_SIGNAL);
                self.signal = Some((at, asks));
                self.explain_the_end_before(at)
            }
            EventAction::Stopped => {
                self.stop = Some(at);
                self.explain_the_end_before(at)
            }
            _ => {
                let by_request = self.asked_for(at) || event.number == Some(TERMINATED);
                self.end = Some(End { at, by_request, exit_code: event.number });
                Some(by_request)
            }
        }
    }

    /// A word that comes right after an end tells that it was asked for: the daemon writes it once it has sent the signal, and on
    /// a busy machine it hears of the end first.
    fn explain_the_end_before(&mut self, at: Timestamp) -> Option<bool> {
        self.end.as_mut().filter(|end| end.at.plus(BESIDE) >= at)?.by_request = true;
        Some(true)
    }

    fn asked_for(&self, end: Timestamp) -> bool {
        let signalled = self.signal.is_some_and(|(at, asks)| at.plus(if asks { PATIENCE } else { BESIDE }) >= end);
        signalled || self.stop.is_some_and(|at| at.plus(BESIDE) >= end)
    }

    /// One that crashed and removed itself, which it does at once, was not asked to go.
    fn allows_removal(self, at: Timestamp) -> bool {
        self.end.is_none_or(|end| {
            let is_expected = end.by_request || end.exit_code.is_none_or(|code| EXPECTED_CODES.contains(&code));
            is_expected || end.at.plus(BY_ITSELF) < at
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventAction as E;

    /// The last word on what happened to one container: action, number, milliseconds.
    fn said(events: &[(EventAction, Option<i64>, i64)]) -> Option<bool> {
        let mut requests = Requests::default();
        let event = |(action, number, millis): &(EventAction, Option<i64>, i64)| DaemonEvent {
            container: ContainerId::new("c"),
            action: *action,
            number: *number,
            at_nanos: millis * 1_000_000,
        };
        events.iter().map(|happened| requests.take_in(&event(happened))).last().flatten()
    }

    #[test]
    fn an_end_is_asked_for_where_a_signal_or_a_stop_came_with_it() {
        let (asked, own) = (Some(true), Some(false));
        for (events, expected) in [
            (&[(E::Ended, Some(3), 1)][..], own),
            (&[(E::Ended, Some(143), 1)], asked),
            (&[(E::Signalled, Some(15), 1), (E::Ended, Some(3), 9_000)], asked),
            (&[(E::Signalled, Some(15), 1), (E::Ended, Some(3), 700_000)], own),
            (&[(E::Signalled, Some(37), 1), (E::Ended, Some(3), 9_000)], asked),
            (&[(E::Signalled, None, 1), (E::Ended, Some(3), 9_000)], asked),
            (&[(E::Signalled, Some(1), 1), (E::Ended, Some(3), 9_000)], own),
            (&[(E::Signalled, Some(1), 1), (E::Ended, Some(129), 20)], asked),
            (&[(E::Stopped, None, 1), (E::Ended, Some(1), 9)], asked),
            (&[(E::Ended, Some(1), 1), (E::Stopped, None, 9)], asked),
            (&[(E::Ended, Some(137), 1), (E::Signalled, Some(9), 9)], asked),
            (&[(E::Ended, Some(137), 1), (E::Signalled, Some(9), 9_000)], None),
            (&[(E::Ended, Some(1), 1), (E::Stopped, None, 9_000)], None),
            (
                &[(E::Signalled, Some(15), 1), (E::Ended, Some(0), 2), (E::Started, None, 3), (E::Ended, Some(1), 4)],
                own,
            ),
            (&[(E::Paused, None, 1)], None),
        ] {
            assert_eq!(said(events), expected, "{events:?}");
        }
    }

    #[test]
    fn a_removal_is_asked_for_but_for_that_of_what_crashed_and_removed_itself() {
        for (events, expected) in [
            (&[(E::Removed, None, 1)][..], true),
            (&[(E::Signalled, Some(9), 1), (E::Ended, Some(137), 2), (E::Removed, None, 3)], true),
            (&[(E::Ended, Some(3), 2), (E::Removed, None, 3)], false),
            (&[(E::Ended, Some(3), 2), (E::Removed, None, 400)], true),
            (&[(E::Ended, Some(0), 2), (E::Removed, None, 3)], true),
            (&[(E::Ended, Some(137), 2), (E::Removed, None, 900)], true),
        ] {
            assert_eq!(said(events), Some(expected), "{events:?}");
        }
    }

    #[test]
    fn a_network_that_lets_go_of_what_never_started_is_not_explained() {
        let explained = |events: &[EventAction]| {
            let mut requests = Requests::default();
            for action in events {
                let container = ContainerId::new("c");
                requests.take_in(&DaemonEvent { container, action: *action, number: None, at_nanos: 1 });
            }
            requests.explain_detachment(&ContainerId::new("c"))
        };
        for (events, is_explained) in [
            (&[][..], false),
            (&[E::Created], false),
            (&[E::Started], true),
            (&[E::Signalled], true),
            (&[E::Started, E::Ended], true),
            (&[E::Started, E::Ended, E::Removed], false),
        ] {
            assert_eq!(explained(events), is_explained, "{events:?}");
        }
    }

    #[test]
    fn however_many_containers_there_are_memory_is_bounded() {
        let mut requests = Requests::default();
        for n in 0..MOST_CONTAINERS + 7 {
            let container = ContainerId::new(n.to_string());
            requests.take_in(&DaemonEvent { container, action: E::Ended, number: Some(1), at_nanos: 1 });
        }
        assert_eq!(requests.0.len(), MOST_CONTAINERS);
    }
}
