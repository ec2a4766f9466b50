//! Answers that are wrong: the rows stay, what is known is still true, and the cause is told once.

use dockledger::simulation::{Fault, FaultProxy, Reply};
use serde_json::Value;

use super::hostile::assert_harmless;
use crate::whole::ledger::{Case, Ran, program_on};

/// A shop of three whose `c0` stopped and `c1` went since the last pass.
async fn changed_shop() -> Case {
    let case = Case::with_shop(3).await;
    case.daemon.with(|world| {
        world.stop("c0").expect("it runs");
        world.remove("c1", true).expect("it exists");
    });
    case
}

/// Role and state of each row, sorted.
fn states(case: &Case) -> Vec<String> {
    let mut states: Vec<String> = case
        .states()
        .into_iter()
        .map(|(id, state)| format!("{} {state}", id.rsplit(':').next().unwrap_or_default()))
        .collect();
    states.sort();
    states
}

/// Runs the program, talkative, and reads its report.
fn once(case: &Case) -> (Ran, Value) {
    let ran = case.program(&["once", "--json", "-vv"]);
    assert_harmless("once", &ran);
    let report = ran.json();
    (ran, report)
}

/// What the shop is, by role and state.
const TRUE: [&str; 3] = ["s0 stopped", "s1 missing", "s2 running"];
/// The same, as long as nothing may be swept.
const UNSWEPT: [&str; 3] = ["s0 stopped", "s1 running", "s2 running"];

/// B47, B49, B50, and types that nobody expects: each entry beside the three of the shop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_odd_entry_costs_at_most_itself() {
    let id = "f".repeat(64);
    for (rest, quarantined) in [
        (r#""Created":9223372036854775808"#, false),
        (r#""Created":-1"#, false),
        (r#""Created":1e400"#, true),
        (r#""Created":"yesterday""#, false),
        (r#""State":"hibernating","Status":"Deep asleep""#, false),
        (r#""State":"\u001b[31m\u0000""#, false),
        (r#""State":"missing""#, false),
        (r#""State":null,"Names":null,"Labels":null,"Ports":null,"Image":null"#, true),
        (r#""Names":null,"Labels":null,"Ports":null"#, false),
        (r#""Names":[],"Labels":{},"Ports":[{}]"#, false),
        (r#""Labels":["a"]"#, true),
        (r#""Ports":[{"PrivatePort":-1,"Type":"tcp"}]"#, true),
        (r#""Status":"Exited (99999999999999999999) ago""#, false),
    ] {
        let case = changed_shop().await;
        let state = if rest.contains("\"State\"") { "" } else { "\"State\":\"running\"," };
        case.daemon.with(|world| world.inject_entry(format!("{{\"Id\":\"{id}\",{state}{rest}}}")));
        let (ran, report) = once(&case);
        assert_eq!((ran.code, &report["completeness"]), (0, &"complete".into()), "{rest}: {}", ran.stderr);
        assert_eq!(
            report["quarantined"].as_array().is_some_and(|list| !list.is_empty()),
            quarantined,
            "{rest}: {report}"
        );
        assert_eq!(states(&case), TRUE, "{rest}");
    }
}

/// B48, D18: what cannot be told apart makes the listing partial: rows are kept true, and none is swept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_cannot_be_told_apart_keeps_every_row_from_being_swept() {
    let case = changed_shop().await;
    let id = case.daemon.with(|world| world.container("c2").expect("it exists").id.clone());
    let with = |entry: &str| {
        let case = &case;
        let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
        let list = case.daemon.with(|world| String::from_utf8(world.render_list(true)).expect("JSON"));
        let list = format!("{},{entry}]", list.trim_end().trim_end_matches(']'));
        proxy.inject(Fault::Answer(Reply::new(200, list)).on("/containers/json"));
        let ran = program_on(&case.config.database, &proxy.docker_host(), &["once", "--json"]);
        assert_harmless("once", &ran);
        ran
    };
    let twin = format!(r#"{{"Id":"{id}","Names":["/twin"],"State":"exited","Labels":{{}}}}"#);
    for entry in [&*twin, "{}", "null", "7", "[]", r#"{"Id":"abc"}"#, r#"{"Id":"../../x\u001b"}"#, r#"{"Id":7}"#] {
        let ran = with(entry);
        assert_eq!(ran.code, 1, "{entry}: {}", ran.stdout);
        let report = ran.json();
        assert_eq!((&report["outcome"], &report["missing"]), (&"partial".into(), &0.into()), "{entry}: {report}");
        assert_eq!(states(&case), UNSWEPT, "{entry}");
    }
    assert_eq!(once(&case).1["missing"], 1);
    assert_eq!(states(&case), TRUE);
}

/// D17: what a proxy puts before the daemon says which call it refuses, in its own bounded words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusing_proxy_is_told_with_the_call_that_it_must_allow() {
    let mut case = changed_shop().await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    let page = format!("<html>\u{1b}[31m\nFORGED{}</html>", "x".repeat(1 << 20));
    for status in [301, 401, 403, 407, 429, 500, 502, 503] {
        proxy.heal();
        proxy.inject(Fault::Answer(Reply::new(status, page.clone())));
        let (ran, report) = once(&case);
        let message = report["error"]["message"].as_str().unwrap_or_default();
        assert_eq!((ran.code, &report["error"]["kind"]), (1, &"daemon_failed".into()), "{status}: {report}");
        assert!(message.contains("GET /containers/json") && message.contains(&format!("status {status}")), "{message}");
        assert!(ran.stderr.len() < 8_000, "{status}: {} bytes of log", ran.stderr.len());
        assert_eq!(states(&case), ["s0 running", "s1 running", "s2 running"], "{status}");
    }
    proxy.heal();
    assert_eq!(once(&case).0.code, 0, "and it is asked again");
    assert_eq!(states(&case), TRUE);
}

/// D21: an engine that speaks another version of the API says so, and its words reach the operator.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_of_another_api_is_told_in_its_own_words() {
    let mut case = changed_shop().await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    for words in [
        "client version 1.24 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version",
        "client version 1.99 is too new. Maximum supported API version is 1.41",
    ] {
        proxy.heal();
        proxy.inject(Fault::Answer(Reply::new(400, format!("{{\"message\":\"{words}\"}}"))));
        let (ran, report) = once(&case);
        assert_eq!(ran.code, 1, "{report}");
        assert!(report["error"]["message"].as_str().is_some_and(|message| message.contains(words)), "{report}");
        assert_eq!(
            ran.stderr.lines().filter(|line| line.starts_with("dockledger:") && line.contains(words)).count(),
            1
        );
        assert!(case.program(&["doctor"]).stdout.contains(words), "and doctor says it");
    }
    let paths: Vec<String> = proxy.traffic().borrow().requests.keys().cloned().collect();
    assert!(paths.iter().any(|path| path == "/containers/json"), "{paths:?}");
}

/// D18: whatever else comes with status 200 instead of a listing, and of an inspect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_no_listing_changes_no_row() {
    let mut case = changed_shop().await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    let bodies: [&[u8]; 7] = [b"null", b"{}", b"[[]", b"\xff\xfe[]", b"[{\"Id\":\"", b"<html>\x1b[2J", b""];
    for body in bodies {
        proxy.heal();
        proxy.inject(Fault::Answer(Reply::new(200, body)).on("/containers/"));
        let (ran, report) = once(&case);
        assert_eq!((ran.code, &report["outcome"]), (1, &"failed".into()), "{body:?}: {report}");
        assert_eq!(states(&case), ["s0 running", "s1 running", "s2 running"], "{body:?}");
    }
}

/// D19: a complete empty listing is believed, once each container was asked for by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_listing_takes_only_what_an_inspect_says_is_gone() {
    let mut case = Case::with_shop(12).await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    // A filtering proxy: the list is empty, and only one of the containers is really gone.
    case.daemon.with(|world| world.remove("c5", true)).expect("it exists");
    proxy.inject(Fault::Answer(Reply::new(200, "[]")).on("/containers/json"));
    let (ran, report) = once(&case);
    assert_eq!((ran.code, &report["missing"], &report["unverified"]), (0, &1.into(), &11.into()), "{report}");
    // One that hides inspects too, in words of its own, takes nothing.
    proxy.inject(Fault::Answer(Reply::new(404, "<html>not found</html>")).on("/containers/"));
    proxy.inject(Fault::Answer(Reply::new(200, "[]")).on("/containers/json"));
    let (_, report) = once(&case);
    assert_eq!((&report["missing"], &report["unverified"]), (&0.into(), &11.into()), "{report}");
    proxy.heal();
    case.daemon.with(|world| world.remove_all());
    let (_, report) = once(&case);
    assert_eq!((&report["missing"], &report["unverified"]), (&11.into(), &0.into()), "{report}");
}
