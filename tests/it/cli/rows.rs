//! One container, one command: what is known of it, forgetting it, and taking an adoption back.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use serde_json::Value;

use super::daemon::{Service, beside, daemon, json};
use super::program::Program;

/// Longer than anything here takes: only a fault makes a test wait for it.
const BOUND: Duration = Duration::from_secs(30);

/// As a deployer writes.
fn sql(program: &Program, statement: &str) {
    let mut connection = SqliteConnection::establish(&program.database()).expect("the ledger is there");
    let statement = format!("PRAGMA busy_timeout = 5000; {statement}");
    connection.batch_execute(&statement).expect("carried out");
}

fn ids(rows: &Value) -> Vec<String> {
    rows.as_array().expect("an array").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_container_is_shown_whole_by_its_name_its_row_or_the_begin_of_its_id() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "adopt shop");
    daemon.with(|world| world.stop("shop-web-1").expect("stopped"));
    json(&program, "once");
    let row = json(&program, "ps --state stopped")[0].clone();
    let (id, container) = (row["id"].as_str().expect("an id"), row["container_id"].as_str().expect("bound"));
    for called in ["shop-web-1", id, &container[..12], container] {
        let shown = json(&program, &format!("show {called}"));
        assert_eq!((&shown["id"], &shown["state"]), (&row["id"], &"stopped".into()), "{called}");
        let changes = shown["changes"].as_array().expect("changes");
        let of = |change: Option<&Value>| change.expect("a change")["to_state"].clone();
        assert_eq!((of(changes.first()), of(changes.last())), ("running".into(), "stopped".into()), "{called}");
    }
    let text = program.run(&["show", "shop-web-1"]).stdout;
    for part in [container, "stack/shop", "running → stopped", "last seen", "subdomain"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    program.run(&["show", "nothing-like-it"]).fails(1, &["there is no row \"nothing-like-it\"", "dockledger ps"]);
}

#[test]
fn an_ambiguous_name_lists_its_candidates_and_changes_nothing() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "adopt shop");
    json(&program, "project add p");
    for row in ["r1", "r2"] {
        json(&program, &format!("claim --project p --row {row}"));
    }
    sql(&program, "UPDATE containers SET name = 'twin' WHERE id IN ('r1', 'r2')");
    for command in [
        &["show", "twin"][..],
        &["release", "twin"],
        &["forget", "twin"],
        &["claim", "--project", "p", "--row", "twin"],
    ] {
        program.run(command).fails(1, &["2 rows are called \"twin\"", "r1", "r2"]);
    }
    assert_eq!(ids(&json(&program, "ps --kind project")), ["r1", "r2"]);
}

#[test]
fn a_missing_row_is_forgotten_beside_a_running_service_and_no_other_is() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "adopt shop");
    let mut service = Service::start(&program);
    service.tells("READY=1");
    program.run(&["forget", "shop-web-1"]).fails(1, &["is running and not missing"]);
    daemon.with(|world| world.remove("shop-web-1", true).expect("removed"));
    json(&program, "once");
    sql(&program, "UPDATE containers SET image_tag = '7' WHERE state = 'missing'");
    program.run(&["forget", "shop-web-1"]).fails(1, &["bears what a deployer wrote (image_tag)", "--force"]);
    let forgotten = json(&program, "forget shop-web-1 --force");
    assert_eq!(forgotten["name"], "shop-web-1");
    let changes = json(&program, "changes");
    let last = changes.as_array().and_then(|changes| changes.last()).expect("a change");
    assert_eq!((&last["to_state"], &last["revision"]), (&"forgotten".into(), &forgotten["revision"]));
    json(&program, "once");
    assert_eq!(json(&program, "ps").as_array().map(Vec::len), Some(1), "no pass brings it back");
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0));
}

#[test]
fn an_adoption_is_taken_back_beside_a_running_service() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "adopt shop");
    json(&program, "adopt plain --stack shop");
    let mut service = Service::start(&program);
    service.tells("READY=1");
    let left = json(&program, "adopt --undo plain");
    assert_eq!((&left[0]["container"], &left[0]["rows_forgotten"]), (&"plain".into(), &1.into()), "{left}");
    let undone = json(&program, "adopt --undo shop");
    assert_eq!((&undone[0]["stack"], &undone[0]["rows_forgotten"]), (&"shop".into(), &2.into()), "{undone}");
    let report = json(&program, "once");
    assert_eq!((&report["inserted"], &report["assigned"]), (&0.into(), &0.into()), "{report}");
    assert_eq!(json(&program, "stack list"), Value::Array(Vec::new()));
    program.run(&["adopt", "--undo", "shop"]).fails(1, &["nothing that was adopted is called \"shop\""]);
    json(&program, "stack add mine");
    assert_eq!(json(&program, "stack show mine")["origin"], "added");
    program.run(&["adopt", "--undo", "mine"]).fails(1, &["stack \"mine\" was not adopted", "--undo --force"]);
    assert_eq!(json(&program, "adopt --undo --force mine")[0]["stack"], "mine");
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0));
}

#[test]
fn adopting_prints_no_secret_unless_it_is_asked_for() {
    let daemon = daemon();
    let program = beside(&daemon);
    let ended = program.run(&["adopt", "--all"]);
    assert!(ended.stdout.contains("registered stack shop\n") && ended.stdout.contains("rotate-secret"), "{ended:?}");
    json(&program, "adopt --undo shop");
    assert_eq!(json(&program, "adopt --all")["registered"][0].get("webhook_secret"), None);
    json(&program, "adopt --undo shop");
    let asked = json(&program, "adopt --all --secrets");
    assert_eq!(asked["registered"][0]["webhook_secret"].as_str().map(str::len), Some(64), "{asked}");
}

#[test]
fn a_project_and_a_stack_are_shown_with_what_they_own() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "adopt shop");
    json(&program, "project add api");
    json(&program, "stage add api prod");
    let row = json(&program, "claim --project api --stage prod --container plain --subdomain www");
    let project = json(&program, "project show api");
    assert_eq!((&project["name"], &project["stages"][0]["name"]), (&"api".into(), &"prod".into()));
    assert_eq!((&project["containers"][0]["id"], &project["containers"][0]["stage"]), (&row["id"], &"prod".into()));
    let text = program.run(&["project", "show", "api"]).stdout;
    assert!(text.contains("plain") && text.contains("SUBDOMAIN") && text.contains("MOST INSTANCES"), "{text}");
    assert_eq!(json(&program, "stack show shop")["containers"].as_array().map(Vec::len), Some(2));
    let text = program.run(&["stack", "show", "shop"]).stdout;
    assert!(text.contains("shop-web-1") && text.contains("running"), "{text}");
}

#[test]
fn a_row_of_a_project_is_claimed_and_released_by_its_containers_name() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "project add api");
    let row = json(&program, "claim --project api --container plain");
    let again = json(&program, "claim --project api --row plain --image-tag 8");
    assert_eq!((&again["id"], &again["image_tag"]), (&row["id"], &"8".into()));
    assert_eq!(json(&program, "claim --project api --row fresh")["id"], "fresh", "a name that no container has");
    assert_eq!(json(&program, "release plain")["row"], row["id"]);
    assert_eq!(ids(&json(&program, "ps")), ["fresh"]);
}

#[test]
fn what_is_piped_is_whole_and_ids_can_be_had_alone() {
    let daemon = daemon();
    let name = format!("shop-{}-1", "very-long-service-".repeat(8));
    let container = dockledger::simulation::NewContainer::new(name.clone(), "shop/image:1").compose("shop", "long", 1);
    daemon.with(|world| world.run(container).expect("runs"));
    let program = beside(&daemon).variable("COLUMNS", "40");
    json(&program, "adopt shop");
    let table = program.run(&["ps"]).stdout;
    assert!(table.contains(&name) && table.contains("IMAGE"), "{table}");
    let quiet = program.run(&["ps", "-q"]).stdout;
    assert_eq!(quiet.lines().map(str::to_owned).collect::<Vec<_>>(), ids(&json(&program, "ps")));
}

#[test]
fn a_watched_table_is_printed_again_when_something_changed_and_ends_by_interrupt() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "adopt shop");
    let mut watching = program.command(&["ps", "--watch"]).stdout(Stdio::piped()).spawn().expect("the program starts");
    let (sender, lines) = mpsc::channel();
    let stdout = BufReader::new(watching.stdout.take().expect("piped"));
    std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let until = |part: &str| {
        let mut seen = Vec::new();
        while !seen.last().is_some_and(|line: &String| line.contains("shop-web-1") && line.contains(part)) {
            seen.push(lines.recv_timeout(BOUND).unwrap_or_else(|_| panic!("{part} is not printed: {seen:?}")));
        }
        seen
    };
    until("running");
    daemon.with(|world| world.stop("shop-web-1").expect("stopped"));
    json(&program, "once");
    let seen = until("stopped");
    assert!(!seen.iter().any(|line| line.contains('\u{1b}')), "nothing is drawn where no terminal is: {seen:?}");
    let interrupted = Command::new("kill").args(["-INT", &watching.id().to_string()]).status().expect("kill runs");
    assert!(interrupted.success() && watching.wait().expect("a child").success());
}

/// Each suggestion is carried out as it stands, by a shell that knows nothing but the program.
#[test]
fn each_suggested_fix_works_as_it_is_pasted() {
    let daemon = daemon();
    let program = beside(&daemon);
    let elsewhere = program.path("another ledger.db").display().to_string();
    let with = |line: &str| {
        let flags = ["--database", &elsewhere, "--host", "east"];
        let ended = program.run(&line.split(' ').chain(flags).collect::<Vec<_>>());
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
        ended
    };
    with("stack add shop --compose-project another");
    let told = with("unassigned").stdout;
    assert!(told.starts_with("3 containers lack an owner:\n"), "{told}");
    let fixes: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("  dockledger")).collect();
    assert_eq!(fixes.len(), 2, "{told}");
    let directory = std::path::Path::new(env!("CARGO_BIN_EXE_dockledger")).parent().expect("a directory");
    for fix in fixes {
        let surroundings = program.command(&[]);
        let mut shell = Command::new("/bin/sh");
        shell.env_clear().envs(surroundings.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ended = shell.env("PATH", directory).args(["-c", &format!("dockledger{fix}")]).output().expect("a shell");
        assert!(ended.status.success(), "{fix}: {ended:?}");
    }
    with("once");
    let rows = with("ps --json").json();
    assert_eq!(rows.as_array().map(Vec::len), Some(3), "{rows}");
    assert!(with("unassigned").stdout.contains("has a row"));
    assert!(!std::path::Path::new(&program.database()).exists(), "no other ledger was touched");
}
