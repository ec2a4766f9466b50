//! The durations of passes as a drawing: a bar for each, the list call below and the rest above it.

use super::ages::millis_text;
use super::texts::Texts;
use crate::model::PassRecord;

/// The drawing's size, in units of its own; it is stretched to the page.
pub(super) const WIDTH: i64 = 1_000;
pub(super) const HEIGHT: i64 = 160;

/// One pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: i64,
    pub(super) width: i64,
    /// The list call, from the ground.
    pub(super) list_y: i64,
    pub(super) list_height: i64,
    /// All the rest, upon it.
    pub(super) rest_y: i64,
    pub(super) rest_height: i64,
    pub(super) is_bad: bool,
    pub(super) title: String,
}

/// Bars for passes that come newest first, drawn oldest first, and the longest duration among them.
pub(super) fn chart(passes: &[PassRecord], t: &Texts) -> (Vec<Bar>, i64) {
    let longest = passes.iter().map(|pass| pass.duration_ms).max().unwrap_or(0).max(1);
    let step = WIDTH / i64::try_from(passes.len()).unwrap_or(WIDTH).max(24);
    let bars = passes.iter().rev().zip(0..).map(|(pass, index)| {
        let total = pass.duration_ms.max(0);
        let scale = |millis: i64| millis.clamp(0, total).saturating_mul(HEIGHT - 4) / longest;
        let list_height = scale(pass.list_ms);
        // A pass that took no time is still seen.
        let rest_height = (scale(total) - list_height).max(if list_height == 0 { 2 } else { 0 });
        Bar {
            x: index * step,
            width: (step - 2).max(2),
            list_y: HEIGHT - list_height,
            list_height,
            rest_y: HEIGHT - list_height - rest_height,
            rest_height,
            is_bad: pass.outcome != "committed",
            title: format!(
                "{} · {} · {} · {}",
                pass.started_at,
                t.trigger(&pass.trigger),
                t.outcome(&pass.outcome),
                millis_text(pass.duration_ms, t)
            ),
        }
    });
    (bars.collect(), longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::texts::ENGLISH;
    use crate::model::{HostName, PassId, Timestamp};

    fn pass(duration_ms: i64, list_ms: i64, outcome: &str) -> PassRecord {
        PassRecord {
            pass_id: PassId::new("p"),
            host: HostName::new("local"),
            trigger: "tick".into(),
            scope: "host".into(),
            completeness: "complete".into(),
            outcome: outcome.into(),
            started_at: Timestamp::from_millis(0),
            duration_ms,
            list_ms,
            listed: 1,
            inserted: 0,
            updated: 0,
            missing: 0,
            returned: 0,
            error: None,
        }
    }

    #[test]
    fn bars_stand_on_the_ground_in_order_and_within_the_drawing() {
        let passes = [pass(10, 0, "failed"), pass(100, 50, "committed"), pass(0, 0, "committed")];
        let (bars, longest) = chart(&passes, &ENGLISH);
        assert_eq!(longest, 100);
        assert_eq!(
            bars.iter().map(|bar| bar.is_bad).collect::<Vec<_>>(),
            [false, false, true],
            "the oldest comes first"
        );
        for bar in &bars {
            assert!(bar.rest_y >= 0 && bar.x >= 0 && bar.x + bar.width <= WIDTH);
            assert_eq!(bar.list_y + bar.list_height, HEIGHT);
            assert!(bar.list_height + bar.rest_height > 0, "each is seen");
        }
    }

    #[test]
    fn many_passes_and_nonsense_stay_within_the_drawing() {
        let mut passes = vec![pass(5, 3, "committed"); 120];
        passes.push(pass(-5, 90, "committed"));
        let (bars, _) = chart(&passes, &ENGLISH);
        assert!(bars.iter().all(|bar| bar.x + bar.width <= WIDTH && bar.rest_y >= 0 && bar.list_height >= 0));
    }
}
