//! Unix sockets: who listens there, and why nobody does.

use std::io;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

/// Whether somebody listens there, without a wait.
pub(in crate::docker) fn probe(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
}

/// Whether this error came from somebody who listens and is busy: a daemon that hangs is still the one that is meant.
pub(in crate::docker) fn listens(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Why a socket cannot be connected, in a word or two.
pub(in crate::docker) fn why(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such socket".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        // What is no socket refuses in the same word.
        io::ErrorKind::ConnectionRefused if path.is_dir() => "a directory, and no socket".into(),
        io::ErrorKind::ConnectionRefused if path.is_file() => "a plain file, and no socket".into(),
        io::ErrorKind::ConnectionRefused => "nobody listens".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_look_at_a_socket_says_whether_somebody_listens() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        assert_eq!(probe(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        let listener = UnixListener::bind(&path).unwrap();
        probe(&path).unwrap();
        drop(listener);
        assert_eq!(probe(&path).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(why(directory.path(), &probe(directory.path()).unwrap_err()), "a directory, and no socket");
    }
}
