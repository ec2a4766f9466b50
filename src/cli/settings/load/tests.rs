use std::time::Duration;

use super::*;

struct Fixture {
    directory: tempfile::TempDir,
    surroundings: Surroundings,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path().join("home");
    std::fs::create_dir_all(home.join(".config/dockledger")).expect("made");
    let surroundings = Surroundings {
        variables: [("HOME".to_owned(), home.display().to_string())].into(),
        not_utf8: std::collections::BTreeSet::new(),
        user_id: 1000,
        machine_config: directory.path().join("etc/dockledger.toml"),
        machine_database: directory.path().join("var/ledger.db"),
        machine_runtime: directory.path().join("run"),
    };
    Fixture { directory, surroundings }
}

impl Fixture {
    fn file(&self, text: &str) -> Flags {
        let path = self.directory.path().join("given.toml");
        std::fs::write(&path, text).expect("written");
        Flags { config: Some(path), ..Flags::default() }
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.surroundings.variables.insert(name.into(), value.into());
        self
    }

    fn error(&self, flags: &Flags) -> String {
        load(flags, &self.surroundings).expect_err("impossible").to_string()
    }
}

#[test]
fn nothing_given_is_all_defaults() {
    let fixture = fixture();
    let settings = load(&Flags::default(), &fixture.surroundings).expect("loaded");
    let expected = fixture.directory.path().join("home/.local/state/dockledger/ledger.db");
    let mut defaults = Config::new(expected.display().to_string());
    defaults.http.control_socket.clone_from(&settings.config.http.control_socket);
    assert_eq!(settings.config, defaults);
    let control = settings.config.http.control_socket.expect("it has a place");
    assert!(control.starts_with(expected.with_file_name("control")), "{}", control.display());
    assert_eq!(settings.file, None);
    assert!(settings.origins.is_empty());
}

#[test]
fn later_sources_win_and_each_value_knows_its_source() {
    let fixture = fixture().variable("DOCKLEDGER_INTERVAL", "20s").variable("DOCKLEDGER_HOST", "b");
    let mut flags =
        fixture.file("host = \"a\"\ninterval = \"10s\"\ncoalesce = \"70ms\"\n[retention]\nmissing = \"2d\"\n");
    flags.keys.push(("host", "--host", "c".into()));
    let settings = load(&flags, &fixture.surroundings).expect("loaded");
    assert_eq!(settings.config.host.as_str(), "c");
    assert_eq!(settings.origin("host"), Origin::Flag("--host"));
    assert_eq!(settings.config.interval, Duration::from_secs(20));
    assert_eq!(settings.origin("interval"), Origin::Variable("DOCKLEDGER_INTERVAL".into()));
    assert_eq!(settings.config.coalesce, Duration::from_millis(70));
    assert_eq!(settings.config.retention.missing, Duration::from_secs(2 * 86_400));
    assert_eq!(settings.origin("retention.missing"), Origin::File(flags.config.expect("named")));
    assert_eq!(settings.origin("list_deadline"), Origin::Default);
}

#[test]
fn nested_keys_have_variables() {
    let fixture =
        fixture().variable("DOCKLEDGER_RETENTION_MISSING", "3d").variable("DOCKLEDGER_LABELS_STATIC_SITE", "x");
    let settings = load(&Flags::default(), &fixture.surroundings).expect("loaded");
    assert_eq!(settings.config.retention.missing, Duration::from_secs(3 * 86_400));
    assert_eq!(settings.config.labels.static_site, "x");
}

#[test]
fn own_database_variable_beats_the_common_one_and_both_beat_the_file() {
    let fixture = fixture().variable("DATABASE_URL", "postgres://common/x");
    let flags = fixture.file("database = \"of-the-file.db\"");
    let settings = load(&flags, &fixture.surroundings).expect("loaded");
    assert_eq!(settings.config.database, "postgres://common/x");
    let fixture = fixture.variable("DOCKLEDGER_DATABASE", "own.db");
    let settings = load(&flags, &fixture.surroundings).expect("loaded");
    assert_eq!(settings.config.database, "own.db");
    assert_eq!(settings.origin("database"), Origin::Variable("DOCKLEDGER_DATABASE".into()));
}

#[test]
fn unknown_keys_are_errors_that_name_the_key_and_the_one_that_is_meant_or_else_the_known_ones() {
    let fixture = fixture();
    for (text, key, hint) in [
        ("intervall = \"30s\"", "\"intervall\"", "did you mean \"interval\"?"),
        ("[retention]\nmising = \"1d\"", "\"retention.mising\"", "did you mean \"retention.missing\"?"),
        ("retention = \"1d\"", "\"retention\"", "inspect_deadline"),
        ("[http]\nlisen = \"x\"", "\"http.lisen\"", "did you mean \"http.listen\"?"),
        ("[actions]", "\"actions\"", "inspect_deadline"),
    ] {
        let error = fixture.error(&fixture.file(text));
        assert!(error.contains(key) && error.contains("given.toml") && error.contains(hint), "{error}");
    }
}

#[test]
fn f4_unknown_variables_are_a_warning() {
    let fixture = fixture().variable("DOCKLEDGER_INTERVALL", "30s").variable("DOCKLEDGER_PORT", "tcp://10.0.0.1:1");
    let settings = load(&Flags::default(), &fixture.surroundings).expect("loaded");
    assert_eq!(settings.config.interval, Duration::from_secs(30));
    let [warning] = &settings.warnings[..] else { panic!("one line: {:?}", settings.warnings) };
    assert!(warning.contains("$DOCKLEDGER_INTERVALL") && warning.contains("$DOCKLEDGER_PORT"), "{warning}");
}

/// F4: with a letter replaced it would be another path.
#[test]
fn f4_a_value_that_is_no_utf8_is_refused_where_it_counts() {
    let mut fixture =
        fixture().variable("DOCKLEDGER_DATABASE", "/srv/\u{fffd}.db").variable("DOCKLEDGER_X", "\u{fffd}");
    fixture.surroundings.not_utf8 = ["DOCKLEDGER_DATABASE".to_owned(), "DOCKLEDGER_X".to_owned()].into();
    let error = fixture.error(&Flags::default());
    assert!(error.contains("$DOCKLEDGER_DATABASE") && error.contains("UTF-8"), "{error}");
    fixture.surroundings.variables.remove("DOCKLEDGER_DATABASE");
    load(&Flags::default(), &fixture.surroundings).expect("the other is ignored");
}

#[test]
fn impossible_values_name_key_value_source_and_what_is_allowed() {
    let fixture = fixture();
    for (text, parts) in [
        ("interval = 30", ["interval cannot be", "\"30\"", "unit"]),
        ("interval = \"soon\"", ["interval cannot be", "\"soon\"", "5min"]),
        ("list_deadline = \"0s\"", ["list_deadline cannot be", "\"0s\"", "10ms to 1h"]),
        ("auto_adopt = \"perhaps\"", ["auto_adopt cannot be", "\"perhaps\"", "true or false"]),
        ("host = \"a b\"", ["host cannot be", "\"a b\"", "letters"]),
        ("ignore = [\"db\"]", ["ignore cannot be", "db", "name:TEXT"]),
    ] {
        let error = fixture.error(&fixture.file(text));
        assert!(parts.iter().all(|part| error.contains(part)) && error.contains("given.toml"), "{error}");
    }
}

#[test]
fn an_impossible_database_never_shows_its_password() {
    let fixture = fixture().variable("DATABASE_URL", "mysql://root:hunter2@localhost/x");
    let error = fixture.error(&Flags::default());
    assert!(error.contains("$DATABASE_URL") && error.contains("root:***@") && !error.contains("hunter2"), "{error}");
}

#[test]
fn the_interval_is_clamped_with_a_warning() {
    for (given, used, warns) in [("0s", 30, true), ("-5s", 30, true), ("10min", 300, true), ("7s", 7, false)] {
        let fixture = fixture().variable("DOCKLEDGER_INTERVAL", given);
        let settings = load(&Flags::default(), &fixture.surroundings).expect("loaded");
        assert_eq!(settings.config.interval, Duration::from_secs(used), "{given}");
        assert_eq!(!settings.warnings.is_empty(), warns, "{given}");
    }
}

#[test]
fn a_named_file_must_exist_and_must_be_toml() {
    let fixture = fixture();
    let absent = Flags { config: Some(fixture.directory.path().join("absent.toml")), ..Flags::default() };
    assert!(fixture.error(&absent).contains("absent.toml"));
    assert!(fixture.error(&fixture.file("host = ")).contains("no TOML"));
    let fixture = fixture.variable("DOCKLEDGER_CONFIG", "/nowhere/at/all.toml");
    assert!(fixture.error(&Flags::default()).contains("/nowhere/at/all.toml"));
}

#[test]
fn the_first_usual_file_that_exists_is_read() {
    let fixture = fixture();
    let of_the_user = fixture.directory.path().join("home/.config/dockledger/dockledger.toml");
    std::fs::write(&of_the_user, "host = \"user\"").expect("written");
    let settings = load(&Flags::default(), &fixture.surroundings).expect("loaded");
    assert_eq!((settings.config.host.as_str(), settings.file), ("user", Some(of_the_user)));
    std::fs::create_dir_all(fixture.directory.path().join("etc")).expect("made");
    std::fs::write(&fixture.surroundings.machine_config, "host = \"machine\"").expect("written");
    let settings = load(&Flags::default(), &fixture.surroundings).expect("loaded");
    assert_eq!(settings.config.host.as_str(), "machine");
}

#[test]
fn all_users_find_the_database_of_the_machine() {
    let mut fixture = fixture();
    let machine = fixture.surroundings.machine_database.clone();
    fixture.surroundings.user_id = 0;
    let settings = load(&Flags::default(), &fixture.surroundings).expect("loaded");
    assert_eq!(settings.config.database, machine.display().to_string(), "root makes it there");
    fixture.surroundings.user_id = 1000;
    std::fs::create_dir_all(machine.parent().expect("a directory")).expect("made");
    std::fs::write(&machine, "").expect("written");
    let settings = load(&Flags::default(), &fixture.surroundings).expect("loaded");
    assert_eq!(settings.config.database, machine.display().to_string(), "everyone uses it once it is there");
}

#[test]
fn without_a_home_the_database_must_be_named() {
    let mut fixture = fixture();
    fixture.surroundings.variables.clear();
    assert!(fixture.error(&Flags::default()).contains("--database"));
}
