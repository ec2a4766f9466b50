//! Engines that `./scripts/engines` unpacked: newer than the machine's own, with the compose of their release.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::engine::{Engine, Recipe, signal};
use super::skip::{skip, skip_unpacked};

/// The project that its commands are about.
pub(crate) const PROJECT: &str = "shop";

/// A command that takes longer hangs.
const COMMAND_SECONDS: &str = "120";

/// Which engine, by the name that the script gives it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Release {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Docker,
    Podman,
}

/// One that answers, with the plain image and an empty folder for a compose project.
#[derive(Debug)]
pub(crate) struct Unpacked {
    engine: Engine,
    pub(crate) release: Release,
}

impl Unpacked {
    /// A fresh one; `None`, said aloud, where there is none.
    pub(crate) fn start(test: &str, release: Release) -> Option<Self> {
        Self::start_with(test, release, "")
    }

    /// With these variables, as a shell writes them before a command.
    pub(crate) fn start_with(test: &str, release: Release, variables: &str) -> Option<Self> {
        let root = unpacked_root(release);
        if !root.is_dir() {
            skip_unpacked(test, release.name);
            return None;
        }
        let run = format!("{variables} {}", release.kind.run());
        let recipe = Recipe {
            program: release.kind.program(),
            needs: &["nsenter"],
            furnish: |_| (),
            root: Some(&root),
            prepare: release.kind.prepare(),
            run: &run,
        };
        match Engine::start(&recipe) {
            Ok(engine) => {
                fs::create_dir(engine.directory().join("project")).expect("the directory is ours");
                Some(Self { engine, release })
            }
            Err(why) => {
                skip(test, &why);
                None
            }
        }
    }

    /// What the engine says of itself.
    pub(crate) fn version(&self) -> String {
        self.get("/version").body["Version"].as_str().expect("every engine has one").to_owned()
    }

    /// Where the compose file is, at the same path for the engine and for the test.
    pub(crate) fn project(&self) -> PathBuf {
        self.directory().join("project")
    }

    /// The compose of its release.
    pub(crate) fn compose(&self, arguments: &[&str]) -> String {
        let compose: &[&str] = match self.release.kind {
            Kind::Docker => &["docker", "compose", "--project-name", PROJECT],
            Kind::Podman => &["podman-compose", "--project-name", PROJECT],
        };
        self.run(&[compose, arguments].concat())
    }

    /// The command line of its release: what most people use.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        self.run(&[&[self.release.kind.client()], arguments].concat())
    }

    /// SIGSTOP: connections stay, and nothing answers.
    pub(crate) fn freeze(&self) {
        signal("STOP", self.pid());
    }

    /// SIGCONT: it goes on where it stopped.
    pub(crate) fn thaw(&self) {
        signal("CONT", self.pid());
    }

    /// The same, where it may fail.
    pub(crate) fn try_command(&self, arguments: &[&str]) -> bool {
        self.try_run(&[&[self.release.kind.client()], arguments].concat()).status.success()
    }

    /// Runs it beside the engine, in the project's folder, and returns what it printed.
    fn run(&self, command: &[&str]) -> String {
        let ran = self.try_run(command);
        let (out, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{command:?}: {:?}\n{out}\n{told}", ran.status);
        out.trim().to_owned()
    }

    fn try_run(&self, command: &[&str]) -> Output {
        let enter = format!("{}\ncd \"$1/project\" && shift && exec \"$@\"", self.release.kind.environment());
        Command::new("nsenter")
            .args(["--target", &self.pid().to_string(), "--mount", "--pid", "--net"])
            .args(["timeout", "--signal=KILL", COMMAND_SECONDS, "/bin/sh", "-c", &enter, "sh"])
            .arg(self.directory())
            .args(command)
            .output()
            .expect("util-linux is installed")
    }
}

impl Deref for Unpacked {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Kind {
    const fn program(self) -> &'static str {
        match self {
            Self::Docker => "dockerd",
            Self::Podman => "podman",
        }
    }

    const fn client(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    const fn prepare(self) -> &'static str {
        match self {
            Self::Docker => "",
            Self::Podman => PREPARE_PODMAN,
        }
    }

    /// Variables may stand before it.
    const fn run(self) -> &'static str {
        match self {
            Self::Docker => RUN_DOCKER,
            Self::Podman => "podman system service --time 0 $options \"unix://$1/S\"",
        }
    }

    /// What its clients need.
    const fn environment(self) -> &'static str {
        match self {
            Self::Docker => "export HOME=\"$1\" DOCKER_HOST=\"unix://$1/S\"",
            Self::Podman => ENVIRONMENT_OF_PODMAN,
        }
    }
}

/// Beside the checkout that the tests are run in.
fn unpacked_root(release: Release) -> PathBuf {
    std::env::current_dir().expect("a folder that is there").join("target/engines").join(release.name)
}

/// No packet filter is touched.
const RUN_DOCKER: &str = r#"dockerd --data-root "$1/D" --exec-root "$1/E" --pidfile "$1/P" --host "unix://$1/S" --group root \
    --cgroup-parent "/${1##*/}" --exec-opt native.cgroupdriver=cgroupfs \
    --iptables=false --ip6tables=false --ip-masq=false $options
"#;

const ENVIRONMENT_OF_PODMAN: &str = r#"
export HOME="$1" CONTAINERS_CONF="$1/containers.conf" CONTAINERS_STORAGE_CONF="$1/storage.conf"
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
"#;

/// All that it starts, with podman-compose too, gets its control groups within ours, and crun refuses a tree of both
/// versions. A build asks for limits that only some machines let it raise, unless they are set.
const PREPARE_PODMAN: &str = r#"
umount /sys/fs/cgroup/unified 2>/dev/null
own_groups='*/libpod_parent/*'
awk '$5 ~ "^/sys/fs/cgroup" && / - cgroup/ { print $5 }' /proc/self/mountinfo | while read -r tree; do
    mkdir "$tree/${1##*/}"
    for set in cpuset.cpus cpuset.mems; do
        [ ! -e "$tree/$set" ] || cat "$tree/$set" >"$tree/${1##*/}/$set"
    done
    mount --bind "$tree/${1##*/}" "$tree"
done
export CONTAINERS_CONF="$1/containers.conf" CONTAINERS_STORAGE_CONF="$1/storage.conf"
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
cat >"$CONTAINERS_CONF" <<END
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_config_dir = "$1/networks"
END
cat >"$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "vfs"
graphroot = "$1/D"
runroot = "/run/storage"
END
"#;
