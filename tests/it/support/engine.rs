//! What the private engines of the tests have in common: one that runs within namespaces of its own, is spoken to through
//! its socket, killed and started again, and gone with the test process.
//!
//! A shell holds it, in a pid namespace, until the pipe from the test process ends; then the kernel kills all that is
//! in the namespace, its mounts go with it, and the shell removes the directory. One that was unpacked beside the machine's
//! own has a root of its own there.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The image that most containers are made of.
pub(crate) const PLAIN_IMAGE: &str = "dockledger-test:plain";

/// How an engine is started.
pub(super) struct Recipe<'a> {
    /// The program. The directory bears its name.
    pub(super) program: &'static str,
    /// What else has to be installed on the machine.
    pub(super) needs: &'static [&'static str],
    /// What it sees as `/`, read-only but for its directory, `/run`, `/tmp` and parts of `/var`; `None` for the machine's own.
    pub(super) root: Option<&'a Path>,
    /// Files that it needs in its directory.
    pub(super) furnish: fn(&Path),
    /// Shell, once, before its first start. `$1` is the directory.
    pub(super) prepare: &'a str,
    /// Shell that is the engine. `$1` is the directory, `$options` what a later start adds. It listens on `$1/S`, and its
    /// containers have a control group within [`Engine::cgroup_parent`].
    pub(super) run: &'a str,
}

/// An engine that answers.
#[derive(Debug)]
pub(crate) struct Engine {
    directory: PathBuf,
    program: &'static str,
    /// Its stdin is the pipe that keeps the engine alive.
    keeper: Child,
}

/// What the engine answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Engine {
    /// A fresh engine with the plain image. The error says what is missing here.
    pub(super) fn start(recipe: &Recipe<'_>) -> Result<Self, String> {
        check_prerequisites(recipe)?;
        // Short, since the path of a socket within has at most 107 bytes.
        let directory = tempfile::Builder::new()
            .prefix(&format!("dockledger-{}-", recipe.program))
            .tempdir_in("/tmp")
            .map_err(|error| format!("no directory for {}: {error}", recipe.program))?
            .keep();
        (recipe.furnish)(&directory);
        let change_root = recipe.root.map_or("", |_| CHANGE_ROOT);
        let inside = format!("{change_root}\n{}\nengine() {{\n{}\n}}\n{INSIDE}", recipe.prepare, recipe.run);
        let keeper = Command::new("/bin/sh")
            .args(["-c", KEEPER, "sh", &inside])
            .arg(&directory)
            .args(recipe.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Not ended by an interrupt from the terminal before it has cleaned up.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("/bin/sh does not start: {error}"))?;
        let mut engine = Self { directory, program: recipe.program, keeper };
        engine.wait_until_it_answers()?;
        engine.import_image(PLAIN_IMAGE, &[]);
        Ok(engine)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("S")
    }

    pub(crate) fn docker_host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The control group that is removed in the end, with all that is within it.
    pub(crate) fn cgroup_parent(&self) -> String {
        format!("/{}", self.directory.file_name().and_then(|name| name.to_str()).expect("a plain name"))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "application/json", &[])
    }

    /// For an engine that may not be there.
    pub(crate) fn try_get(&self, path: &str) -> std::io::Result<Reply> {
        self.try_ask("GET", path, "application/json", &[])
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, "application/json", body.to_string().as_bytes())
    }

    /// A `POST` without a body: the daemon resets a connection whose body it did not read.
    pub(crate) fn order(&self, path: &str) -> Reply {
        self.ask("POST", path, "application/json", &[])
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.ask("DELETE", path, "application/json", &[])
    }

    /// Makes an image of busybox that carries these labels.
    pub(crate) fn import_image(&self, reference: &str, labels: &[(&str, &str)]) {
        let changes: String = labels.iter().map(|(key, value)| format!("&changes=LABEL%20{key}={value}")).collect();
        // The tag with the repository: some engines pass over it where it stands alone.
        let path = format!("/images/create?fromSrc=-&repo={reference}{changes}");
        let reply = self.ask("POST", &path, "application/x-tar", busybox_tar());
        assert_eq!(self.get(&format!("/images/{reference}/json")).status, 200, "import of {reference}: {reply:?}");
    }

    /// SIGKILL to the engine's process. What it started lives on, as far as it can without it. Returns when it is gone; the
    /// file of the socket stays.
    pub(crate) fn kill(&self) {
        signal("KILL", self.pid());
        self.wait_until_it_ended(Duration::from_secs(10));
    }

    /// SIGTERM to the engine's process. Returns when it is gone, with what it ends by itself.
    pub(crate) fn terminate(&self) {
        signal("TERM", self.pid());
        self.wait_until_it_ended(Duration::from_secs(60));
    }

    /// Waits for its end, whatever ends it.
    pub(crate) fn wait_until_it_ended(&self, bound: Duration) {
        let begun = Instant::now();
        while !self.directory.join("ended").exists() {
            assert!(begun.elapsed() < bound, "{} does not end within {bound:?}", self.program);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts it on the same data, with options that it did not have before. Does not wait until it answers.
    pub(crate) fn start_again(&self, options: &str) {
        fs::write(self.directory.join("again"), format!("{options}\n")).expect("the shell reads after its end");
    }

    /// Takes the socket out of its place: it is not found there, and connections that are open go on.
    pub(crate) fn remove_socket(&self) {
        fs::rename(self.socket(), self.directory.join("S.away")).expect("an engine that listens");
    }

    /// Puts a socket in its place again.
    pub(crate) fn recreate_socket(&self) {
        fs::rename(self.directory.join("S.away"), self.socket()).expect("it was removed before");
    }

    /// The engine's process, as it is known outside of its namespace.
    pub(crate) fn pid(&self) -> u32 {
        self.pid_of(self.program, &self.docker_host())
    }

    /// The process of that program with that argument.
    pub(super) fn pid_of(&self, program: &str, argument: &str) -> u32 {
        let entries = fs::read_dir("/proc").expect("Linux");
        let mut pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let is_it = |pid: &u32| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let mut words = line.split('\0');
            words.next().is_some_and(|word| word.rsplit('/').next() == Some(program))
                && words.any(|word| word == argument)
        };
        pids.find(is_it).unwrap_or_else(|| panic!("no {program} of {} runs", self.directory.display()))
    }

    fn ask(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Reply {
        self.try_ask(method, path, content_type, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// HTTP/1.0: the answer is then not chunked and ends with the connection.
    fn try_ask(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> std::io::Result<Reply> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: d\r\nContent-Type: {content_type}\r\n")?;
        write!(stream, "Content-Length: {}\r\n\r\n", body.len())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok(Reply { status, body: serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.into())) })
    }

    fn wait_until_it_answers(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if self.try_ask("GET", "/_ping", "", &[]).is_ok_and(|reply| reply.status == 200) {
                return Ok(());
            }
            if self.directory.join("ended").exists() || self.keeper.try_wait().is_ok_and(|ended| ended.is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let program = self.program;
        Err(format!("a private {program} does not start: {}", self.last_words()))
    }

    /// The log's end, or why there is no log.
    fn last_words(&mut self) -> String {
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_else(|_| {
            let mut words = String::new();
            drop(self.keeper.stdin.take());
            let _ = self.keeper.stderr.as_mut().map(|stderr| stderr.read_to_string(&mut words));
            words
        });
        let lines: Vec<&str> = log.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }
}

/// The program, since this project has no unsafe code.
pub(super) fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "SIG{name} to {pid}");
}

/// `$1` is the recipe's shell and [`INSIDE`], `$2` the directory, `$3` the root if it has its own.
const KEEPER: &str = r#"
unshare --net --mount --pid --fork --kill-child --mount-proc /bin/sh -c "$1" sh "$2" "$3"
find /sys/fs/cgroup -depth -type d -path "*/${2##*/}*" -exec rmdir {} + 2>/dev/null
rm -rf "$2"
"#;

/// What was unpacked at `$2` becomes the root of the mount namespace, with the directory at the same path. Nothing is
/// written to it, so that several engines run from it at once and none changes the next.
const CHANGE_ROOT: &str = r#"
set -e
mkdir "$1/root"
mount --bind "$2" "$1/root"
mount -o remount,bind,ro "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
for writable in run tmp var/cache var/lib var/tmp; do mount -t tmpfs tmpfs "$writable"; done
mkdir -p "./$1" tmp/machine
mount --bind "$1" "./$1"
pivot_root . tmp/machine
cd /
umount -l /tmp/machine
export HOME="$1" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
set +e
"#;

/// The first process of the pid namespace: it ends with the pipe, and all else with it. An engine that ended is started
/// again by a line of further options. A default bridge is made in the namespace's own network, so that ports are really
/// published. What is paused is thawed in the end, since the kernel cannot kill what is frozen; `$own_groups` says which
/// control groups are the engine's, where they do not bear the directory's name.
const INSIDE: &str = r#"
exec 3<&0
ip link set lo up
mkfifo "$1/again"
(
    options=
    while :; do
        engine "$1" >>"$1/log" 2>&1 3<&- </dev/null
        : >"$1/ended"
        read -r options <"$1/again"
        rm -f "$1/P" "$1/ended"
    done
) &
cat <&3 >/dev/null
find /sys/fs/cgroup -path "${own_groups:-*/${1##*/}/*}" -name freezer.state | while read -r freezer; do echo THAWED >"$freezer"; done
"#;

fn check_prerequisites(recipe: &Recipe<'_>) -> Result<(), String> {
    if fs::metadata("/proc/self").map_or(1, |data| data.uid()) != 0 {
        return Err(format!("a private {} needs root", recipe.program));
    }
    let of_the_machine: &[&str] = if recipe.root.is_some() { &[] } else { &[recipe.program, "runc", "ip"] };
    for program in ["unshare", "tar"].iter().chain(of_the_machine).chain(recipe.needs) {
        find_program(program).ok_or_else(|| format!("{program} is not installed"))?;
    }
    find_program("busybox").map(|_| ()).ok_or_else(|| "busybox is not installed (busybox-static)".into())
}

pub(super) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let directories = path.split(':').chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"]);
    directories.map(|directory| Path::new(directory).join(name)).find(|program| program.is_file())
}

/// A file system of busybox alone.
fn busybox_tar() -> &'static [u8] {
    static TAR: OnceLock<Vec<u8>> = OnceLock::new();
    TAR.get_or_init(|| {
        let root = tempfile::tempdir().expect("a temporary directory can be made");
        let bin = root.path().join("bin");
        fs::create_dir(&bin).expect("a directory can be made in it");
        let busybox = find_program("busybox").expect("checked before the engine was started");
        fs::copy(busybox, bin.join("busybox")).expect("busybox can be copied");
        for applet in ["sh", "sleep", "true", "false", "cat"] {
            std::os::unix::fs::symlink("busybox", bin.join(applet)).expect("a link can be made");
        }
        let packed = Command::new("tar").arg("-C").arg(root.path()).args(["-c", "."]).output().expect("tar runs");
        assert!(packed.status.success(), "tar: {}", String::from_utf8_lossy(&packed.stderr));
        packed.stdout
    })
}
