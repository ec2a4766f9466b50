//! What the daemon's address depends on beside our own configuration.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The surroundings of a process.
pub(super) struct Environment {
    /// The environment variables.
    pub(super) variables: BTreeMap<String, String>,
    /// The user's home directory.
    pub(super) home: Option<PathBuf>,
    /// The user's number.
    pub(super) user: Option<u32>,
    /// The file system.
    pub(super) files: Box<dyn Files>,
}

/// The little of a file system that the address depends on.
pub(super) trait Files {
    /// The text of a small file.
    fn read(&self, path: &Path) -> io::Result<String>;
    /// What is at a path, links followed.
    fn kind(&self, path: &Path) -> PathKind;
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathKind {
    /// Nothing.
    Absent,
    /// It cannot be told, for lack of permission most often.
    Hidden,
    /// A socket.
    Socket,
    /// A directory.
    Directory,
    /// A plain file.
    File,
    /// A pipe, a device.
    Other,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub(super) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        // The owner of our own entry in the table of processes is who we are.
        let user = std::fs::metadata("/proc/self").ok().map(|found| found.uid());
        Self { variables, home: std::env::home_dir(), user, files: Box::new(RealFiles) }
    }

    /// A variable; an empty one counts as not set, as it does for Docker's own client.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The directory of Docker's own configuration.
    pub(super) fn docker_directory(&self) -> Option<PathBuf> {
        self.variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(self.home.as_ref()?.join(".docker")))
    }
}

struct RealFiles;

impl Files for RealFiles {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn kind(&self, path: &Path) -> PathKind {
        match std::fs::metadata(path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                PathKind::Absent
            }
            Err(_) => PathKind::Hidden,
            Ok(found) if found.file_type().is_socket() => PathKind::Socket,
            Ok(found) if found.is_dir() => PathKind::Directory,
            Ok(found) if found.is_file() => PathKind::File,
            Ok(_) => PathKind::Other,
        }
    }
}
