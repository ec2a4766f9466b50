use super::*;
use crate::config::Config;
use crate::model::HealthFact;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const IMAGE: &str = "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

fn decoded(bytes: &[u8]) -> Decoded {
    decode(Element { bytes, begin: 0, oversized: false }, &LabelReader::new(&Config::new("x")))
}

/// An entry as dockerd writes it, with some fields replaced (`None`: left out).
fn entry(replaced: &[(&str, Option<&str>)]) -> String {
    let image_id = format!("{IMAGE:?}");
    let fields = [
        ("Id", format!("{ID:?}")),
        ("Names", r#"["/web"]"#.into()),
        ("Image", r#""shop/web:7""#.into()),
        ("ImageID", image_id),
        ("Command", r#""sh -c \"true\"""#.into()),
        ("Created", "1700000000".into()),
        ("Ports", r#"[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}]"#.into()),
        ("Labels", r#"{"com.docker.compose.project":"shop","note":"x"}"#.into()),
        ("State", r#""running""#.into()),
        ("Status", r#""Up 5 minutes (healthy)""#.into()),
        ("HostConfig", r#"{"NetworkMode":"default"}"#.into()),
        ("NetworkSettings", r#"{"Networks":{"bridge":{"IPAMConfig":null,"Links":null}}}"#.into()),
        ("Mounts", "[]".into()),
    ];
    let fields: Vec<String> = fields
        .iter()
        .filter_map(|(name, value)| match replaced.iter().find(|(field, _)| field == name) {
            Some((_, other)) => other.map(|other| format!("{name:?}:{other}")),
            None => Some(format!("{name:?}:{value}")),
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn container(replaced: &[(&str, Option<&str>)]) -> ListedContainer {
    match decoded(entry(replaced).as_bytes()) {
        Decoded::Container(container) => *container,
        other => panic!("{replaced:?}: {other:?}"),
    }
}

fn quarantined(json: &str) -> String {
    match decoded(json.as_bytes()) {
        Decoded::Quarantined(quarantined) => {
            assert_eq!(quarantined.container_id.as_str(), ID);
            quarantined.problem
        }
        other => panic!("{json}: {other:?}"),
    }
}

#[test]
fn an_entry_of_dockerd_is_read_whole() {
    let read = container(&[]);
    assert_eq!(read.id.as_str(), ID);
    assert_eq!(&*read.name, "web");
    assert_eq!(&*read.image_ref, "shop/web:7");
    assert_eq!(read.image_id, Some(ImageId::from(IMAGE)));
    assert_eq!(read.state, ContainerState::Running);
    assert_eq!(read.exit_code, None);
    assert_eq!(read.health, HealthFact::Known("healthy".into()));
    assert_eq!(read.created_at, Some(Timestamp::from_millis(1_700_000_000_000)));
    assert_eq!((read.ports.lowest, &*read.ports.text), (8080, "0.0.0.0:8080->80/tcp"));
    assert_eq!(read.claims.compose_project.as_deref(), Some("shop"));
    assert_eq!(read.ignored_by_label, None);
}

// B50
#[test]
fn null_and_absent_fields_are_empty() {
    for absent in [None, Some("null")] {
        let read = container(&[
            ("Names", absent),
            ("Image", absent),
            ("ImageID", absent),
            ("Created", absent),
            ("Ports", absent),
            ("Labels", absent),
            ("Status", absent),
            ("HostConfig", absent),
            ("NetworkSettings", absent),
            ("Mounts", absent),
        ]);
        assert_eq!((&*read.name, &*read.image_ref, read.image_id, read.created_at), ("", "", None, None));
        assert_eq!((read.ports, read.claims), (Ports::default(), crate::model::Claims::default()));
        assert_eq!(read.health, HealthFact::Keep);
    }
}

// B47, B49
#[test]
fn a_field_that_may_be_wrong_costs_only_itself() {
    for created in ["9223372036854775808", "-62135596800", "0", "1e30", r#""yesterday""#, "{}", "9223372036854775807"] {
        assert_eq!(container(&[("Created", Some(created))]).created_at, None, "{created}");
    }
    for status in ["7", "[]", "{}", "true"] {
        assert_eq!(container(&[("Status", Some(status))]).health, HealthFact::Keep, "{status}");
    }
    assert_eq!(container(&[("ImageID", Some(r#""../../x""#))]).image_id, None);
    assert_eq!(container(&[("State", Some(r#""hibernating""#))]).state.as_str(), "hibernating");
    assert_eq!(container(&[("State", Some(r#""""#))]).state.as_str(), "unknown");
}

#[test]
fn a_wrong_type_where_it_matters_quarantines_the_container() {
    for (field, value) in [
        ("State", "7"),
        ("State", "null"),
        ("Names", r#""/web""#),
        ("Names", "[7]"),
        ("Names", "{}"),
        ("Image", "[]"),
        ("ImageID", "7"),
        ("Labels", "[]"),
        ("Labels", r#""x""#),
        ("Labels", r#"{"com.docker.compose.project":{}}"#),
        ("Ports", "{}"),
        ("Ports", r#"[{"PrivatePort":"80"}]"#),
        ("Created", "1e999"),
        ("Labels", r#"{"com.docker.compose.project":"\ud800"}"#),
        ("Mounts", "[nonsense]"),
        ("Mounts", r#"{"a":"#),
    ] {
        let problem = quarantined(&entry(&[(field, Some(value))]));
        assert!(!problem.is_empty() && problem.len() <= MAX_PROBLEM_BYTES + 40, "{field} {value}: {problem}");
    }
    assert_eq!(quarantined(&entry(&[("State", None)])), "its State is no text");
}

#[test]
fn an_id_behind_the_damage_is_found() {
    for damage in [r#""Names":7"#, r#""\ud800":1,"Labels":[]"#, r#""State":"\ud800""#] {
        quarantined(&format!(r#"{{{damage},"Id":"{ID}"}}"#));
    }
}

// B26, B27, D18
#[test]
fn an_entry_without_one_readable_id_is_unreadable() {
    let twice = entry(&[]).replacen('{', &format!(r#"{{"Id":"{}","#, "a".repeat(64)), 1);
    let two_values = format!("{} {}", entry(&[]), entry(&[]));
    let upper = ID.to_uppercase();
    for json in [
        "{}",
        "null",
        "[]",
        "7",
        "",
        r#"{"Id":"0123456789ab","State":"running"}"#,
        r#"{"Id":"../../x"}"#,
        r#"{"Id":null}"#,
        r#"{"Id":["x"]}"#,
        r#"{"id":"lower"}"#,
        &format!(r#"{{"Id":"{upper}"}}"#),
        &twice,
        &two_values,
    ] {
        assert!(matches!(decoded(json.as_bytes()), Decoded::Unreadable(_)), "{json}: {:?}", decoded(json.as_bytes()));
    }
}

// B16, B17
#[test]
fn bad_unicode_costs_at_most_its_container() {
    let mut raw = entry(&[]).into_bytes();
    let at = raw.windows(4).position(|window| window == b"/web").unwrap();
    raw[at + 1] = 0xff;
    let Decoded::Container(read) = decoded(&raw) else { panic!("a bad byte costs a character") };
    assert_eq!(&*read.name, "\u{fffd}eb");
    quarantined(&entry(&[("Names", Some(r#"["/\ud800"]"#))]));
    assert_eq!(&*container(&[("Names", Some(r#"["/😀\ud83d\ude00"]"#))]).name, "😀😀");
}

// B1, B2, B3, B23
#[test]
fn names_and_image_references_are_bounded() {
    let long = format!(r#"["/{}"]"#, "n".repeat(4000));
    let read = container(&[("Names", Some(&long)), ("Image", Some(&format!("{:?}", "i".repeat(1 << 20))))]);
    assert!(read.name.len() <= MAX_NAME_BYTES && read.name.ends_with('…'));
    assert!(read.image_ref.len() <= MAX_IMAGE_BYTES && read.image_ref.ends_with('…'));
    assert_eq!(&*container(&[("Names", Some(r#"["/a\u0000b\n"]"#))]).name, "a\u{fffd}b\n");
}

#[test]
fn a_link_of_another_container_is_not_the_name() {
    for names in [r#"["/shop/db","/web"]"#, r#"["/web","/shop/db"]"#, r#"["web"]"#] {
        assert_eq!(&*container(&[("Names", Some(names))]).name, "web", "{names}");
    }
    assert_eq!(&*container(&[("Names", Some("[]"))]).name, "");
}

#[test]
fn the_listings_own_health_is_read_as_an_object_or_a_word() {
    let with = |health: &str| {
        let json = entry(&[]).replacen('{', &format!(r#"{{"Health":{health},"#), 1);
        match decoded(json.as_bytes()) {
            Decoded::Container(container) => container.health,
            other => panic!("{health}: {other:?}"),
        }
    };
    let known = |word: &str| HealthFact::Known(word.into());
    assert_eq!(with(r#"{"Status":"unhealthy","FailingStreak":3}"#), known("unhealthy"));
    assert_eq!(with(r#""starting""#), known("starting"));
    assert_eq!(with(r#"{"Status":"none"}"#), HealthFact::Absent);
    assert_eq!(with("null"), known("healthy"));
    assert_eq!(with("[7]"), known("healthy"));
    assert_eq!(with(r#"{"Status":null}"#), known("healthy"));
}

// B34
#[test]
fn depth_does_not_overflow_the_stack() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(&*container(&[("Mounts", Some(&deep))]).name, "web");
    quarantined(&entry(&[("Image", Some(&format!(r#"{{"a":{}1{}}}"#, r#"{"a":"#.repeat(5000), "}".repeat(5000))))]));
}

#[test]
fn an_oversized_entry_keeps_its_id() {
    let json = entry(&[]);
    let element = Element { bytes: &json.as_bytes()[..200], begin: 0, oversized: true };
    assert_eq!(
        decode(element, &LabelReader::new(&Config::new("x"))),
        Decoded::Quarantined(Quarantined { container_id: ID.into(), problem: "it is larger than 4 MiB".into() })
    );
}
