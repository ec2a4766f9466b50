//! A real daemon of the tests' own: own data root, socket, network, mounts and processes, so that nothing of it is seen
//! by the machine's daemon or outlives the tests.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::certificates::{Authority, For, Odd};
pub(crate) use super::engine::PLAIN_IMAGE;
use super::engine::{Engine, Recipe, signal};

/// Where it listens for TLS, if it does.
pub(crate) const TLS_PORT: u16 = 2376;

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

    /// One that also listens at [`TLS_PORT`] of its own loopback, and takes certificates of its own authority alone.
    pub(crate) fn start_with_tls() -> Result<Self, String> {
        Engine::start(&TLS_RECIPE).map(|engine| Self { engine })
    }

    /// The directory of what a client of [`Self::start_with_tls`] needs.
    pub(crate) fn client_certificates(&self) -> PathBuf {
        self.directory().join("tls/client")
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
    furnish: |_| (),
    prepare: "mount -t tmpfs tmpfs /run",
    run: r#"
dockerd --data-root "$1/D" --exec-root "$1/E" --pidfile "$1/P" --host "unix://$1/S" --group root \
    --cgroup-parent "/${1##*/}" --exec-opt native.cgroupdriver=cgroupfs \
    --iptables=false --ip6tables=false --ip-masq=false $options
"#,
};

/// The same, with TLS beside the socket.
const TLS_RECIPE: Recipe<'static> = Recipe {
    furnish: certify,
    run: r#"
dockerd --data-root "$1/D" --exec-root "$1/E" --pidfile "$1/P" --host "unix://$1/S" --group root \
    --cgroup-parent "/${1##*/}" --exec-opt native.cgroupdriver=cgroupfs \
    --iptables=false --ip6tables=false --ip-masq=false \
    --host tcp://127.0.0.1:2376 --tlsverify \
    --tlscacert "$1/tls/ca.pem" --tlscert "$1/tls/cert.pem" --tlskey "$1/tls/key.pem" $options
"#,
    ..RECIPE
};

/// The daemon's certificates, and a client's.
fn certify(directory: &Path) {
    let authority = Authority::new();
    let (daemon, client) = (directory.join("tls"), directory.join("tls/client"));
    std::fs::create_dir_all(&client).expect("a fresh directory");
    authority.furnish(&daemon, &authority.certify(&["127.0.0.1"], For::Servers, Odd::Nothing));
    authority.furnish_client(&client);
}
