//! The sockets on which an engine is found where nothing is said. Pure but for the choice.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::environment::{Environment, PathKind};
use super::{Endpoint, EndpointError, unix};
use crate::docker::ways::shared::Shared;
use crate::docker::ways::socket;

/// Where Docker listens unless told otherwise.
pub(super) const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// Where Podman's service listens for root.
const PODMAN_SOCKET: &str = "/run/podman/podman.sock";

/// Within the directory of a user's session: rootless Docker.
const OF_SESSION: &str = "docker.sock";

/// Within a user's home: Docker Desktop on either system, Rancher Desktop, Colima in its old and new places, OrbStack,
/// Lima.
const OF_HOME: [&str; 8] = [
    ".docker/run/docker.sock",
    ".docker/desktop/docker.sock",
    ".rd/docker.sock",
    ".colima/default/docker.sock",
    ".colima/docker.sock",
    ".config/colima/default/docker.sock",
    ".orbstack/run/docker.sock",
    ".lima/docker/sock/docker.sock",
];

/// Within a user's home: the machine in which Podman runs.
const PODMAN_MACHINE: &str = ".local/share/containers/podman/machine/podman.sock";

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

/// The usual sockets of these surroundings. Where something else than a socket is at Docker's own path, and nothing
/// anywhere else, that is said.
pub(super) fn sockets(environment: &Environment) -> Result<Endpoint, EndpointError> {
    let paths = candidates(environment);
    let nowhere = |path: &PathBuf| !matches!(environment.files.kind(path), PathKind::Socket | PathKind::Hidden);
    if paths.iter().all(nowhere) {
        unix(DEFAULT_SOCKET.into(), "the usual path", environment)?;
    }
    Ok(Endpoint::Usual(UsualSockets::of(paths)))
}

/// Docker's own first, the system's before the user's; Podman's last: where both are there, Docker is meant.
fn candidates(environment: &Environment) -> Vec<PathBuf> {
    let sessions = [
        environment.variable("XDG_RUNTIME_DIR").map(PathBuf::from),
        // Set by a login, and so by neither cron nor a service of the system.
        environment.user.map(|user| PathBuf::from(format!("/run/user/{user}"))),
    ];
    let of_sessions = |socket: &'static str| sessions.iter().flatten().map(move |directory| directory.join(socket));
    let of_home = |socket: &&str| Some(environment.home.as_ref()?.join(socket));
    let mut paths = vec![PathBuf::from(DEFAULT_SOCKET)];
    paths.extend(of_sessions(OF_SESSION));
    paths.extend(OF_HOME.iter().filter_map(of_home));
    paths.push(PODMAN_SOCKET.into());
    paths.extend(of_sessions("podman/podman.sock"));
    paths.extend(of_home(&PODMAN_MACHINE));
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths
}
