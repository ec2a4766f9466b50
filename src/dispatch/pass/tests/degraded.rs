//! A listing that fails while single inspects answer.

use std::collections::HashMap;
use std::time::Duration;

use super::driver::{Driver, moment, opened, settings, with_order};
use super::*;
use crate::dispatch::PassOrder;
use crate::dispatch::rules::fixtures::{container, container_id, row, stopped, world};
use crate::model::{
    ContainerId, Directory, Examined, HostStatus, LedgerRow, ListedContainer, News, PassId, Ports, Scope, Trigger,
};

fn failed_list() -> DaemonError {
    DaemonError::Status {
        endpoint: "unix:///socket".into(),
        call: "GET /containers/json",
        status: 500,
        body: "bad".into(),
    }
}

fn three_rows() -> Vec<LedgerRow> {
    (1..=3).map(|number| row(&format!("r{number}"), "p", &container(number))).collect()
}

/// A pass whose list failed, with the containers that it examines.
fn examining(cache: PassCache) -> (Driver, OpId, Vec<ContainerId>) {
    let order = PassOrder { pass: PassId::new("p"), trigger: Trigger::Tick, scope: Scope::Host, news: News::default() };
    let mut driver = with_order(settings(), order, cache);
    let (open, list) = driver.open_then_list();
    driver.on(Event::Opened(open, Ok(Opened { rows: Arc::new(three_rows()), ..opened(None) })));
    driver.on(Event::Listed(list, Err(failed_list())));
    match driver.asked_with("Examine") {
        (op, Ask::Examine(containers, within)) => {
            assert_eq!(within, Duration::from_secs(10), "one more list deadline");
            (driver, op, containers)
        }
        other => panic!("{other:?}"),
    }
}

fn directory() -> Directory {
    world(Vec::new(), Vec::new()).directory
}

#[test]
fn rows_whose_containers_answer_are_updated_and_those_that_hang_are_named() {
    let (mut driver, op, asked) = examining(PassCache::default());
    assert_eq!(asked, [container_id(1), container_id(2), container_id(3)]);
    let answers = HashMap::from([
        (container_id(1), Examined::Present(Box::new(stopped(container(1)).into()))),
        (container_id(2), Examined::Unanswered("no answer within 2s".into())),
        (container_id(3), Examined::Gone),
    ]);
    driver.on(Event::Examined(op, answers));
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    let (commit, plan) = driver.plan();
    assert_eq!(plan.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["r1"], "nothing is swept");
    assert_eq!((plan.host.status, plan.host.complete), (Some(HostStatus::Degraded), false));
    driver.on(Event::Committed(commit, Ok(CommitReport { updated: 1, ..CommitReport::default() })));
    let report = driver.report();
    assert_eq!((report.outcome, report.updated), (PassOutcome::Degraded, 1));
    assert_eq!(report.hanging, [container_id(2)]);
    assert!(report.error.as_ref().is_some_and(|error| error.message.contains("status 500")), "why is told");
}

#[test]
fn where_no_inspect_answers_either_the_pass_fails_as_it_would() {
    let hang = Examined::Unanswered("no answer".into());
    for answers in [HashMap::new(), HashMap::from([(container_id(1), hang)])] {
        let (mut driver, op, _) = examining(PassCache::default());
        driver.on(Event::Examined(op, answers));
        let (commit, plan) = driver.plan();
        assert_eq!((plan.rows.len(), plan.host.status), (0, Some(HostStatus::Stale)));
        driver.on(Event::Committed(commit, Ok(CommitReport::default())));
        assert_eq!((driver.report().outcome, driver.report().hanging.len()), (PassOutcome::Failed, 0));
    }
}

#[test]
fn a_worker_that_hangs_over_its_inspects_is_replaced_and_the_pass_fails() {
    let (mut driver, op, _) = examining(PassCache::default());
    driver.on(Event::Deadline(op, None));
    assert_eq!(driver.stuck, ["docker"]);
    driver.plan();
}

/// A list that hangs is cancelled by killing the worker: the inspects are asked of its next life.
#[test]
fn the_next_life_of_the_worker_is_asked_again() {
    let (mut driver, op, asked) = examining(PassCache::default());
    driver.on(Event::DockerUp);
    let (again, ask) = driver.asked_with("Examine");
    assert!(matches!(ask, Ask::Examine(containers, _) if containers == asked));
    assert_ne!(op, again);
}

#[test]
fn the_look_goes_on_where_the_last_one_stopped() {
    let (mut driver, op, _) = examining(PassCache::default());
    let present = |number| Examined::Present(Box::new(container(number).into()));
    driver.on(Event::Examined(op, HashMap::from([(container_id(1), present(1)), (container_id(2), present(2))])));
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    let (commit, _) = driver.plan();
    driver.on(Event::Committed(commit, Ok(CommitReport::default())));
    let cache = driver.finished.expect("over").cache;
    let (_, _, asked) = examining(cache);
    assert_eq!(asked, [container_id(3), container_id(1), container_id(2)]);
}

#[test]
fn a_daemon_that_is_not_there_is_not_asked_for_each_container() {
    let mut driver = with_order(settings(), driver_order(), PassCache::default());
    let (open, list) = driver.open_then_list();
    driver.on(Event::Opened(open, Ok(Opened { rows: Arc::new(three_rows()), ..opened(None) })));
    driver.on(Event::Listed(list, Err(refused())));
    driver.plan();
}

#[test]
fn three_tries_leave_the_look_less_than_a_whole_deadline() {
    let mut driver = with_order(settings(), driver_order(), PassCache::default());
    let (open, list) = driver.open_then_list();
    driver.on(Event::Opened(open, Ok(Opened { rows: Arc::new(three_rows()), ..opened(None) })));
    let late = Moment { monotonic: moment().monotonic + Duration::from_secs(30), ..moment() };
    let effects = driver.pass.on(Event::Listed(list, Err(failed_list())), late);
    driver.take(effects);
    let (_, ask) = driver.asked_with("Examine");
    assert!(matches!(ask, Ask::Examine(_, within) if within == Duration::from_millis(7_500)), "{ask:?}");
}

fn driver_order() -> PassOrder {
    PassOrder { pass: PassId::new("p"), trigger: Trigger::Tick, scope: Scope::Host, news: News::default() }
}

/// A listing says the image's id once the tag has moved on; an inspect says the tag as ever.
#[test]
fn an_inspect_never_changes_what_the_image_was_called() {
    let (mut driver, op, _) = examining(PassCache::default());
    let renamed = ListedContainer { image_ref: "app:2".into(), ..container(1) };
    driver.on(Event::Examined(op, HashMap::from([(container_id(1), Examined::Present(Box::new(renamed.into())))])));
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    let (_, plan) = driver.plan();
    assert!(plan.rows.is_empty(), "{:?}", plan.rows);
}

/// Podman's list leaves out what is exposed and not published.
#[test]
fn what_only_an_inspect_tells_is_no_change_and_what_is_published_anew_is_one() {
    for (ports, changed) in [("0.0.0.0:8080->80/tcp, 9/tcp", 0), ("8080->80/tcp, 9/tcp", 1), ("9/tcp", 1)] {
        let (mut driver, op, _) = examining(PassCache::default());
        let said = ListedContainer { ports: Ports { lowest: 8080, text: ports.into() }, ..container(1) };
        driver.on(Event::Examined(op, HashMap::from([(container_id(1), Examined::Present(Box::new(said.into())))])));
        let look_up = driver.asked("LookUp");
        driver.on(Event::Found(look_up, Ok(directory())));
        let (_, plan) = driver.plan();
        assert_eq!(plan.rows.len(), changed, "{ports}: {:?}", plan.rows);
    }
}
