//! How a command ends: the documented exit codes, and which fault leads to which.

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use super::settings::{SettingsError, TrustError};
use crate::StartError;
use crate::docker::{DaemonError, EndpointError, ResolveError};
use crate::http::GuardError;
use crate::model::{FailureKind, PassFailure};
use crate::store::{RegistryError, StoreError};
use crate::wording::escape;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well.
    Fine = 0,
    /// The work failed.
    Failed = 1,
    /// The command line or the configuration cannot be used.
    Usage = 2,
    /// The daemon is unreachable.
    Unreachable = 3,
    /// The database is unusable.
    Database = 4,
    /// Another instance holds the host.
    Held = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command's end that is not fine: the code, and the fault for people.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    cause: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// A fault that has no type of its own: a sentence with what was tried, the cause and the cure.
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, cause: sentence.into().into() }
    }

    /// The code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Prints the fault and its causes on stderr, once, escaped.
    pub fn report(&self) {
        let mut stderr = std::io::stderr().lock();
        // A closed stderr leaves nobody to tell.
        let _ = writeln!(stderr, "dockledger: {self}");
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_safe(f, &self.cause.to_string())?;
        let mut source = self.cause.source();
        while let Some(cause) = source {
            f.write_str(": ")?;
            write_safe(f, &cause.to_string())?;
            source = cause.source();
        }
        Ok(())
    }
}

/// Keeps line breaks, as the parser of the configuration draws the place with them; escapes all else.
fn write_safe(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut lines = text.trim_end().lines();
    f.write_str(&escape(lines.next().unwrap_or_default()))?;
    lines.try_for_each(|line| write!(f, "\n  {}", escape(line)))
}

/// The exit code of a fault of the ledger.
pub(crate) fn exit_of_store(error: &StoreError) -> Exit {
    match error {
        StoreError::LeaseHeld { .. } => Exit::Held,
        StoreError::Registry(RegistryError::Ambiguous { .. } | RegistryError::Invalid { .. }) => Exit::Usage,
        StoreError::Registry(_)
        | StoreError::IdentityTaken { .. }
        | StoreError::Clash { .. }
        | StoreError::Refused { .. } => Exit::Failed,
        StoreError::Unopened { .. }
        | StoreError::Unanswered { .. }
        | StoreError::Query { .. }
        | StoreError::Busy { .. }
        | StoreError::ForeignTable { .. }
        | StoreError::WrongSchema { .. } => Exit::Database,
    }
}

/// The exit code of a fault of the daemon.
pub(crate) fn exit_of_daemon(error: &DaemonError) -> Exit {
    if error.is_unreachable() { Exit::Unreachable } else { Exit::Failed }
}

/// The exit code of a failed pass.
pub(crate) const fn exit_of_pass(kind: FailureKind) -> Exit {
    match kind {
        FailureKind::DaemonUnreachable => Exit::Unreachable,
        FailureKind::StoreFailed => Exit::Database,
        FailureKind::LeaseLost => Exit::Held,
        FailureKind::DaemonFailed
        | FailureKind::WrongDaemon
        | FailureKind::IdentityTaken
        | FailureKind::Stopping
        | FailureKind::Internal => Exit::Failed,
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { exit: exit_of_store(&error), cause: error.into() }
    }
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Self {
        Self { exit: exit_of_daemon(&error), cause: error.into() }
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        Self { exit: Exit::Usage, cause: error.into() }
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        let exit = match &error {
            ResolveError::Daemon(error) => exit_of_daemon(error),
            _ => Exit::Failed,
        };
        Self { exit, cause: error.into() }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let exit = match &error {
            StartError::Config(_) | StartError::Endpoint(_) => Exit::Usage,
            StartError::Store(error) => exit_of_store(error),
            StartError::Spawn(_) => Exit::Failed,
        };
        Self { exit, cause: error.into() }
    }
}

impl From<GuardError> for Failure {
    fn from(error: GuardError) -> Self {
        Self { exit: Exit::Usage, cause: error.into() }
    }
}

impl From<PassFailure> for Failure {
    fn from(error: PassFailure) -> Self {
        Self { exit: exit_of_pass(error.kind), cause: error.into() }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self { exit: Exit::Usage, cause: error.into() }
    }
}

impl From<TrustError> for Failure {
    fn from(error: TrustError) -> Self {
        Self { exit: Exit::Usage, cause: error.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_fault_has_its_documented_code() {
        let busy = StoreError::Busy { attempt: "commit", url: "x".into(), cause: "locked".into() };
        let held = StoreError::LeaseHeld { host: "local".into(), holder: "pid 1".into() };
        let unknown = StoreError::Registry(RegistryError::Unknown { kind: "stack", name: "x".into() });
        let invalid = StoreError::Registry(RegistryError::Invalid { what: "name", name: ":".into(), rule: "no colon" });
        assert_eq!(Failure::from(busy).exit(), Exit::Database);
        assert_eq!(Failure::from(held).exit(), Exit::Held);
        assert_eq!(Failure::from(unknown).exit(), Exit::Failed);
        assert_eq!(Failure::from(invalid).exit(), Exit::Usage);
        let absent = DaemonError::SocketMissing { endpoint: "unix:///x".into() };
        let status = DaemonError::Status { endpoint: "x".into(), call: "GET", status: 500, body: String::new() };
        assert_eq!(Failure::from(absent).exit(), Exit::Unreachable);
        assert_eq!(Failure::from(status).exit(), Exit::Failed);
        assert_eq!(exit_of_pass(FailureKind::LeaseLost), Exit::Held);
        assert_eq!(exit_of_pass(FailureKind::WrongDaemon), Exit::Failed);
    }

    #[test]
    fn a_fault_is_told_once_with_its_causes_and_without_control_characters() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot look")]
        struct Outer(#[source] std::io::Error);
        let cause = Outer(std::io::Error::other("dark \u{1b}[31m\nand late"));
        let failure = Failure { exit: Exit::Failed, cause: cause.into() };
        assert_eq!(failure.to_string(), "cannot look: dark \\u{1b}[31m\n  and late");
    }
}
