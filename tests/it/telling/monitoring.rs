//! `docs/monitoring` is true: its rules are checked and tested by promtool, and every name in it is served.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::served::Served;
use crate::support::skip::skip;
use crate::whole::ledger::Case;

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(document(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Runs promtool with an input; `false`, said aloud, where there is none.
fn promtool(test: &str, arguments: &[&str], input: &str) -> bool {
    let spawned = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match spawned {
        Ok(promtool) => promtool,
        Err(error) => {
            skip(test, &format!("promtool, of Debian's package prometheus, does not start: {error}"));
            return false;
        }
    };
    promtool.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = promtool.wait_with_output().expect("it ends");
    let words = [output.stdout, output.stderr].map(|words| String::from_utf8_lossy(&words).into_owned()).concat();
    assert!(output.status.success(), "promtool {arguments:?}: {words}");
    true
}

async fn served_metrics() -> String {
    let served = Served::over(Case::with_shop(2).await).await;
    // The first answer is counted in the second.
    served.get("/metrics").await;
    let metrics = served.get("/metrics").await.body;
    served.ledger.stop().await;
    metrics
}

/// The names of ours that a text speaks of, as families.
fn names_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("dockledger_"));
    ours.map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned()).collect()
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_what_is_served() {
    let metrics = served_metrics().await;
    promtool("promtool_finds_nothing_wrong_with_what_is_served", &["check", "metrics"], &metrics);
}

#[tokio::test]
async fn every_name_in_the_dashboard_and_the_alerts_is_served() {
    let metrics = served_metrics().await;
    let families: BTreeSet<String> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_owned).collect();
    for name in ["dashboard.json", "alerts.yaml", "alerts.test.yaml"] {
        let spoken_of = names_in(&read(name));
        assert!(spoken_of.len() > 5, "{name}: {spoken_of:?}");
        let unknown: Vec<_> = spoken_of.difference(&families).collect();
        assert!(unknown.is_empty(), "{name} speaks of {unknown:?}, and there are {families:?}");
    }
}

#[test]
fn promtool_finds_nothing_wrong_with_the_alerts_and_their_tests_pass() {
    let test = "promtool_finds_nothing_wrong_with_the_alerts_and_their_tests_pass";
    let path = |name| document(name).display().to_string();
    if promtool(test, &["check", "rules", &path("alerts.yaml")], "") {
        promtool(test, &["test", "rules", &path("alerts.test.yaml")], "");
    }
}

#[test]
fn every_alert_has_a_test() {
    let (rules, tests) = (read("alerts.yaml"), read("alerts.test.yaml"));
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        assert!(tests.contains(&format!("alertname: {alert}\n")), "{alert} has no test");
    }
}

#[test]
fn the_dashboard_is_a_document_whose_panels_all_ask_something() {
    let dashboard: serde_json::Value = serde_json::from_str(&read("dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let asking = panels.iter().filter(|panel| panel["type"] != "row");
    for panel in asking.clone() {
        let targets = panel["targets"].as_array().unwrap_or_else(|| panic!("{} asks nothing", panel["title"]));
        assert!(
            targets.iter().all(|target| !names_in(target["expr"].as_str().unwrap_or_default()).is_empty()),
            "{panel}"
        );
    }
    let ids: BTreeSet<u64> = panels.iter().filter_map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    assert!(asking.count() > 10);
}
