//! A real Podman of the tests' own, and its service that speaks Docker's API: own storage, configuration, socket, network,
//! mounts and processes, so that nothing of it is seen by the machine's Podman or outlives the tests.

use std::fs;
use std::ops::Deref;
use std::process::{Command, Output};

use super::engine::{Engine, Recipe};

/// A service that answers.
#[derive(Debug)]
pub(crate) struct Podman {
    engine: Engine,
}

impl Podman {
    /// A fresh service with the plain image. The error says what is missing here.
    pub(crate) fn start() -> Result<Self, String> {
        Engine::start(&RECIPE).map(|engine| Self { engine })
    }

    /// Whatever starts from now on hangs in its start, and Podman keeps the container's lock meanwhile.
    pub(crate) fn hold_starts(&self) {
        fs::write(self.directory().join("held"), "").expect("the directory is ours");
    }

    /// What hung in its start goes on.
    pub(crate) fn release_starts(&self) {
        fs::remove_file(self.directory().join("held")).expect("starts were held");
    }

    /// The command line beside the service, on the same storage: what most people use.
    pub(crate) fn command(&self, arguments: &[&str]) {
        let ran = self.try_command(arguments);
        assert!(ran.status.success(), "podman {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// The same, where it may fail.
    pub(crate) fn try_command(&self, arguments: &[&str]) -> Output {
        Command::new("nsenter")
            .args(["--target", &self.pid().to_string(), "--mount", "--pid", "--net", "/bin/sh"])
            .arg(self.directory().join("podman"))
            .args(arguments)
            .output()
            .expect("util-linux is installed")
    }
}

impl Deref for Podman {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

/// What Podman keeps outside of its storage, its own caches and its networks' addresses, lies on file systems of the
/// namespace's own. Events go to a file, as where there is no systemd. A later `--time` counts; 0 is for ever.
const RECIPE: Recipe<'static> = Recipe {
    program: "podman",
    needs: &["conmon", "nsenter"],
    root: None,
    furnish: |_| (),
    prepare: r#"
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
cat >"$1/containers.conf" <<END
[containers]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runtime"
[engine.runtimes]
runtime = ["$1/runtime"]
[network]
network_config_dir = "$1/networks"
END
cat >"$1/storage.conf" <<END
[storage]
driver = "vfs"
graphroot = "$1/D"
runroot = "/run/storage"
END
cat >"$1/podman" <<END
export HOME="$1" CONTAINERS_CONF="$1/containers.conf" CONTAINERS_STORAGE_CONF="$1/storage.conf"
exec podman --tmpdir /run/libpod "\$@"
END
cat >"$1/runtime" <<END
#!/bin/sh
case " \$* " in *" start "*) while [ -e "$1/held" ]; do sleep 0.02; done ;; esac
exec runc "\$@"
END
chmod 755 "$1/runtime"
"#,
    run: r#"/bin/sh "$1/podman" system service --time 0 $options "unix://$1/S""#,
};
