//! The socket where none is named: the first that can be connected, as the program finds it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};

use dockledger::config::Config;
use dockledger::docker::{ContainerSource as _, Daemon, Endpoint, UsualSockets};
use dockledger::simulation::FaultProxy;
use tokio::time::timeout;

use super::{BOUND, playing};
use crate::cli::program::Program;
use crate::support::skip::skip;

/// Puts the daemon's socket where it is looked for.
fn listens_at(path: &Path, daemon: &FaultProxy) {
    fs::create_dir_all(path.parent().expect("a path below the root")).expect("a directory of its own");
    std::os::unix::fs::symlink(daemon.socket(), path).expect("nothing is there");
}

/// The program in a file system whose `/run` and `/var/run` are empty but for what `prepare` puts there.
fn alone(test: &str, program: &Program, prepare: &str, line: &[&str]) -> Option<Output> {
    let inner = format!(
        "mount -t tmpfs tmpfs /run && [ \"$(readlink -f /var/run)\" = /run ] && {{ {prepare}; }} && shift 1 && exec \"$@\""
    );
    let command = program.command(line);
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "/bin/sh", "-c", &inner, "sh", "-"]).arg(command.get_program()).args(command.get_args());
    outer.env_clear().current_dir(command.get_current_dir().expect("a program runs somewhere"));
    outer.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let output = outer.output();
    match output {
        Ok(output) if !String::from_utf8_lossy(&output.stderr).contains("unshare:") => Some(output),
        other => {
            skip(test, &format!("no file system of its own: {other:?}"));
            None
        }
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// F22
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f22_the_first_socket_that_can_be_connected_is_taken_and_the_others_named() {
    let daemon = playing(&[]);
    let user = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap();
    for place in
        [".docker/desktop/docker.sock", ".docker/run/docker.sock", ".rd/docker.sock", ".colima/default/docker.sock"]
    {
        let program = Program::new();
        listens_at(&program.path("home").join(place), &daemon);
        // The system's is there, and nobody listens.
        let dead = program.path("dead");
        drop(UnixListener::bind(&dead).unwrap());
        let prepare = format!("ln -s {} /run/docker.sock", dead.display());
        let Some(output) = alone(module_path!(), &program, &prepare, &["doctor"]) else { return };
        let told = told(&output);
        assert!(told.contains(place) && told.contains("passed over: /var/run/docker.sock: nobody listens"), "{told}");
        let output = alone(module_path!(), &program, &prepare, &["once", "--json"]).unwrap();
        assert_eq!(output.status.code(), Some(0), "{place}: {output:?}");
    }
    for place in
        [format!("user/{user}/docker.sock"), "podman/podman.sock".to_owned(), format!("user/{user}/podman/podman.sock")]
    {
        let program = Program::new();
        let prepare = format!("mkdir -p $(dirname /run/{place}) && ln -s {} /run/{place}", daemon.socket().display());
        let output = alone(module_path!(), &program, &prepare, &["once", "--json"]).unwrap();
        assert_eq!(output.status.code(), Some(0), "{place}: {output:?}");
    }
}

/// F22: each that is there is named with its reason, the rest in a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f22_where_none_can_be_connected_each_is_named_with_its_reason() {
    let program = Program::new();
    let dead = program.path("dead");
    drop(UnixListener::bind(&dead).unwrap());
    let prepare = format!("ln -s {} /run/docker.sock; mkdir -p /run/podman/podman.sock", dead.display());
    for line in [&["once"][..], &["doctor"]] {
        let Some(output) = alone(module_path!(), &program, &prepare, line) else { return };
        let told = told(&output);
        assert_eq!(output.status.code(), Some(3), "{told}");
        for part in [
            "/var/run/docker.sock: nobody listens",
            "/run/podman/podman.sock: a directory, and no socket",
            "no socket at",
            "home/.docker/desktop/docker.sock",
            "--docker-host",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}

/// F22: permissions do not bind root, so that the program gives up its rights.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f22_a_socket_without_permission_is_passed_over() {
    let daemon = playing(&[]);
    let program = Program::new();
    let place = program.path("home").join(".docker/run/docker.sock");
    listens_at(&place, &daemon);
    let closed = program.path("closed");
    let _listener = UnixListener::bind(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(daemon.socket(), fs::Permissions::from_mode(0o666)).unwrap();
    let binary = program.path("dockledger");
    fs::copy(env!("CARGO_BIN_EXE_dockledger"), &binary).unwrap();
    for path in [program.path(""), program.path("home"), daemon.socket().parent().unwrap().to_owned()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let prepare = format!("ln -s {} /run/docker.sock", closed.display());
    let command = program.command(&["doctor"]);
    let inner = format!(
        "mount -t tmpfs tmpfs /run && {{ {prepare}; }} && exec setpriv --reuid=65534 --regid=65534 --clear-groups {} doctor",
        binary.display()
    );
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "/bin/sh", "-c", &inner]).env_clear().current_dir("/");
    outer.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let output = outer.output().expect("util-linux is installed");
    let told = told(&output);
    if told.contains("unshare:") || told.contains("setpriv:") {
        return skip(module_path!(), &told);
    }
    assert!(told.contains("passed over: /var/run/docker.sock: permission denied"), "{told}");
    assert!(told.contains(place.to_str().unwrap()), "{told}");
}

/// F22: a service that is started before the daemon finds it; while a daemon restarts, another engine is no stand-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f22_a_socket_that_appears_is_found_and_one_that_was_taken_is_kept_to() {
    let (daemon, other) = (playing(&[]), playing(&[]));
    let directory = tempfile::tempdir().unwrap();
    let paths = ["first", "second"].map(|name| directory.path().join(name));
    let client = Daemon::new(Endpoint::Usual(UsualSockets::of(paths.to_vec())), &Config::new("unused"));
    let told = client.list().await.unwrap_err().to_string();
    assert!(told.contains("the usual sockets") && told.contains("first") && told.contains("second"), "{told}");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.await_daemon().await }
    });
    std::os::unix::fs::symlink(daemon.socket(), &paths[1]).unwrap();
    timeout(BOUND, waiting).await.expect("it is found").unwrap();
    assert_eq!(client.endpoint(), format!("unix://{}", paths[1].display()));
    client.list().await.unwrap();

    std::os::unix::fs::symlink(other.socket(), &paths[0]).unwrap();
    fs::remove_file(&paths[1]).unwrap();
    let error = client.ping().await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("no such socket") && told.contains(paths[0].to_str().unwrap()), "{told}");
    assert_eq!(other.traffic().borrow().requests_for("/_ping"), 0, "it is another engine");
    std::os::unix::fs::symlink(daemon.socket(), &paths[1]).unwrap();
    client.ping().await.unwrap();
}
