//! A daemon over TLS, and each thing that can be wrong with its certificates and ours.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dockledger::config::Config;
use dockledger::docker::{ContainerSource as _, Daemon, DaemonError, EndpointError, resolve_endpoint};
use dockledger::simulation::FaultProxy;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::playing;
use crate::cli::program::Program;
use crate::support::certificates::{Authority, For, Odd};

/// Speaks TLS, or not, before a daemon of three containers.
struct Secured {
    port: u16,
    _daemon: FaultProxy,
}

impl Secured {
    async fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let daemon = playing(&[]);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let socket = daemon.socket();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (socket, tls) = (socket.clone(), tls.clone());
                tokio::spawn(async move {
                    let mut far = UnixStream::connect(&socket).await?;
                    if tls.is_none() && is_handshake(&near).await {
                        // As Go's server says it.
                        near.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await?;
                        return Ok((0, 0));
                    }
                    match tls {
                        None => tokio::io::copy_bidirectional(&mut near, &mut far).await,
                        Some(tls) => {
                            let mut near = TlsAcceptor::from(tls).accept(near).await?;
                            tokio::io::copy_bidirectional(&mut near, &mut far).await
                        }
                    }
                });
            }
        });
        Self { port, _daemon: daemon }
    }

    fn config(&self, host: &str, certificates: &Path) -> Config {
        let mut config = Config::new("unused");
        config.docker_host = Some(format!("tcp://{host}:{}", self.port));
        config.docker_cert_path = Some(certificates.to_owned());
        config
    }

    fn client(&self, host: &str, certificates: &Path) -> Daemon {
        let config = self.config(host, certificates);
        Daemon::new(resolve_endpoint(&config).expect("the files can be used"), &config)
    }
}

async fn is_handshake(stream: &TcpStream) -> bool {
    let mut first = [0];
    stream.peek(&mut first).await.is_ok() && first == [0x16]
}

/// A directory with what a client of that authority has.
fn client_of(authority: &Authority) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    authority.furnish_client(directory.path());
    directory
}

#[tokio::test]
async fn a_daemon_is_listed_over_tls_with_a_clients_certificate() {
    let authority = Authority::new();
    let server = authority.certify(&["localhost", "127.0.0.1"], For::Servers, Odd::Nothing);
    let secured = Secured::start(Some(Authority::server(&server, Some(&authority)))).await;
    let certificates = client_of(&authority);
    for host in ["localhost", "127.0.0.1"] {
        let daemon = secured.client(host, certificates.path());
        let listed = daemon.list().await.unwrap();
        assert_eq!(listed.listing.containers.len(), 3, "{host}");
        assert!(daemon.identify().await.identity.is_some(), "{host}");
        daemon.ping().await.unwrap();
        assert_eq!(daemon.endpoint(), format!("tcp://{host}:{}", secured.port));
    }
}

#[tokio::test]
async fn each_thing_that_is_wrong_with_the_daemons_certificate_is_told() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let certificates = client_of(&authority);
    let names = ["127.0.0.1"];
    for (by, names, purpose, odd, cause, cure) in [
        (&authority, &names[..], For::Servers, Odd::Expired, "expired on 2020-02-03", "renewed"),
        (&authority, &names[..], For::Servers, Odd::NotYetValid, "not valid before 2090-02-03", "clock"),
        (&stranger, &names[..], For::Servers, Odd::Nothing, "an authority that is not in", "ca.pem"),
        (&authority, &["lab", "10.0.0.1"][..], For::Servers, Odd::Nothing, "and not for 127.0.0.1", "IP:127.0.0.1"),
        (&authority, &names[..], For::Clients, Odd::Nothing, "not made for servers", "serverAuth"),
    ] {
        let server = by.certify(names, purpose, odd);
        let secured = Secured::start(Some(Authority::server(&server, None))).await;
        let daemon = secured.client("127.0.0.1", certificates.path());
        for error in [daemon.list().await.unwrap_err(), daemon.ping().await.unwrap_err()] {
            assert!(matches!(error, DaemonError::Unconnected { .. }) && error.is_unreachable(), "{error:?}");
            let told = error.to_string();
            assert!(told.contains(cause) && told.contains(cure), "{told}");
            assert!(told.contains(&secured.port.to_string()) && told.contains("docker_cert_path"), "{told}");
        }
    }
}

/// In TLS 1.3 the refusal comes after the client thinks that all is well.
#[tokio::test]
async fn a_daemon_that_refuses_our_certificate_is_told_as_that() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = authority.certify(&["127.0.0.1"], For::Servers, Odd::Nothing);
    let secured = Secured::start(Some(Authority::server(&server, Some(&authority)))).await;
    let none = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(none.path().join("ca.pem"), authority.pem()).unwrap();
    let foreign = tempfile::tempdir().expect("a temporary directory");
    authority.furnish(foreign.path(), &stranger.certify(&[], For::Clients, Odd::Nothing));
    let expired = tempfile::tempdir().expect("a temporary directory");
    authority.furnish(expired.path(), &authority.certify(&[], For::Clients, Odd::Expired));
    for (directory, says) in [
        (none, "wants a client certificate and was given none"),
        (foreign, "it refused our certificate"),
        (expired, "it refused our certificate"),
    ] {
        let daemon = secured.client("127.0.0.1", directory.path());
        for error in [daemon.list().await.unwrap_err(), daemon.ping().await.unwrap_err()] {
            assert!(matches!(error, DaemonError::Unconnected { .. }), "{error:?}");
            let told = error.to_string();
            assert!(told.contains(says) && told.contains(directory.path().to_str().unwrap()), "{told}");
        }
    }
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_as_that() {
    let authority = Authority::new();
    let certificates = client_of(&authority);
    let plain = Secured::start(None).await;
    let told = plain.client("127.0.0.1", certificates.path()).list().await.unwrap_err().to_string();
    assert!(told.contains("speaks no TLS") && told.contains("2376"), "{told}");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let hangs_up = Secured { port: listener.local_addr().expect("it listens").port(), _daemon: playing(&[]) };
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let told = hangs_up.client("127.0.0.1", certificates.path()).list().await.unwrap_err().to_string();
    assert!(told.contains("within the handshake of TLS"), "{told}");
}

/// The other way round: we speak plain HTTP where TLS is spoken. Go's server answers in words, others with an alert.
#[tokio::test]
async fn a_daemon_that_wants_tls_is_told_as_that() {
    let authority = Authority::new();
    let server = authority.certify(&["127.0.0.1"], For::Servers, Odd::Nothing);
    let secured = Secured::start(Some(Authority::server(&server, None))).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let go = listener.local_addr().expect("it listens").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let words = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
            let _ = stream.write_all(words.as_bytes()).await;
        }
    });
    for port in [secured.port, go] {
        let mut config = Config::new("unused");
        config.docker_host = Some(format!("127.0.0.1:{port}"));
        let told = Daemon::new(resolve_endpoint(&config).unwrap(), &config).list().await.unwrap_err().to_string();
        assert!(told.contains("TLS") && told.contains("DOCKER_TLS_VERIFY"), "{told}");
    }
}

#[test]
fn each_file_that_cannot_be_used_is_named_with_its_cure() {
    let authority = Authority::new();
    let other = authority.certify(&[], For::Clients, Odd::Nothing);
    type Change = fn(&Path, &str);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let remove: Change = |path, _| std::fs::remove_file(path).unwrap();
    let write: Change = |path, text| std::fs::write(path, text).unwrap();
    let make_directory: Change = |path, _| {
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
    };
    let key = other.key.serialize_pem();
    for (file, change, text, cause) in [
        ("ca.pem", remove, "", "No such file"),
        ("ca.pem", write, "", "no certificate in PEM"),
        ("ca.pem", write, "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", "no certificate in PEM"),
        ("ca.pem", make_directory, "", "no file of certificates"),
        ("cert.pem", remove, "", "key.pem is there without the other"),
        ("key.pem", remove, "", "cert.pem is there without the other"),
        ("cert.pem", write, "x", "no certificate in PEM"),
        ("key.pem", write, "x", "no private key in PEM"),
        ("key.pem", write, encrypted, "passphrase"),
        ("key.pem", write, key.as_str(), "it is not the key of"),
    ] {
        let certificates = client_of(&authority);
        change(&certificates.path().join(file), text);
        let mut config = Config::new("unused");
        config.docker_host = Some("tcp://lab".into());
        config.docker_cert_path = Some(certificates.path().to_owned());
        let error = resolve_endpoint(&config).unwrap_err();
        assert!(matches!(error, EndpointError::Tls { .. }), "{file}: {error:?}");
        let told = error.to_string();
        assert!(told.contains(cause) && told.contains("tcp://lab:2376"), "{file} {text}: {told}");
        assert!(told.contains(certificates.path().to_str().unwrap()), "{file}: {told}");
    }
}

/// A service lives longer than certificates do.
#[tokio::test]
async fn certificates_that_were_renewed_are_read_without_a_restart() {
    let (authority, successor) = (Authority::new(), Authority::new());
    let server = successor.certify(&["127.0.0.1"], For::Servers, Odd::Nothing);
    let secured = Secured::start(Some(Authority::server(&server, Some(&successor)))).await;
    let certificates = client_of(&authority);
    let daemon = secured.client("127.0.0.1", certificates.path());
    assert!(daemon.list().await.unwrap_err().to_string().contains("authority"));
    std::fs::remove_file(certificates.path().join("key.pem")).unwrap();
    let told = daemon.list().await.unwrap_err().to_string();
    assert!(told.contains("key.pem") && told.contains("No such file"), "{told}");
    successor.furnish_client(certificates.path());
    assert_eq!(daemon.list().await.unwrap().listing.containers.len(), 3);
}

/// F17: any value asks for TLS; one that looks like no is told when it bites. And what TLS without a check is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f17_tls_is_what_docker_takes_its_variables_for() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let certificates = client_of(&authority);
    let directory = certificates.path().to_str().unwrap();
    let server = stranger.certify(&["elsewhere"], For::Servers, Odd::Nothing);
    let secured = Secured::start(Some(Authority::server(&server, Some(&authority)))).await;
    let plain = Secured::start(None).await;
    let run = |port: u16, variables: &[(&str, &str)]| {
        let host = format!("tcp://127.0.0.1:{port}");
        let mut program = Program::new().variable("DOCKER_HOST", &host).variable("DOCKER_CERT_PATH", directory);
        for (name, value) in variables {
            program = program.variable(name, value);
        }
        tokio::task::block_in_place(|| program.run(&["once", "--json"]))
    };
    let ended = run(plain.port, &[("DOCKER_TLS_VERIFY", "0")]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("speaks no TLS"), "{ended:?}");
    assert!(ended.stderr.contains("DOCKER_TLS_VERIFY=0, which Docker takes for yes"), "{ended:?}");
    let ended = run(secured.port, &[("DOCKER_TLS_VERIFY", "1")]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("an authority that is not in"), "{ended:?}");
    let ended = run(secured.port, &[("DOCKER_TLS", "1")]);
    assert_eq!(ended.code, Some(0), "it is not checked: {ended:?}");
    assert_eq!(ended.json()["listed"], 3, "{ended:?}");
    let gone: PathBuf = certificates.path().join("gone");
    let ended = run(secured.port, &[("DOCKER_TLS_VERIFY", "0"), ("DOCKER_CERT_PATH", gone.to_str().unwrap())]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("gone/ca.pem") && ended.stderr.contains("takes for yes"), "{ended:?}");
}
