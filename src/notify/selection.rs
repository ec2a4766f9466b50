//! Which changes are told, and as what. Pure.

use crate::model::{Change, ChangeCause, ContainerState, NotifyEvent};

/// What a change is told as, if at all.
pub(super) fn event_of(change: &Change) -> Option<NotifyEvent> {
    let was_missing = change.from_state == Some(ContainerState::Missing);
    let is_missing = change.to_state == ContainerState::Missing;
    match change.cause {
        ChangeCause::Flapping => Some(NotifyEvent::Flapping),
        ChangeCause::Settled => Some(NotifyEvent::Settled),
        // A row that was missing for its scaling says it again when the last container of its service is gone.
        ChangeCause::Missing => Some(NotifyEvent::Missing),
        // Scaling alarms nobody. What goes for it after an alarm ends that.
        ChangeCause::Scaled if !was_missing || change.to_state != ContainerState::Forgotten => None,
        _ if is_missing && !was_missing => Some(NotifyEvent::Missing),
        _ if was_missing && change.to_state == ContainerState::Forgotten => Some(NotifyEvent::Forgotten),
        // Its own container is back, or another one has taken its row.
        _ if was_missing && !is_missing => Some(NotifyEvent::Returned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HostName, Revision, RowId, Timestamp};

    #[test]
    fn what_went_missing_or_flaps_is_told_with_its_end() {
        use ChangeCause as C;
        for (from, to, cause, told) in [
            (Some("running"), "missing", C::Missing, Some(NotifyEvent::Missing)),
            (Some("missing"), "running", C::Returned, Some(NotifyEvent::Returned)),
            (Some("missing"), "created", C::Rebound, Some(NotifyEvent::Returned)),
            (Some("missing"), "created", C::Claimed, Some(NotifyEvent::Returned)),
            (Some("missing"), "forgotten", C::Forgotten, Some(NotifyEvent::Forgotten)),
            (Some("missing"), "missing", C::Details, None),
            (Some("running"), "forgotten", C::Forgotten, None),
            (Some("missing"), "missing", C::Missing, Some(NotifyEvent::Missing)),
            (Some("running"), "forgotten", C::Scaled, None),
            (Some("running"), "missing", C::Scaled, None),
            (Some("missing"), "running", C::Scaled, None),
            (Some("missing"), "forgotten", C::Scaled, Some(NotifyEvent::Forgotten)),
            (Some("running"), "restarting", C::Flapping, Some(NotifyEvent::Flapping)),
            (Some("running"), "running", C::Settled, Some(NotifyEvent::Settled)),
            (Some("running"), "stopped", C::Observed, None),
            (None, "running", C::Inserted, None),
            (Some("created"), "running", C::Rebound, None),
        ] {
            let change = Change {
                revision: Revision(1),
                at: Timestamp::from_millis(0),
                host: HostName::new("local"),
                row_id: RowId::new("r"),
                container_id: None,
                workload_id: None,
                from_state: from.map(ContainerState::parse),
                to_state: ContainerState::parse(to),
                exit_code: None,
                cause,
                pass_id: None,
            };
            assert_eq!(event_of(&change), told, "{from:?} {to} {cause}");
        }
    }
}
