//! A receiver that is a program: it gets each notification on its standard input, and says by its exit code whether it
//! has taken it. There is no shell, and no variable of ours but those that any program needs: ours may hold passwords.

#[cfg(feature = "cli")]
use std::ffi::OsStr;
use std::io::Write as _;
#[cfg(feature = "cli")]
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;

use super::receiver::{Receiver, TellError};
use crate::config::NotifyConfig;
use crate::model::{BoxFuture, Notification};

/// For one run.
const DEADLINE: Duration = Duration::from_secs(30);

/// Between two looks whether it has ended. The runtime's own way would install a signal handler on some kernels, which
/// is the host application's to decide.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// What a program needs to find others, its home and its language.
const VARIABLES: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// A program with its arguments.
#[derive(Debug)]
pub(super) struct Program {
    command: Vec<String>,
    deadline: Duration,
}

/// Dropped, it ends the program that is waited for.
#[derive(Debug, Default)]
struct Abandoned(Arc<AtomicBool>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Program {
    /// `None` if none is configured.
    pub(super) fn of(config: &NotifyConfig) -> Option<Self> {
        (!config.command.is_empty()).then(|| Self { command: config.command.clone(), deadline: DEADLINE })
    }

    fn failed(&self, ending: String) -> TellError {
        TellError::Program { program: self.command.first().cloned().unwrap_or_default(), ending }
    }
}

impl Receiver for Program {
    fn tell<'a>(&'a self, notification: &'a Notification) -> BoxFuture<'a, Result<(), TellError>> {
        Box::pin(async move {
            let mut input = serde_json::to_vec(notification).expect("a notification has no keys but texts");
            input.push(b'\n');
            let (command, deadline, abandoned) = (self.command.clone(), self.deadline, Abandoned::default());
            let is_abandoned = Arc::clone(&abandoned.0);
            let run = spawn_blocking(move || run(&command, &input, deadline, &is_abandoned)).await;
            run.unwrap_or_else(|error| Err(error.to_string())).map_err(|ending| self.failed(ending))
        })
    }

    #[cfg(feature = "cli")]
    fn examine(&self) -> BoxFuture<'_, Result<String, TellError>> {
        Box::pin(async move {
            let program = self.command.first().cloned().unwrap_or_default();
            match found(&program, std::env::var_os("PATH").as_deref()) {
                Some(path) => Ok(format!("{} can be executed", path.display())),
                None => Err(self.failed("is no file that we may execute".into())),
            }
        })
    }
}

#[cfg(feature = "cli")]
/// The file that is run: the one that is named, or the first of its name in the search path.
fn found(program: &str, search_path: Option<&OsStr>) -> Option<PathBuf> {
    let is_executable = |path: &PathBuf| {
        let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        is_file && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    };
    if program.contains('/') {
        // It is run in the root directory.
        return Some(Path::new("/").join(program)).filter(is_executable);
    }
    std::env::split_paths(search_path?).map(|directory| directory.join(program)).find(is_executable)
}

/// Runs it to its end, its deadline, or until nobody waits for it any more.
fn run(command: &[String], input: &[u8], deadline: Duration, is_abandoned: &AtomicBool) -> Result<(), String> {
    let (program, arguments) = command.split_first().expect("an empty command is none");
    let mut command = Command::new(program);
    command.args(arguments).current_dir("/").env_clear();
    command.envs(VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("does not start: {error}"))?;
    // A pipe holds more than a notification: this does not wait. Who does not read is not made to.
    let _ = child.stdin.take().expect("it is a pipe").write_all(input);
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("failed: {status}")),
            Ok(None) if begun.elapsed() >= deadline => return Err(ended(child, "did not end within its time")),
            Ok(None) if is_abandoned.load(Ordering::Relaxed) => return Err(ended(child, "was not waited for")),
            Ok(None) => std::thread::sleep(LOOK_INTERVAL),
            Err(error) => return Err(ended(child, &error.to_string())),
        }
    }
}

fn ended(mut child: Child, why: &str) -> String {
    // One that ended by itself meanwhile is not there to be killed, and is waited for all the same.
    let _ = child.kill();
    let _ = child.wait();
    format!("{why} and was killed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HostName, NotifyEvent, Timestamp};

    fn program(command: &[&str], deadline: Duration) -> Program {
        Program { command: command.iter().map(|part| (*part).to_owned()).collect(), deadline }
    }

    fn notification() -> Notification {
        Notification::new(NotifyEvent::Stale, &HostName::new("local"), Timestamp::from_millis(1), 7)
    }

    #[test]
    fn a_program_is_found_as_it_would_be_run() {
        let path = Some(OsStr::new("/nowhere:/bin"));
        assert_eq!(found("sh", path), Some("/bin/sh".into()));
        assert_eq!(found("/bin/sh", None), Some("/bin/sh".into()));
        for absent in ["/etc/passwd", "/bin", "no-such-program", "/does/not/exist"] {
            assert_eq!(found(absent, path), None, "{absent}");
        }
    }

    #[tokio::test]
    async fn a_program_gets_its_input_and_its_arguments_without_a_shell() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("told; touch x").display().to_string();
        program(&["/usr/bin/tee", &path], DEADLINE).tell(&notification()).await.expect("it ends well");
        let told = std::fs::read_to_string(&path).expect("it was written");
        let told: serde_json::Value = serde_json::from_str(&told).expect("one document");
        assert_eq!((&told["event"], &told["id"]), (&"stale".into(), &"local/stale/7/1".into()));
    }

    #[tokio::test]
    async fn a_program_that_fails_hangs_or_is_not_there_has_not_taken_it() {
        let moment = Duration::from_millis(50);
        for (command, told) in [
            (&["/bin/false"][..], "failed: exit status: 1"),
            (&["/bin/sleep", "60"], "did not end within its time"),
            (&["/does/not/exist"], "does not start"),
            (
                &["/bin/sh", "-c", "test -z \"$DOCKLEDGER_DATABASE$CARGO_MANIFEST_DIR\" || exit 0; exit 3"],
                "exit status: 3",
            ),
        ] {
            let deadline = if command[0] == "/bin/sleep" { moment } else { DEADLINE };
            let error = program(command, deadline).tell(&notification()).await.expect_err(told).to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
