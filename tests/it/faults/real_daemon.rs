//! Hostile containers as a real daemon takes them and lists them back.

use serde_json::{Map, Value, json};

use super::hostile::{TEXTS, assert_harmless};
use crate::support::dockerd::{Dockerd, PLAIN_IMAGE};
use crate::support::skip::skip;
use crate::whole::ledger::program_on;

/// Makes a container that is never started. The daemon's own refusal is an answer.
fn create(daemon: &Dockerd, name: &str, labels: &Map<String, Value>) -> u16 {
    let body = json!({ "Image": PLAIN_IMAGE, "Cmd": ["true"], "Labels": labels });
    daemon.post(&format!("/containers/create?name={name}"), &body).status
}

fn of_shop(service: &str, more: &[(&str, String)]) -> Map<String, Value> {
    let mut labels = Map::new();
    for (key, value) in [("project", "shop"), ("service", service), ("container-number", "1"), ("config-hash", "0")] {
        labels.insert(format!("com.docker.compose.{key}"), value.into());
    }
    labels.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into())));
    labels
}

/// B1, B2, B3, B4, B5, B6, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17, B23.
#[test]
fn what_dockerd_takes_costs_at_most_its_own_container() {
    let daemon = match Dockerd::start() {
        Ok(daemon) => daemon,
        Err(why) => return skip(module_path!(), &why),
    };
    let directory = tempfile::tempdir().expect("a directory");
    let database = directory.path().join("ledger.db").display().to_string();
    let run = |line: &str| program_on(&database, &daemon.docker_host(), &line.split(' ').collect::<Vec<_>>());
    assert_eq!(run("stack add shop").code, 0);
    for name in ["calm", "leaving"] {
        assert_eq!(create(&daemon, name, &of_shop(name, &[])), 201);
    }
    assert_eq!(run("once --json").json()["inserted"], 2);

    let mut made = 0;
    let mut make = |name: &str, labels: Map<String, Value>| {
        let status = create(&daemon, name, &labels);
        assert!(matches!(status, 201 | 400), "{name}: status {status}");
        made += u32::from(status == 201);
    };
    for (number, text) in TEXTS {
        make(&format!("{number}-value"), of_shop(&format!("{number}-value"), &[("note", text.into())]));
        make(&format!("{number}-service"), of_shop(&format!("{number}{text}"), &[(text, number.into())]));
        make(&format!("{number}-project"), of_shop("x", &[("com.docker.compose.project", text.into())]));
        make(&format!("{number}-site"), of_shop("x", &[("tinyforge.static-site", text.into())]));
    }
    make("b9", of_shop("b9", &[("", "empty".into())]));
    make("b10", of_shop("b10", &[("a key with spaces", "x".into())]));
    make("b12", of_shop("b12", &[(&"k".repeat(5_000), "x".into())]));
    make("b13", of_shop("b13", &[("x", "v".repeat(1 << 20))]));
    make("b14", of_shop("b14", &[("x", "v".repeat(32 << 20))]));
    let many: Vec<(String, String)> = (0..10_000).map(|n| (format!("key-{n}"), "v".into())).collect();
    let many: Vec<(&str, String)> = many.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    make("b15", of_shop("b15", &many));
    make(&"n".repeat(4_000), of_shop("b23", &[]));
    assert!(made >= 40, "the daemon takes nearly all of it: {made}");
    assert_eq!(daemon.delete("/containers/leaving").status, 204);

    let ran = run("once --json -vv");
    let report = ran.json();
    assert_eq!((ran.code, &report["completeness"]), (0, &"complete".into()), "{}", ran.stderr);
    assert_eq!((&report["listed"], &report["missing"]), (&(made + 1).into(), &1.into()), "{report}");
    let quarantined = report["quarantined"].as_array().expect("an array").len();
    assert!(quarantined <= 1, "only the label of 32 MiB is too much: {report}");
    assert_harmless("once", &ran);
    for line in ["ps", "ps --json", "unassigned", "unassigned --json", "changes --since 0", "doctor", "adopt --all"] {
        assert_harmless(line, &run(line));
    }
}
