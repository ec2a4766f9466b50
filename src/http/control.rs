//! The control socket: a file that only our own user can open. Who can may read and write the ledger's file anyway.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub(super) enum ControlError {
    /// Its directory is not there and cannot be made.
    #[error("cannot make the directory {directory} of the control socket: {cause}; set http.control_socket")]
    Unmade {
        /// The directory.
        directory: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// A stranger could put another socket in its place.
    #[error(
        "the directory {directory} of the control socket can be written by other users; `chmod go-w` it, or set \
         http.control_socket"
    )]
    Shared {
        /// The directory.
        directory: PathBuf,
    },
    /// Another process serves there.
    #[error("another process answers at the control socket {path}; stop it, or set http.control_socket")]
    Answered {
        /// The socket.
        path: PathBuf,
    },
    /// Something stands there that we did not make.
    #[error("{path} is no socket and is left alone; remove it, or set http.control_socket")]
    Occupied {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot listen on the control socket {path}: {cause}; set http.control_socket")]
    Refused {
        /// The socket.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
}

/// The file of a socket that is served. Dropped, it goes, unless another process has put its own in its place.
#[derive(Debug)]
pub(super) struct ControlFile {
    path: PathBuf,
    inode: (u64, u64),
}

const WRITABLE_BY_OTHERS: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// A living process accepts at once; one whose queue is full lives too.
const TIME_TO_ACCEPT: Duration = Duration::from_secs(1);

/// Listens. The file of a process that is gone is replaced; one that is answered is not.
pub(super) async fn bind(path: &Path) -> Result<(UnixListener, ControlFile), ControlError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    make_private(directory)?;
    refuse_living(path).await?;
    // Within a directory of our own until it has its mode: at no moment can anybody else open it.
    let draft = directory.join(format!(".{}.new", std::process::id()));
    let bound = bind_by_way_of(&draft, path);
    // What a crash left here is in nobody's way but ours.
    let _ = fs::remove_dir_all(&draft);
    bound.map_err(|cause| ControlError::Refused { path: path.into(), cause })
}

fn make_private(directory: &Path) -> Result<(), ControlError> {
    let unmade = |cause| ControlError::Unmade { directory: directory.into(), cause };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unmade)?;
    let mode = fs::metadata(directory).map_err(unmade)?.mode();
    if mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0 {
        return Err(ControlError::Shared { directory: directory.into() });
    }
    Ok(())
}

async fn refuse_living(path: &Path) -> Result<(), ControlError> {
    match fs::symlink_metadata(path) {
        Err(_) => return Ok(()),
        Ok(found) if !found.file_type().is_socket() => return Err(ControlError::Occupied { path: path.into() }),
        Ok(_) => {}
    }
    match timeout(TIME_TO_ACCEPT, UnixStream::connect(path)).await {
        Ok(Err(error)) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => Ok(()),
        Ok(Err(cause)) if cause.kind() != io::ErrorKind::WouldBlock => {
            Err(ControlError::Refused { path: path.into(), cause })
        }
        _ => Err(ControlError::Answered { path: path.into() }),
    }
}

fn bind_by_way_of(draft: &Path, path: &Path) -> io::Result<(UnixListener, ControlFile)> {
    if let Err(error) = fs::remove_dir_all(draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    DirBuilder::new().mode(0o700).create(draft)?;
    let fresh = draft.join("s");
    let listener = UnixListener::bind(&fresh)?;
    fs::set_permissions(&fresh, Permissions::from_mode(0o600))?;
    let inode = inode(&fresh)?;
    fs::rename(&fresh, path)?;
    Ok((listener, ControlFile { path: path.into(), inode }))
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

impl Drop for ControlFile {
    fn drop(&mut self) {
        if inode(&self.path).is_ok_and(|found| found == self.inode) {
            // A file that stays is replaced by the next one who serves.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").mode() & 0o777
    }

    #[tokio::test]
    async fn only_its_user_can_open_it_and_it_goes_with_whoever_serves_it() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("run/ledger.sock");
        let (listener, file) = bind(&path).await.expect("bound");
        assert_eq!((mode(&path), mode(path.parent().expect("it has one"))), (0o600, 0o700));
        assert_eq!(fs::read_dir(path.parent().expect("it has one")).expect("read").count(), 1, "no draft is left");
        UnixStream::connect(&path).await.expect("it is listened on");
        drop((listener, file));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_file_is_replaced_only_if_nobody_answers() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("ledger.sock");
        let (listener, file) = bind(&path).await.expect("bound");
        let refused = bind(&path).await.expect_err("somebody answers");
        assert!(matches!(refused, ControlError::Answered { .. }), "{refused}");
        drop(listener);
        let (_listener, _second) = bind(&path).await.expect("the first is gone");
        drop(file);
        assert!(path.exists(), "the end of the first leaves the second's file");
    }

    #[tokio::test]
    async fn what_we_did_not_make_is_left_alone() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("ledger.sock");
        fs::write(&path, "mine").expect("written");
        assert!(matches!(bind(&path).await, Err(ControlError::Occupied { .. })));
        assert_eq!(fs::read_to_string(&path).expect("read"), "mine");
        fs::set_permissions(place.path(), Permissions::from_mode(0o777)).expect("chmod");
        assert!(matches!(bind(&place.path().join("other")).await, Err(ControlError::Shared { .. })));
    }
}
