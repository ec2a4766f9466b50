//! Which configuration takes effect, and which is refused.

use super::program::Program;

#[test]
fn unknown_key_is_refused_by_name_and_source() {
    let program = Program::new();
    let file = program.file("d.toml", "intervall = \"30s\"\n");
    for command in ["once", "ps", "config", "run"] {
        program.run(&[command, "--config", &file]).fails(2, &["unknown key \"intervall\"", "d.toml", "list_deadline"]);
    }
    assert_eq!(program.files(), ["d.toml"], "nothing was made");
}

#[test]
fn unknown_variable_is_refused_by_name() {
    let program = Program::new().variable("DOCKLEDGER_INTERVALL", "30s");
    program.run(&["ps"]).fails(2, &["unknown variable $DOCKLEDGER_INTERVALL", "DOCKLEDGER_RETENTION_MISSING"]);
}

#[test]
fn bad_values_are_refused_with_what_is_allowed() {
    for (name, value, parts) in [
        ("DOCKLEDGER_INTERVAL", "30", ["interval cannot be \"30\"", "unit"]),
        ("DOCKLEDGER_LIST_DEADLINE", "soon", ["list_deadline cannot be \"soon\"", "30s"]),
        ("DOCKLEDGER_LIST_DEADLINE", "0s", ["list_deadline cannot be \"0s\"", "10ms to 1h"]),
        ("DOCKLEDGER_AUTO_ADOPT", "maybe", ["auto_adopt cannot be \"maybe\"", "true or false"]),
        ("DOCKLEDGER_HOST", "a b", ["host cannot be \"a b\"", "letters"]),
        ("DOCKLEDGER_RETENTION_MISSING", "0d", ["retention.missing cannot be", "1s to"]),
    ] {
        let ended = Program::new().variable(name, value).run(&["ps"]);
        ended.fails(2, &[parts[0], parts[1], &format!("${name}")]);
    }
}

#[test]
fn later_sources_win_and_the_configuration_says_which_did() {
    let program = Program::new().variable("DOCKLEDGER_COALESCE", "70ms");
    let file = program.file("d.toml", "host = \"a\"\ncoalesce = \"60ms\"\nlist_deadline = \"5s\"\n");
    let document = program.run(&["config", "--json", "--config", &file, "--host", "b"]).json();
    let values = &document["values"];
    assert_eq!(document["file"], file);
    for (key, value, from) in [
        ("host", "b", "--host"),
        ("coalesce", "70ms", "$DOCKLEDGER_COALESCE"),
        ("list_deadline", "5s", file.as_str()),
        ("interval", "30s", "default"),
        ("database", &program.database(), "$DATABASE_URL"),
    ] {
        assert_eq!(values[key]["value"], value, "{key}");
        assert_eq!(values[key]["from"], from, "{key}");
    }
}

#[test]
fn own_database_variable_beats_the_common_one() {
    let program = Program::new().variable("DOCKLEDGER_DATABASE", "/own.db");
    let values = &program.run(&["config", "--json"]).json()["values"];
    assert_eq!(values["database"]["value"], "/own.db");
}

#[test]
fn the_interval_is_clamped_and_told() {
    let ended = Program::new().variable("DOCKLEDGER_INTERVAL", "-5s").run(&["config", "--json"]);
    assert_eq!(ended.json()["values"]["interval"]["value"], "30s");
    assert!(ended.stderr.contains("interval is zero or less"), "{}", ended.stderr);
}

/// B46.
#[test]
fn a_password_is_masked_wherever_the_address_is_shown() {
    let address = "postgres://ledger:hunter2@127.0.0.1:1/x?sslpassword=hunter3";
    let program = Program::new().variable("DOCKLEDGER_DATABASE", address);
    for line in [&["config"][..], &["config", "--json"], &["ps"], &["doctor"], &["migrate", "status"]] {
        let ended = program.run(line);
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!told.contains("hunter"), "{line:?}: {told}");
    }
    assert!(program.run(&["config"]).stdout.contains("postgres://ledger:***@127.0.0.1:1/x?sslpassword=***"));
}

/// B45.
#[test]
fn b45_a_database_that_everyone_could_replace_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    std::fs::create_dir(program.path("open")).expect("made");
    std::fs::set_permissions(program.path("open"), std::fs::Permissions::from_mode(0o777)).expect("chmod");
    let database = program.path("open/ledger.db").display().to_string();
    for line in [&["ps"][..], &["once"], &["project", "add", "shop"], &["migrate", "up"]] {
        let arguments: Vec<&str> = line.iter().copied().chain(["--database", &database]).collect();
        program.run(&arguments).fails(2, &["every user can write", "--database"]);
    }
}
