//! The history of a row as a drawing: one segment for each time in one state.

use super::marks::look;
use super::shown::shown;
use super::texts::Texts;
use crate::model::{Change, ContainerState, Timestamp};

/// The drawing is this wide, in units of its own; it is stretched to the page.
pub(super) const WIDTH: i64 = 1_000;

/// A time in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) x: i64,
    pub(super) width: i64,
    pub(super) shape: &'static str,
    pub(super) tone: &'static str,
    /// State, begin and end, for a pointer and a screen reader.
    pub(super) title: String,
}

/// Segments from the first of the changes, in the order of their revisions, to `now`. Each is seen, however short; a
/// clock that went back moves nothing to the left.
pub(super) fn timeline(changes: &[Change], now: Timestamp, t: &Texts) -> Vec<Segment> {
    let Some(first) = changes.first() else { return Vec::new() };
    let mut times: Vec<(i64, &ContainerState)> = Vec::new();
    let mut latest = first.at.as_millis();
    for change in changes {
        latest = latest.max(change.at.as_millis());
        match times.last() {
            Some((_, state)) if **state == change.to_state => {}
            _ => times.push((latest, &change.to_state)),
        }
    }
    let begin = first.at.as_millis();
    let end = now.as_millis().max(latest).max(begin + 1);
    let place = |millis: i64| (millis - begin).saturating_mul(WIDTH) / (end - begin);
    let ends = times.iter().skip(1).map(|(at, _)| *at).chain([end]);
    let pairs: Vec<_> = times.iter().zip(ends).collect();
    pairs
        .into_iter()
        .filter(|((_, state), _)| !matches!(state, ContainerState::Forgotten))
        .map(|((from, state), to)| {
            let (shape, tone) = look(state);
            let (from_text, to_text) = (Timestamp::from_millis(*from), Timestamp::from_millis(to));
            let title = format!("{}: {from_text} – {to_text}", shown(t.state(state)));
            let x = place(*from).min(WIDTH - 2);
            Segment { x, width: (place(to) - x).max(2), shape, tone, title }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::texts::ENGLISH;
    use crate::model::{Revision, change_to};

    fn change(second: i64, to: &str) -> Change {
        Change { revision: Revision(second), at: Timestamp::from_millis(second * 1_000), ..change_to(to) }
    }

    fn drawn(changes: &[Change], now: i64) -> Vec<(i64, i64, &'static str)> {
        let segments = timeline(changes, Timestamp::from_millis(now * 1_000), &ENGLISH);
        segments.into_iter().map(|segment| (segment.x, segment.width, segment.shape)).collect()
    }

    #[test]
    fn the_line_is_as_long_as_each_state_was() {
        let changes = [change(0, "running"), change(50, "stopped"), change(75, "running")];
        assert_eq!(drawn(&changes, 100), [(0, 500, "disc"), (500, 250, "square"), (750, 250, "disc")]);
    }

    #[test]
    fn changes_that_are_none_of_the_state_begin_no_segment() {
        assert_eq!(drawn(&[change(0, "running"), change(50, "running")], 100), [(0, 1_000, "disc")]);
    }

    #[test]
    fn short_times_are_seen_and_odd_clocks_draw_nothing_outside() {
        for (changes, now) in [
            (vec![change(0, "running"), change(86_400, "stopped")], 86_400),
            (vec![change(100, "running"), change(50, "stopped"), change(60, "running")], 10),
            (vec![change(5, "running")], 5),
        ] {
            let drawn = drawn(&changes, now);
            assert!(!drawn.is_empty());
            for (x, width, _) in drawn {
                assert!(x >= 0 && width >= 2 && x + width <= WIDTH, "{changes:?}: {x} {width}");
            }
        }
        assert!(timeline(&[], Timestamp::from_millis(0), &ENGLISH).is_empty());
    }
}
