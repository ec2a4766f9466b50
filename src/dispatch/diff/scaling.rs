//! What scaling writes: rows that go, containers that move down, and losses that alarm nobody.

use super::{DiffInput, Difference, Sight, keep, lose, rewrite, with_news};
use crate::dispatch::rules::SlotEnd;
use crate::model::{AttentionSet, Binding, ChangeCause, ContainerState, LedgerRow, Observed};
use crate::store::RowWrite;

/// The slots whose container is gone, as the rules decided on them.
pub(super) fn end_slots(input: &DiffInput<'_>, settled: &mut [bool], difference: &mut Difference) {
    for (&index, end) in &input.assignment.slot_ends {
        let row = &input.facts.rows[index];
        settled[index] = true;
        let write = match end {
            SlotEnd::Missing => went_missing(row, input),
            SlotEnd::Kept => quietly(went_missing(row, input)),
            SlotEnd::Surplus => surplus(row, input),
        };
        difference.rows.push(write);
    }
}

/// A write of which nobody is to be alarmed, nor told that an alarm is over.
pub(super) fn quietly(write: RowWrite) -> RowWrite {
    let observed = match write.observed.state {
        ContainerState::Missing => write.observed.with_attention(AttentionSet::NONE),
        _ => write.observed,
    };
    RowWrite { observed, cause: ChangeCause::Scaled, ..write }
}

/// The container of one row goes over to another, with all that is known of it; the row that it leaves goes.
pub(super) fn move_down(from: &LedgerRow, to: &LedgerRow, sight: &Sight<'_>, input: &DiffInput<'_>) -> RowWrite {
    let kept = with_news(keep(from, sight, input.now), from, sight, input);
    let kept = kept.unwrap_or_else(|| rewrite(from, from.observed.clone(), ChangeCause::Observed, sight.happened_at()));
    RowWrite {
        binding: Binding { container_id: Some(sight.container.id.clone()), ..to.binding.clone() },
        details_owed: kept.details_owed,
        state_after: kept.state_after,
        leaves: Some(from.id.clone()),
        ..rewrite(to, kept.observed, ChangeCause::Rebound, kept.at)
    }
}

fn went_missing(row: &LedgerRow, input: &DiffInput<'_>) -> RowWrite {
    match &row.binding.container_id {
        Some(container) if row.observed.state != ContainerState::Missing => lose(row, container, input),
        _ => {
            let observed = Observed { state_since: Some(input.now), ..row.observed.clone() }.attended();
            rewrite(row, observed, ChangeCause::Missing, input.now)
        }
    }
}

/// The row goes. From the state that the last change left.
fn surplus(row: &LedgerRow, input: &DiffInput<'_>) -> RowWrite {
    let observed = Observed { state: ContainerState::Forgotten, ..row.observed.clone() };
    RowWrite {
        details_owed: false,
        foreign_state: None,
        from_state: row.recorded_state.clone(),
        ..rewrite(row, observed, ChangeCause::Scaled, input.now)
    }
}
