//! Rule 0: what a bound container keeps.

use super::*;

#[test]
fn bound_container_keeps_its_row_whatever_its_labels_say() {
    for (claims, disputed) in [
        (Claims::default(), vec![]),
        (labelled(1, "p", "", "").claims, vec![]),
        (labelled(1, "p", "project", "").claims, vec![]),
        (labelled(1, "p", "stack", "").claims, vec![UnassignedReason::KindMismatch]),
        (labelled(1, "p", "nonsense", "").claims, vec![UnassignedReason::KindMismatch]),
        (labelled(1, "s", "stack", "").claims, vec![UnassignedReason::Contested]),
        (labelled(1, "nobody", "", "").claims, vec![UnassignedReason::Contested]),
        (Claims { static_site: Some("docs".into()), ..Claims::default() }, vec![UnassignedReason::Contested]),
        (web(1, 1).claims, vec![UnassignedReason::Contested]),
        (Claims { compose_oneoff: Some("True".into()), ..web(1, 1).claims }, vec![]),
        (Claims { compose_project: Some("unregistered".into()), ..Claims::default() }, vec![]),
        // The first label decides, as it does for a container without a row.
        (Claims { workload_id: Some("p".into()), ..web(1, 1).claims }, vec![]),
    ] {
        let bound = ListedContainer { claims, ..container(1) };
        let world = world(vec![bound.clone()], vec![row("r1", "p", &container(1))]);
        assert_eq!(world.verdict(1), "keeps r1", "{:?}", bound.claims);
        assert_eq!(disputes(&world.assign()), disputed, "{:?}", bound.claims);
        assert!(world.diff().rows.is_empty());
    }
}

#[test]
fn site_and_stack_that_own_the_row_are_no_dispute() {
    let site = with(|claims| claims.static_site = Some("docs".into()), container(1));
    assert!(world(vec![site.clone()], vec![row("t:site", "t", &site)]).assign().disputed.is_empty());
    let stack = web(1, 1);
    assert!(world(vec![stack.clone()], vec![row("s:web", "s", &stack)]).assign().disputed.is_empty());
}

#[test]
fn compose_project_without_the_prefix_disputes_nothing() {
    let mut world = world(vec![web(1, 1)], vec![row("r1", "p", &container(1))]);
    world.rules.compose_prefix = "tinyforge-".to_owned();
    assert!(world.assign().disputed.is_empty());
}

#[test]
fn bound_container_is_kept_though_its_row_is_missing_or_failed() {
    let seen = container(1);
    let mut failed = row("r1", "p", &seen);
    failed.observed.state = ContainerState::Failed;
    for row in [missing(row("r1", "p", &seen)), failed] {
        assert_eq!(world(vec![seen.clone()], vec![row]).verdict(1), "keeps r1");
    }
}

#[test]
fn bound_container_is_kept_though_the_ignore_list_names_it() {
    let mut world = world(vec![container(1)], vec![row("r1", "p", &container(1))]);
    world.rules.ignore = vec![IgnoreEntry::Name("c1".to_owned())];
    assert_eq!(world.verdict(1), "keeps r1");
}

#[test]
fn row_of_a_workload_that_is_gone_is_left_alone_and_its_container_has_no_other() {
    let bound = web(1, 1);
    let listed = world(vec![bound.clone()], vec![row("x:web", "x", &bound)]);
    assert_eq!(listed.verdict(1), "unknown_workload");
    assert!(listed.diff().rows.is_empty());
    let absent = world(vec![], vec![row("x:web", "x", &bound)]).gone(1);
    assert!(absent.assign().wants_verified.is_empty());
    assert!(absent.diff().rows.is_empty());
    let inserted = world(vec![], vec![raw_row("x:web", "x", ContainerState::Created, None)]);
    assert!(inserted.diff().rows.is_empty());
}

#[test]
fn row_whose_workload_goes_during_the_look_up_is_not_taken() {
    let bound = stopped(web(1, 1));
    let mut world = world(vec![bound.clone(), web(2, 1)], vec![row("s:web", "s", &bound)]);
    world.directory.workloads.remove("s");
    // The store makes no row for a workload that is gone.
    assert_eq!(world.verdicts(), ["unknown_workload", "makes s:web:2 web"]);
}

#[test]
fn kept_container_is_never_checked_against_its_image() {
    let bound = on_image("unread", web(1, 1));
    let world = world(vec![bound.clone()], vec![row("s:web", "s", &bound)]);
    assert!(world.assign().wants_images.is_empty());
}
