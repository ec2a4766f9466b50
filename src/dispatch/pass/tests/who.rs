//! Who answers: what a pass waits for, and what it does in doubt.

use std::sync::Arc;
use std::time::Duration;

use super::driver::{Driver, directory, host, identified, listed, opened};
use super::*;
use crate::dispatch::rules::fixtures::{container, row};
use crate::docker::{Connection, Identified};
use crate::model::{DaemonCall, HostRecord, LedgerRow, UnassignedReason};

/// A row whose container the listing lacks.
fn lost() -> Vec<LedgerRow> {
    vec![row("w-shop:db", "w-shop", &container(9))]
}

fn refused() -> Identified {
    Identified { identity: None, without_id: Some("GET /info is refused with status 403".into()) }
}

/// Up to the question who answers, or what comes in its place.
fn listed_by(host: HostRecord, rows: Vec<LedgerRow>, known: Option<Identified>, cache: PassCache) -> Driver {
    let mut driver = Driver::begin_with(3, cache);
    let (open, list) = driver.open_then_list();
    driver.on(Event::Opened(open, Ok(Opened { host, rows: Arc::new(rows) })));
    driver.on(Event::Known(known));
    driver.on(Event::Listed(list, Ok(listed())));
    driver
}

#[test]
fn another_daemon_writes_nothing_but_the_status() {
    let mut driver = listed_by(host(Some("daemon-a")), lost(), Some(identified("daemon-b")), PassCache::default());
    let (commit, plan) = driver.plan();
    assert!(plan.rows.is_empty());
    assert_eq!((plan.host.status, plan.host.identity.is_some()), (Some(HostStatus::WrongDaemon), false));
    driver.on(Event::Committed(commit, Ok(CommitReport::default())));
    assert_eq!(driver.report().outcome, PassOutcome::WrongDaemon);
}

// F14
#[test]
fn another_id_with_the_same_containers_is_recorded_as_renewed() {
    let bound = opened(Some("earlier")).rows;
    let mut driver =
        listed_by(host(Some("daemon-a")), bound.to_vec(), Some(identified("daemon-b")), PassCache::default());
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    let (commit, plan) = driver.plan();
    let recorded = plan.host.identity.as_ref().and_then(|identity| identity.id.as_deref());
    assert_eq!((plan.host.status, recorded), (Some(HostStatus::Fresh), Some("daemon-b")));
    driver.on(Event::Committed(commit, Ok(CommitReport::default())));
    let renewed = driver.finished.expect("over").renewed_id;
    assert_eq!(renewed, Some(("daemon-a".into(), "daemon-b".into())));
}

// F2, F3
#[test]
fn a_pass_that_can_do_without_the_id_does_not_wait_for_it() {
    let bound = opened(Some("earlier")).rows;
    let mut driver = listed_by(host(Some("daemon-a")), bound.to_vec(), None, PassCache::default());
    driver.asked("LookUp");
}

// F3
#[test]
fn a_pass_in_doubt_waits_once_and_one_late_answer_is_enough() {
    let mut driver = listed_by(host(Some("daemon-a")), lost(), None, PassCache::default());
    let (op, ask) = driver.asked_with("Identify");
    assert!(
        matches!(ask, Ask::Identify(within) if within == Duration::from_secs(15)),
        "somebody waits for it: {ask:?}"
    );
    driver.on(Event::Identified(op, identified("daemon-a")));
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    driver.asked("Verify");
}

// F2
#[test]
fn in_doubt_nothing_is_made_or_taken_and_the_reason_names_the_call_and_the_cure() {
    for known in [Some(refused()), None] {
        let is_known = known.is_some();
        let mut driver = listed_by(host(Some("daemon-a")), lost(), known, PassCache::default());
        let op = driver.asked("Identify");
        if is_known {
            driver.on(Event::Identified(op, refused()));
        } else {
            driver.on(Event::Deadline(op, None));
        }
        let look_up = driver.asked("LookUp");
        driver.on(Event::Found(look_up, Ok(directory())));
        let (commit, plan) = driver.plan();
        assert!(plan.rows.is_empty() && !plan.host.complete && plan.host.identity.is_none());
        assert_eq!((plan.host.status, plan.pass.outcome), (Some(HostStatus::Stale), PassOutcome::Partial));
        driver.on(Event::Committed(commit, Ok(CommitReport::default())));
        let report = driver.report();
        assert_eq!(report.unassigned.get(&UnassignedReason::IdentityUnknown), Some(&1));
        assert_eq!((report.unverified, report.missing), (1, 0));
        let detail = &report.unassigned_containers[0].detail;
        assert!(detail.contains("INFO=1") && detail.contains("identity_deadline"), "{detail}");
        assert_eq!(detail.contains("status 403"), is_known, "{detail}");
        assert_eq!(driver.finished.expect("over").cache.proven, None);
    }
}

/// The connection is the proof's: while it lives, the same peer answers.
#[test]
fn a_connection_that_proved_itself_is_in_no_doubt_when_its_containers_go() {
    for (connection, is_in_doubt) in [(Connection::default(), false), (Connection { client: 1, number: 2 }, true)] {
        let cache = PassCache { proven: Some(connection), ..PassCache::default() };
        let mut driver = listed_by(host(None), lost(), Some(refused()), cache);
        driver.asked(if is_in_doubt { "Identify" } else { "LookUp" });
    }
}

#[test]
fn an_operators_word_ends_the_doubt_and_is_used_up_by_it() {
    let confirmed = HostRecord { identity_confirmed: true, ..host(None) };
    let mut driver = listed_by(confirmed, lost(), Some(refused()), PassCache::default());
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    let verify = driver.asked("Verify");
    driver.on(Event::Verified(verify, std::collections::HashMap::new()));
    assert!(driver.pass.confirmed);
}

#[test]
fn a_new_host_looks_for_its_containers_among_those_of_others() {
    let mut driver = listed_by(host(None), Vec::new(), Some(refused()), PassCache::default());
    let (look_up, ask) = driver.asked_with("LookUp");
    let Ask::LookUp(keys) = ask else { panic!("{ask:?}") };
    assert_eq!(keys.elsewhere.expect("a new host").containers, ["a".repeat(64)].into());
    let kept = crate::model::Directory { kept_by: Some(crate::model::HostName::new("east")), ..directory() };
    driver.on(Event::Found(look_up, Ok(kept)));
    let error = driver.report().error.clone().expect("refused");
    assert_eq!(error.kind, FailureKind::IdentityTaken);
    assert!(error.message.contains("host name east"), "{error}");
}

// F15
#[test]
fn a_list_that_is_late_where_pings_are_answered_is_slow_and_not_hung() {
    for answers in [true, false] {
        let mut driver = Driver::begin(1);
        let list = driver.open_and_list();
        driver.on(Event::Deadline(list, None));
        let event = if answers { Event::Pinged } else { Event::Deadline(driver.pings[0], None) };
        driver.on(event);
        let (commit, plan) = driver.plan();
        let status = if answers { HostStatus::Stale } else { HostStatus::Unreachable };
        assert_eq!(plan.host.status, Some(status));
        driver.on(Event::Committed(commit, Ok(CommitReport::default())));
        let message = driver.report().error.clone().expect("it failed").message;
        assert!(message.contains("list_deadline (10s)"), "{message}");
        assert_eq!(message.contains("raise list_deadline"), answers, "{message}");
        assert_eq!(message.contains("restart"), !answers, "{message}");
    }
}

// F1
#[test]
fn where_inspects_are_refused_none_is_asked_to_verify_what_is_absent() {
    let cache = PassCache { inspects_refused: Some(DaemonCall::Inspect.request().to_owned()), ..PassCache::default() };
    let mut driver = listed_by(host(Some("daemon-a")), lost(), Some(identified("daemon-a")), cache);
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    let (commit, _) = driver.plan();
    driver.on(Event::Committed(commit, Ok(CommitReport::default())));
    assert_eq!((driver.report().unverified, driver.report().missing), (1, 0));
}
