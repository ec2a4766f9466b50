//! A real sshd of the tests' own on loopback: own keys, own configuration, own port. It ends with the test process.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::engine::find_program;

/// Its stdin is the pipe that keeps it alive.
const KEEPER: &str = r#"
"$1" -D -E "$2/log" -f "$2/sshd_config" </dev/null >/dev/null 2>&1 &
cat >/dev/null
kill $!
wait
# Those that serve a connection end with it, and write to the log until then.
rm -rf "$2" 2>/dev/null || { sleep 1; rm -rf "$2"; }
"#;

/// One that answers.
#[derive(Debug)]
pub(crate) struct Sshd {
    directory: PathBuf,
    port: u16,
    keeper: Child,
}

impl Sshd {
    /// With these further lines of configuration. The error says what is missing here.
    pub(crate) fn start(more: &str) -> Result<Self, String> {
        if fs::metadata("/proc/self").map_or(1, |data| data.uid()) != 0 {
            return Err("a private sshd needs root".into());
        }
        for program in ["ssh", "ssh-keygen", "docker"] {
            find_program(program).ok_or_else(|| format!("{program} is not installed"))?;
        }
        let sshd = find_program("sshd").ok_or("sshd is not installed (openssh-server)")?;
        // Where it keeps those that have not logged in yet; its package makes it at each boot.
        fs::create_dir_all("/run/sshd").map_err(|error| format!("/run/sshd: {error}"))?;
        let directory = tempfile::Builder::new()
            .prefix("dockledger-sshd-")
            .tempdir_in("/tmp")
            .map_err(|error| format!("no directory for sshd: {error}"))?
            .keep();
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        furnish(&directory, port, more);
        let keeper = Command::new("/bin/sh")
            .args(["-c", KEEPER, "sh"])
            .args([&sshd, &directory])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("/bin/sh does not start: {error}"))?;
        let started = Self { directory, port, keeper };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > Duration::from_secs(10) {
                let log = fs::read_to_string(started.directory.join("log")).unwrap_or_default();
                return Err(format!("a private sshd does not start: {log}"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(started)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The address of the daemon with that socket.
    pub(crate) fn docker_host(&self, socket: &Path) -> String {
        format!("ssh://root@127.0.0.1:{}{}", self.port, socket.display())
    }

    /// What a client of it reads in place of the user's own.
    pub(crate) fn client_config(&self) -> PathBuf {
        self.directory.join("ssh_config")
    }

    /// Of its client's files: `known_hosts`, `client_key`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The processes `ssh` that are connected to it now.
    pub(crate) fn clients(&self) -> Vec<u32> {
        let argument = self.client_config().display().to_string();
        let entries = fs::read_dir("/proc").expect("Linux");
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let is_one = |pid: &u32| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let mut words = line.split('\0');
            words.next() == Some("ssh") && words.any(|word| word == argument)
        };
        pids.filter(is_one).collect()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It ends with its pipe.
        let _ = self.keeper.wait();
    }
}

fn furnish(directory: &Path, port: u16, more: &str) {
    let at = directory.display();
    for key in ["host_key", "client_key", "other_key"] {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(directory.join(key))
            .status()
            .expect("ssh-keygen runs");
        assert!(made.success(), "a key");
    }
    let public = |key: &str| fs::read_to_string(directory.join(format!("{key}.pub"))).expect("it was made");
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
    };
    write("authorized_keys", &public("client_key"));
    write("known_hosts", &format!("[127.0.0.1]:{port} {}", public("host_key")));
    write(
        "sshd_config",
        &format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n\
             AuthorizedKeysFile {at}/authorized_keys\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\n{more}\n"
        ),
    );
    write(
        "ssh_config",
        &format!(
            "IdentityFile {at}/client_key\nIdentitiesOnly yes\nUserKnownHostsFile {at}/known_hosts\n\
             GlobalKnownHostsFile /dev/null\n"
        ),
    );
}
