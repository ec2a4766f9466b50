//! The machine through every order of answers, deaths and deadlines.

mod degraded;
pub(super) mod driver;
mod scoped;
mod who;

use std::sync::Arc;

use driver::{Driver, PASS, clash, directory, empty_listing, identified, listed, opened, refused, store_error};

use super::*;
use crate::docker::{DaemonError, Listed};
use crate::model::{Completeness, FailureKind, HostStatus, OpId, PassOutcome};
use crate::store::{CommitReport, Opened, RegistryError, StoreError};

#[test]
fn the_daemon_is_asked_only_after_the_snapshot_began() {
    let mut driver = Driver::begin(3);
    let open = driver.asked("Open");
    assert!(driver.wanted.is_empty(), "no list yet");
    driver.on(Event::SnapshotBegan(open));
    driver.asked("List");
    driver.on(Event::SnapshotBegan(open));
    assert!(driver.wanted.is_empty(), "and it is asked once");
}

#[test]
fn rows_and_listing_may_come_in_either_order() {
    for rows_first in [true, false] {
        let mut driver = Driver::begin(3);
        let open = driver.asked("Open");
        driver.on(Event::SnapshotBegan(open));
        let list = driver.asked("List");
        if rows_first {
            driver.on(Event::Opened(open, Ok(opened(None))));
            driver.on(Event::Listed(list, Ok(listed())));
        } else {
            driver.on(Event::Listed(list, Ok(listed())));
            driver.on(Event::Opened(open, Ok(opened(None))));
        }
        driver.asked("LookUp");
    }
}

#[test]
fn a_whole_pass_ends_in_one_commit_and_its_report() {
    let mut driver = Driver::begin(3);
    driver.go_to_commit();
    let (commit, plan) = driver.plan();
    assert_eq!(plan.rows.len(), 1);
    assert_eq!(plan.host.status, Some(HostStatus::Fresh));
    assert!(plan.host.complete);
    driver.on(Event::Committed(commit, Ok(CommitReport { inserted: 1, ..CommitReport::default() })));
    assert_eq!(driver.report().outcome, PassOutcome::Committed);
    assert_eq!((driver.report().inserted, driver.report().listed, driver.report().assigned), (1, 1, 1));
    let finished = driver.finished.expect("over");
    assert_eq!(finished.new_pending.len(), 1, "a new row owes its details");
}

/// The same allocations mean the same picture: its verdicts are recalled. Anything else is looked at anew.
#[test]
fn a_picture_that_was_settled_goes_straight_to_the_commit() {
    let (rows, listing) = (Arc::new(Vec::new()), Arc::new(empty_listing()));
    let mut driver = Driver::begin(3);
    let mut cache = driver.settle(&rows, &listing, identified("daemon-a"));
    for (case, rows, listing, same) in [
        ("the same", Arc::clone(&rows), Arc::clone(&listing), true),
        ("other rows", Arc::new(Vec::new()), Arc::clone(&listing), false),
        ("the same again", Arc::clone(&rows), Arc::clone(&listing), false),
        ("settled anew", Arc::clone(&rows), Arc::clone(&listing), true),
        ("another listing", rows, Arc::new(empty_listing()), false),
    ] {
        let mut driver = Driver::begin_with(3, cache);
        let (open, list) = driver.open_then_list();
        driver.on(Event::Opened(open, Ok(Opened { rows, ..opened(None) })));
        driver.on(Event::Listed(list, Ok(Listed { listing, ..listed() })));
        if !same {
            let look_up = driver.asked("LookUp");
            driver.on(Event::Found(look_up, Ok(directory())));
        }
        let (commit, plan) = driver.plan();
        assert!(plan.rows.is_empty(), "{case}");
        driver.on(Event::Committed(commit, Ok(CommitReport::default())));
        cache = driver.finished.expect("over").cache;
    }
}

#[test]
fn answers_to_what_is_not_awaited_are_dropped() {
    let mut driver = Driver::begin(3);
    let list = driver.open_and_list();
    driver.on(Event::Listed(OpId(999), Ok(listed())));
    assert!(driver.wanted.is_empty());
    driver.on(Event::Listed(list, Ok(listed())));
    driver.asked("LookUp");
    driver.on(Event::Listed(list, Err(refused())));
    driver.on(Event::Deadline(list, None));
    assert!(driver.stuck.is_empty(), "its deadline is over, too");
    assert!(driver.finished.is_none());
}

#[test]
fn a_list_that_hangs_once_is_asked_again_of_the_next_life() {
    let mut driver = Driver::begin(3);
    let list = driver.open_and_list();
    driver.on(Event::Deadline(list, None));
    assert_eq!(driver.stuck, ["docker"]);
    let again = driver.asked("List");
    driver.on(Event::Listed(list, Ok(listed())));
    assert!(driver.wanted.is_empty(), "the late answer of the first is dropped");
    driver.on(Event::DockerUp);
    let resent = driver.asked("List");
    assert_ne!(again, resent);
    driver.on(Event::Listed(resent, Ok(listed())));
    driver.asked("LookUp");
}

#[test]
fn a_list_that_hangs_is_tried_as_often_as_allowed_and_then_fails_the_pass() {
    for allowed in [1, 3] {
        let mut driver = Driver::begin(allowed);
        let mut list = driver.open_and_list();
        for tried in 1..=allowed {
            driver.on(Event::Deadline(list, None));
            assert_eq!(driver.stuck.len(), tried as usize);
            if tried < allowed {
                list = driver.asked("List");
            }
        }
        assert!(driver.wanted.is_empty(), "whether the daemon answers at all is not known yet");
        driver.on(Event::Deadline(driver.pings[0], None));
        let (commit, plan) = driver.plan();
        assert!(plan.rows.is_empty(), "a failed listing writes no row");
        assert!(!plan.host.complete);
        assert_eq!(plan.host.status, Some(HostStatus::Unreachable));
        driver.on(Event::Committed(commit, Ok(CommitReport::default())));
        assert_eq!(driver.report().error.as_ref().map(|e| e.kind), Some(FailureKind::DaemonUnreachable));
        assert_eq!(driver.report().list_tries, allowed);
    }
}

#[test]
fn a_failed_listing_writes_the_status_alone() {
    let stalled = DaemonError::UnexpectedEof { endpoint: "e".into(), call: "GET", bytes: 7, cause: "eof".into() };
    for (error, status, kind) in [
        (refused(), HostStatus::Unreachable, FailureKind::DaemonUnreachable),
        (stalled, HostStatus::Stale, FailureKind::DaemonFailed),
    ] {
        let mut driver = Driver::begin(3);
        let list = driver.open_and_list();
        driver.on(Event::Listed(list, Err(error)));
        let (commit, plan) = driver.plan();
        assert!(plan.rows.is_empty());
        assert_eq!(plan.host.status, Some(status));
        driver.on(Event::Committed(commit, Err(store_error())));
        assert_eq!(driver.report().error.as_ref().map(|e| e.kind), Some(kind), "the first failure is the report's");
        assert_eq!(driver.report().completeness, Completeness::Failed);
    }
}

#[test]
fn a_lookup_that_fails_fails_the_pass() {
    let mut driver = Driver::begin(3);
    let list = driver.open_and_list();
    driver.on(Event::Listed(list, Ok(listed())));
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Err(store_error())));
    assert_eq!(driver.report().error.as_ref().map(|e| e.kind), Some(FailureKind::StoreFailed));
    assert!(driver.report().unassigned.is_empty(), "it never reads as unknown");
}

#[test]
fn a_clash_repeats_the_commit_once_from_fresh_rows_row_by_row() {
    let mut driver = Driver::begin(3);
    driver.go_to_commit();
    let (commit, plan) = driver.plan();
    assert!(!plan.row_by_row);
    driver.on(Event::Committed(commit, Err(clash())));
    let open = driver.asked("Open");
    driver.on(Event::SnapshotBegan(open));
    assert!(driver.wanted.is_empty(), "the listing still counts");
    driver.on(Event::Opened(open, Ok(opened(None))));
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    let (commit, plan) = driver.plan();
    assert!(plan.row_by_row);
    driver.on(Event::Committed(commit, Err(clash())));
    assert!(driver.report().error.is_some(), "once");
}

#[test]
fn a_commit_without_an_answer_is_told_by_the_last_pass_id() {
    for is_in in [true, false] {
        let mut driver = Driver::begin(3);
        driver.go_to_commit();
        let (commit, _) = driver.plan();
        driver.on(Event::Deadline(commit, None));
        assert_eq!(driver.stuck, ["store"]);
        driver.asked("Open");
        driver.on(Event::StoreUp);
        let open = driver.asked("Open");
        driver.on(Event::Opened(open, Ok(opened(is_in.then_some(PASS)))));
        if is_in {
            assert_eq!((driver.report().inserted, driver.report().error.is_none()), (1, true), "told truly");
        } else {
            let look_up = driver.asked("LookUp");
            driver.on(Event::Found(look_up, Ok(directory())));
            driver.plan();
            assert!(driver.finished.is_none(), "it is written again");
        }
    }
}

#[test]
fn a_store_that_dies_anywhere_is_asked_again() {
    let mut driver = Driver::begin(3);
    let lost = driver.asked("Open");
    driver.on(Event::StoreUp);
    let open = driver.asked("Open");
    driver.on(Event::SnapshotBegan(lost));
    assert!(driver.wanted.is_empty(), "the snapshot of the dead does not count");
    driver.on(Event::SnapshotBegan(open));
    let list = driver.asked("List");
    driver.on(Event::Opened(open, Ok(opened(None))));
    driver.on(Event::Listed(list, Ok(listed())));
    driver.asked("LookUp");
    driver.on(Event::StoreUp);
    let open = driver.asked("Open");
    driver.on(Event::Opened(open, Ok(opened(None))));
    driver.asked("LookUp");
}

#[test]
fn a_store_that_cannot_begin_fails_the_pass_that_waits_for_it_at_once() {
    let mut driver = Driver::begin(3);
    driver.asked("Open");
    let held = StoreError::LeaseHeld { host: "local".into(), holder: "pid 7".into() };
    driver.on(Event::StoreTrouble(held));
    assert_eq!(driver.report().error.as_ref().map(|e| e.kind), Some(FailureKind::LeaseLost));
}

#[test]
fn trouble_of_the_store_leaves_a_pass_alone_that_waits_for_the_daemon() {
    let mut driver = Driver::begin(3);
    let list = driver.open_and_list();
    driver.on(Event::StoreTrouble(StoreError::Registry(RegistryError::Unknown { kind: "row", name: "x".into() })));
    assert!(driver.finished.is_none());
    driver.on(Event::Listed(list, Ok(listed())));
    driver.asked("LookUp");
}

#[test]
fn a_stop_gives_up_a_pass_that_writes_nothing_and_waits_for_a_transaction() {
    let mut driver = Driver::begin(3);
    driver.open_and_list();
    driver.on(Event::Stop);
    assert_eq!(driver.report().error.as_ref().map(|e| e.kind), Some(FailureKind::Stopping));

    let mut driver = Driver::begin(3);
    driver.go_to_commit();
    let (commit, _) = driver.plan();
    driver.on(Event::Stop);
    assert!(driver.finished.is_none(), "the transaction ends by itself");
    driver.on(Event::Committed(commit, Ok(CommitReport { inserted: 1, ..CommitReport::default() })));
    assert_eq!(driver.report().inserted, 1);
}

#[test]
fn a_pass_whose_store_is_gone_at_the_end_says_whether_its_commit_is_known() {
    let mut driver = Driver::begin(3);
    driver.go_to_commit();
    driver.on(Event::Stop);
    driver.on(Event::StoreGone);
    let error = driver.report().error.clone().expect("it was given up");
    assert_eq!(error.kind, FailureKind::Stopping);
    assert!(error.message.contains("is not known") && !error.message.contains("wrote nothing"), "{error}");

    let mut driver = Driver::begin(3);
    driver.open_and_list();
    driver.on(Event::StoreGone);
    let error = driver.report().error.clone().expect("it was given up");
    assert!(error.message.contains("wrote nothing"), "{error}");
}

#[test]
fn every_deadline_of_the_store_ends_the_pass_or_asks_again() {
    for phase in ["Open", "LookUp"] {
        let mut driver = Driver::begin(3);
        let op = if phase == "Open" {
            driver.asked("Open")
        } else {
            let list = driver.open_and_list();
            driver.on(Event::Listed(list, Ok(listed())));
            driver.asked("LookUp")
        };
        driver.on(Event::Deadline(op, None));
        assert_eq!(driver.stuck, ["store"], "{phase}");
        assert_eq!(driver.report().error.as_ref().map(|e| e.kind), Some(FailureKind::StoreFailed), "{phase}");
    }
}

/// The transaction that did not answer in time holds its lock while the next life of the store asks for it.
#[test]
fn a_store_in_trouble_does_not_end_a_pass_whose_commit_may_be_in() {
    let mut driver = commit_without_an_answer();
    driver.on(Event::StoreTrouble(store_error()));
    assert!(driver.finished.is_none(), "what came of the commit is not known yet");
    driver.on(Event::StoreUp);
    let open = driver.asked("Open");
    driver.on(Event::Opened(open, Ok(opened(Some(PASS)))));
    assert_eq!((driver.report().inserted, driver.report().error.is_none()), (1, true), "told truly");
}

#[test]
fn a_failure_that_could_not_be_recorded_waits_for_no_store_in_trouble() {
    let mut driver = Driver::begin(3);
    let list = driver.open_and_list();
    driver.on(Event::Listed(list, Err(refused())));
    driver.plan();
    driver.on(Event::StoreUp);
    driver.asked("Open");
    driver.on(Event::StoreTrouble(store_error()));
    assert_eq!(driver.report().error.as_ref().map(|e| e.kind), Some(FailureKind::DaemonUnreachable));
}

#[test]
fn a_pass_that_ends_before_its_commit_is_known_does_not_say_that_it_wrote_nothing() {
    let held = || StoreError::LeaseHeld { host: "local".into(), holder: "pid 7".into() };
    for (event, kind) in [
        (Event::Stop, FailureKind::Stopping),
        (Event::StoreTrouble(held()), FailureKind::LeaseLost),
        (Event::Opened(OpId(0), Err(store_error())), FailureKind::StoreFailed),
    ] {
        let mut driver = commit_without_an_answer();
        let event = match event {
            Event::Opened(_, result) => {
                driver.on(Event::StoreUp);
                Event::Opened(driver.asked("Open"), result)
            }
            other => other,
        };
        driver.on(event);
        let error = driver.report().error.clone().expect("it did not end well");
        assert_eq!(error.kind, kind);
        assert!(error.message.contains("whether this pass was committed is not known"), "{error}");
        assert!(!error.message.contains("wrote nothing"), "{error}");
    }
}

#[test]
fn a_row_that_an_unanswered_commit_left_out_is_told_as_moved() {
    let mut driver = commit_without_an_answer();
    driver.on(Event::StoreUp);
    let open = driver.asked("Open");
    driver.on(Event::Opened(open, Ok(Opened { rows: Arc::default(), ..opened(Some(PASS)) })));
    let report = driver.report();
    assert_eq!((report.inserted, report.moved, report.error.is_none()), (0, 1, true));
}

/// S17: the connection was cut while the commit was on its way.
#[test]
fn s17_a_commit_that_ended_in_an_error_is_told_by_the_last_pass_id() {
    for is_in in [true, false] {
        let mut driver = Driver::begin(3);
        driver.go_to_commit();
        let (commit, _) = driver.plan();
        driver.on(Event::Committed(commit, Err(store_error())));
        let open = driver.asked("Open");
        driver.on(Event::SnapshotBegan(open));
        driver.on(Event::Opened(open, Ok(opened(is_in.then_some(PASS)))));
        assert_eq!(driver.report().error.is_none(), is_in);
        assert_eq!(driver.report().inserted, usize::from(is_in));
        let told = driver.report().error.as_ref().is_none_or(|error| error.message == store_error().to_string());
        assert!(told, "what is known not to be in failed for the reason that the commit gave");
    }
}

fn commit_without_an_answer() -> Driver {
    let mut driver = Driver::begin(3);
    driver.go_to_commit();
    let (commit, _) = driver.plan();
    driver.on(Event::Deadline(commit, None));
    driver.asked("Open");
    driver
}
