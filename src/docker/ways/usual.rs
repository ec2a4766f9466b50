//! The usual sockets: the one that was chosen, or the first that can be connected.

use std::io;
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;

use super::fault::WayFault;
use super::socket::{listens, probe, why};
use crate::docker::endpoint::UsualSockets;

/// Connects the socket that was chosen, else the first that can be.
pub(super) async fn connect_usual(usual: &UsualSockets) -> io::Result<UnixStream> {
    if let Some(path) = usual.chosen() {
        return match UnixStream::connect(&path).await {
            Err(error) if !listens(&error) => Err(chosen_is_gone(usual, &path, error)),
            connected => connected,
        };
    }
    let mut tried = Vec::new();
    for path in &usual.paths {
        match UnixStream::connect(path).await {
            Err(error) if !listens(&error) => tried.push((path.clone(), error)),
            connected => {
                usual.keep_to(path, &tried);
                return connected;
            }
        }
    }
    Err(none(&tried).into())
}

/// The error of the chosen socket; with those that could be connected in its place, should the engine have moved.
fn chosen_is_gone(usual: &UsualSockets, chosen: &Path, error: io::Error) -> io::Error {
    let others = usual.paths.iter().filter(|path| *path != chosen && probe(path).is_ok());
    let others: Vec<String> = others.map(|path| path.display().to_string()).collect();
    if others.is_empty() {
        return error;
    }
    let fault = WayFault::new(
        why(chosen, &error),
        format!(
            "start the daemon; {} can be connected and may be another engine's: if it is the one that you mean, name it \
             with --docker-host or DOCKER_HOST, or start Dockledger again",
            others.join(", ")
        ),
    );
    fault.into()
}

/// None of the usual sockets can be connected. Those that are there come first, each with its reason.
fn none(tried: &[(PathBuf, io::Error)]) -> WayFault {
    let (absent, there): (Vec<_>, Vec<_>) =
        tried.iter().partition(|(_, error)| error.kind() == io::ErrorKind::NotFound);
    let mut reasons: Vec<String> =
        there.iter().map(|(path, error)| format!("{}: {}", path.display(), why(path, error))).collect();
    let absent: Vec<String> = absent.iter().map(|(path, _)| path.display().to_string()).collect();
    if !absent.is_empty() {
        reasons.push(format!("no socket at {}", absent.join(", ")));
    }
    let forbidden = there.iter().any(|(_, error)| error.kind() == io::ErrorKind::PermissionDenied);
    let mut cure = String::new();
    if forbidden {
        cure.push_str(
            "run as root or as a member of the group that owns the socket (`usermod -aG docker USER`, then log in again), \
             ",
        );
    }
    cure.push_str("start the daemon (`systemctl start docker`), or name another with --docker-host or DOCKER_HOST");
    WayFault::new(format!("none can be connected ({})", reasons.join("; ")), cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_named_and_the_absent_are_told_together() {
        let error = |kind: io::ErrorKind| io::Error::from(kind);
        let tried = [
            ("/a.sock".into(), error(io::ErrorKind::PermissionDenied)),
            ("/b.sock".into(), error(io::ErrorKind::NotFound)),
            ("/c.sock".into(), error(io::ErrorKind::ConnectionRefused)),
            ("/d.sock".into(), error(io::ErrorKind::NotFound)),
        ];
        let fault = none(&tried);
        assert_eq!(
            fault.cause,
            "none can be connected (/a.sock: permission denied; /c.sock: nobody listens; no socket at /b.sock, /d.sock)"
        );
        assert!(fault.cure.contains("usermod"), "{fault}");
        assert!(!none(&tried[1..]).cure.contains("usermod"));
    }
}
