//! What is asked, what is not known, what is hostile.

use super::*;
use crate::model::RowId;

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
    let new = with(|claims| claims.compose_project = Some("new".into()), web(4, 1));
    let mut world = world(vec![held.clone(), web(2, 1), unread, new], vec![row("s:web", "s", &held)]).unidentified();
    world.rules.auto_adopt = true;
    assert_eq!(world.verdicts(), ["keeps s:web", "identity_unknown", "identity_unknown", "identity_unknown"]);
    let assignment = world.assign();
    assert!(assignment.adoptable.is_empty());
    assert!(assignment.wants_images.is_empty() && assignment.wants_verified.is_empty());
    let claims = [(RowId::new("s:web"), container_id(2)), (RowId::new("s:api"), container_id(3))];
    assert_eq!(assignment.rivals, claims, "who they are is not forgotten");
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
    assert_eq!(wanted(of("New.1"), plain.clone()).0, ["New.1"], "F18");
    assert_eq!(wanted(of("shop"), plain.clone()).0, [""; 0]);
    assert_eq!(wanted(of("new"), carries(of("new").claims)), (vec![], "label_from_image".to_owned()));
    assert_eq!(wanted(of("new"), ImageAnswer::Unanswered), (vec![], "image_unanswered".to_owned()));
    for hostile in [".new", "a b", "-a", "x'; DROP TABLE stacks", "<script>", "a\u{fffd}", "cut…"] {
        assert_eq!(wanted(of(hostile), plain.clone()), (vec![], "unknown_stack".to_owned()), "{hostile}");
    }
}

/// B1 to B8, B11, B17.
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
    let long = "é".repeat(250);
    let named = |number| named(&long, labelled(number, "s", "", &long));
    let rivals = world(vec![named(1), named(2), labelled(3, "s", &long, "")], vec![]).diff().unassigned;
    assert_eq!(rivals.len(), 2);
    for rival in rivals {
        assert!(rival.detail.chars().count() < 200, "{}", rival.detail);
    }
}

/// B18.
#[test]
fn twins_in_case_or_in_composition_are_two_names() {
    let service = |number, name: &str| with(|claims| claims.compose_service = Some(name.into()), web(number, 1));
    let upper = with(|claims| claims.compose_project = Some("Shop".into()), web(1, 1));
    let world = world(vec![upper, service(2, "caf\u{e9}"), service(3, "cafe\u{301}"), service(4, "CAFE")], vec![]);
    assert_eq!(world.verdict(1), "unknown_stack");
    assert_eq!(world.verdict(2), "makes s:caf%C3%A9 caf\u{e9}");
    assert_eq!(world.verdict(3), "makes s:cafe%CC%81 cafe\u{301}");
    assert_eq!(world.verdict(4), "makes s:CAFE CAFE");
}

/// B19, B21: by hand or by compose, a label is a claim, and one that a container with a row contradicts loses.
#[test]
fn labels_of_another_owner_on_a_stranger_take_no_row_that_is_held() {
    let forged = with(|claims| claims.compose_config_hash = None, web(9, 1));
    let world = world(vec![web(1, 1), forged, labelled(8, "s", "stack", "web")], vec![row("s:web", "s", &web(1, 1))]);
    assert_eq!(world.verdicts(), ["keeps s:web", "makes s:web:2 web", "contested"]);
}

/// B22.
#[test]
fn container_that_is_made_anew_without_its_labels_leaves_its_row() {
    let anew = named("c1", container(2));
    let world = world(vec![anew], vec![row("s:web", "s", &web(1, 1))]).gone(1);
    assert_eq!(world.verdict(2), "no_label");
    assert_eq!(world.only_write().observed.state, ContainerState::Missing);
}

/// B24, B26: only a whole id is an id.
#[test]
fn short_id_in_a_row_and_a_name_like_an_id_match_no_container() {
    let short = ContainerId::new(container_id(1).short());
    let bound = raw_row("r1", "p", ContainerState::Created, Some(short.clone()));
    let world = world(vec![container(1), named(short.as_str(), container(2))], vec![bound]);
    assert_eq!(world.verdicts(), ["no_label", "no_label"]);
    assert_eq!(world.assign().wants_verified.into_iter().collect::<Vec<_>>(), [short]);
}
