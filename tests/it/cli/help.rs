//! What the program says of itself.

use super::program::Program;

/// Each command of the command line with the flags that its help must show.
const COMMANDS: [(&str, &[&str]); 43] = [
    ("run", &["--no-migrate"]),
    ("once", &["--no-migrate", "--json"]),
    ("demo", &["--seed", "--for"]),
    ("ps", &["--state", "--kind", "--workload", "--stage", "--flapping", "--json"]),
    ("unassigned", &["--json"]),
    ("adopt", &["--all", "--stack", "--json"]),
    ("project add", &["--id", "--workload-id", "--json"]),
    ("project list", &["--json"]),
    ("project show", &["--json"]),
    ("project rename", &["--json"]),
    ("project rm", &["--force", "--json"]),
    ("stage add", &["--id", "--max-instances", "--json"]),
    ("stage list", &["--json"]),
    ("stage show", &["--json"]),
    ("stage rename", &["--json"]),
    ("stage rm", &["--force", "--json"]),
    ("stack add", &["--compose-project", "--id", "--workload-id", "--json"]),
    ("stack list", &["--json"]),
    ("stack show", &["--json"]),
    ("stack rename", &["--json"]),
    ("stack rm", &["--force", "--json"]),
    ("site add", &["--id", "--workload-id", "--json"]),
    ("site list", &["--json"]),
    ("site show", &["--json"]),
    ("site rename", &["--json"]),
    ("site rm", &["--force", "--json"]),
    ("rotate-secret", &["--json"]),
    (
        "claim",
        &[
            "--project",
            "--stage",
            "--container",
            "--row",
            "--failed",
            "--subdomain",
            "--take-subdomain",
            "--proxy-route",
            "--npm-proxy",
            "--image-tag",
            "--json",
        ],
    ),
    ("release", &["--json"]),
    ("changes", &["--since", "--limit", "--json"]),
    ("hosts", &["--json"]),
    ("hosts confirm", &["--json"]),
    ("hosts rename", &["--json"]),
    ("hosts forget", &["--json"]),
    ("passes", &["--limit", "--json"]),
    (
        "audit",
        &[
            "--workload",
            "--row",
            "--container",
            "--who",
            "--action",
            "--outcome",
            "--from",
            "--to",
            "--limit",
            "--json",
        ],
    ),
    ("routes", &["--json"]),
    ("doctor", &["--json"]),
    ("token new", &["--scope", "--json"]),
    ("migrate up", &["--json"]),
    ("migrate grants", &["--reader"]),
    ("completions", &[]),
    ("config", &["--json"]),
];

#[test]
fn each_command_explains_itself_and_the_common_flags() {
    let program = Program::new();
    for (command, flags) in COMMANDS {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let ended = program.run(&arguments);
        assert_eq!(ended.code, Some(0), "{command}: {ended:?}");
        for flag in flags.iter().chain(&["--config", "--database", "--docker-host", "--host", "--verbose"]) {
            assert!(ended.stdout.contains(flag), "{command} does not mention {flag}: {}", ended.stdout);
        }
    }
    assert_eq!(program.files(), Vec::<String>::new(), "help makes nothing");
}

#[test]
fn the_overview_lists_every_command_and_the_exit_codes() {
    let ended = Program::new().run(&["--help"]);
    for (command, _) in COMMANDS {
        let first = command.split(' ').next().expect("a word");
        assert!(ended.stdout.contains(&format!("\n  {first} ")), "{first}: {}", ended.stdout);
    }
    assert!(ended.stdout.contains("5 another instance holds the host"), "{}", ended.stdout);
}

#[test]
fn the_version_is_told() {
    let ended = Program::new().run(&["--version"]);
    assert_eq!(ended.stdout, format!("dockledger {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_line_that_is_no_command_is_a_usage_error() {
    for line in [&["frobnicate"][..], &["ps", "--kind", "container"], &["once", "--loud"], &["adopt"], &[]] {
        let ended = Program::new().run(line);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{line:?}: {ended:?}");
    }
}

#[test]
fn completions_name_the_commands_in_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = Program::new().run(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("rotate-secret"), "{shell}");
    }
}
