//! `changes --follow`: told by a service or read from the ledger, printed alike.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde_json::Value;

use super::daemon::{Service, beside, daemon, json};
use super::program::Program;

const BOUND: Duration = Duration::from_secs(20);

/// A follower that runs, and its lines as they come.
struct Follower {
    process: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(program: &Program, arguments: &[&str]) -> Self {
        let mut command = program.command(&[&["changes", "--follow"], arguments].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let (sender, lines) = channel();
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        Self { process, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(BOUND).expect("a line in time")
    }

    fn change(&self) -> Value {
        serde_json::from_str(&self.line()).expect("one object a line")
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("it is our child");
    }
}

#[test]
fn changes_are_followed_from_the_ledger_through_a_service_and_on_from_the_ledger() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "stack add shop");
    json(&program, "once");
    let stored = json(&program, "changes --since 0").as_array().expect("an array").len();
    let follower = Follower::start(&program, &["--since", "0", "--json"]);
    let mut last = 0;
    for _ in 0..stored {
        let revision = follower.change()["revision"].as_i64().expect("a number");
        assert_eq!(revision, last + 1, "each once and in order");
        last = revision;
    }
    let mut next = |what: &str| {
        let change = follower.change();
        let revision = change["revision"].as_i64().expect("a number");
        assert_eq!(revision, last + 1, "{what}: {change}");
        last = revision;
        change
    };
    daemon.with(|world| world.stop("shop-web-1").expect("stopped"));
    json(&program, "once");
    while next("no service runs")["to_state"] != "stopped" {}
    let mut service = Service::start(&program);
    service.tells("READY=1");
    daemon.with(|world| world.start("shop-web-1").expect("started"));
    while next("a service runs")["to_state"] != "running" {}
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0), "a follower does not keep it up");
    daemon.with(|world| world.remove("shop-web-1", true).expect("removed"));
    json(&program, "once");
    while next("it has ended")["to_state"] != "missing" {}
}

#[test]
fn without_a_revision_only_what_is_new_is_printed_a_line_each() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "stack add shop");
    json(&program, "once");
    let mut service = Service::start(&program);
    service.tells("READY=1");
    let follower = Follower::start(&program, &[]);
    // It has begun once a row that is made now is told: rows from before are not.
    json(&program, "project add web --workload-id w1");
    let line = loop {
        json(&program, "claim --project web");
        if let Ok(line) = follower.lines.recv_timeout(Duration::from_millis(200)) {
            break line;
        }
    };
    assert!(line.contains("new → created  claimed  -"), "{line}");
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0));
}

#[test]
fn a_follower_that_missed_changes_says_so_and_ends() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "stack add shop");
    json(&program, "once");
    let mut database = SqliteConnection::establish(&program.database()).expect("the file opens");
    database.batch_execute("DELETE FROM changes WHERE revision < 2").expect("it is written");
    program.run(&["changes", "--follow", "--since", "0"]).fails(1, &["not kept any more", "--since"]);
    program.run(&["changes", "--follow", "--since", "100000"]).fails(1, &["another ledger", "--since"]);
    program.run(&["changes", "--follow", "--limit", "3"]).fails(2, &["--limit"]);
}

#[test]
fn the_history_answers_what_happened_to_what_and_when() {
    let program = Program::new().variable("DOCKER_HOST", "unix:///nowhere/at/all.sock");
    for command in [
        "project add shop --workload-id w1",
        "stage add shop prod",
        "claim --project shop --stage prod --row r1 --subdomain www",
        "claim --project shop --row r1 --subdomain shop",
    ] {
        json(&program, command);
    }
    let count = |arguments: &str| json(&program, arguments).as_array().expect("an array").len();
    for (arguments, expected) in [
        ("changes", 2),
        ("changes --kind subdomain", 2),
        ("changes --kind claimed,crashed", 2),
        ("changes --kind crashed", 0),
        ("changes --workload project/shop", 2),
        ("changes --workload site/shop", 0),
        ("changes --container r1", 2),
        ("changes --from 1h", 2),
        ("changes --to 1h", 0),
        ("changes --from 2001-01-01T00:00:00Z --to 2002-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(count(arguments), expected, "{arguments}");
    }
    let told = program.run(&["changes"]).stdout;
    assert!(told.contains("project/shop") && told.contains("subdomain www → shop"), "{told}");
    program.run(&["changes", "--kind", "bogus"]).fails(2, &["bogus", "health", "crashed"]);
    program.run(&["changes", "--from", "yesterday"]).fails(2, &["8h"]);
}
