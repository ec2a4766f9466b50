//! Claims that are an image's.

use std::collections::HashMap;

use super::*;
use crate::model::{Inspected, InspectedDetails};

/// B20.
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
        (plain.clone(), ImageAnswer::Unanswered, "image_unanswered"),
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
        (site, Claims { static_site: Some("blog".into()), ..Claims::default() }, "makes t:site "),
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

/// One that claims a row of the stack, on an image whose tag has moved on.
fn untagged(number: u32) -> ListedContainer {
    ListedContainer { image_ref: format!("sha256:{}", "ab".repeat(32)).into(), ..web(number, number) }
}

fn ignoring_nginx(containers: Vec<ListedContainer>) -> World {
    let mut world = world(containers, vec![]);
    world.rules.ignore = vec![IgnoreEntry::Image("nginx*".into())];
    world
}

fn called(name: &str) -> HashMap<ContainerId, Inspected> {
    let details = InspectedDetails { image_ref: Some(name.into()), ..InspectedDetails::default() };
    HashMap::from([(container_id(1), Inspected::Present(details))])
}

// F9
#[test]
fn a_container_without_a_row_is_asked_what_its_image_was_called() {
    let mut world = ignoring_nginx(vec![untagged(1)]);
    assert_eq!((world.verdict(1), world.assign().wants_names), ("image_unanswered".into(), [container_id(1)].into()));
    world.image_names.note(called("nginx:1.25"));
    assert_eq!((world.verdict(1), world.assign().wants_names.len()), ("ignored".into(), 0));
    let ignored = world.diff().unassigned.remove(0);
    assert_eq!((&*ignored.image_ref, &*ignored.detail), ("nginx:1.25", "image:nginx*"));

    let mut world = ignoring_nginx(vec![untagged(1)]);
    world.image_names.note(called("app:1"));
    assert!(world.verdict(1).starts_with("makes"), "{}", world.verdict(1));
    assert_eq!(&*world.only_write().observed.image_ref, "app:1");
}

// F9
#[test]
fn an_inspect_that_does_not_answer_keeps_its_container_waiting_three_times_and_only_where_the_name_may_matter() {
    let mut ignoring = ignoring_nginx(vec![untagged(1)]);
    let mut indifferent = world(vec![untagged(1)], vec![]);
    for tried in 0..3 {
        assert_eq!(ignoring.verdict(1), "image_unanswered", "{tried}");
        assert!(indifferent.verdict(1).starts_with("makes"), "{tried}");
        for world in [&mut ignoring, &mut indifferent] {
            let silent = Inspected::Unanswered("no answer within 2s".into());
            world.image_names.note(HashMap::from([(container_id(1), silent)]));
        }
    }
    assert!(ignoring.verdict(1).starts_with("makes"), "{}", ignoring.verdict(1));
    assert_eq!(ignoring.assign().wants_names.len(), 0, "nor is it asked for ever");
}

#[test]
fn a_container_with_a_row_is_not_asked_what_its_image_was_called() {
    let listed = untagged(1);
    let mut stored = row("s:web", "s", &listed);
    stored.observed.image_ref = "nginx:1.25".into();
    let world = world(vec![listed], vec![stored]);
    assert!(world.assign().wants_names.is_empty());
    assert!(world.diff().rows.is_empty());
}

#[test]
fn row_that_a_container_may_take_once_its_image_is_read_is_not_missing_meanwhile() {
    let site = with(|claims| claims.static_site = Some("docs".into()), container(9));
    for (claimant, id, workload) in [
        (web(9, 1), "s:web", "s"),
        (web(9, 1), "s:web:2", "s"),
        (labelled(9, "s", "", "api"), "s:api", "s"),
        (site, "t:site", "t"),
    ] {
        let world = world(vec![on_image("own", claimant)], vec![row(id, workload, &container(1))]).gone(1);
        let unread = world.clone().image("own", ImageAnswer::Unanswered).diff();
        assert!(unread.rows.is_empty() && unread.unverified.is_empty(), "{id}: {unread:#?}");

        let read = world.clone().image("own", carries(Claims::default())).diff().rows;
        assert!(read.iter().all(|write| write.observed.state != ContainerState::Missing), "{id}: {read:#?}");
        let labels = world.listing.containers[0].claims.clone();
        let inherited = world.image("own", carries(labels)).only_write();
        assert_eq!(inherited.observed.state, ContainerState::Missing, "{id}");
    }
}
