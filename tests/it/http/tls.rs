//! TLS, with a certificate of the test's own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use dockledger::HttpService;
use dockledger::config::Config;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::http::Served;
use crate::whole::ledger::Case;

/// Writes a fresh certificate for `localhost` and its key where the configuration names them.
fn certify(config: &Config) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (&config.http.tls_certificate, &config.http.tls_key);
    std::fs::write(certificate.as_ref().expect("it is named"), cert.pem()).expect("written");
    std::fs::write(key.as_ref().expect("it is named"), signing_key.serialize_pem()).expect("written");
    open_to(key.as_ref().expect("it is named"), 0o600);
    cert.der().clone()
}

fn open_to(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
}

fn named(case: &mut Case) {
    case.config.http.tls_certificate = Some(case.path("chain.pem"));
    case.config.http.tls_key = Some(case.path("key.pem"));
}

/// The begin of the answer to a request over TLS that trusts this certificate alone.
async fn ask(served: &Served, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(served.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    // That the server closes without a last word of TLS is no matter here.
    let _ = stream.read_to_string(&mut answer).await;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_with_a_certificate_speaks_tls_alone_and_takes_a_renewed_one() {
    let mut case = Case::with_shop(1).await;
    named(&mut case);
    let first = certify(&case.config);
    let served = Served::start(&case.config).await;
    let answer = ask(&served, &first).await.expect("it is trusted");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");

    let mut plain = TcpStream::connect(served.address).await.expect("it listens");
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
    let mut told = Vec::new();
    // It may be reset.
    let _ = plain.read_to_end(&mut told).await;
    assert!(!told.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&told));

    let second = certify(&case.config);
    ask(&served, &first).await.expect("the former one, until it is told to look again");
    assert!(served.http.reload().expect("both fit"));
    ask(&served, &first).await.expect_err("it is another one now");
    ask(&served, &second).await.expect("the renewed one");
    std::fs::write(case.path("key.pem"), "nothing").expect("written");
    served.http.reload().expect_err("no key");
    ask(&served, &second).await.expect("what was read before stays");
    served.ledger.stop().await;
}

#[tokio::test]
async fn a_service_that_cannot_speak_tls_as_it_should_is_not_started() {
    let mut case = Case::with_shop(1).await;
    named(&mut case);
    certify(&case.config);
    let refused =
        |config: &Config| HttpService::new(&config.http).err().map(|error| error.to_string()).expect("it is refused");
    open_to(&case.path("key.pem"), 0o644);
    let said = refused(&case.config);
    assert!(said.contains("http.tls_key") && said.contains("chmod 640"), "{said}");
    open_to(&case.path("key.pem"), 0o600);
    std::fs::write(case.path("chain.pem"), "nothing").expect("written");
    let said = refused(&case.config);
    assert!(said.contains("http.tls_certificate") && said.contains("no certificate in PEM"), "{said}");
    case.config.http.tls_key = None;
    let said = refused(&case.config);
    assert!(said.contains("belong together"), "{said}");
}
