//! A unix socket in a directory of its own.

use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The place of one socket. Dropped, it takes the directory away.
#[derive(Debug)]
pub(super) struct SocketPlace {
    directory: PathBuf,
}

impl SocketPlace {
    /// Makes the directory, named by what it is for.
    pub(super) fn new(purpose: &str) -> io::Result<Self> {
        let directory = std::env::temp_dir().join(format!("dockledger-{purpose}-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&directory)?;
        Ok(Self { directory })
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.directory.join("docker.sock")
    }

    /// The address in the form of `DOCKER_HOST`.
    pub(super) fn docker_host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        // Left behind at worst: an empty directory for temporary files.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Listens there, for a runtime that must not be blocked.
pub(super) fn listen(socket: &Path) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(socket)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
