//! The certificate that the service shows, if it is given one.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::HttpConfig;

/// Why a service that is to speak TLS is not started.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// One of the two keys is lacking.
    #[error("http.tls_certificate and http.tls_key belong together, and only one of them is set; set both, or neither")]
    Alone,
    /// A file cannot be read, or does not hold what it should.
    #[error("cannot use {path} ({key}): {cause}")]
    Unusable {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's words, or what is wrong with the content.
        cause: String,
    },
    /// Others can read or write the private key.
    #[error("the private key {path} (http.tls_key) is open to others than its owner and group; `chmod 640 {path}`")]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// The two do not fit.
    #[error("the certificate in {certificate} and the private key in {key} do not serve: {cause}")]
    Unfit {
        /// The file of the certificates.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong with them.
        cause: String,
    },
}

/// Group members may read it, as where a service's own group gets the certificates that another user renews.
const OPEN_TO_OTHERS: u32 = 0o027;

/// A chain is below 16 KiB.
const MOST_BYTES: u64 = 1024 * 1024;

/// Reads certificate and key; `None` where neither is named.
pub(super) fn acceptor(config: &HttpConfig) -> Result<Option<TlsAcceptor>, CertificateError> {
    let (certificate, key) = match (&config.tls_certificate, &config.tls_key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) | (None, Some(_)) => return Err(CertificateError::Alone),
    };
    let unfit = |cause: String| CertificateError::Unfit { certificate: certificate.clone(), key: key.clone(), cause };
    let mut server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unfit(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain(certificate)?, private_key(key)?)
        .map_err(|error| unfit(error.to_string()))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(server))))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let unusable = |cause: String| CertificateError::Unusable { key: "http.tls_certificate", path: path.into(), cause };
    let file = File::open(path).map_err(|error| unusable(error.to_string()))?;
    let pem = content(file).map_err(|error| unusable(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| unusable(error.to_string()))?;
    if certificates.is_empty() { Err(unusable("it holds no certificate in PEM".into())) } else { Ok(certificates) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let unusable = |cause: String| CertificateError::Unusable { key: "http.tls_key", path: path.into(), cause };
    let file = File::open(path).map_err(|error| unusable(error.to_string()))?;
    // Of what is open, so that nothing else can be put in its place meanwhile.
    let found = file.metadata().map_err(|error| unusable(error.to_string()))?;
    if found.mode() & OPEN_TO_OTHERS != 0 {
        return Err(CertificateError::Open { path: path.into() });
    }
    let pem = content(file).map_err(|error| unusable(error.to_string()))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| unusable(format!("it holds no private key in PEM ({error})")))
}

fn content(file: File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut content)?;
    Ok(content)
}
