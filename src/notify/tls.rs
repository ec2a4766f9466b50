//! TLS to a receiver: whom its certificate is checked against.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::receiver::TellError;

/// The authorities of the machine, and those of a file; read once they are needed.
#[derive(Debug, Default)]
pub(super) struct Tls {
    ca_file: Option<String>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) const fn new(ca_file: Option<String>) -> Self {
        Self { ca_file, config: OnceCell::const_new() }
    }

    #[cfg(feature = "cli")]
    /// Whether the certificates can be read.
    pub(super) async fn examine(&self) -> Result<(), TellError> {
        self.config.get_or_try_init(|| self.load()).await.map(drop)
    }

    /// Speaks TLS on a connection to that host.
    pub(super) async fn over<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        url: &str,
        stream: S,
    ) -> Result<TlsStream<S>, TellError> {
        let config = self.config.get_or_try_init(|| self.load()).await?;
        let unreached = |cause: String| TellError::Unreached { url: url.to_owned(), cause };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| unreached(error.to_string()))?;
        let connector = TlsConnector::from(Arc::clone(config));
        connector.connect(name, stream).await.map_err(|error| unreached(error.to_string()))
    }

    async fn load(&self) -> Result<Arc<ClientConfig>, TellError> {
        let ca_file = self.ca_file.clone();
        let loaded = spawn_blocking(move || authorities(ca_file.as_deref())).await;
        let roots = loaded.map_err(|error| TellError::Certificates(error.to_string()))??;
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TellError::Certificates(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

fn authorities(ca_file: Option<&str>) -> Result<RootCertStore, TellError> {
    let mut roots = RootCertStore::empty();
    // Of the machine's some may be odd, or there may be none: what is left decides.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unread = |cause: String| TellError::Certificates(format!("{path}, of notify.ca_file: {cause}"));
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unread(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unread(error.to_string()))?;
            roots.add(certificate).map_err(|error| unread(error.to_string()))?;
        }
    }
    if roots.is_empty() {
        let cause = "the machine has none (package ca-certificates), and notify.ca_file names none";
        return Err(TellError::Certificates(cause.into()));
    }
    Ok(roots)
}
