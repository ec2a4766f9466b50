//! A PostgreSQL server of this test process's own, started once and gone with it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// The server: where its socket is, or why there is none.
pub(crate) fn server() -> Result<&'static str, &'static str> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    match SERVER.get_or_init(|| Server::start(&[])) {
        Ok(server) => Ok(&server.directory),
        Err(why) => Err(why),
    }
}

/// A server of one test's own, which may do to it what it likes; gone with the value.
pub(crate) fn own_server() -> Result<Server, String> {
    Server::start(&[])
}

/// One that tells its faults in German, by a locale that is made in `directory`.
pub(crate) fn german_server(directory: &std::path::Path) -> Result<Server, String> {
    let locale = directory.join("de_DE.UTF-8");
    let made = Command::new("localedef").args(["-i", "de_DE", "-f", "UTF-8"]).arg(&locale).status();
    if !made.is_ok_and(|status| status.success()) {
        return Err("no locale can be made here".into());
    }
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(directory, everybody).expect("the server may read it");
    let locales = directory.to_str().expect("a plain path");
    Server::start(&[("LOCPATH", locales), ("SERVER_OPTIONS", "-c lc_messages=de_DE.UTF-8")])
}

/// A running server.
pub(crate) struct Server {
    pub(crate) directory: String,
    _shell: Child,
    /// Closed by the kernel when this process ends, however it ends: that is what stops the server.
    _lifeline: ChildStdin,
}

/// Starts a server in a directory of its own, says where, waits for the end of its input, stops it and cleans up.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
directory=$(mktemp -d /tmp/dockledger-postgres-XXXXXX) && cd "$directory" || exit 1
"$0/initdb" -D "$directory/data" -U dockledger -A trust -E UTF8 --locale=C --no-sync >"$directory/log" 2>&1 &&
"$0/pg_ctl" -D "$directory/data" -l "$directory/log" -w \
    -o "-c listen_addresses='' -k $directory -c max_connections=200 -c fsync=off $SERVER_OPTIONS" start >/dev/null 2>&1 &&
echo "$directory" || { echo "failed: $(tail -n 3 "$directory/log" | tr '\n' ' ')"; rm -rf "$directory"; exit 1; }
cat >/dev/null
"$0/pg_ctl" -D "$directory/data" -m immediate stop >/dev/null 2>&1
cd / && rm -rf "$directory"
"#;

impl Server {
    /// The process that takes connections.
    pub(crate) fn postmaster(&self) -> u32 {
        let pid_file = std::fs::read_to_string(format!("{}/data/postmaster.pid", self.directory)).expect("it runs");
        pid_file.lines().next().and_then(|pid| pid.parse().ok()).expect("its first line is the pid")
    }

    fn start(environment: &[(&str, &str)]) -> Result<Self, String> {
        let programs = programs().ok_or("PostgreSQL's server is not installed")?;
        let mut shell = as_ordinary_user()
            .args(["sh", "-c", SCRIPT, &programs])
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("no shell for the server: {error}"))?;
        let lifeline = shell.stdin.take().expect("it was asked for");
        let mut line = String::new();
        let answer = shell.stdout.take().expect("it was asked for");
        BufReader::new(answer).read_line(&mut line).map_err(|error| error.to_string())?;
        match line.trim() {
            directory if directory.starts_with("/tmp/") => {
                Ok(Self { directory: directory.to_owned(), _shell: shell, _lifeline: lifeline })
            }
            why => Err(format!("PostgreSQL does not start: {why}")),
        }
    }
}

/// The newest installed server's programs.
fn programs() -> Option<String> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<_> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|programs| programs.join("initdb").exists())
        .collect();
    found.sort();
    Some(found.pop()?.to_str()?.to_owned())
}

/// The server refuses to run as root.
pub(super) fn as_ordinary_user() -> Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|this| std::os::unix::fs::MetadataExt::uid(&this) == 0);
    let mut command = Command::new(if is_root { "runuser" } else { "env" });
    if is_root {
        command.args(["-u", "postgres", "--"]);
    }
    command.current_dir("/");
    command
}
