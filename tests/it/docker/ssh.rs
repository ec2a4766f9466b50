//! A daemon by way of a real ssh and a real sshd, and what can be wrong there.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use dockledger::config::Config;
use dockledger::docker::{ContainerSource, Daemon, DaemonError, resolve_endpoint};
use dockledger::model::ContainerId;
use dockledger::simulation::Fault;
use tokio::time::timeout;

use super::{BOUND, id, playing, wait_for};
use crate::cli::program::Program;
use crate::support::skip::skip;
use crate::support::sshd::Sshd;

/// `None`, said aloud, where there can be no sshd.
fn sshd(test: &str, more: &str) -> Option<Sshd> {
    Sshd::start(more).map_err(|why| skip(test, &why)).ok()
}

fn client(sshd: &Sshd, socket: &Path) -> Daemon {
    client_at(sshd, &sshd.docker_host(socket))
}

fn client_at(sshd: &Sshd, docker_host: &str) -> Daemon {
    let mut config = Config::new("unused");
    config.docker_host = Some(docker_host.to_owned());
    config.docker_ssh_config = Some(sshd.client_config());
    config.list_deadline = BOUND;
    config.inspect_deadline = BOUND;
    Daemon::new(resolve_endpoint(&config).expect("an address"), &config)
}

async fn until_no_client(sshd: &Sshd) {
    let begun = Instant::now();
    while !sshd.clients().is_empty() {
        assert!(begun.elapsed() < BOUND, "ssh lives on: {:?}", sshd.clients());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_is_listed_and_inspected_by_way_of_ssh() {
    let Some(sshd) = sshd(module_path!(), "") else { return };
    let proxy = playing(&[("/containers/0", dockledger::simulation::Reply::new(200, r#"{"Id":"x","State":{}}"#))]);
    let daemon = client(&sshd, &proxy.socket());
    let listed = daemon.list().await.unwrap();
    assert_eq!(listed.listing.containers.len(), 3);
    assert!(daemon.identify().await.identity.is_some());
    daemon.ping().await.unwrap();
    // One after another they go over connections that are kept: logins are what costs.
    let before = wait_for(&proxy, |_| true).await.connections;
    for number in 0..10 {
        daemon.inspect(&ContainerId::new(id(number))).await;
    }
    let after = wait_for(&proxy, |traffic| traffic.requests_for(&format!("/containers/{}/json", id(9))) == 1).await;
    assert!(after.connections - before <= 2, "{} logins", after.connections - before);
    drop(daemon);
    until_no_client(&sshd).await;
}

/// sshd refuses some of more than ten that have not logged in yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_questions_at_once_are_no_more_logins_than_sshd_takes() {
    let Some(sshd) = sshd(module_path!(), "MaxStartups 5") else { return };
    let proxy = playing(&[]);
    let daemon = client(&sshd, &proxy.socket());
    let asked: Vec<_> = (0..16)
        .map(|_| {
            let daemon = daemon.clone();
            tokio::spawn(async move { daemon.ping().await })
        })
        .collect();
    for ping in asked {
        ping.await.unwrap().unwrap();
    }
}

/// The words of `ssh` are told, with what they mean and what helps.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_thing_that_is_wrong_on_the_way_is_told() {
    let Some(sshd) = sshd(module_path!(), "") else { return };
    let Some(bare) = self::sshd(module_path!(), "SetEnv PATH=/nonexistent") else { return };
    let proxy = playing(&[]);
    let told = async |daemon: Daemon| {
        let error = daemon.list().await.unwrap_err();
        assert!(matches!(error, DaemonError::Unconnected { .. }) && error.is_unreachable(), "{error:?}");
        let ping = daemon.ping().await.unwrap_err();
        assert!(matches!(ping, DaemonError::Unconnected { .. }), "{ping:?}");
        error.to_string()
    };
    let no_docker = told(client(&bare, &proxy.socket())).await;
    assert!(no_docker.contains("no command `docker` on 127.0.0.1"), "{no_docker}");
    let no_socket = told(client(&sshd, Path::new("/nonexistent/docker.sock"))).await;
    assert!(
        no_socket.contains("`docker system dial-stdio` failed") && no_socket.contains("no such file"),
        "{no_socket}"
    );
    let nobody = told(client_at(&sshd, "ssh://root@127.0.0.1:1/x")).await;
    assert!(nobody.contains("Connection refused") && nobody.contains("ssh does not reach"), "{nobody}");
    let name = told(client_at(&sshd, "ssh://root@nowhere.invalid")).await;
    assert!(name.contains("leads nowhere"), "{name}");

    let known = fs::read_to_string(sshd.file("known_hosts")).unwrap();
    let other = fs::read_to_string(sshd.file("other_key.pub")).unwrap();
    fs::write(sshd.file("known_hosts"), "").unwrap();
    let unknown = told(client(&sshd, &proxy.socket())).await;
    assert!(unknown.contains("the key of 127.0.0.1 is not known"), "{unknown}");
    fs::write(sshd.file("known_hosts"), format!("[127.0.0.1]:{} {other}", sshd.port())).unwrap();
    let changed = told(client(&sshd, &proxy.socket())).await;
    assert!(changed.contains("is another than the one that is known"), "{changed}");
    fs::write(sshd.file("known_hosts"), known).unwrap();

    fs::copy(sshd.file("other_key"), sshd.file("client_key")).unwrap();
    let denied = told(client(&sshd, &proxy.socket())).await;
    assert!(denied.contains("Permission denied (publickey)") && denied.contains("authorized_keys"), "{denied}");
    fs::remove_file(sshd.client_config()).unwrap();
    let unconfigured = told(client(&sshd, &proxy.socket())).await;
    assert!(unconfigured.contains("configuration"), "{unconfigured}");
}

/// A machine shuts out who fails to log in again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_refused_is_not_tried_at_each_question() {
    let Some(sshd) = sshd(module_path!(), "") else { return };
    fs::copy(sshd.file("other_key"), sshd.file("client_key")).unwrap();
    let proxy = playing(&[]);
    let daemon = client(&sshd, &proxy.socket());
    let first = daemon.ping().await.unwrap_err().to_string();
    let begun = Instant::now();
    let mut asked = 0;
    while begun.elapsed() < Duration::from_millis(900) {
        assert_eq!(daemon.ping().await.unwrap_err().to_string(), first);
        asked += 1;
    }
    let log = fs::read_to_string(sshd.file("log")).unwrap();
    let logins = log.matches("Connection closed by authenticating user root").count();
    assert!(asked > 10 && logins <= 2, "{asked} questions, {logins} logins: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_ends_its_ssh() {
    let Some(sshd) = sshd(module_path!(), "") else { return };
    let proxy = playing(&[]);
    proxy.inject(Fault::Silent);
    let daemon = client(&sshd, &proxy.socket());
    let asking = tokio::spawn({
        let daemon = daemon.clone();
        async move { daemon.await_daemon().await }
    });
    wait_for(&proxy, |traffic| traffic.requests_for("/_ping") == 1).await;
    assert_eq!(sshd.clients().len(), 1);
    asking.abort();
    until_no_client(&sshd).await;
    // Docker's command over there may have had a connection of its own, to ask for the version.
    timeout(BOUND, wait_for(&proxy, |traffic| traffic.open == 0)).await.expect("it is closed over there");
}

/// However we end: a daemon that is frozen over there keeps an `ssh` that nobody kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_ssh_outlives_a_process_that_is_killed() {
    let Some(sshd) = sshd(module_path!(), "") else { return };
    let proxy = playing(&[]);
    proxy.inject(Fault::Silent);
    let program = Program::new()
        .variable("PATH", &std::env::var("PATH").unwrap_or_default())
        .variable("DOCKLEDGER_DOCKER_SSH_CONFIG", sshd.client_config().to_str().unwrap());
    let host = sshd.docker_host(&proxy.socket());
    let mut running = program.command(&["once", "--docker-host", &host]).spawn().expect("it starts");
    wait_for(&proxy, |traffic| traffic.requests_for("/containers/json") == 1).await;
    assert!(!sshd.clients().is_empty());
    running.kill().unwrap();
    running.wait().unwrap();
    until_no_client(&sshd).await;
}

#[test]
fn without_ssh_it_is_said_which_package_brings_it() {
    let program = Program::new().variable("PATH", "/nonexistent").variable("DOCKER_HOST", "ssh://ada@lab");
    let ended = program.run(&["once", "--json"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("no program `ssh`") && ended.stderr.contains("openssh-client"), "{ended:?}");
}
