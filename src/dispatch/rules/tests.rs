use super::fixtures::*;
use crate::config::IgnoreEntry;
use crate::docker::ImageAnswer;
use crate::model::{Claims, ContainerId, ContainerState, ListedContainer, UnassignedReason};

fn on_image(image: &str, container: ListedContainer) -> ListedContainer {
    ListedContainer { image_id: Some(image_id(image)), ..container }
}

fn named(name: &str, container: ListedContainer) -> ListedContainer {
    ListedContainer { name: name.into(), ..container }
}

fn with(change: impl FnOnce(&mut Claims), mut container: ListedContainer) -> ListedContainer {
    change(&mut container.claims);
    container
}

// Rule 0.

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
}

#[test]
fn kept_container_is_never_checked_against_its_image() {
    let bound = on_image("unread", web(1, 1));
    let world = world(vec![bound.clone()], vec![row("s:web", "s", &bound)]);
    assert!(world.assign().wants_images.is_empty());
}

// Rules 1 to 4.

#[test]
fn first_rule_that_applies_decides() {
    let no_change: fn(&mut Claims) = |_| ();
    let site: fn(&mut Claims) = |claims| claims.static_site = Some("docs".into());
    let strange_site: fn(&mut Claims) = |claims| claims.static_site = Some("nowhere".into());
    let compose: fn(&mut Claims) = |claims| claims.compose_project = Some("shop".into());
    for (workload, kind, role, change, expected) in [
        ("s", "stack", "api", no_change, "makes s:api api"),
        ("s", "", "api", no_change, "makes s:api api"),
        ("t", "site", "api", no_change, "makes t:site "),
        ("p", "project", "prod", no_change, "unclaimed_project"),
        ("p", "", "", no_change, "unclaimed_project"),
        ("s", "project", "api", no_change, "kind_mismatch"),
        ("s", "Stack", "api", no_change, "kind_mismatch"),
        ("ghost", "stack", "api", no_change, "unknown_workload"),
        ("s:web", "stack", "api", no_change, "unknown_workload"),
        ("ghost", "", "", site, "unknown_workload"),
        ("ghost", "", "", compose, "unknown_workload"),
        ("", "", "", site, "makes t:site "),
        ("", "", "", strange_site, "unknown_site"),
        // Kind and role say nothing without an id.
        ("", "stack", "api", no_change, "no_label"),
    ] {
        let world = world(vec![with(change, labelled(1, workload, kind, role))], vec![]);
        assert_eq!(world.verdict(1), expected, "{workload} {kind} {role}");
    }
    let both = with(|claims| claims.static_site = Some("nowhere".into()), web(1, 1));
    assert_eq!(world(vec![both], vec![]).verdict(1), "unknown_site");
}

#[test]
fn stack_container_without_a_role_has_a_row_of_its_own_id() {
    let world = world(vec![labelled(1, "s", "stack", "")], vec![]);
    assert_eq!(world.verdict(1), format!("makes s:{} ", container_id(1)));
}

#[test]
fn compose_labels_lead_to_the_row_of_their_service() {
    let cases: [(fn(&mut Claims), &str); 9] = [
        (|_| (), "makes s:web web"),
        (|claims| claims.compose_number = Some("2".into()), "makes s:web:2 web"),
        (|claims| claims.compose_number = Some("0".into()), "makes s:web web"),
        (|claims| claims.compose_number = Some("two".into()), "makes s:web web"),
        (|claims| claims.compose_service = None, "makes s:c1 c1"),
        (|claims| claims.compose_oneoff = Some("True".into()), "one_off"),
        (|claims| claims.compose_oneoff = Some("true".into()), "one_off"),
        (|claims| claims.compose_project = Some("other".into()), "unknown_stack"),
        (|claims| claims.compose_service = Some("a b:c/%é".into()), "makes s:a%20b%3Ac%2F%25%C3%A9 a b:c/%é"),
    ];
    for (change, expected) in cases {
        assert_eq!(world(vec![with(change, web(1, 1))], vec![]).verdict(1), expected);
    }
}

#[test]
fn replicas_of_a_service_have_a_row_each() {
    let world = world(vec![web(1, 1), web(2, 2), web(3, 3)], vec![]);
    assert_eq!(world.verdicts(), ["makes s:web web", "makes s:web:2 web", "makes s:web:3 web"]);
}

#[test]
fn service_that_spells_a_replica_does_not_meet_its_row() {
    let spelled = with(|claims| claims.compose_service = Some("web:2".into()), web(2, 1));
    let world = world(vec![web(1, 2), spelled], vec![]);
    assert_eq!(world.verdicts(), ["makes s:web:2 web", "makes s:web%3A2 web:2"]);
}

#[test]
fn prefix_narrows_the_compose_projects() {
    let one_off = with(|claims| claims.compose_oneoff = Some("True".into()), web(2, 1));
    let mut world = world(vec![web(1, 1), one_off], vec![]);
    world.rules.compose_prefix = "tinyforge-".to_owned();
    assert_eq!(world.verdicts(), ["other_prefix", "other_prefix"]);
    world.rules.compose_prefix = "sh".to_owned();
    assert_eq!(world.verdicts(), ["makes s:web web", "one_off"]);
}

#[test]
fn one_off_of_an_unregistered_project_is_a_one_off_and_registers_nothing() {
    let one_off = |claims: &mut Claims| {
        claims.compose_project = Some("new".into());
        claims.compose_oneoff = Some("True".into());
    };
    let mut world = world(vec![with(one_off, web(1, 1))], vec![]);
    world.rules.auto_adopt = true;
    assert_eq!(world.verdict(1), "one_off");
    assert!(world.assign().adoptable.is_empty());
}

#[test]
fn name_is_adopted_only_where_it_is_exact_and_no_label_applies() {
    for (container, expected) in [
        (named("legacy", container(1)), "makes s:legacy legacy"),
        (named("legacy2", container(1)), "no_label"),
        (named("Legacy", container(1)), "no_label"),
        (named("", container(1)), "no_label"),
        (named("legacy", labelled(1, "ghost", "", "")), "unknown_workload"),
        (named("legacy", with(|claims| claims.compose_project = Some("other".into()), web(1, 1))), "unknown_stack"),
    ] {
        assert_eq!(world(vec![container], vec![]).verdict(1), expected);
    }
}

#[test]
fn ignore_list_goes_before_every_claim() {
    for entry in [IgnoreEntry::Name("c*".to_owned()), IgnoreEntry::Image("app:1".to_owned())] {
        let mut world = world(vec![web(1, 1)], vec![]);
        world.rules.ignore = vec![entry];
        assert_eq!(world.verdict(1), "ignored");
    }
    let by_label = ListedContainer { ignored_by_label: Some("label:hidden".into()), ..web(1, 1) };
    assert_eq!(world(vec![by_label], vec![]).verdict(1), "ignored");
}

#[test]
fn bare_details_name_what_a_command_needs() {
    for (container, expected) in [
        (labelled(1, "ghost", "", ""), "ghost"),
        (labelled(1, "p", "", ""), "p"),
        (with(|claims| claims.static_site = Some("nowhere".into()), container(1)), "nowhere"),
        (with(|claims| claims.compose_project = Some("other".into()), web(1, 1)), "other"),
        (with(|claims| claims.compose_oneoff = Some("True".into()), web(1, 1)), "shop"),
    ] {
        assert_eq!(world(vec![container], vec![]).diff().unassigned[0].detail, expected);
    }
}

// Rows that are found.

#[test]
fn unbound_row_of_ours_is_taken() {
    let world = world(vec![web(1, 1)], vec![raw_row("s:web", "s", ContainerState::Created, None)]);
    assert_eq!(world.verdict(1), "takes s:web");
}

#[test]
fn row_of_another_workload_or_of_a_project_is_never_taken() {
    for owner in ["s2", "p"] {
        for state in [ContainerState::Running, ContainerState::Stopped] {
            let unbound = raw_row("s:web", owner, ContainerState::Created, None);
            let world = world(vec![in_state(state, web(1, 1))], vec![unbound]);
            assert_eq!(world.verdict(1), "contested", "{owner}");
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

// Two containers, one row.

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
        let bound = in_state(bound, web(5, 1));
        let other = in_state(other, web(if other_is_later { 6 } else { 4 }, 1));
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
        let bound = ListedContainer { created_at: bound_at, ..stopped(web(1, 1)) };
        let other = ListedContainer { created_at: other_at, ..stopped(web(2, 1)) };
        assert_eq!(world(vec![bound.clone(), other], vec![row("s:web", "s", &bound)]).verdicts(), expected);
    }
}

#[test]
fn contest_for_a_new_row() {
    let at = |created_at, container| ListedContainer { created_at, ..container };
    let makes = "makes s:web web";
    for (first, second, expected) in [
        (stopped(web(9, 1)), web(1, 1), ["superseded", makes]),
        (web(1, 1), web(9, 1), ["contested", makes]),
        (at(Some(NOW), web(1, 1)), web(9, 1), [makes, "contested"]),
        (at(Some(NOW), web(1, 1)), at(Some(NOW), web(9, 1)), ["contested", makes]),
        (at(None, web(1, 1)), at(None, web(9, 1)), ["contested", makes]),
        (stopped(web(1, 1)), stopped(web(9, 1)), ["superseded", makes]),
    ] {
        assert_eq!(world(vec![first, second], vec![]).verdicts(), expected);
    }
}

#[test]
fn compose_replaces_a_container_step_by_step() {
    let old = web(1, 1);
    let held = row("s:web", "s", &old);
    let waiting = with(
        |claims| claims.compose_replace = Some("shop-web-1".into()),
        in_state(ContainerState::Created, named("1a2b_shop-web-1", web(2, 1))),
    );
    let beside = world(vec![old.clone(), waiting.clone()], vec![held.clone()]);
    assert_eq!(beside.verdicts(), ["keeps s:web", "superseded"]);
    let old_stopped = world(vec![stopped(old), waiting.clone()], vec![held.clone()]);
    assert_eq!(old_stopped.verdicts(), ["superseded", "takes s:web"]);
    let old_removed = world(vec![waiting], vec![held]);
    assert_eq!(old_removed.assign().wants_verified.len(), 1);
    assert_eq!(old_removed.gone(1).verdict(2), "takes s:web");
}

#[test]
fn row_is_taken_only_from_a_container_that_is_known_to_be_gone() {
    let held = row("s:web", "s", &web(1, 1));
    let claimed_by = |claimant: ListedContainer| world(vec![claimant], vec![held.clone()]);
    for (claimant, reason) in [(web(2, 1), "contested"), (stopped(web(2, 1)), "superseded")] {
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
    let old = web(1, 1);
    let lost = missing(row("s:web", "s", &old));
    assert_eq!(world(vec![web(2, 1)], vec![lost.clone()]).verdict(2), "takes s:web");
    assert_eq!(world(vec![web(2, 1)], vec![lost.clone()]).partial().verdict(2), "takes s:web");
    assert_eq!(world(vec![web(2, 1)], vec![lost.clone()]).quarantined(1).verdict(2), "contested");
    assert_eq!(world(vec![web(2, 1), old], vec![lost]).verdicts(), ["contested", "keeps s:web"]);
}

#[test]
fn container_that_lost_its_row_takes_no_other_in_the_same_pass() {
    let renamed = named("legacy", stopped(container(1)));
    let world = world(vec![renamed.clone(), web(2, 1)], vec![row("s:web", "s", &renamed)]);
    assert_eq!(world.verdicts(), ["superseded", "takes s:web"]);
}

#[test]
fn container_that_lost_its_row_disputes_it_no_more() {
    let strange = stopped(labelled(1, "s2", "stack", "web"));
    let alone = world(vec![strange.clone()], vec![row("s:web", "s", &strange)]);
    assert_eq!(disputes(&alone.assign()), [UnassignedReason::Contested]);
    let beside = world(vec![strange.clone(), web(2, 1)], vec![row("s:web", "s", &strange)]);
    assert_eq!(beside.verdicts(), ["superseded", "takes s:web"]);
    assert!(beside.assign().disputed.is_empty());
}

// Labels of the image.

#[test]
fn compose_claim_is_genuine_by_what_only_compose_gives() {
    let project: fn(&mut Claims) = |claims| claims.compose_project = Some("shop".into());
    let baked = |change: fn(&mut Claims)| {
        let mut labels = Claims::default();
        project(&mut labels);
        change(&mut labels);
        carries(labels)
    };
    let plain = with(project, container(1));
    for (container, image, expected) in [
        (web(1, 1), baked(|_| ()), "makes s:web web"),
        (web(1, 1), baked(|claims| claims.compose_config_hash = Some("5d1f".into())), "makes s:web web"),
        (with(|claims| claims.compose_number = None, web(1, 1)), baked(|_| ()), "makes s:web web"),
        (with(|claims| claims.compose_config_hash = None, web(1, 1)), baked(|_| ()), "makes s:web web"),
        (web(1, 1), carries(web(1, 1).claims), "label_from_image"),
        (plain.clone(), baked(|_| ()), "label_from_image"),
        (plain.clone(), carries(Claims { compose_project: Some("blog".into()), ..Claims::default() }), "makes s:c1 c1"),
        (plain.clone(), carries(Claims::default()), "makes s:c1 c1"),
        (plain.clone(), ImageAnswer::Gone, "makes s:c1 c1"),
        (plain.clone(), ImageAnswer::Unanswered, "image_unknown"),
    ] {
        assert_eq!(
            world(vec![on_image("own", container)], vec![]).image("own", image.clone()).verdict(1),
            expected,
            "{image:?}"
        );
    }
    let without_image = ListedContainer { image_id: None, ..plain };
    assert_eq!(world(vec![without_image], vec![]).verdict(1), "makes s:c1 c1");
}

#[test]
fn other_claims_count_unless_the_image_carries_them_alike() {
    let site = with(|claims| claims.static_site = Some("docs".into()), container(1));
    for (container, baked, expected) in [
        (labelled(1, "s", "", "api"), labelled(1, "s", "", "").claims, "label_from_image"),
        (labelled(1, "s", "", "api"), labelled(1, "s2", "", "api").claims, "makes s:api api"),
        (labelled(1, "t", "", ""), labelled(1, "t", "site", "").claims, "label_from_image"),
        (site.clone(), site.claims.clone(), "label_from_image"),
        (site.clone(), Claims { static_site: Some("blog".into()), ..Claims::default() }, "makes t:site "),
        // A name is never the image's.
        (named("legacy", container(1)), labelled(1, "s", "", "").claims, "makes s:legacy legacy"),
    ] {
        let world = world(vec![on_image("own", container)], vec![]).image("own", carries(baked));
        assert_eq!(world.verdict(1), expected);
    }
}

#[test]
fn image_is_wanted_once_and_only_for_a_claim_by_label_that_leads_to_a_row() {
    for (container, wanted) in [
        (web(1, 1), true),
        (labelled(1, "s", "", "api"), true),
        (labelled(1, "p", "", ""), false),
        (labelled(1, "ghost", "", ""), false),
        (with(|claims| claims.compose_project = Some("other".into()), web(1, 1)), false),
        (named("legacy", container(1)), false),
        (container(1), false),
    ] {
        let unread = world(vec![on_image("unread", container)], vec![]);
        assert_eq!(unread.assign().wants_images.contains(&image_id("unread")), wanted);
        for answer in [ImageAnswer::Gone, ImageAnswer::Unanswered, carries(Claims::default())] {
            assert!(unread.clone().image("unread", answer).assign().wants_images.is_empty());
        }
    }
}

#[test]
fn inherited_claim_does_not_contest_the_row_of_a_genuine_one() {
    let inherited = on_image("baked", labelled(9, "s", "", "api"));
    let genuine = labelled(1, "s", "", "api");
    let baked = carries(labelled(1, "s", "", "").claims);
    let world = world(vec![inherited, stopped(genuine)], vec![]).image("baked", baked);
    assert_eq!(world.verdicts(), ["label_from_image", "makes s:api api"]);
}

// What is wanted, and what is not known.

#[test]
fn every_bound_row_that_a_complete_listing_lacked_is_verified_once() {
    let rows = vec![
        row("r1", "p", &container(1)),
        row("s:web", "s", &container(2)),
        missing(row("r3", "p", &container(3))),
        raw_row("r4", "p", ContainerState::Failed, None),
        row("r5", "p", &container(5)),
        row("r6", "p", &container(6)),
        raw_row("r7", "p", ContainerState::Created, Some(ContainerId::new("abc"))),
    ];
    let world = world(vec![container(5)], rows).quarantined(6);
    let wanted: Vec<ContainerId> = world.assign().wants_verified.into_iter().collect();
    assert_eq!(wanted, [container_id(1), container_id(2), ContainerId::new("abc")]);
    let rest: Vec<ContainerId> = world.clone().gone(1).unanswered(2).assign().wants_verified.into_iter().collect();
    assert_eq!(rest, [ContainerId::new("abc")]);
    assert!(world.clone().partial().assign().wants_verified.is_empty());
    assert!(world.unidentified().assign().wants_verified.is_empty());
}

#[test]
fn unknown_daemon_binds_nothing_and_asks_nothing() {
    let held = stopped(web(1, 1));
    let unread = on_image("unread", labelled(3, "s", "", "api"));
    let mut world = world(vec![held.clone(), web(2, 1), unread], vec![row("s:web", "s", &held)]).unidentified();
    world.rules.auto_adopt = true;
    assert_eq!(world.verdicts(), ["keeps s:web", "image_unknown", "image_unknown"]);
    let assignment = world.assign();
    assert!(assignment.wants_images.is_empty() && assignment.wants_verified.is_empty());
}

#[test]
fn auto_adopt_names_new_compose_projects_that_are_the_containers_own() {
    let of = |project: &str| with(|claims| claims.compose_project = Some(project.into()), web(1, 1));
    let wanted = |container: ListedContainer, image: ImageAnswer| {
        let mut world = world(vec![on_image("own", container)], vec![]).image("own", image);
        world.rules.auto_adopt = true;
        (world.assign().adoptable.into_iter().collect::<Vec<_>>(), world.verdict(1))
    };
    let plain = carries(Claims::default());
    assert_eq!(wanted(of("new_1-a"), plain.clone()), (vec!["new_1-a".to_owned()], "unknown_stack".to_owned()));
    assert_eq!(wanted(of("shop"), plain.clone()).0, [""; 0]);
    assert_eq!(wanted(of("new"), carries(of("new").claims)), (vec![], "label_from_image".to_owned()));
    assert_eq!(wanted(of("new"), ImageAnswer::Unanswered), (vec![], "image_unknown".to_owned()));
    for hostile in ["New", "a b", "-a", "x'; DROP TABLE stacks", "<script>", "a\u{fffd}", "cut…"] {
        assert_eq!(wanted(of(hostile), plain.clone()), (vec![], "unknown_stack".to_owned()), "{hostile}");
    }
}

#[test]
fn hostile_labels_cost_their_own_container_and_details_are_bounded() {
    let texts = [
        "\u{fffd}",
        "a\nb",
        "\u{1b}[31m",
        "\u{202e}",
        "'; DROP TABLE containers; --",
        "../../",
        "👾",
        &"é".repeat(200),
    ];
    for text in texts {
        let hostile = labelled(1, "s", "", text);
        let world = world(vec![hostile, web(2, 1)], vec![]);
        let verdicts = world.verdicts();
        let row = verdicts[0].strip_prefix("makes s:").and_then(|rest| rest.split(' ').next()).expect("a row is made");
        assert!(row.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-%".contains(&byte)), "{row}");
        assert_eq!(verdicts[1], "makes s:web web");
    }
    let long = labelled(1, "s", &"x".repeat(500), "");
    let detail = &world(vec![long], vec![]).diff().unassigned[0].detail;
    assert!(detail.len() < 200, "{detail}");
}
