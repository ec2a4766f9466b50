//! What keeps a service from starting, told before it is started; and what is waited for, told while it is.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use super::daemon::{Service, beside, daemon, json};
use super::program::Program;

/// Longer than anything here takes: only a fault makes a test wait for it.
const BOUND: Duration = Duration::from_secs(30);

fn finding(program: &Program, check: &str) -> (bool, String) {
    let findings = program.run(&["doctor", "--json"]).json();
    let found = findings.as_array().expect("an array").iter().find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check}: {findings}"));
    (found["ok"] == true, found["detail"].as_str().expect("a text").to_owned())
}

#[test]
fn doctor_tells_what_keeps_a_service_from_starting_and_from_telling() {
    let daemon = daemon();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let program = beside(&daemon)
        .variable("DOCKLEDGER_HTTP_LISTEN", &address)
        .variable("DOCKLEDGER_NOTIFY_COMMAND", "/does/not/exist");
    json(&program, "once");
    let tokens = program.file("tokens", "");
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let program = program.variable("DOCKLEDGER_HTTP_TOKENS", &tokens);
    for (check, part) in
        [("service", "chmod 600"), ("listener", address.as_str()), ("notifications", "/does/not/exist")]
    {
        let (ok, detail) = finding(&program, check);
        assert!(!ok && detail.contains(part), "{check}: {detail}");
    }
    assert_eq!(program.run(&["doctor"]).code, Some(2), "what is configured wrongly goes first");
}

#[test]
fn doctor_does_not_take_a_running_service_for_an_obstacle() {
    let daemon = daemon();
    let program = beside(&daemon);
    let mut service = Service::start(&program);
    service.tells("READY=1");
    let (ok, detail) = finding(&program, "listener");
    assert!(ok, "{detail}");
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0));
}

#[test]
fn a_test_notification_is_sent_on_request_and_its_failure_is_the_commands() {
    let program = Program::new();
    program.run(&["notify", "test"]).fails(2, &["neither `notify.url` nor `notify.command`"]);
    let told = program.path("told").display().to_string();
    let script = program.file("receiver", format!("#!/bin/sh\ncat > {told}\n"));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    let program = program.variable("DOCKLEDGER_NOTIFY_COMMAND", &script);
    let outcome = json(&program, "notify test");
    assert_eq!((&outcome[0]["receiver"], &outcome[0]["ok"]), (&"command".into(), &true.into()), "{outcome}");
    let notification: Value =
        serde_json::from_slice(&std::fs::read(&told).expect("it was told")).expect("one document");
    assert_eq!((&notification["event"], &notification["id"]), (&"test".into(), &outcome[0]["detail"]));
    let program = program.variable("DOCKLEDGER_NOTIFY_COMMAND", "/bin/false");
    let ended = program.run(&["notify", "test"]);
    assert!(ended.code == Some(1) && ended.stdout.contains("FAILED: /bin/false"), "{ended:?}");
}

/// Where no terminal is, too.
#[test]
fn a_frozen_daemon_is_told_while_it_is_waited_for_with_the_call_that_hangs() {
    let daemon = daemon();
    let program = beside(&daemon).variable("DOCKLEDGER_LIST_DEADLINE", "5min");
    json(&program, "migrate up");
    daemon.hang_list(true);
    for command in ["doctor", "unassigned", "once"] {
        let mut waiting = program.command(&[command]).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stderr = BufReader::new(waiting.stderr.take().expect("piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let told = lines.recv_timeout(BOUND);
        waiting.kill().and_then(|()| waiting.wait()).expect("it ends");
        let told = told.unwrap_or_else(|_| panic!("{command} says nothing"));
        assert!(told.contains("still waiting") && told.contains("GET /containers/json"), "{command}: {told}");
    }
}

/// What was asked for is done or refused, and never dropped.
#[test]
fn another_daemon_than_the_services_is_refused_beside_it() {
    let daemon = daemon();
    let program = beside(&daemon);
    let mut service = Service::start(&program);
    service.tells("READY=1");
    for command in [&["once"][..], &["adopt", "--all"], &["claim", "--project", "p"]] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--docker-host", "tcp://127.0.0.1:1"]).collect();
        program
            .run(&arguments)
            .fails(2, &["a service holds the host local", "leave --docker-host away", "stop the service"]);
    }
    assert_eq!(json(&program, "stack list"), Value::Array(Vec::new()));
    let same = daemon.docker_host();
    assert_eq!(program.run(&["once", "--docker-host", &same]).code, Some(0));
    let file = program.file("other.toml", "auto_adopt = true\nlist_deadline = \"10s\"\n");
    program
        .run(&["once", "--config", &file])
        .fails(2, &["auto_adopt = \"false\", not with \"true\"", &format!("leave {file} away")]);
    for (variable, value, told) in [
        ("DOCKLEDGER_IGNORE", "name:web", "ignore = \"\", not with \"name:web\" ($DOCKLEDGER_IGNORE)"),
        ("DOCKLEDGER_IMAGE_LABELS", "off", "leave $DOCKLEDGER_IMAGE_LABELS away"),
        ("DOCKER_HOST", "tcp://127.0.0.1:1", "leave $DOCKER_HOST away"),
    ] {
        let mut command = program.command(&["once"]);
        let ended = command.env(variable, value).output().expect("it ends");
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(2) && stderr.contains(told), "{variable}: {stderr}");
    }
    let mut alike = program.command(&["once"]);
    let alike =
        alike.env("DOCKLEDGER_AUTO_ADOPT", "false").env("DOCKLEDGER_INTERVAL", "1min").output().expect("it ends");
    assert_eq!(alike.status.code(), Some(0), "what is the service's too, or no pass depends on: {alike:?}");
    service.signal("TERM");
    let ended = service.ends();
    let first = ended.stderr.lines().next().expect("a log");
    for part in [env!("CARGO_PKG_VERSION"), "ledger.db", "local", &same, "127.0.0.1", "nobody"] {
        assert!(first.contains(part), "the log begins with {part}: {first}");
    }
    assert_eq!(ended.stderr.matches("have no row").count(), 1, "{}", ended.stderr);
    assert!(!ended.stderr.contains("container has no row"), "{}", ended.stderr);
    assert_eq!(program.run(&["once", "--docker-host", "tcp://127.0.0.1:1"]).code, Some(3), "alone it is asked");
}
