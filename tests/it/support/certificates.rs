//! Authorities and certificates of a test's own.

use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Whom a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Servers,
    Clients,
}

/// What is odd about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    Nothing,
    Expired,
    NotYetValid,
}

/// Signs certificates.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key.
pub(crate) struct Certified {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) pem: String,
    pub(crate) key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// For these names or addresses.
    pub(crate) fn certify(&self, names: &[&str], purpose: For, odd: Odd) -> Certified {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.insert_extended_key_usage(match purpose {
            For::Servers => ExtendedKeyUsagePurpose::ServerAuth,
            For::Clients => ExtendedKeyUsagePurpose::ClientAuth,
        });
        match odd {
            Odd::Nothing => {}
            Odd::Expired => params.not_after = date_time_ymd(2020, 2, 3),
            Odd::NotYetValid => params.not_before = date_time_ymd(2090, 2, 3),
        }
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &*self.issuer).expect("signed");
        Certified { certificate: made.der().clone(), pem: made.pem(), key }
    }

    /// `ca.pem`, `cert.pem` and `key.pem` of a client.
    pub(crate) fn furnish_client(&self, directory: &Path) {
        let client = self.certify(&[], For::Clients, Odd::Nothing);
        self.furnish(directory, &client);
    }

    /// `ca.pem`, and that certificate as `cert.pem` with its `key.pem`.
    pub(crate) fn furnish(&self, directory: &Path, certified: &Certified) {
        std::fs::write(directory.join("ca.pem"), self.pem()).expect("written");
        std::fs::write(directory.join("cert.pem"), &certified.pem).expect("written");
        std::fs::write(directory.join("key.pem"), certified.key.serialize_pem()).expect("written");
    }

    /// A server with that certificate; `clients` are those whose certificates it asks for.
    pub(crate) fn server(certified: &Certified, clients: Option<&Self>) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(certified.key.serialize_der()).expect("a key");
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.issuer.der().clone()).expect("an authority");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.expect("a verifier"))
            }
        };
        Arc::new(builder.with_single_cert(vec![certified.certificate.clone()], key).expect("they belong together"))
    }
}
