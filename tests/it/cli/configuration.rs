//! Which configuration takes effect, and which is refused.

use super::program::Program;

#[test]
fn unknown_key_is_refused_by_name_and_source() {
    let program = Program::new();
    let file = program.file("d.toml", "intervall = \"30s\"\n");
    for command in ["once", "ps", "config", "run"] {
        program
            .run(&[command, "--config", &file])
            .fails(2, &["unknown key \"intervall\"", "d.toml", "did you mean \"interval\"?"]);
    }
    assert_eq!(program.files(), ["d.toml"], "nothing was made");
}

#[test]
fn a_key_without_its_table_and_one_that_is_like_no_other_are_answered_with_those_that_exist() {
    let program = Program::new();
    for (text, told) in [
        ("tokens = \"x\"\n", "did you mean \"http.tokens\"?"),
        ("list-deadline = \"3s\"\n", "did you mean \"list_deadline\"?"),
        ("colour = \"red\"\n", "the keys are: "),
    ] {
        let file = program.file("d.toml", text);
        program.run(&["config", "--config", &file]).fails(2, &["unknown key", told]);
    }
}

#[test]
fn a_misspelt_place_of_the_database_makes_no_directory() {
    let program = Program::new();
    let path = program.path("vra/lib/ledger.db").display().to_string();
    for command in [&["once"][..], &["migrate", "up"], &["project", "add", "x"], &["run"]] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--database", path.as_str()]).collect();
        program.run(&arguments).fails(4, &["vra/lib of the database is not there", "mkdir -p"]);
    }
    assert_eq!(program.files(), Vec::<String>::new());
}

/// F4: what Kubernetes makes for a service called `dockledger`, and a slip.
#[test]
fn f4_variables_that_are_no_keys_are_told_once_and_ignored() {
    let program = Program::new()
        .variable("DOCKLEDGER_PORT", "tcp://10.96.0.10:7878")
        .variable("DOCKLEDGER_PORT_7878_TCP_ADDR", "10.96.0.10")
        .variable("DOCKLEDGER_SERVICE_HOST", "10.96.0.10")
        .variable("DOCKLEDGER_INTERVALL", "30s")
        .variable("DOCKLEDGER_COALESCE", "");
    let ended = program.run(&["config", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let document = ended.json();
    let told = document["warnings"][0].as_str().expect("a warning");
    for part in
        ["$DOCKLEDGER_SERVICE_HOST", "enableServiceLinks", "is $DOCKLEDGER_INTERVAL meant by $DOCKLEDGER_INTERVALL?"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    for line in [&["config"][..], &["project", "list"], &["migrate", "up"], &["project", "list"]] {
        let ended = program.run(line);
        assert_eq!(ended.stderr.matches("DOCKLEDGER_SERVICE_HOST").count(), 1, "{line:?}: {ended:?}");
    }
    assert!(program.run(&["config"]).stdout.contains("warning: no keys of the configuration"));
    assert_eq!(program.run(&["project", "list"]).code, Some(0));
}

/// F4
#[test]
fn f4_a_variable_that_is_no_utf8_stops_only_who_would_read_it() {
    use std::os::unix::ffi::OsStrExt;
    let bytes = std::ffi::OsStr::from_bytes(b"/srv/\xff.db");
    let program = Program::new();
    let run = |name: &str| {
        super::program::Ended::from(program.command(&["config"]).env(name, bytes).output().expect("it starts"))
    };
    assert_eq!(run("DOCKLEDGER_ANYTHING").code, Some(0));
    run("DOCKLEDGER_DATABASE").fails(2, &["database cannot be", "$DOCKLEDGER_DATABASE", "UTF-8"]);
}

/// F5: each form that people bring finds its file, or is refused with the forms that there are; nothing else is made.
#[test]
fn f5_a_database_is_found_in_each_spelling_or_refused_and_nothing_is_made() {
    for (form, name) in [
        ("sqlite://ledger.db", "ledger.db"),
        ("sqlite:ledger2.db?mode=rwc", "ledger2.db"),
        ("sqlite://./x.db", "x.db"),
        ("file:y.db", "y.db"),
        ("\"z.db\"\r\n", "z.db"),
    ] {
        let program = Program::new().variable("DATABASE_URL", form);
        program.run(&["ps"]).fails(4, &["there is no ledger at"]);
        assert_eq!(program.files(), [""; 0], "{form}: reading makes none");
        assert_eq!(program.run(&["migrate", "up"]).code, Some(0), "{form}");
        assert!(program.files().contains(&name.to_owned()), "{form}: {:?}", program.files());
        assert_eq!(program.run(&["ps"]).code, Some(0), "{form}");
        assert!(!std::path::Path::new("/").join(name).exists(), "{form}");
    }
    for form in [
        "file:ledger.db?cache=shared",
        "sqlite::memory:",
        ":memory:",
        "sqlite:///ledger.db",
        "postgres:u:hunter2@h/d",
        "postgresql+asyncpg://u:hunter2@h/d",
        "jdbc:postgresql://h/d?user=u&password=hunter2",
        "mysql://u:hunter2@h/d",
        "mysql:u:hunter2@h/d",
        "pgsql:host=h;password=hunter2",
        "host=h dbname=d password=hunter2",
        "ledger:hunter2@h/d",
        "~/ledger.db",
        "$HOME/ledger.db",
    ] {
        for command in [&["ps"][..], &["migrate", "up"], &["project", "add", "x"], &["config"], &["doctor"]] {
            let program = Program::new().variable("DATABASE_URL", form);
            let ended = program.run(command);
            assert_eq!(ended.code, Some(2), "{form} {command:?}: {ended:?}");
            let told = format!("{}{}", ended.stdout, ended.stderr);
            assert!(told.contains("postgres://USER@HOST/NAME"), "{form}: {told}");
            assert!(!told.contains("hunter2"), "{form}: {told}");
            assert_eq!(program.files(), [""; 0], "{form} {command:?}");
        }
    }
}

/// F13, as it was met: the password is a letter of the words that say what is wrong.
#[test]
fn f13_a_password_of_one_letter_leaves_the_words_and_the_cure() {
    for address in
        ["postgres://u:e@127.0.0.1:1/db", "postgres://u@127.0.0.1:1/db?password=e", "postgres://u:%65@127.0.0.1:1/db"]
    {
        let ended = Program::new().variable("DATABASE_URL", address).run(&["ps"]);
        ended.fails(4, &["Connection refused", "start the server, or name another with --database"]);
        assert!(ended.stderr.contains("u:***@") || ended.stderr.contains("password=***"), "{ended:?}");
    }
    let ended = Program::new()
        .variable("DATABASE_URL", "postgres://u@127.0.0.1:1/db")
        .variable("PGPASSWORD", "hunter2")
        .run(&["ps", "-vv"]);
    assert!(ended.stderr.contains("Connection refused") && !ended.stderr.contains("hunter2"), "{ended:?}");
}

/// F21, as it was met.
#[test]
fn f21_parameters_of_other_clients_are_named_with_their_cure() {
    for (query, parts) in [
        (
            "schema=public&connection_limit=1",
            ["drop the parameter schema", "database_schema = \"public\"", "connection_limit"],
        ),
        ("pgbouncer=true", ["drop the parameter pgbouncer", "recognised by itself", "postgres://USER@HOST/NAME"]),
        (
            "statement_cache_size=0&pool_timeout=0",
            ["drop the parameter statement_cache_size", "pool_timeout", "by itself"],
        ),
    ] {
        let program = Program::new().variable("DATABASE_URL", &format!("postgres://u:hunter2@127.0.0.1:1/db?{query}"));
        let ended = program.run(&["ps"]);
        ended.fails(2, &parts);
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
    if !cfg!(feature = "postgres-tls") {
        let program = Program::new().variable("DATABASE_URL", "postgres://u@127.0.0.1:1/db?sslmode=require");
        program.run(&["ps"]).fails(2, &["sslmode=require needs TLS", "postgres-tls"]);
        let program =
            Program::new().variable("DATABASE_URL", "postgres://u@127.0.0.1:1/db").variable("PGSSLMODE", "require");
        program.run(&["ps"]).fails(4, &["SSL support is not compiled in", "postgres-tls"]);
    }
    let program = Program::new().variable("DATABASE_URL", "postgres://u@127.0.0.1:1/db?nonsense=hunter2");
    program.run(&["ps"]).fails(4, &["invalid URI query parameter", "\"nonsense\"", "drop that parameter"]);
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
