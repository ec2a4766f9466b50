//! F16: a ledger on a file system that machines share.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::program::Program;
use crate::support::skip;

/// A directory that is seen through FUSE with direct I/O, as virtiofs and others do it: memory of its files cannot be
/// shared, and SQLite gets ENODEV for its log's index. Unmounted when this goes.
struct SharedFolder {
    mounted: PathBuf,
    _behind: tempfile::TempDir,
}

impl SharedFolder {
    fn mount(test: &str) -> Option<Self> {
        let behind = tempfile::tempdir().expect("a directory");
        let (files, mounted) = (behind.path().join("files"), behind.path().join("mounted"));
        for directory in [&files, &mounted] {
            std::fs::create_dir(directory).expect("made");
        }
        let outcome = Command::new("bindfs").args(["-o", "direct_io"]).args([&files, &mounted]).output();
        match outcome {
            Ok(ended) if ended.status.success() => Some(Self { mounted, _behind: behind }),
            Ok(ended) => {
                skip::skip(test, &format!("bindfs cannot mount: {}", String::from_utf8_lossy(&ended.stderr)));
                None
            }
            Err(_) => {
                skip::skip(test, "bindfs is not installed");
                None
            }
        }
    }

    fn database(&self) -> String {
        self.mounted.join("ledger.db").display().to_string()
    }
}

impl Drop for SharedFolder {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.mounted).status();
    }
}

#[test]
fn f16_a_file_system_without_shared_memory_is_named_with_what_to_do() {
    let Some(folder) = SharedFolder::mount("f16_a_file_system_without_shared_memory_is_named_with_what_to_do") else {
        return;
    };
    let program = Program::new().variable("DATABASE_URL", &folder.database());
    for line in [&["migrate", "up"][..], &["project", "add", "x"], &["once"]] {
        let ended = program.run(line);
        assert_eq!(ended.code, Some(4), "{line:?}: {ended:?}");
        for part in ["FUSE", "network file system", "--database", "PostgreSQL"] {
            assert!(ended.stderr.contains(part), "{line:?}: {ended:?}");
        }
    }
    let doctor = program.run(&["doctor"]);
    assert!(doctor.stdout.contains("file system") && doctor.stdout.contains("FUSE"), "{doctor:?}");
}

/// A lock that somebody has looks the same as one that does not work: both possibilities are told.
#[test]
fn f16_a_lock_on_a_shared_file_system_is_told_with_what_to_do() {
    const TEST: &str = "f16_a_lock_on_a_shared_file_system_is_told_with_what_to_do";
    let Some(folder) = SharedFolder::mount(TEST) else { return };
    if Command::new("strace").arg("-V").output().is_err() {
        return skip::skip(TEST, "strace is not installed");
    }
    let database = folder.database();
    std::fs::write(&database, b"").expect("a file");
    let ended = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-P", &database, "-e", "trace=fcntl", "-e", "inject=fcntl:error=ENOLCK"])
        .arg(env!("CARGO_BIN_EXE_dockledger"))
        .args(["migrate", "up", "--database", &database])
        .env_clear()
        .env("HOME", Path::new(&database).parent().expect("a directory"))
        .output()
        .expect("strace starts");
    let told = String::from_utf8_lossy(&ended.stderr);
    if told.contains("ptrace") {
        return skip::skip(TEST, "no process may be traced here");
    }
    assert_eq!(ended.status.code(), Some(4), "{told}");
    for part in ["locked", "FUSE", "network file system", "PostgreSQL"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
