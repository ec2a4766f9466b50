//! Ends that events tell of, before and after a list shows them.

use super::*;

/// An end with code 3 that came by itself, or was asked for.
fn ended(by_request: bool) -> Told {
    let crash = (!by_request).then_some((EARLIER, 3));
    Told { by_request: Some(by_request), crash, ..told(EventAction::Ended, EARLIER) }
}

fn running_row() -> LedgerRow {
    row("r1", "p", &container(1))
}

fn listed(container: ListedContainer, row: LedgerRow, told: Told) -> World {
    World { news: news_of(1, told), ..world(vec![container], vec![row]) }
}

/// Docker 20.10 tells of an end before its list shows it.
#[test]
fn an_end_that_the_list_does_not_show_yet_is_no_restart() {
    for told in [ended(false), ended(true)] {
        let difference = listed(container(1), running_row(), told).diff();
        assert!(difference.rows.is_empty(), "{:#?}", difference.rows);
    }
}

#[test]
fn what_was_told_before_the_list_showed_it_counts_when_it_does() {
    let down = ListedContainer { exit_code: Some(3), ..stopped(container(1)) };
    for (told, attention) in [(ended(false), "crashed"), (ended(true), "")] {
        let by_request = told.by_request;
        let write = listed(down.clone(), running_row(), told).only_write();
        assert_eq!(
            (write.observed.ended_by_request, write.observed.attention.to_string().as_str()),
            (by_request, attention)
        );
        assert_eq!(write.at, EARLIER);
    }
}

/// By its start, or by its inspect where that is ahead of the event.
#[test]
fn a_crash_that_no_list_shows_is_told_once_however_often_its_events_are() {
    let restarted = Timestamp::from_millis(EARLIER.as_millis() + 5);
    let by_event = Told { turn: Some((EventAction::Started, restarted)), ..ended(false) };
    let by_inspect = ended(false);
    for told in [by_event, by_inspect] {
        let mut world = listed(container(1), running_row(), told);
        let details = InspectedDetails { started_at: Some(restarted), ..InspectedDetails::default() };
        let seen = ExaminedContainer { details, ..ExaminedContainer::from(container(1)) };
        world.examined.insert(container_id(1), seen);
        let difference = world.diff();
        let [write] = &difference.rows[..] else { panic!("one write: {:#?}", difference.rows) };
        assert_eq!((write.cause, write.crash, write.at), (ChangeCause::Crashed, Some(3), EARLIER));
        assert_eq!(write.observed.state_since, Some(restarted));
        world.apply(&difference);
        assert!(world.diff().rows.is_empty(), "it is told again");
    }
}
