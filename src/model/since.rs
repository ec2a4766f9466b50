//! Since when a container is in its state: as told by the daemon, or as first seen. Pure.

use std::time::Duration;

use super::{ContainerState, ExaminedContainer, InspectedDetails, ListedContainer, Observed, Timestamp, Told};

/// The begin of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since {
    /// When.
    pub(crate) at: Timestamp,
    /// Set where that is no more than the moment of the list that first showed it: it began after this one, and an inspect
    /// may say when.
    pub(crate) after: Option<Timestamp>,
}

/// What a list tells in whole seconds began within this.
const WITHIN_ITS_SECOND: Duration = Duration::from_millis(999);

impl Since {
    /// The begin of a state that is met in a list that was answered at `listed_at`; `before` is what the row said of the
    /// same container.
    ///
    /// It began after the state before it, whatever the daemon's clock says, and is not later than the list. An inspect is
    /// more exact than an event, and tells nothing of a container that was thawed.
    pub(crate) fn met(
        container: &ListedContainer,
        examined: Option<&ExaminedContainer>,
        told: Option<&Told>,
        before: Option<&Observed>,
        listed_at: Timestamp,
    ) -> Self {
        let state = &container.state;
        let after = before.and_then(|before| before.state_since);
        let is_later = |at: &Timestamp| after.is_none_or(|after| *at > after);
        let inspected = examined.and_then(|examined| examined.details.since(state)).filter(is_later);
        if let Some(at) = inspected.or_else(|| turn_to(told, state).filter(is_later)) {
            return Self { at: at.min(listed_at), after: None };
        }
        let created = container.created_at.filter(|_| *state == ContainerState::Created);
        let at = created.map_or(listed_at, |created| created.plus(WITHIN_ITS_SECOND).min(listed_at));
        Self { at, after: Some(after.unwrap_or_default()) }
    }

    /// The begin of being missing: when the daemon told that it removed the container, else the list that lacked it.
    pub(crate) fn lost(told: Option<&Told>, before: &Observed, listed_at: Timestamp) -> Self {
        let removed = turn_to(told, &ContainerState::Missing);
        let removed = removed.filter(|at| before.state_since.is_none_or(|since| *at > since));
        match removed {
            Some(at) => Self { at: at.min(listed_at), after: None },
            None => Self { at: listed_at, after: Some(before.state_since.unwrap_or_default()) },
        }
    }

    /// What an event that came later makes of a begin that only a list told. `None` if it stands.
    pub(crate) fn dated(self, state: &ContainerState, told: Option<&Told>) -> Option<Self> {
        let at = turn_to(told, state)?;
        let is_better = self.after.is_some_and(|after| at > after && at <= self.at);
        is_better.then_some(Self { at, after: None })
    }

    /// What an inspect that came later makes of it: the begin that it tells, if only a list told it before, or if the
    /// container began anew in between. `None` if it stands.
    pub(crate) fn corrected(self, state: &ContainerState, details: &InspectedDetails, now: Timestamp) -> Option<Self> {
        let told = details.since(state)?;
        let is_better = self.after.is_some_and(|after| told > after && told <= self.at);
        let is_later = told > self.at && told <= now;
        (is_better || is_later).then_some(Self { at: told, after: None })
    }
}

/// When the last event brought the container into that state, if it did.
fn turn_to(told: Option<&Told>, state: &ContainerState) -> Option<Timestamp> {
    let (turn, at) = told?.turn?;
    turn.leads_to(state).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Claims, ContainerId, EventAction, HealthFact, Ports};

    fn running() -> ListedContainer {
        ListedContainer {
            id: ContainerId::new("c"),
            name: "c".into(),
            image_ref: "app:1".into(),
            image_id: None,
            state: ContainerState::Running,
            exit_code: None,
            health: HealthFact::Absent,
            created_at: None,
            ports: Ports::default(),
            claims: Claims::default(),
            ignored_by_label: None,
        }
    }

    const fn second(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    /// Of a running container that was in another state since the second 100; the list came at 200.
    fn met(inspected: Option<i64>, event: Option<(EventAction, i64)>, before: Option<i64>) -> Since {
        let listed = running();
        let examined = inspected.map(|started| {
            let details = InspectedDetails {
                state: Some(ContainerState::Running),
                started_at: Some(second(started)),
                ..InspectedDetails::default()
            };
            ExaminedContainer { details, ..ExaminedContainer::from(listed.clone()) }
        });
        let told =
            event.map(|(action, at)| Told { at: second(at), turn: Some((action, second(at))), ..Told::default() });
        let before = before
            .map(|since| Observed { state_since: Some(second(since)), ..Observed::unseen(ContainerState::Stopped) });
        Since::met(&listed, examined.as_ref(), told.as_ref(), before.as_ref(), second(200))
    }

    #[test]
    fn the_daemons_own_moment_goes_before_that_of_the_list() {
        use EventAction as E;
        let exact = |at| Since { at: second(at), after: None };
        let of_the_list = |after| Since { at: second(200), after: Some(second(after)) };
        for (case, inspected, event, before, expected) in [
            ("an inspect", Some(150), None, Some(100), exact(150)),
            ("and not the event", Some(150), Some((E::Started, 151)), Some(100), exact(150)),
            ("an event alone", None, Some((E::Started, 151)), Some(100), exact(151)),
            ("thawed: it was started before it was frozen", Some(50), Some((E::Unpaused, 160)), Some(100), exact(160)),
            ("thawed, and no event tells", Some(50), None, Some(100), of_the_list(100)),
            ("an event of another state", None, Some((E::Ended, 151)), Some(100), of_the_list(100)),
            ("an event of before", None, Some((E::Started, 99)), Some(100), of_the_list(100)),
            ("nobody tells", None, None, Some(100), of_the_list(100)),
            ("first sight", Some(50), None, None, exact(50)),
            ("first sight, and nobody tells", None, None, None, of_the_list(0)),
            // D24
            ("the daemon's clock is ahead", Some(900), None, Some(100), exact(200)),
            ("the daemon's clock is behind", Some(90), Some((E::Started, 91)), Some(100), of_the_list(100)),
            ("our clock was ahead", Some(150), None, Some(900), of_the_list(900)),
        ] {
            assert_eq!(met(inspected, event, before), expected, "{case}");
        }
    }

    #[test]
    fn a_container_is_created_since_its_creation_and_never_before_it() {
        let listed = ListedContainer { state: ContainerState::Created, created_at: Some(second(7)), ..running() };
        let since = Since::met(&listed, None, None, None, second(200));
        assert_eq!(since, Since { at: Timestamp::from_millis(7_999), after: Some(Timestamp::default()) });
        let at_once = Since::met(&listed, None, None, None, Timestamp::from_millis(7_200));
        assert_eq!(at_once.at, Timestamp::from_millis(7_200), "the list is not before it either");
    }

    #[test]
    fn a_later_inspect_corrects_what_only_a_list_told_and_what_began_anew() {
        let running = |started| InspectedDetails {
            state: Some(ContainerState::Running),
            started_at: Some(second(started)),
            ..InspectedDetails::default()
        };
        let listed = Since { at: second(200), after: Some(second(100)) };
        let exact = Since { after: None, ..listed };
        for (since, started, corrected) in [
            (listed, 150, Some(150)),
            (listed, 200, Some(200)),
            (listed, 100, None),
            (listed, 50, None),
            (listed, 250, Some(250)),
            (exact, 150, None),
            (exact, 250, Some(250)),
            (exact, 900, None),
        ] {
            let told = since.corrected(&ContainerState::Running, &running(started), second(300));
            assert_eq!(told, corrected.map(|at| Since { at: second(at), after: None }), "{since:?} {started}");
            assert_eq!(since.corrected(&ContainerState::Stopped, &running(started), second(300)), None);
        }
    }

    #[test]
    fn a_later_event_dates_what_only_a_list_told_and_nothing_else() {
        let listed = Since { at: second(200), after: Some(second(100)) };
        let exact = Since { after: None, ..listed };
        for (since, action, at, dated) in [
            (listed, EventAction::Paused, 150, Some(150)),
            (listed, EventAction::Paused, 200, Some(200)),
            (listed, EventAction::Paused, 100, None),
            (listed, EventAction::Paused, 201, None),
            (listed, EventAction::Unpaused, 150, None),
            (exact, EventAction::Paused, 150, None),
        ] {
            let told = Told { at: second(at), turn: Some((action, second(at))), ..Told::default() };
            let expected = dated.map(|at| Since { at: second(at), after: None });
            assert_eq!(since.dated(&ContainerState::Paused, Some(&told)), expected, "{since:?} {action:?} {at}");
        }
    }

    #[test]
    fn what_is_missing_is_so_since_its_removal_was_told() {
        let before = Observed { state_since: Some(second(500)), ..Observed::unseen(ContainerState::Running) };
        let removed = |at| Told { at: second(at), turn: Some((EventAction::Removed, second(at))), ..Told::default() };
        assert_eq!(before.state_since, Some(second(500)));
        let exact = |at| Since { at: second(at), after: None };
        let of_the_list = Since { at: second(700), after: Some(second(500)) };
        for (told, since) in [
            (Some(removed(600)), exact(600)),
            (Some(removed(400)), of_the_list),
            (Some(removed(900)), exact(700)),
            (None, of_the_list),
        ] {
            assert_eq!(Since::lost(told.as_ref(), &before, second(700)), since, "{told:?}");
        }
    }
}
