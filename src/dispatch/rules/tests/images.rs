//! Claims that are an image's.

use super::*;

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
