use std::collections::BTreeSet;

use super::*;
use crate::model::{ContainerId, News, Scope, Starts};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const LIMIT: usize = 3;

fn schedule() -> Schedule<u32, u64> {
    Schedule::new(50 * MS, LIMIT)
}

fn ids(numbers: std::ops::Range<u32>) -> BTreeSet<ContainerId> {
    numbers.map(|n| ContainerId::new(format!("c{n}"))).collect()
}

fn event(numbers: std::ops::Range<u32>) -> Invalidation {
    let news = News { details: ids(numbers.clone()), ..News::default() };
    Invalidation { scope: Scope::Containers(ids(numbers)), trigger: Trigger::Event, news }
}

/// Events of more containers than are told apart.
fn storm() -> Invalidation {
    Invalidation { scope: Scope::Host, ..event(0..1) }
}

fn reconnect() -> Invalidation {
    Invalidation { scope: Scope::Host, trigger: Trigger::Reconnect, news: News::default() }
}

fn callers(ended: Option<Ended<u32, u64>>) -> Option<Vec<u32>> {
    ended.map(|ended| ended.callers)
}

#[test]
fn a_request_during_a_pass_waits_for_the_next_one() {
    let mut schedule = schedule();
    schedule.want(Trigger::Request, Some(1)).expect("room");
    let first = schedule.begin(MS).expect("wanted");
    schedule.want(Trigger::Request, Some(2)).expect("room");
    schedule.want(Trigger::Request, Some(3)).expect("room");
    assert_eq!(schedule.due_in(2 * MS), None, "one at a time");
    assert_eq!(callers(schedule.ended(&first.pass, true)), Some(vec![1]));
    let second = schedule.begin(2 * MS).expect("wanted");
    assert_eq!(callers(schedule.ended(&second.pass, true)), Some(vec![2, 3]));
    assert!(schedule.begin(3 * MS).is_none(), "nothing more is wanted");
}

#[test]
fn bursts_keep_their_distance_and_requests_and_ticks_do_not() {
    for at_once in [Trigger::Request, Trigger::Tick, Trigger::Boot] {
        let mut schedule = schedule();
        schedule.want_invalidation(1, event(0..1));
        let first = schedule.begin(100 * MS).expect("wanted");
        schedule.want_invalidation(2, event(1..2));
        schedule.ended(&first.pass, true);
        assert_eq!(schedule.due_in(110 * MS), Some(40 * MS));
        schedule.want(at_once, None).expect("room");
        assert_eq!(schedule.due_in(110 * MS), Some(Duration::ZERO), "{at_once}");
    }
}

// F26
#[test]
fn the_first_event_after_quiet_is_acted_on_at_once() {
    let mut schedule = schedule();
    schedule.want(Trigger::Boot, None).expect("room");
    let boot = schedule.begin(Duration::ZERO).expect("wanted");
    schedule.ended(&boot.pass, true);
    schedule.want_invalidation(1, event(0..1));
    assert_eq!(schedule.due_in(50 * MS), Some(Duration::ZERO));
    let order = schedule.begin(50 * MS).expect("wanted");
    assert_eq!((order.scope, order.trigger), (Scope::Containers(ids(0..1)), Trigger::Event));
    assert_eq!(order.news.details, ids(0..1));
}

// F26
#[test]
fn containers_are_joined_and_too_many_become_the_whole_host() {
    let mut schedule = schedule();
    schedule.want_invalidation(1, event(0..2));
    schedule.want_invalidation(2, event(1..3));
    assert_eq!(schedule.wanted.as_ref().expect("wanted").scope, Scope::Containers(ids(0..3)));
    schedule.want_invalidation(3, event(3..4));
    let order = schedule.begin(MS).expect("wanted");
    assert_eq!(order.scope, Scope::Host);
    assert_eq!(order.news.details, ids(0..4), "the news is kept whole");
    assert_eq!(schedule.ended(&order.pass, true).expect("it ran").batch, Some(3));
}

#[test]
fn a_whole_pass_takes_along_what_events_want() {
    for (first, second) in [(Trigger::Tick, true), (Trigger::Request, false)] {
        let mut schedule = schedule();
        if second {
            schedule.want(first, None).expect("room");
        }
        schedule.want_invalidation(1, event(0..1));
        if !second {
            schedule.want(first, None).expect("room");
        }
        let order = schedule.begin(MS).expect("wanted");
        assert_eq!((order.scope.clone(), order.trigger), (Scope::Host, first));
        assert_eq!(order.news.details, ids(0..1));
        assert_eq!(schedule.ended(&order.pass, true).expect("it ran").batch, Some(1));
        assert_eq!(schedule.due_in(MS), None, "all of it is taken");
    }
}

#[test]
fn the_later_word_on_starts_wins() {
    let mut schedule = schedule();
    let container = ContainerId::new("c0");
    for (number, is_flapping) in [(1, true), (2, false)] {
        let mut invalidation = event(0..1);
        invalidation.news.starts.insert(container.clone(), Starts { recent: 4, is_flapping });
        schedule.want_invalidation(number, invalidation);
    }
    assert!(!schedule.begin(MS).expect("wanted").news.starts[&container].is_flapping);
}

#[test]
fn a_lost_pass_keeps_callers_scope_news_and_batch_and_gets_a_fresh_id() {
    let mut schedule = schedule();
    schedule.want(Trigger::Request, Some(1)).expect("room");
    let lost = schedule.begin(MS).expect("wanted");
    schedule.want(Trigger::Request, Some(2)).expect("room");
    schedule.lost();
    let again = schedule.begin(2 * MS).expect("wanted");
    assert_ne!(again.pass, lost.pass);
    assert_eq!(schedule.ended(&lost.pass, true), None, "a late report answers nobody");
    assert_eq!(callers(schedule.ended(&again.pass, true)), Some(vec![1, 2]));

    schedule.want_invalidation(1, event(0..1));
    let lost = schedule.begin(3 * MS).expect("wanted");
    schedule.lost();
    let again = schedule.begin(4 * MS).expect("wanted");
    assert_eq!((again.scope, again.news), (lost.scope, lost.news));
    assert_eq!(schedule.ended(&again.pass, true).expect("it ran").batch, Some(1));
}

/// D16: the daemon is not kept busy with listing while a storm lasts.
#[test]
fn whole_passes_that_events_want_keep_a_longer_distance() {
    let mut schedule = schedule();
    schedule.want_invalidation(1, storm());
    let first = schedule.begin(SECOND).expect("wanted");
    schedule.ended(&first.pass, true);
    schedule.want_invalidation(2, storm());
    assert_eq!(schedule.due_in(SECOND + 100 * MS), Some(WHOLE_DISTANCE - 100 * MS));
    schedule.want_invalidation(3, reconnect());
    assert_eq!(schedule.due_in(SECOND + 100 * MS), Some(RECONNECT_DISTANCE - 100 * MS), "a lost stream waits less");
    schedule.want(Trigger::Recovery, None).expect("room");
    assert_eq!(schedule.due_in(SECOND + 100 * MS), Some(Duration::ZERO), "others need not wait for it");
}

#[test]
fn a_whole_pass_that_failed_to_look_delays_no_other() {
    let mut schedule = schedule();
    schedule.want_invalidation(1, reconnect());
    let first = schedule.begin(SECOND).expect("wanted");
    schedule.ended(&first.pass, false);
    schedule.want_invalidation(2, reconnect());
    assert_eq!(schedule.due_in(SECOND + 100 * MS), Some(Duration::ZERO));
}

#[test]
fn a_boot_pass_waits_for_the_stream_and_a_request_does_not() {
    let mut schedule = schedule();
    schedule.hold_boot(200 * MS);
    schedule.want(Trigger::Boot, None).expect("room");
    schedule.want_invalidation(1, reconnect());
    assert_eq!(schedule.due_in(MS), Some(199 * MS));
    schedule.want(Trigger::Request, Some(1)).expect("room");
    assert_eq!(schedule.due_in(MS), Some(Duration::ZERO), "somebody waits for it");

    let mut schedule = self::schedule();
    schedule.hold_boot(200 * MS);
    schedule.want(Trigger::Boot, None).expect("room");
    schedule.release_boot();
    assert_eq!(schedule.due_in(MS), Some(Duration::ZERO));
}

#[test]
fn rows_that_move_in_each_pass_are_looked_at_at_a_growing_distance() {
    let mut schedule = schedule();
    schedule.want(Trigger::Tick, None).expect("room");
    let mut now = SECOND;
    let mut waits = Vec::new();
    for _ in 0..9 {
        let order = schedule.begin(now).expect("wanted");
        schedule.ended(&order.pass, true);
        schedule.looked_at_moved(true);
        let wait = schedule.due_in(now).expect("wanted");
        waits.push(wait.as_millis());
        assert_eq!(schedule.begin(now), None, "not yet");
        now += wait;
    }
    assert_eq!(waits, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    let order = schedule.begin(now).expect("due");
    assert_eq!((order.trigger, order.scope.is_whole()), (Trigger::Moved, true));
    schedule.ended(&order.pass, true);
    schedule.looked_at_moved(false);
    assert_eq!(schedule.due_in(now), None);
    schedule.looked_at_moved(true);
    assert_eq!(schedule.due_in(now), Some(50 * MS), "a pass without moved rows begins anew");
}

#[test]
fn an_event_does_not_wait_for_the_next_look_at_moved_rows() {
    let mut schedule = schedule();
    schedule.want(Trigger::Tick, None).expect("room");
    let order = schedule.begin(SECOND).expect("wanted");
    schedule.ended(&order.pass, true);
    for _ in 0..8 {
        schedule.looked_at_moved(true);
    }
    schedule.want_invalidation(1, event(0..1));
    let now = SECOND + 60 * MS;
    assert_eq!(schedule.due_in(now), Some(Duration::ZERO));
    let order = schedule.begin(now).expect("wanted");
    assert!(!order.scope.is_whole());
    schedule.ended(&order.pass, true);
    assert!(schedule.due_in(now).is_some(), "the look is still to come");
}

/// A5
#[test]
fn waiting_is_bounded() {
    let mut schedule = schedule();
    for caller in 0..MAX_WAITING {
        schedule.want(Trigger::Request, Some(u32::try_from(caller).expect("small"))).expect("room");
    }
    assert_eq!(schedule.want(Trigger::Request, Some(7)), Err(7));
}
