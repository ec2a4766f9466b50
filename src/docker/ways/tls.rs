//! TLS over TCP: the certificates, and whom the daemon's is checked against.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, InconsistentKeys, RootCertStore, SignatureScheme,
};

use super::fault::{WayFault, is_hang_up};
use super::shared::Shared;
use super::tls_words;
use crate::docker::endpoint::{TlsEndpoint, TlsFiles};

/// Larger than any certificate, chain or key; what is larger is something else.
const MOST_BYTES: u64 = 1024 * 1024;

/// Speaks TLS to one daemon. The files are read again when they change: certificates are renewed while we run.
#[derive(Clone, Debug)]
pub(in crate::docker) struct TlsClient {
    files: Arc<TlsFiles>,
    loaded: Shared<Option<(Stamps, Arc<ClientConfig>)>>,
}

/// When each file was written, and its length.
type Stamps = Vec<Option<(SystemTime, u64)>>;

impl TlsClient {
    pub(in crate::docker) fn new(files: TlsFiles) -> Self {
        Self { files: Arc::new(files), loaded: Shared::default() }
    }

    /// Shakes hands on a connection to that daemon.
    pub(super) async fn over(&self, endpoint: &TlsEndpoint, stream: TcpStream) -> io::Result<TlsConnection> {
        let client = self.clone();
        // Files may lie on something that hangs.
        let config = spawn_blocking(move || client.config()).await.map_err(io::Error::other)??;
        let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| {
            WayFault::new(
                format!("no certificate can be made out for the name {}", endpoint.host),
                "reach it under a name or an address that its certificate names",
            )
        })?;
        match TlsConnector::from(config).connect(name, stream).await {
            Ok(stream) => Ok(TlsConnection { stream, endpoint: endpoint.clone(), heard: false }),
            Err(error) => Err(in_words(error, endpoint)),
        }
    }

    fn config(&self) -> Result<Arc<ClientConfig>, WayFault> {
        let stamps = stamps(&self.files);
        if let Some((known, config)) = &*self.loaded.lock()
            && *known == stamps
        {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(client_config(&self.files)?);
        *self.loaded.lock() = Some((stamps, Arc::clone(&config)));
        Ok(config)
    }
}

fn stamps(files: &TlsFiles) -> Stamps {
    let client = files.client.iter().flat_map(|(certificate, key)| [certificate, key]);
    let stamp = |path: &PathBuf| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    files.ca.iter().chain(client).map(stamp).collect()
}

/// Reads the files; the fault names the one that cannot be used, why, and what asked for it.
pub(in crate::docker) fn client_config(files: &TlsFiles) -> Result<ClientConfig, WayFault> {
    let provider = Arc::new(default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider speaks what is safe");
    let builder = if files.verify {
        builder.with_root_certificates(authorities(files)?)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
    };
    let Some((certificate, key)) = &files.client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(certificate, files)?;
    let private_key = private_key(key, files)?;
    builder.with_client_auth_cert(chain, private_key).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => unusable(
            files,
            key,
            &format!("it is not the key of {}", certificate.display()),
            "put the two that were made together there",
        ),
        other => unusable(files, certificate, &other.to_string(), "have both made anew"),
    })
}

fn authorities(files: &TlsFiles) -> Result<RootCertStore, WayFault> {
    let mut roots = RootCertStore::empty();
    let Some(path) = &files.ca else {
        // Some may be odd: what is left decides.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            let cause = format!(
                "this machine knows no authorities, and {} is not there",
                files.directory.join("ca.pem").display()
            );
            return Err(WayFault::new(
                cause,
                "put the certificate of the daemon's authority there, or install ca-certificates",
            ));
        }
        return Ok(roots);
    };
    for certificate in certificates(path, files)? {
        roots.add(certificate).map_err(|error| {
            unusable(files, path, &error.to_string(), "put the certificate of the daemon's authority there")
        })?;
    }
    Ok(roots)
}

fn certificates(path: &Path, files: &TlsFiles) -> Result<Vec<CertificateDer<'static>>, WayFault> {
    let none = || {
        unusable(
            files,
            path,
            "it holds no certificate in PEM",
            "put one there that begins with -----BEGIN CERTIFICATE-----",
        )
    };
    let pem = read(path, files)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(none()),
    }
}

fn private_key(path: &Path, files: &TlsFiles) -> Result<PrivateKeyDer<'static>, WayFault> {
    let pem = read(path, files)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        if String::from_utf8_lossy(&pem).contains("ENCRYPTED") {
            let cure = "write it without one (`openssl pkey -in key.pem -out key.pem`), readable by us alone";
            return unusable(files, path, "it is encrypted with a passphrase, and nobody is asked for one", cure);
        }
        unusable(files, path, "it holds no private key in PEM", "put the key of cert.pem there")
    })
}

fn read(path: &Path, files: &TlsFiles) -> Result<Vec<u8>, WayFault> {
    let cure = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            "put it there, or name the directory that holds it in DOCKER_CERT_PATH or docker_cert_path"
        }
        io::ErrorKind::PermissionDenied => "let the user that Dockledger runs as read it",
        _ => "put a file in PEM there",
    };
    let found = std::fs::metadata(path).map_err(|error| unusable(files, path, &error.to_string(), cure(&error)))?;
    if !found.is_file() || found.len() > MOST_BYTES {
        return Err(unusable(files, path, "it is no file of certificates", "put a file in PEM there"));
    }
    std::fs::read(path).map_err(|error| unusable(files, path, &error.to_string(), cure(&error)))
}

fn unusable(files: &TlsFiles, path: &Path, cause: &str, cure: &str) -> WayFault {
    WayFault::new(format!("{}: {cause} (TLS was asked for by {})", path.display(), files.asked_by), cure)
}

/// A connection that shook hands. In TLS 1.3 a daemon refuses our certificate after we think that all is well.
#[derive(Debug)]
pub(in crate::docker) struct TlsConnection {
    stream: TlsStream<TcpStream>,
    endpoint: TlsEndpoint,
    /// Whether the daemon said anything: then it has taken our certificate, or wants none.
    heard: bool,
}

impl AsyncRead for TlsConnection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        if self.heard {
            return Poll::Ready(read);
        }
        self.heard = read.is_ok() && buf.filled().len() > before;
        Poll::Ready(match read {
            Ok(()) if self.heard || buf.remaining() == 0 => Ok(()),
            Ok(()) => Err(tls_words::ended_early(&self.endpoint).into()),
            Err(error) => Err(in_words(error, &self.endpoint)),
        })
    }
}

impl AsyncWrite for TlsConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(Pin::new(&mut self.stream).poll_write(cx, bytes)) {
            // The daemon refused us meanwhile: the read says why.
            Err(error) if !self.heard && is_hang_up(&error) => Poll::Ready(Ok(bytes.len())),
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
            Err(error) if !self.heard && is_hang_up(&error) => Poll::Ready(Ok(())),
            flushed => Poll::Ready(flushed),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// An error of a connection over which nothing came yet.
fn in_words(error: io::Error, endpoint: &TlsEndpoint) -> io::Error {
    match tls_words::fault(&error, endpoint) {
        Some(fault) => fault.into(),
        None if error.kind() == io::ErrorKind::UnexpectedEof || is_hang_up(&error) => {
            tls_words::ended_early(endpoint).into()
        }
        None => error,
    }
}

/// Takes any certificate, as was asked for: whoever is in between can pretend to be the daemon.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
