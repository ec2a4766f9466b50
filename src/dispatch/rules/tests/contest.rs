//! Rows that exist already, and several containers for one row.

use super::*;

/// One whose label claims the row `s:web`: no other row will do for it.
fn sole(number: u32) -> ListedContainer {
    labelled(number, "s", "stack", "web")
}

#[test]
fn unbound_row_of_ours_is_taken() {
    let world = world(vec![web(1, 1)], vec![raw_row("s:web", "s", ContainerState::Created, None)]);
    assert_eq!(world.verdict(1), "takes s:web");
}

#[test]
fn row_of_another_workload_or_of_a_project_is_never_taken() {
    let mut as_a_project = raw_row("s:web", "s", ContainerState::Created, None);
    as_a_project.binding.workload_kind = WorkloadKind::Project;
    let of = |owner: &str| raw_row("s:web", owner, ContainerState::Created, None);
    for unbound in [of("s2"), of("p"), as_a_project] {
        for state in [ContainerState::Running, ContainerState::Stopped] {
            let world = world(vec![in_state(state, web(1, 1))], vec![unbound.clone()]);
            assert_eq!(world.verdict(1), "contested", "{unbound:?}");
            assert!(world.diff().rows.iter().all(|write| write.binding.container_id.is_none()));
        }
    }
}

#[test]
fn missing_row_of_a_project_waits_for_its_own_container() {
    let old = container(1);
    let claimant = labelled(2, "p", "project", "prod");
    let world = world(vec![claimant], vec![missing(row("r1", "p", &old))]);
    assert_eq!(world.verdict(2), "unclaimed_project");
    assert!(world.diff().rows.is_empty());
}

#[test]
fn contest_for_a_bound_row() {
    use ContainerState::{Created, Paused, Restarting, Running, Stopped};
    let (keeps, takes, superseded, contested) = ("keeps s:web", "takes s:web", "superseded", "contested");
    for (bound, other, other_is_later, expected) in [
        (Running, Running, true, [keeps, contested]),
        (Paused, Running, true, [keeps, contested]),
        (Restarting, Running, true, [keeps, contested]),
        (Running, Created, true, [keeps, superseded]),
        (Running, Stopped, false, [keeps, superseded]),
        (Stopped, Running, false, [superseded, takes]),
        (Created, Paused, false, [superseded, takes]),
        (Stopped, Created, true, [superseded, takes]),
        (Stopped, Stopped, true, [superseded, takes]),
        (Stopped, Stopped, false, [keeps, superseded]),
        (Stopped, Created, false, [keeps, superseded]),
    ] {
        let bound = in_state(bound, sole(5));
        let other = in_state(other, sole(if other_is_later { 6 } else { 4 }));
        let world = world(vec![bound.clone(), other.clone()], vec![row("s:web", "s", &bound)]);
        assert_eq!(world.verdicts(), expected, "{} against {}, later: {other_is_later}", bound.state, other.state);
    }
}

#[test]
fn bound_container_stays_unless_the_other_is_known_to_be_later() {
    for (bound_at, other_at, expected) in [
        (Some(NOW), Some(NOW), ["keeps s:web", "superseded"]),
        (None, Some(NOW), ["keeps s:web", "superseded"]),
        (Some(NOW), None, ["keeps s:web", "superseded"]),
        (None, None, ["keeps s:web", "superseded"]),
        (Some(LAST_PASS), Some(NOW), ["superseded", "takes s:web"]),
    ] {
        let bound = ListedContainer { created_at: bound_at, ..stopped(sole(1)) };
        let other = ListedContainer { created_at: other_at, ..stopped(sole(2)) };
        assert_eq!(world(vec![bound.clone(), other], vec![row("s:web", "s", &bound)]).verdicts(), expected);
    }
}

#[test]
fn contest_for_a_new_row() {
    let at = |created_at, container| ListedContainer { created_at, ..container };
    let makes = "makes s:web web";
    for (first, second, expected) in [
        (stopped(sole(9)), sole(1), ["superseded", makes]),
        (sole(1), sole(9), ["contested", makes]),
        (at(Some(NOW), sole(1)), sole(9), [makes, "contested"]),
        (at(Some(NOW), sole(1)), at(Some(NOW), sole(9)), ["contested", makes]),
        (at(None, sole(1)), at(None, sole(9)), ["contested", makes]),
        (stopped(sole(1)), stopped(sole(9)), ["superseded", makes]),
    ] {
        assert_eq!(world(vec![first, second], vec![]).verdicts(), expected);
    }
}

#[test]
fn compose_replaces_a_container_step_by_step() {
    let old = web(1, 1);
    let held = row("s:web", "s", &old);
    let waiting = with(
        |claims| claims.compose_replace = Some("web-1".into()),
        in_state(ContainerState::Created, named("000000000000_shop-web-1", web(2, 1))),
    );
    let beside = world(vec![old.clone(), waiting.clone()], vec![held.clone()]);
    assert_eq!(beside.verdicts(), ["keeps s:web", "superseded"]);
    let detail = &beside.diff().unassigned[0].detail;
    assert_eq!(detail, "row s:web is held by c1 (000000000000), and compose is about to replace that");
    let old_stopped = world(vec![stopped(old), waiting.clone()], vec![held.clone()]);
    assert_eq!(old_stopped.verdicts(), ["superseded", "takes s:web"]);
    let old_removed = world(vec![waiting], vec![held]);
    assert_eq!(old_removed.assign().wants_verified.len(), 1);
    assert_eq!(old_removed.gone(1).verdict(2), "takes s:web");
}

#[test]
fn row_is_taken_only_from_a_container_that_is_known_to_be_gone() {
    let held = row("s:web", "s", &sole(1));
    let claimed_by = |claimant: ListedContainer| world(vec![claimant], vec![held.clone()]);
    for (claimant, reason) in [(sole(2), "contested"), (stopped(sole(2)), "superseded")] {
        for (why, world, expected) in [
            ("not asked", claimed_by(claimant.clone()), reason),
            ("gone", claimed_by(claimant.clone()).gone(1), "takes s:web"),
            ("present", claimed_by(claimant.clone()).present(1), reason),
            ("unanswered", claimed_by(claimant.clone()).unanswered(1), reason),
            ("partial", claimed_by(claimant.clone()).partial(), reason),
            ("partial, whatever an inspect says", claimed_by(claimant.clone()).partial().gone(1), reason),
            ("quarantined", claimed_by(claimant.clone()).quarantined(1), reason),
        ] {
            assert_eq!(world.verdict(2), expected, "{why}");
        }
    }
}

#[test]
fn missing_row_is_taken_at_once_but_for_a_container_that_is_back() {
    let old = sole(1);
    let lost = missing(row("s:web", "s", &old));
    assert_eq!(world(vec![sole(2)], vec![lost.clone()]).verdict(2), "takes s:web");
    assert_eq!(world(vec![sole(2)], vec![lost.clone()]).partial().verdict(2), "takes s:web");
    assert_eq!(world(vec![sole(2)], vec![lost.clone()]).quarantined(1).verdict(2), "contested");
    assert_eq!(world(vec![sole(2), old], vec![lost]).verdicts(), ["contested", "keeps s:web"]);
}

#[test]
fn container_that_lost_its_row_takes_no_other_in_the_same_pass() {
    let renamed = named("legacy", stopped(container(1)));
    let world = world(vec![renamed.clone(), sole(2)], vec![row("s:web", "s", &renamed)]);
    assert_eq!(world.verdicts(), ["superseded", "takes s:web"]);
}

#[test]
fn container_that_lost_its_row_disputes_it_no_more() {
    let strange = stopped(labelled(1, "s2", "stack", "web"));
    let alone = world(vec![strange.clone()], vec![row("s:web", "s", &strange)]);
    assert_eq!(disputes(&alone.assign()), [UnassignedReason::Contested]);
    let beside = world(vec![strange.clone(), sole(2)], vec![row("s:web", "s", &strange)]);
    assert_eq!(beside.verdicts(), ["superseded", "takes s:web"]);
    assert!(beside.assign().disputed.is_empty());
}
