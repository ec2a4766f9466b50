//! A real daemon of the tests' own: own data root, socket, network, mounts and processes, so that nothing of it is seen
//! by the machine's daemon or outlives the tests.

use std::ops::Deref;
use std::sync::OnceLock;

pub(crate) use super::engine::PLAIN_IMAGE;
use super::engine::{Engine, Recipe, signal};

/// A daemon that answers.
#[derive(Debug)]
pub(crate) struct Dockerd {
    engine: Engine,
}

/// The two processes that answer for containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The API, and all that is stored.
    Dockerd,
    /// What runs. It dies with dockerd when that is killed.
    Containerd,
}

impl Dockerd {
    /// The one daemon that tests share, started at the first call. Tests that stop it or count on what it holds start
    /// one of their own. The error says what is missing here.
    pub(crate) fn shared() -> Result<&'static Self, String> {
        static SHARED: OnceLock<Result<Dockerd, String>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    /// A fresh daemon with the plain image. The error says what is missing here.
    pub(crate) fn start() -> Result<Self, String> {
        Engine::start(&RECIPE).map(|engine| Self { engine })
    }

    /// SIGSTOP: connections stay, and nothing answers.
    pub(crate) fn freeze(&self, part: Part) {
        signal("STOP", self.pid_of_part(part));
    }

    /// SIGCONT: it goes on where it stopped.
    pub(crate) fn thaw(&self, part: Part) {
        signal("CONT", self.pid_of_part(part));
    }

    fn pid_of_part(&self, part: Part) -> u32 {
        match part {
            Part::Dockerd => self.pid(),
            Part::Containerd => {
                let configuration = self.directory().join("E/containerd/containerd.toml");
                self.pid_of("containerd", configuration.to_str().expect("a plain path"))
            }
        }
    }
}

impl Deref for Dockerd {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

/// No packet filter is touched.
const RECIPE: Recipe<'static> = Recipe {
    program: "dockerd",
    needs: &["containerd"],
    root: None,
    prepare: "mount -t tmpfs tmpfs /run",
    run: r#"
dockerd --data-root "$1/D" --exec-root "$1/E" --pidfile "$1/P" --host "unix://$1/S" --group root \
    --cgroup-parent "/${1##*/}" --exec-opt native.cgroupdriver=cgroupfs \
    --iptables=false --ip6tables=false --ip-masq=false $options
"#,
};
