//! Rules 1 to 4: what labels and names lead to.

use super::*;

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
fn workload_id_with_a_colon_is_unknown_though_somebody_stored_it() {
    let mut world = world(vec![labelled(1, "s:web", "", "")], vec![]);
    world.directory.workloads.insert("s:web".to_owned(), WorkloadKind::Stack);
    assert_eq!(world.verdict(1), "unknown_workload");
}

#[test]
fn stack_container_without_a_role_has_a_row_of_its_own_id() {
    let world = world(vec![labelled(1, "s", "stack", "")], vec![]);
    assert_eq!(world.verdict(1), format!("makes s:{} ", container_id(1)));
}

#[test]
fn compose_labels_lead_to_the_row_of_their_service() {
    let cases: [(Change, &str); 9] = [
        (|_| (), "makes s:web web"),
        (|claims| claims.compose_number = Some("7".into()), "makes s:web web"),
        (|claims| claims.compose_number = None, "makes s:web web"),
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

/// Podman-compose's `run` writes no label that says so.
#[test]
fn what_podman_compose_runs_once_is_told_by_its_name() {
    let podman = |name: &str| {
        let by_podman = |claims: &mut Claims| {
            claims.podman_compose_project = Some("shop".into());
            claims.compose_oneoff = None;
        };
        with(by_podman, named(name, web(1, 1)))
    };
    for (name, expected) in [
        ("shop_web_tmp4711", "one_off"),
        ("shop_web_1", "makes s:web web"),
        ("shop_web_tmp", "makes s:web web"),
        ("shop_web_tmp12x", "makes s:web web"),
    ] {
        assert_eq!(world(vec![podman(name)], vec![]).verdict(1), expected, "{name}");
    }
    assert_eq!(world(vec![named("shop_web_tmp4711", web(1, 1))], vec![]).verdict(1), "makes s:web web");
}

#[test]
fn replicas_of_a_service_have_a_row_each() {
    let world = world(vec![web(1, 1), web(2, 2), web(3, 3)], vec![]);
    assert_eq!(world.verdicts(), ["makes s:web web", "makes s:web:2 web", "makes s:web:3 web"]);
}

#[test]
fn service_that_spells_a_replica_does_not_meet_its_row() {
    let spelled = with(|claims| claims.compose_service = Some("web:2".into()), web(2, 1));
    let world = world(vec![web(1, 1), web(3, 2), spelled], vec![]);
    assert_eq!(world.verdicts(), ["makes s:web web", "makes s:web:2 web", "makes s:web%3A2 web:2"]);
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
