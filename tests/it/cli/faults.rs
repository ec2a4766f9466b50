//! What is not there, or cannot be used: the exit code, the cause, the cure, and nothing made on the way.

use std::io::Read;
use std::process::Stdio;

use super::program::Program;

const READING: [&[&str]; 12] = [
    &["ps"],
    &["ps", "--json"],
    &["unassigned"],
    &["changes"],
    &["hosts"],
    &["passes"],
    &["routes"],
    &["project", "list"],
    &["stack", "show", "x"],
    &["migrate", "status"],
    &["release", "x"],
    &["rotate-secret", "x"],
];

#[test]
fn reading_commands_make_no_ledger_and_say_how_one_comes_to_be() {
    let program = Program::new();
    for line in READING {
        program.run(line).fails(4, &["there is no ledger at", "dockledger once", "dockledger run"]);
    }
    assert_eq!(program.files(), Vec::<String>::new());
}

/// A service that may not make it would wait for ever.
#[test]
fn a_service_that_must_not_migrate_ends_where_there_is_no_ledger() {
    let program = Program::new();
    program.run(&["run", "--no-migrate"]).fails(4, &["there is no ledger at", "dockledger migrate up"]);
    assert_eq!(program.files(), Vec::<String>::new());
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_as_it_is() {
    let program = Program::new();
    let garbage = "this is no database, and longer than a header of one: ".repeat(40);
    let path = program.file("ledger.db", &garbage);
    for line in [&["ps"][..], &["once"], &["project", "add", "shop"], &["migrate", "up"]] {
        let ended = program.run(line);
        assert_eq!(ended.code, Some(4), "{line:?}: {ended:?}");
        assert!(ended.stderr.contains(&path), "{line:?}: {ended:?}");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), garbage);
}

#[test]
fn an_absent_daemon_is_named_with_its_cure() {
    let program = Program::new();
    let socket = format!("unix://{}", program.path("absent.sock").display());
    let ended = program.run(&["once", "--docker-host", &socket]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("--docker-host"), "{ended:?}");
    assert_eq!(ended.stderr.matches("absent.sock").count(), 1, "told once: {ended:?}");
    let ended = program.run(&["once", "--json", "--docker-host", &socket]);
    let report = ended.json();
    assert_eq!((ended.code, report["outcome"].as_str()), (Some(3), Some("failed")), "{report}");
    assert_eq!(report["error"]["kind"], "daemon_unreachable");
}

#[test]
fn doctor_names_each_fault_and_exits_with_the_first() {
    let program = Program::new();
    let socket = format!("unix://{}", program.path("absent.sock").display());
    let ended = program.run(&["doctor", "--json", "--docker-host", &socket]);
    let findings = ended.json();
    let faults: Vec<&str> = findings
        .as_array()
        .expect("an array")
        .iter()
        .filter(|finding| finding["ok"] == false)
        .map(|finding| finding["check"].as_str().expect("a text"))
        .collect();
    assert_eq!((ended.code, faults), (Some(3), vec!["daemon", "database"]), "{findings}");
    let ended = program.variable("DOCKLEDGER_HOST", "a b").run(&["doctor"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stdout.contains("configuration") && ended.stdout.contains("FAILED"), "{ended:?}");
}

#[test]
fn a_reader_that_went_away_is_no_fault() {
    let program = Program::new();
    let mut command = program.command(&["completions", "bash"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let status = child.wait().expect("it ends");
    let mut told = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut told).expect("text");
    assert_eq!((status.code(), told.as_str()), (Some(0), ""));
}

#[test]
fn no_colour_and_no_spinner_where_nobody_looks() {
    let program = Program::new().variable("TERM", "xterm-256color").variable("DOCKLEDGER_INTERVAL", "0s");
    for line in [&["ps"][..], &["config"], &["doctor"], &["unassigned"]] {
        let ended = program.run(line);
        assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "{line:?}: {ended:?}");
    }
}
