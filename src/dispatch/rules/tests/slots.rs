//! Rule 3: which slot of its service a new container gets (F11).

use super::*;
use crate::model::LedgerRow;

fn slot(number: u32, container: &ListedContainer) -> LedgerRow {
    let id = if number == 1 { "s:web".to_owned() } else { format!("s:web:{number}") };
    row(&id, "s", container)
}

/// Compose's own name for this replica.
fn own(number: u32, replica: u32) -> ListedContainer {
    named(&format!("shop-web-{replica}"), web(number, replica))
}

fn replacing(label: &str, container: ListedContainer) -> ListedContainer {
    with(|claims| claims.compose_replace = Some(label.into()), container)
}

#[test]
fn composes_number_orders_those_that_arrive_together_and_is_no_slot() {
    let world = world(vec![own(1, 9), own(2, 7), own(3, 12)], vec![]);
    assert_eq!(world.verdicts(), ["makes s:web:2 web", "makes s:web web", "makes s:web:3 web"]);
}

#[test]
fn composes_own_name_goes_before_any_other_and_a_container_without_a_number_last() {
    let without = with(|claims| claims.compose_number = None, web(1, 1));
    let with_underscores = named("shop_web_1", web(3, 1));
    let world = world(vec![without, web(2, 1), with_underscores], vec![]);
    assert_eq!(world.verdicts(), ["makes s:web:3 web", "makes s:web:2 web", "makes s:web web"]);
}

#[test]
fn a_new_container_gets_the_lowest_slot_that_no_present_container_holds() {
    let (first, second, new) = (own(1, 1), own(2, 2), own(3, 3));
    let rows = vec![slot(1, &first), slot(2, &second)];
    for (listed, gone, expected) in [
        (vec![first.clone(), second.clone(), new.clone()], None, "makes s:web:3 web"),
        (vec![stopped(first.clone()), second.clone(), new.clone()], None, "makes s:web:3 web"),
        (vec![second.clone(), new.clone()], None, "makes s:web:3 web"),
        (vec![second, new.clone()], Some(1), "takes s:web"),
        (vec![first, new], Some(2), "takes s:web:2"),
    ] {
        let mut world = world(listed, rows.clone());
        if let Some(gone) = gone {
            world = world.gone(gone);
        }
        assert_eq!(world.verdict(3), expected);
    }
}

#[test]
fn a_container_that_may_exist_frees_no_slot() {
    let rows = vec![slot(1, &own(1, 1))];
    let arrived = || world(vec![own(2, 2)], rows.clone());
    for (why, world) in [
        ("unanswered", arrived().unanswered(1)),
        ("present", arrived().present(1)),
        ("quarantined", arrived().quarantined(1)),
        ("partial", arrived().partial().gone(1)),
    ] {
        assert_eq!(world.verdict(2), "makes s:web:2 web", "{why}");
        assert!(world.diff().rows.iter().all(|write| write.id.as_str() == "s:web:2"), "{why}");
    }
}

#[test]
fn a_missing_slot_is_free_for_whoever_comes() {
    let world = world(vec![own(4, 4), own(5, 5)], vec![missing(slot(1, &own(1, 1)))]);
    assert_eq!(world.verdicts(), ["takes s:web", "makes s:web:2 web"]);
}

#[test]
fn a_slot_whose_row_is_another_workloads_is_contested_and_not_passed_over() {
    let foreign = raw_row("s:web:2", "p", ContainerState::Created, None);
    let world = world(vec![own(1, 1), own(2, 2)], vec![foreign]);
    assert_eq!(world.verdicts(), ["makes s:web web", "contested"]);
}

#[test]
fn a_slot_that_another_rule_claims_is_left_to_it() {
    let legacy = named("legacy", container(1));
    let service = with(|claims| claims.compose_service = Some("legacy".into()), web(2, 1));
    assert_eq!(world(vec![legacy, service], vec![]).verdicts(), ["makes s:legacy legacy", "makes s:legacy:2 legacy"]);
}

#[test]
fn a_container_without_a_service_is_a_service_of_its_name() {
    let nameless = with(|claims| claims.compose_service = None, named("proxy", web(1, 1)));
    assert_eq!(world(vec![nameless], vec![]).verdict(1), "makes s:proxy proxy");
}

/// Compose 2.26 names the old one by its id, 2.40 by its name without the project, and each puts the old one's short id
/// before the new one's name until the old one is gone.
#[test]
fn composes_replacement_waits_for_its_predecessor_and_keeps_the_row() {
    let old = own(1, 1);
    let held = vec![slot(1, &old), slot(2, &own(2, 2))];
    let id = container_id(1);
    for label in [id.as_str(), "web-1", "shop-web-1"] {
        let waiting = replacing(label, in_state(ContainerState::Created, named("1a2b_shop-web-1", web(3, 1))));
        let beside = world(vec![old.clone(), own(2, 2), waiting.clone()], held.clone());
        assert_eq!(beside.verdict(3), "superseded", "{label}");
        let old_stopped = world(vec![stopped(old.clone()), own(2, 2), waiting.clone()], held.clone());
        assert_eq!(old_stopped.verdict(3), "takes s:web", "{label}");
        let mut after = old_stopped.clone();
        after.apply(&old_stopped.diff());
        assert_eq!(after.verdict(1), "superseded", "{label}: the one that was replaced takes no other slot");
        assert!(after.diff().rows.is_empty(), "{label}");
        let renamed = replacing(label, own(3, 1));
        let old_removed = world(vec![own(2, 2), renamed], held.clone()).gone(1);
        assert_eq!(old_removed.verdict(3), "takes s:web", "{label}");
    }
}

#[test]
fn a_replacement_is_known_by_the_short_id_before_its_name() {
    let old = ListedContainer { id: ContainerId::new("abcdef012345".repeat(5) + "0000"), ..own(1, 1) };
    let new = in_state(ContainerState::Created, named("abcdef012345_shop-web-1", web(3, 1)));
    let world = world(vec![old.clone(), new], vec![slot(1, &old)]);
    assert_eq!(world.verdict(3), "superseded");
}

/// Compose 1 renames the old one and gives its name to the new one.
#[test]
fn the_successor_of_a_container_that_compose_1_renamed_takes_its_row() {
    let id = "abcdef012345".repeat(5) + "0000";
    let old = ListedContainer { id: ContainerId::new(id), name: "abcdef012345_shop_web_1".into(), ..web(1, 1) };
    let held = vec![slot(1, &old), slot(2, &own(2, 2))];
    let world = world(vec![stopped(old), own(2, 2), named("shop_web_1", web(3, 1))], held);
    assert_eq!(world.verdict(3), "takes s:web");
}

/// Otherwise a recreated replica would go to the lowest slot that is free.
#[test]
fn who_bears_the_name_of_one_that_is_gone_takes_its_row() {
    let rows = vec![missing(slot(1, &own(1, 1))), slot(2, &own(2, 2)), slot(7, &own(7, 7))];
    assert_eq!(world(vec![own(2, 2), own(8, 7)], rows).gone(7).verdict(8), "takes s:web:7");
}

#[test]
fn of_two_new_ones_that_replace_each_other_one_gets_a_slot() {
    let old = own(1, 1);
    let new = replacing("web-1", in_state(ContainerState::Created, named("1a2b_shop-web-1", web(2, 1))));
    assert_eq!(world(vec![old.clone(), new.clone()], vec![]).verdicts(), ["makes s:web web", "superseded"]);
    let both_up = world(vec![old, in_state(ContainerState::Running, new)], vec![]);
    let mut verdicts = both_up.verdicts();
    verdicts.sort_unstable();
    assert_eq!(verdicts, ["makes s:web web", "makes s:web:2 web"], "both run: each needs a row");
}

/// Compose was ended twice while it replaced one and the same.
#[test]
fn of_two_that_were_made_to_replace_one_and_the_same_one_waits() {
    let replacement = |number| replacing("web-1", in_state(ContainerState::Created, web(number, 1)));
    let held = vec![slot(1, &own(1, 1))];
    let mut world = world(vec![replacement(2), replacement(3)], held).gone(1);
    assert_eq!(world.verdicts(), ["superseded", "takes s:web"]);
    world.apply(&world.diff());
    assert_eq!(world.verdicts(), ["superseded", "keeps s:web"]);
}

#[test]
fn who_lost_his_row_to_a_successor_does_not_take_a_predecessors() {
    let (first, second) = (stopped(own(1, 1)), stopped(replacing("web-1", web(2, 1))));
    let third = replacing("c2", in_state(ContainerState::Created, web(3, 1)));
    let mut world = world(vec![first.clone(), second.clone(), third], vec![slot(1, &first), slot(2, &second)]);
    assert_eq!(world.verdicts(), ["keeps s:web", "superseded", "takes s:web:2"]);
    world.apply(&world.diff());
    assert_eq!(world.verdicts(), ["keeps s:web", "superseded", "keeps s:web:2"]);
}

#[test]
fn a_row_that_another_rule_claims_is_not_waited_for() {
    let held = vec![missing(slot(1, &own(1, 1)))];
    let world = world(vec![labelled(2, "s", "stack", "web"), own(3, 1)], held);
    assert_eq!(world.verdicts(), ["takes s:web", "makes s:web:2 web"]);
}

#[test]
fn a_predecessor_that_is_started_again_takes_the_row_back() {
    let (old, new) = (own(1, 1), replacing("web-1", stopped(named("1a2b_shop-web-1", web(2, 1)))));
    let world = world(vec![old, new.clone()], vec![slot(1, &new)]);
    assert_eq!(world.verdicts(), ["takes s:web", "superseded"]);
}
