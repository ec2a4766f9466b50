//! Which changes are told, and as what. Pure.

use crate::model::{Attention, Change, ChangeCause, ContainerState, NotifyEvent};

/// What a change is told as: what somebody has to look at from now on, and what nobody has to any more. What begins comes
/// first.
pub(super) fn events_of(change: &Change) -> Vec<NotifyEvent> {
    let (begun, ended) = change.attention();
    let mut events: Vec<NotifyEvent> = begun.iter().map(begin_of).collect();
    // It runs again already, so that nobody has to look at it now; that it crashed is told all the same.
    if change.cause == ChangeCause::Crashed {
        events.push(NotifyEvent::Crashed);
    }
    let mut ends: Vec<NotifyEvent> = ended.iter().map(|reason| end_of(reason, change)).collect();
    ends.dedup();
    // Where another trouble begins with it, the end of one is no recovery; of what is gone nothing has ended well.
    let goes_on = events.iter().any(|event| !matches!(event, NotifyEvent::Flapping));
    let is_gone = events.contains(&NotifyEvent::Missing);
    ends.retain(|end| !(goes_on && *end == NotifyEvent::Recovered || is_gone && *end == NotifyEvent::Settled));
    events.extend(ends);
    events
}

const fn begin_of(reason: Attention) -> NotifyEvent {
    match reason {
        Attention::Missing => NotifyEvent::Missing,
        Attention::Crashed => NotifyEvent::Crashed,
        Attention::OutOfMemory => NotifyEvent::OutOfMemory,
        Attention::FailedToStart => NotifyEvent::FailedToStart,
        Attention::Unhealthy => NotifyEvent::Unhealthy,
        Attention::Flapping => NotifyEvent::Flapping,
    }
}

fn end_of(reason: Attention, change: &Change) -> NotifyEvent {
    match reason {
        _ if change.to_state == ContainerState::Forgotten => NotifyEvent::Forgotten,
        // Its own container is back, or another one has taken its row; or it turned out to be asked for.
        Attention::Missing if change.to_state == ContainerState::Missing => NotifyEvent::Recovered,
        Attention::Missing => NotifyEvent::Returned,
        Attention::Flapping => NotifyEvent::Settled,
        Attention::Crashed | Attention::OutOfMemory | Attention::FailedToStart | Attention::Unhealthy => {
            NotifyEvent::Recovered
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Difference, change_to};
    use ChangeCause as C;
    use NotifyEvent as N;

    fn told(from: Option<&str>, to: &str, cause: ChangeCause, attention: (&str, &str)) -> Vec<NotifyEvent> {
        let word = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let difference = Difference::new(word(attention.0), word(attention.1));
        let differences = [("attention".to_owned(), difference)].into();
        events_of(&Change {
            from_state: from.map(ContainerState::parse),
            cause,
            differences: if attention.0 == attention.1 { Default::default() } else { differences },
            ..change_to(to)
        })
    }

    #[test]
    fn what_somebody_has_to_look_at_is_told_with_its_end() {
        for (from, to, cause, attention, events) in [
            (Some("running"), "missing", C::Missing, ("", "missing"), &[N::Missing][..]),
            (Some("restarting"), "missing", C::Missing, ("crashed,flapping", "missing"), &[N::Missing]),
            (Some("missing"), "running", C::Returned, ("missing", ""), &[N::Returned]),
            (Some("missing"), "created", C::Rebound, ("missing", ""), &[N::Returned]),
            (Some("missing"), "stopped", C::Rebound, ("missing", "crashed"), &[N::Crashed, N::Returned]),
            (Some("running"), "stopped", C::Observed, ("", "crashed,out_of_memory"), &[N::Crashed, N::OutOfMemory]),
            (Some("stopped"), "running", C::Observed, ("crashed,out_of_memory", ""), &[N::Recovered]),
            (Some("stopped"), "running", C::Observed, ("crashed", "unhealthy"), &[N::Unhealthy]),
            (Some("running"), "running", C::Observed, ("", "unhealthy"), &[N::Unhealthy]),
            (Some("running"), "running", C::Observed, ("unhealthy", ""), &[N::Recovered]),
            (Some("created"), "created", C::Observed, ("", "failed_to_start"), &[N::FailedToStart]),
            (Some("running"), "restarting", C::Flapping, ("", "crashed,flapping"), &[N::Crashed, N::Flapping]),
            (Some("running"), "running", C::Settled, ("flapping", ""), &[N::Settled]),
            (Some("restarting"), "running", C::Observed, ("crashed,flapping", "flapping"), &[N::Recovered]),
            (Some("running"), "running", C::Crashed, ("", ""), &[N::Crashed]),
            (None, "stopped", C::Inserted, ("", "crashed"), &[N::Crashed]),
            (Some("missing"), "forgotten", C::Forgotten, ("missing", ""), &[N::Forgotten]),
            (Some("missing"), "forgotten", C::Scaled, ("missing", ""), &[N::Forgotten]),
            (Some("stopped"), "forgotten", C::Forgotten, ("crashed,out_of_memory", ""), &[N::Forgotten]),
        ] {
            assert_eq!(told(from, to, cause, attention), events, "{from:?} {to} {cause} {attention:?}");
        }
    }

    #[test]
    fn what_was_asked_for_is_told_to_nobody() {
        for (from, to, cause) in [
            (Some("running"), "stopped", C::Observed),
            (Some("running"), "missing", C::Removed),
            (Some("running"), "missing", C::Scaled),
            (Some("running"), "forgotten", C::Scaled),
            (Some("running"), "forgotten", C::Forgotten),
            (Some("missing"), "forgotten", C::Forgotten),
            (Some("missing"), "running", C::Scaled),
            (None, "running", C::Inserted),
            (Some("created"), "running", C::Rebound),
        ] {
            assert_eq!(told(from, to, cause, ("", "")), [], "{from:?} {to} {cause}");
        }
    }
}
