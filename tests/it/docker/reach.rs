//! A daemon that cannot be reached, and what is said of it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use dockledger::config::Config;
use dockledger::docker::{ContainerSource, Daemon, DaemonError, Endpoint, EndpointError, resolve_endpoint};
use tokio::net::{TcpListener, UnixListener, UnixSocket, UnixStream};

use super::{SHORT, client_with, playing};
use crate::support::skip::skip;

fn client_of(endpoint: Endpoint) -> Daemon {
    Daemon::new(endpoint, &Config::new("unused"))
}

// D12
#[tokio::test]
async fn an_absent_socket_is_named_with_its_cure() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = client_of(Endpoint::Unix(directory.path().join("no.sock")));
    for error in [daemon.list().await.unwrap_err(), daemon.ping().await.unwrap_err()] {
        assert!(matches!(error, DaemonError::SocketMissing { .. }) && error.is_unreachable(), "{error:?}");
        assert!(error.to_string().contains("no.sock") && error.to_string().contains("--docker-host"), "{error}");
    }
    assert_eq!(daemon.identify().await.identity, None);
}

// D9, D13
#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dead.sock");
    drop(UnixListener::bind(&path).unwrap());
    let error = client_of(Endpoint::Unix(path)).list().await.unwrap_err();
    assert!(matches!(error, DaemonError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("mount its directory"), "{error}");
}

// D14: permissions do not bind root, so the test gives up its rights in a child of its own.
#[test]
fn a_forbidden_socket_is_named_with_its_cure() {
    const TEST: &str = "a_forbidden_socket_is_named_with_its_cure";
    const CHILD: &str = "DOCKLEDGER_TEST_FORBIDDEN_SOCKET";
    if let Some(socket) = std::env::var_os(CHILD) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(client_of(Endpoint::Unix(PathBuf::from(socket))).list()).unwrap_err();
        assert!(matches!(error, DaemonError::Forbidden { .. }) && error.is_unreachable(), "{error:?}");
        assert!(error.to_string().contains("permission denied") && error.to_string().contains("usermod"), "{error}");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("closed.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600)).unwrap();
    // The test's binary may lie where another user cannot read it; a copy beside the socket does not.
    let binary = directory.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let child = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&binary)
        .args(["--exact", "docker::reach::a_forbidden_socket_is_named_with_its_cure", "--nocapture"])
        .env(CHILD, &socket)
        .current_dir("/")
        .output();
    match child {
        Err(error) => skip(TEST, &format!("setpriv cannot be run: {error}")),
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("setpriv:") => {
            skip(TEST, &String::from_utf8_lossy(&output.stderr));
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.contains("1 passed"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_list_works_over_tcp_too() {
    let proxy = playing(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket = proxy.socket();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = UnixStream::connect(&socket).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    let daemon = client_of(Endpoint::Tcp { host: "127.0.0.1".into(), port });
    assert_eq!(daemon.endpoint(), format!("tcp://127.0.0.1:{port}"));
    let listed = daemon.list().await.unwrap();
    assert_eq!(listed.listing.containers.len(), 3);
    assert!(daemon.identify().await.identity.is_some());
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = client_of(Endpoint::Tcp { host: "127.0.0.1".into(), port }).list().await.unwrap_err();
    assert!(matches!(error, DaemonError::Refused { .. }), "{error:?}");
}

// D5: the backlog of a frozen daemon is full.
#[tokio::test]
async fn a_full_backlog_is_said_in_the_systems_words() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("full.sock");
    let socket = UnixSocket::new_stream().unwrap();
    socket.bind(&path).unwrap();
    let _listener = socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    let full = loop {
        match UnixStream::connect(&path).await {
            Ok(stream) => waiting.push(stream),
            Err(error) => break error,
        }
    };
    assert_eq!(full.kind(), std::io::ErrorKind::WouldBlock);
    let error = client_of(Endpoint::Unix(path)).list().await.unwrap_err();
    assert!(matches!(error, DaemonError::Unconnected { .. }) && error.is_unreachable(), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_is_cut() {
    let proxy = playing(&[]);
    proxy.inject(dockledger::simulation::Fault::HangUp);
    let error = client_with(&proxy, |config| config.inspect_deadline = SHORT).list().await.unwrap_err();
    assert!(matches!(error, DaemonError::UnexpectedEof { bytes: 0, .. }), "{error:?}");
}

// B43
#[test]
fn a_path_that_is_no_socket_is_a_fault_of_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let link = directory.path().join("link.sock");
    let socket = directory.path().join("real.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::os::unix::fs::symlink(&socket, &link).unwrap();
    let mut config = Config::new("unused");
    for (path, expected) in [(directory.path(), "a directory"), (&file, "a plain file")] {
        config.docker_host = Some(format!("unix://{}", path.display()));
        let error = resolve_endpoint(&config).unwrap_err();
        assert!(matches!(error, EndpointError::NotASocket { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    for path in [&socket, &link, &directory.path().join("not.yet")] {
        config.docker_host = Some(format!("unix://{}", path.display()));
        assert_eq!(resolve_endpoint(&config).unwrap(), Endpoint::Unix(path.clone()));
    }
}
