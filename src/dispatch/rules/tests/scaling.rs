//! Rule 3: what becomes of slots whose container is gone (F11).

use super::*;
use crate::model::LedgerRow;
use crate::store::RowWrite;

/// Replica `number` in slot `number`.
fn slot(number: u32) -> LedgerRow {
    slot_with(number, number)
}

fn slot_with(number: u32, container: u32) -> LedgerRow {
    let id = if number == 1 { "s:web".to_owned() } else { format!("s:web:{number}") };
    row(&id, "s", &web(container, container))
}

/// The rows, with the containers of these numbers listed and all others gone.
fn left(rows: Vec<LedgerRow>, listed: &[u32]) -> World {
    let mut left = world(listed.iter().map(|number| web(*number, *number)).collect(), rows);
    for number in 1..=9 {
        if !listed.contains(&number) {
            left = left.gone(number);
        }
    }
    left
}

/// A write in short: row, cause, state, the container's number, the row that it leaves.
fn told(write: &RowWrite) -> String {
    let container = write.binding.container_id.as_ref().expect("bound");
    let number = u32::from_str_radix(container.as_str(), 16).expect("a test's id");
    let leaves = write.leaves.as_ref().map(|row| format!(" leaves {row}")).unwrap_or_default();
    format!("{} {} {} {number}{leaves}", write.id, write.cause, write.observed.state)
}

fn writes(world: &World) -> Vec<String> {
    world.diff().rows.iter().map(told).collect()
}

fn rows_after(world: &World) -> Vec<String> {
    let mut after = world.clone();
    after.apply(&world.diff());
    assert!(after.diff().rows.is_empty(), "a second pass writes nothing");
    let mut rows: Vec<String> = after.rows.iter().map(|row| format!("{} {}", row.id, row.observed.state)).collect();
    rows.sort_unstable();
    rows
}

#[test]
fn the_highest_slot_goes_when_its_container_does() {
    let world = left(vec![slot(1), slot(2), slot(3)], &[1, 2]);
    assert_eq!(writes(&world), ["s:web:3 scaled forgotten 3"]);
    assert_eq!(rows_after(&world), ["s:web running", "s:web:2 running"]);
}

#[test]
fn the_highest_slots_container_moves_down_into_what_is_free() {
    let world = left(vec![slot(1), slot(2), slot(3)], &[2, 3]);
    assert_eq!(writes(&world), ["s:web rebound running 3 leaves s:web:3"]);
    assert_eq!(rows_after(&world), ["s:web running", "s:web:2 running"]);
    let two_gone = left(vec![slot(1), slot(2), slot(3), slot(4)], &[3, 4]);
    assert_eq!(
        writes(&two_gone),
        ["s:web rebound running 4 leaves s:web:4", "s:web:2 rebound running 3 leaves s:web:3"]
    );
}

#[test]
fn who_moves_down_keeps_what_is_known_of_it() {
    let mut world = left(vec![slot(1), slot(2)], &[2]);
    world.rows[1].observed.restart_count = Some(17);
    world.rows[1].observed.flapping_since = None;
    let write = world.only_write();
    assert_eq!(write.observed, world.rows[1].observed, "a move is no new sight");
    assert_eq!((write.details_owed, write.from_state), (false, Some(ContainerState::Running)));
}

#[test]
fn a_new_container_fills_what_is_free_before_anybody_moves() {
    let mut world = left(vec![slot(1), slot(2)], &[2]);
    world.listing.containers.push(web(5, 5));
    assert_eq!(writes(&world), ["s:web rebound running 5"]);
    let mut one_for_two = left(vec![slot(1), slot(2)], &[]);
    one_for_two.listing.containers.push(web(5, 5));
    assert_eq!(writes(&one_for_two), ["s:web rebound running 5", "s:web:2 scaled forgotten 2"]);
}

#[test]
fn a_service_is_missing_once_none_is_left_and_its_first_row_says_so() {
    let world = left(vec![slot(1), slot(2), slot(3)], &[]);
    assert_eq!(writes(&world), ["s:web missing missing 1", "s:web:2 scaled forgotten 2", "s:web:3 scaled forgotten 3"]);
    assert_eq!(rows_after(&world), ["s:web missing"]);
    assert_eq!(writes(&left(vec![slot(7)], &[])), ["s:web:7 missing missing 7"], "its first row is the lowest it has");
}

#[test]
fn a_crash_is_no_loss() {
    let mut world = left(vec![slot(1), slot(2), slot(3)], &[1, 2, 3]);
    world.listing.containers[0] = stopped(web(1, 1));
    assert_eq!(writes(&world), ["s:web observed stopped 1"]);
}

#[test]
fn what_may_exist_is_no_loss_and_does_not_move() {
    let rows = || vec![slot(1), slot(2), slot(3)];
    let without = |number: u32| world((1..=3).filter(|one| *one != number).map(|one| web(one, one)).collect(), rows());
    for world in
        [without(1).unanswered(1), without(1).present(1), without(1).quarantined(1), without(1).partial().gone(1)]
    {
        assert!(world.diff().rows.is_empty());
    }
    // The highest cannot be described: the row that is free goes instead.
    let two_and_quarantined = world(vec![web(2, 2)], rows()).gone(1).quarantined(3);
    assert_eq!(writes(&two_and_quarantined), ["s:web scaled forgotten 1"]);
    let unidentified = without(1).gone(1).unidentified();
    assert!(unidentified.diff().rows.is_empty());
}

/// Whether its fact is still needed only the deployer knows: the row stays, it is not alarmed about, and it is used again.
#[test]
fn a_row_with_a_deployers_column_neither_goes_nor_moves_nor_is_filled() {
    let surplus = left(vec![slot(1), deployed(slot(2))], &[1]);
    assert_eq!(writes(&surplus), ["s:web:2 scaled missing 2"]);
    assert_eq!(rows_after(&surplus), ["s:web running", "s:web:2 missing"]);

    let free = left(vec![deployed(slot(1)), slot(2)], &[2]);
    assert_eq!(writes(&free), ["s:web scaled missing 1"]);

    let highest = left(vec![slot(1), deployed(slot(2))], &[2]);
    assert_eq!(writes(&highest), ["s:web scaled forgotten 1"], "its container stays, so the free row goes");

    let mut again = free.clone();
    again.apply(&free.diff());
    again.listing.containers.push(web(3, 3));
    assert_eq!(writes(&again), ["s:web scaled running 3"], "an end is told of no alarm that was not");
    again.apply(&again.diff());
    assert!(again.rows[0].bears_deployers_column);
}

#[test]
fn a_row_that_was_missing_without_an_alarm_alarms_once_none_is_left() {
    let mut world = left(vec![deployed(slot(1)), slot(2)], &[2]);
    let scaled = world.diff();
    world.apply(&scaled);
    world.listing.containers.clear();
    let world = world.gone(2);
    assert_eq!(writes(&world), ["s:web missing missing 1", "s:web:2 scaled forgotten 2"]);
    assert_eq!(rows_after(&world), ["s:web missing"]);
    let mut back = world.clone();
    back.apply(&world.diff());
    back.listing.containers.push(web(3, 3));
    assert_eq!(writes(&back), ["s:web rebound running 3"], "the end of an alarm is told");
}

/// Row ids of before, which compose's numbers made: what is bound keeps its row, dead ones go.
#[test]
fn rows_of_rolling_deploys_of_before_go_and_the_bound_one_keeps_its_id() {
    let rows = || vec![missing(slot(1)), missing(slot(3)), slot(7)];
    let upgraded = left(rows(), &[7]);
    assert_eq!(writes(&upgraded), ["s:web scaled forgotten 1", "s:web:3 scaled forgotten 3"]);
    assert_eq!(rows_after(&upgraded), ["s:web:7 running"]);

    let mut deploy = left(vec![slot(7)], &[7]);
    deploy.listing.containers.push(web(8, 8));
    assert_eq!(writes(&deploy), ["s:web inserted running 8"]);
    deploy.apply(&deploy.diff());
    deploy.listing.containers.remove(0);
    assert_eq!(writes(&deploy.gone(7)), ["s:web:7 scaled forgotten 7"]);

    let with_a_column = left(vec![deployed(missing(slot(1))), slot(7)], &[7]);
    assert!(with_a_column.diff().rows.is_empty(), "nothing that a deployer wrote is lost, and the bound one stays");
    let all_gone_before = left(vec![missing(slot(1)), missing(slot(2))], &[]);
    assert_eq!(writes(&all_gone_before), ["s:web:2 scaled forgotten 2"]);
}

#[test]
fn other_services_and_rows_that_are_no_slots_are_not_counted() {
    let mut api = row("s:api", "s", &web(4, 4));
    api.binding.role = "api".into();
    let other = row("s2:web:2", "s2", &web(5, 5));
    let of_a_project = row("s:web:2", "p", &web(6, 6));
    let world = left(vec![slot(1), api, other, of_a_project], &[4, 5, 6]);
    assert_eq!(writes(&world), ["s:web missing missing 1"]);
    let mut gone_owner = left(vec![slot(1), slot(2)], &[2]);
    gone_owner.directory.workloads.remove("s");
    assert!(gone_owner.diff().rows.is_empty());
}
