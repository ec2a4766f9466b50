//! The program in surroundings of its own: no variable, no home, no database of the machine that runs the tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// An empty home and a place for files.
pub(crate) struct Program {
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Program {
    /// A fresh one.
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), variables: Vec::new() }
    }

    /// Sets a variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Whether it sets that variable.
    pub(crate) fn sets(&self, name: &str) -> bool {
        self.variables.iter().any(|(set, _)| set == name)
    }

    /// A path in its place for files.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file in its place for files.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("written");
        path.display().to_string()
    }

    /// Its database, by flag or variable: `ledger.db` among its files.
    pub(crate) fn database(&self) -> String {
        self.path("ledger.db").display().to_string()
    }

    /// The command, ready to start; its database is [`Program::database`] unless a variable says something else.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dockledger"));
        command.args(arguments).env_clear().current_dir(self.directory.path());
        command.env("HOME", self.path("home")).env("DATABASE_URL", self.database());
        command.env("DOCKLEDGER_HTTP_CONTROL_SOCKET", self.path("control/service.sock"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output().expect("the program starts");
        Ended::from(output)
    }

    /// The names in its place for files.
    pub(crate) fn files(&self) -> Vec<String> {
        names_in(self.directory.path())
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// What it answered.
    pub(crate) stdout: String,
    /// What it told.
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// Asserts the exit code, that nothing was answered, and that each part was told, the first exactly once.
    pub(crate) fn fails(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not told: {}", self.stderr);
        }
        assert_eq!(self.stderr.matches(parts[0]).count(), 1, "told once: {}", self.stderr);
    }

    /// The one document on stdout.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|cause| panic!("{cause}: {self:?}"))
    }
}
