//! What a receiver over HTTP can do to whoever tells it, and where nothing is told.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;
use crate::config::AddressRange;
use crate::model::{HostName, NotifyEvent};

/// A receiver, the secret that it knows, and what it answers; it counts its connections.
struct Place {
    listener: TcpListener,
    directory: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("secret");
        std::fs::write(&path, "0123456789abcdef").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("chmod");
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port"), directory }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().expect("it is bound").port()
    }

    fn webhook(&self, url: &str, allowed: &[&str]) -> Webhook {
        let secret_file = self.directory.path().join("secret").display().to_string();
        let config = NotifyConfig {
            url: Some(ReceiverUrl::parse(&url.replace("PORT", &self.port().to_string())).expect("a URL")),
            secret_file: Some(secret_file),
            allowed_addresses: allowed.iter().map(|range| AddressRange::parse(range).expect("a range")).collect(),
            ..NotifyConfig::default()
        };
        Webhook::of(&config).expect("it is configured")
    }

    /// Answers each connection with this, in a task of its own; the requests' beginnings come out.
    fn answers(self, answer: &'static [u8]) -> (tokio::task::JoinHandle<()>, tempfile::TempDir) {
        let Self { listener, directory } = self;
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer).await;
            }
        });
        (task, directory)
    }
}

fn notification() -> Notification {
    Notification::new(NotifyEvent::Stale, &HostName::new("local"), Timestamp::from_millis(1), 7)
}

/// B38: an address of the machine is told nothing, in whatever way it is written; no connection is even made.
#[tokio::test]
async fn b38_nothing_is_sent_to_an_address_that_is_not_allowed() {
    let place = Place::new().await;
    for url in [
        "http://127.0.0.1:PORT/",
        "https://127.0.0.1:PORT/",
        "http://2130706433:PORT/",
        "http://0x7f.1:PORT/",
        "http://localhost:PORT/",
        "http://[::ffff:7f00:1]:PORT/",
        "http://0.0.0.0:PORT/",
        "http://[::]:PORT/",
        "https://169.254.169.254:PORT/",
        "http://127.1:PORT/",
    ] {
        let webhook = place.webhook(url, &["10.0.0.0/8"]);
        let error = webhook.tell(&notification()).await.expect_err(url);
        let is_refused = matches!(error, TellError::NotAllowed { .. } | TellError::Unresolved { .. });
        assert!(is_refused, "{url}: {error}");
    }
    let nobody = timeout(Duration::from_millis(50), place.listener.accept()).await;
    assert!(nobody.is_err(), "nobody connected");
}

/// B38: a name that resolves elsewhere the second time is not asked a second time.
#[tokio::test]
async fn b38_a_name_is_resolved_once_and_its_address_is_the_one_that_was_judged() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    fn flips(_host: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let address = if ASKED.fetch_add(1, Ordering::SeqCst) == 0 { [127, 0, 0, 1] } else { [127, 0, 0, 9] };
        Box::pin(async move { Ok(vec![SocketAddr::from((address, port))]) })
    }
    let place = Place::new().await;
    let webhook = Webhook { resolve: flips, ..place.webhook("http://rebinds.example:PORT/", &["127.0.0.1"]) };
    let (receiver, _directory) = place.answers(b"HTTP/1.1 204 No Content\r\n\r\n");
    webhook.tell(&notification()).await.expect("its first address is allowed");
    assert_eq!(ASKED.load(Ordering::SeqCst), 1);
    let error = webhook.tell(&notification()).await.expect_err("its second one is not");
    assert!(matches!(error, TellError::NotAllowed { .. }), "{error}");
    receiver.abort();
}

/// B39: where a receiver sends its caller, nobody goes.
#[tokio::test]
async fn b39_a_redirect_is_not_followed() {
    let (place, elsewhere) = (Place::new().await, Place::new().await);
    let webhook = place.webhook("http://127.0.0.1:PORT/", &["127.0.0.1"]);
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{}/\r\n\r\n", elsewhere.port());
    let (receiver, _directory) = place.answers(answer.leak().as_bytes());
    let error = webhook.tell(&notification()).await.expect_err("it is no answer");
    assert!(matches!(error, TellError::Redirected { status: 302, .. }), "{error}");
    assert!(timeout(Duration::from_millis(50), elsewhere.listener.accept()).await.is_err(), "nobody went there");
    receiver.abort();
}

/// B40: an endless head, an endless body, and none at all: each is bounded.
#[tokio::test]
async fn b40_an_answer_without_end_is_cut() {
    let place = Place::new().await;
    let webhook = place.webhook("http://127.0.0.1:PORT/", &["127.0.0.1"]);
    let receiver = tokio::spawn(async move {
        for begin in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"] {
            let (mut stream, _) = place.listener.accept().await.expect("it connects");
            // An answer to what was not asked yet would be none.
            stream.read_exact(&mut [0; 4]).await.expect("it asks");
            let _ = stream.write_all(begin.as_bytes()).await;
            let mut sent = 0_u64;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {
                sent += 4096;
                assert!(sent < 64 << 20, "it reads without end");
            }
        }
        place
    });
    let error = webhook.tell(&notification()).await.expect_err("no head has an end");
    assert!(matches!(error, TellError::Unreached { .. }), "{error}");
    webhook.tell(&notification()).await.expect("the head says that it was taken");
    let place = receiver.await.expect("both were cut");

    tokio::time::pause();
    let silent = tokio::spawn(async move {
        let _kept = place.listener.accept().await.expect("it connects");
        std::future::pending::<()>().await;
    });
    let error = webhook.tell(&notification()).await.expect_err("nothing is answered");
    assert!(matches!(error, TellError::Overdue { .. }), "{error}");
    silent.abort();
}

#[tokio::test]
async fn no_error_shows_the_path_of_a_url() {
    let place = Place::new().await;
    for answer in
        [&b"HTTP/1.1 500 Oh\r\n\r\n"[..], b"nonsense\r\n\r\n", b"", b"HTTP/1.1 302 F\r\nLocation: /hunter2\r\n\r\n"]
    {
        let place = Place::new().await;
        let webhook = place.webhook("http://127.0.0.1:PORT/hunter2?key=hunter2", &["127.0.0.1"]);
        let (receiver, _directory) = place.answers(answer);
        let error = webhook.tell(&notification()).await.expect_err("it is not taken");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        receiver.abort();
    }
    let error =
        place.webhook("http://127.0.0.1:PORT/hunter2", &[]).tell(&notification()).await.expect_err("not allowed");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

/// A receiver with a certificate of its own for `localhost`.
fn certified(directory: &std::path::Path) -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("they belong together");
    let path = directory.join("ca.pem").display().to_string();
    std::fs::write(&path, pem(&certificate)).expect("written");
    (TlsAcceptor::from(Arc::new(config)), path)
}

fn pem(der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (index, three) in der.chunks(3).enumerate() {
        if index % 16 == 15 {
            text.push('\n');
        }
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63] as char;
            text.push(if place <= three.len() { digit } else { '=' });
        }
    }
    text + "\n-----END CERTIFICATE-----\n"
}

#[tokio::test]
async fn a_receiver_over_tls_is_told_if_its_certificate_is_known() {
    let place = Place::new().await;
    let (acceptor, ca_file) = certified(place.directory.path());
    let mut known = place.webhook("https://localhost:PORT/", &["127.0.0.1", "::1"]);
    let unknown = place.webhook("https://localhost:PORT/", &["127.0.0.1", "::1"]);
    let other_name = place.webhook("https://127.0.0.1:PORT/", &["127.0.0.1"]);
    known.tls = Tls::new(Some(ca_file.clone()));
    let other_name = Webhook { tls: Tls::new(Some(ca_file)), ..other_name };
    let Place { listener, directory: _directory } = place;
    let receiver = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    known.tell(&notification()).await.expect("it is signed by an authority of the file");
    for (webhook, why) in [(unknown, "nobody knows who signed it"), (other_name, "it is for another name")] {
        let error = webhook.tell(&notification()).await.expect_err(why);
        assert!(matches!(error, TellError::Unreached { .. } | TellError::Certificates(_)), "{error}");
    }
    receiver.abort();
}
