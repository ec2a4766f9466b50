//! The HTTP server as it is attached to a ledger.

use std::sync::Arc;

use super::actor;
use super::auth::{Guard, GuardError};
use crate::config::HttpConfig;
use crate::ledger::Service;

/// Serves the API, the page, the metrics and the hooks of a ledger. An address that is taken is tried again;
/// [`Status::listening`](crate::telemetry::Status::listening) says when it is served.
#[derive(Clone, Debug)]
pub struct HttpService {
    guard: Arc<Guard>,
}

impl HttpService {
    /// The server of this configuration.
    ///
    /// # Errors
    /// It may not be served so: to others than this machine without tokens, or with tokens or a certificate that cannot be used.
    pub fn new(config: &HttpConfig) -> Result<Self, GuardError> {
        Ok(Self { guard: Arc::new(Guard::new(config)?) })
    }

    /// What [`LedgerBuilder::service`](crate::LedgerBuilder::service) attaches.
    #[must_use]
    pub fn service(&self) -> Service {
        actor::service(&self.guard)
    }

    /// Reads the tokens of `http.tokens` and the certificate of `http.tls_certificate` anew; a token that is gone ends its
    /// sessions too. `false` where there are neither.
    ///
    /// # Errors
    /// A file cannot be used; what was read before stays.
    pub fn reload(&self) -> Result<bool, GuardError> {
        self.guard.reload()
    }
}
