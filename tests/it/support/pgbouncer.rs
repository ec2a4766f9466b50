//! A PgBouncer of a test's own before this process's PostgreSQL server, gone with the value.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use dockledger::config::Config;

use super::database::TestDatabase;
use super::postgres::as_ordinary_user;

/// A running pooler.
pub(crate) struct PgBouncer {
    directory: String,
    _shell: Child,
    /// Closed by the kernel when this process ends, however it ends: that is what stops the pooler.
    _lifeline: ChildStdin,
}

/// Starts a pooler in a directory of its own, says where once it listens, waits for the end of its input, stops it and
/// cleans up.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
directory=$(mktemp -d /tmp/dockledger-pgbouncer-XXXXXX) && chmod 755 "$directory" && cd "$directory" || exit 1
echo '"dockledger" ""' >users
printf '%s\n' '[databases]' "* = host=$SERVER" '[pgbouncer]' 'listen_addr =' "unix_socket_dir = $directory" \
    'auth_type = trust' "auth_file = $directory/users" "logfile = $directory/log" $SETTINGS >config
PATH=$PATH:/usr/sbin:/sbin
pgbouncer -q config >output 2>&1 &
pooler=$!
until grep -q 'process up' log 2>/dev/null; do
    kill -0 $pooler 2>/dev/null || { echo "failed: $(tail -n 3 output log 2>/dev/null | tr '\n' ' ')"; rm -rf "$directory"; exit 1; }
    sleep 0.02
done
echo "$directory"
cat >/dev/null
kill -KILL $pooler 2>/dev/null
cd / && rm -rf "$directory"
"#;

impl PgBouncer {
    /// Before the server of `database`; each of `settings` is `key=value` without spaces.
    pub(crate) fn before(database: &TestDatabase, settings: &[&str]) -> Result<Self, String> {
        let url = &database.config.database;
        let server = url.split("?host=").nth(1).expect("a server's socket").replace("%2F", "/");
        let mut shell = as_ordinary_user()
            .args(["sh", "-c", SCRIPT])
            .env("SERVER", server)
            .env("SETTINGS", settings.join(" "))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("no shell for the pooler: {error}"))?;
        let lifeline = shell.stdin.take().expect("it was asked for");
        let mut line = String::new();
        let answer = shell.stdout.take().expect("it was asked for");
        BufReader::new(answer).read_line(&mut line).map_err(|error| error.to_string())?;
        match line.trim() {
            directory if directory.starts_with("/tmp/") => {
                Ok(Self { directory: directory.to_owned(), _shell: shell, _lifeline: lifeline })
            }
            why => Err(format!("PgBouncer does not start: {why}")),
        }
    }

    /// Whether one is installed.
    pub(crate) fn is_there() -> bool {
        Command::new("sh")
            .args(["-c", "PATH=$PATH:/usr/sbin command -v pgbouncer"])
            .output()
            .is_ok_and(|found| found.status.success())
    }

    /// The same database by way of the pooler.
    pub(crate) fn config(&self, database: &TestDatabase) -> Config {
        let name = database.config.database.split(['/', '?']).nth(3).expect("a database's name");
        let socket = self.directory.replace('/', "%2F");
        let url = format!("postgres://dockledger@/{name}?host={socket}&port=6432");
        Config { database: url, ..database.config.clone() }
    }
}
