//! The sockets on which an engine is found where nothing is said. Pure.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::EndpointError;
use super::checked::unix;
use super::environment::{Environment, PathKind};
use super::kind::Endpoint;
use super::usual::{DEFAULT_SOCKET, UsualSockets};

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
