//! The one of the usual sockets that the daemon is reached by. Pure but for the choice.

use std::io;
use std::path::{Path, PathBuf};

use crate::docker::ways::shared::Shared;
use crate::docker::ways::socket;

/// Where Docker listens unless told otherwise.
pub(super) const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// The first that can be connected, and no other for as long as the process lives: the rows are of the containers of one
/// engine, and while it restarts another one on the same machine is no stand-in for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsualSockets {
    /// In the order in which they are tried.
    pub(in crate::docker) paths: Vec<PathBuf>,
    choice: Shared<Option<Choice>>,
}

/// What was found when one was chosen.
#[derive(Clone, Debug)]
struct Choice {
    path: PathBuf,
    /// Those before it that are there and cannot be connected, and why.
    passed_over: Vec<String>,
}

impl UsualSockets {
    /// These, in their order; none is chosen yet.
    #[must_use]
    pub fn of(paths: Vec<PathBuf>) -> Self {
        Self { paths, choice: Shared::default() }
    }

    /// The one that was chosen.
    pub(in crate::docker) fn chosen(&self) -> Option<PathBuf> {
        self.choice.lock().as_ref().map(|choice| choice.path.clone())
    }

    /// Keeps to this one, unless another was chosen meanwhile.
    pub(in crate::docker) fn keep_to(&self, path: &Path, tried: &[(PathBuf, io::Error)]) {
        let mut choice = self.choice.lock();
        if choice.is_some() {
            return;
        }
        let there = tried.iter().filter(|(_, error)| error.kind() != io::ErrorKind::NotFound);
        let passed_over: Vec<String> =
            there.map(|(path, error)| format!("{}: {}", path.display(), socket::why(path, error))).collect();
        if passed_over.is_empty() {
            tracing::debug!(socket = %path.display(), "the daemon's socket was chosen");
        } else {
            let passed_over = passed_over.join("; ");
            tracing::info!(socket = %path.display(), passed_over, "the daemon's socket was chosen");
        }
        *choice = Some(Choice { path: path.to_owned(), passed_over });
    }

    /// Looks once which can be connected, without a wait.
    pub(super) fn choose(&self) {
        let mut tried = Vec::new();
        for path in &self.paths {
            match socket::probe(path) {
                Err(error) if !socket::listens(&error) => tried.push((path.clone(), error)),
                _ => return self.keep_to(path, &tried),
            }
        }
    }

    /// Whom it was chosen before.
    pub(super) fn remark(&self) -> Option<String> {
        let choice = self.choice.lock().clone()?;
        let beside = if choice.passed_over.is_empty() {
            String::new()
        } else {
            format!("; passed over: {}", choice.passed_over.join("; "))
        };
        Some(format!("the first of the usual sockets that can be connected{beside}"))
    }
}
