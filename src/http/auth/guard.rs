//! What every request is judged by. Made once, so that sessions outlive a life of HttpActor.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::names::{Foreign, Names};
use super::sessions::Sessions;
use super::tokens::{Hash, Tokens, TokensError};
use super::{Access, Caller};
use crate::config::{BasePath, HttpConfig};
use crate::http::peer::Peer;
use crate::http::tls::{CertificateError, acceptor};

/// Names, tokens, sessions and certificate of one ledger's service.
pub(crate) struct Guard {
    config: HttpConfig,
    names: Names,
    /// Without a file of them whoever is on the machine may read.
    tokens: RwLock<Option<Arc<Tokens>>>,
    sessions: Sessions,
    /// Who speaks TLS, if anybody does.
    acceptor: RwLock<Option<TlsAcceptor>>,
    /// That somebody may read no more.
    revoked: watch::Sender<()>,
}

/// Why a service is not started.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Everybody on the network could do everything.
    #[error(
        "http.listen is {listen}, which others than this machine reach, and there are no tokens: make one with \
         `dockledger token new NAME --scope admin`, put its line into a file and name that in http.tokens; or listen on \
         127.0.0.1"
    )]
    Unguarded {
        /// The address.
        listen: SocketAddr,
    },
    /// The file of tokens cannot be used.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// The certificate cannot be shown.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// The cookie of a session.
pub(in crate::http) const COOKIE: &str = "dockledger_session";

impl Guard {
    /// Reads the tokens and the certificate.
    pub(crate) fn new(config: &HttpConfig) -> Result<Self, GuardError> {
        if config.tokens.is_none() && !config.listen.ip().is_loopback() {
            return Err(GuardError::Unguarded { listen: config.listen });
        }
        let tokens = config.tokens.as_deref().map(Tokens::read).transpose()?.map(Arc::new);
        Ok(Self {
            config: config.clone(),
            names: Names::new(config.listen, &config.allowed_hosts),
            tokens: RwLock::new(tokens),
            sessions: Sessions::default(),
            acceptor: RwLock::new(acceptor(config)?),
            revoked: watch::Sender::new(()),
        })
    }

    /// Reads tokens and certificate anew; tokens that are gone end their sessions too. What cannot be used changes nothing.
    /// `false` where there are neither.
    pub(crate) fn reload(&self) -> Result<bool, GuardError> {
        let tokens = self.config.tokens.as_deref().map(Tokens::read).transpose()?.map(Arc::new);
        let acceptor = acceptor(&self.config)?;
        let has_any = tokens.is_some() || acceptor.is_some();
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
        self.revoked.send_replace(());
        Ok(has_any)
    }

    /// Who speaks TLS for the next connection; nobody where there is no certificate.
    pub(in crate::http) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Refuses what comes under a foreign name, or from a page of another site.
    pub(super) fn check_site(&self, head: &Parts) -> Result<(), Foreign> {
        // A balancer asks by the address that it balances; nothing is told there that is worth a page's trouble.
        if !matches!(head.uri.path(), "/healthz" | "/readyz") {
            self.names.check_host(&head.uri, &head.headers)?;
        }
        if head.method.is_safe() { Ok(()) } else { self.names.check_origin(&head.uri, &head.headers) }
    }

    /// Who asks; `None` for nobody known. A token that is wrong is not made good by a cookie.
    pub(super) fn caller(&self, peer: Peer, headers: &HeaderMap) -> Option<Caller> {
        let Some(tokens) = self.tokens() else {
            // Every local user, every container on the host's network and every page that fools a browser comes from here.
            let is_here = matches!(peer, Peer::Tcp(address) if address.ip().to_canonical().is_loopback());
            return is_here.then(|| Caller {
                access: Access::Read,
                name: "loopback".into(),
                has_token: false,
                projects: None,
            });
        };
        match headers.get(header::AUTHORIZATION) {
            Some(value) => tokens.find(bearer(value.to_str().ok()?)?).map(|(caller, _)| caller.clone()),
            None => tokens.by_hash(&self.sessions.token(session_id(headers)?)?).cloned(),
        }
    }

    /// How somebody who is not known well enough gets in. The control socket is named on this machine alone.
    pub(super) fn way_in(&self, access: Access) -> String {
        let scope = access.as_str();
        let made = format!("`dockledger token new NAME --scope {scope}` makes one");
        if self.tokens().is_some() {
            return format!("a token is needed, as `Authorization: Bearer TOKEN`; {made}");
        }
        let token = format!(
            "without tokens loopback may only read. This takes a token: {made}, its line goes into a file that http.tokens \
             names, and it is sent as `Authorization: Bearer TOKEN`"
        );
        match &self.config.control_socket {
            Some(socket) => {
                let socket = socket.display();
                format!(
                    "{token}; or the control socket: `curl --unix-socket {socket} http://localhost/…`, as its user or root"
                )
            }
            None => token,
        }
    }

    /// The path below which a browser reaches us.
    pub(in crate::http) const fn base_path(&self) -> &BasePath {
        &self.config.base_path
    }

    /// Opens a session for whoever has a token: what its cookie holds, and who it is.
    pub(in crate::http) fn log_in(&self, token: &str) -> Option<(String, Caller)> {
        let tokens = self.tokens()?;
        let (caller, hash): (&Caller, Hash) = tokens.find(token)?;
        Some((self.sessions.open(hash)?, caller.clone()))
    }

    pub(in crate::http) fn log_out(&self, headers: &HeaderMap) {
        if let Some(id) = session_id(headers) {
            self.sessions.close(id);
            self.revoked.send_replace(());
        }
    }

    /// Tells each time that somebody may read no more: answers that go on are to end, and whoever may still read asks
    /// again.
    pub(in crate::http) fn revocations(&self) -> watch::Receiver<()> {
        self.revoked.subscribe()
    }

    fn tokens(&self) -> Option<Arc<Tokens>> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("names", &self.names).finish_non_exhaustive()
    }
}

/// The token of `Bearer TOKEN`; the scheme's case does not count.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn session_id(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &str) -> HttpConfig {
        HttpConfig { listen: listen.parse().expect("an address"), ..HttpConfig::default() }
    }

    fn peer(address: &str) -> Peer {
        Peer::Tcp(address.parse().expect("an address"))
    }

    #[test]
    fn without_tokens_only_this_machine_is_served() {
        for listen in ["0.0.0.0:7878", "[::]:7878", "10.0.0.7:7878"] {
            let refused = Guard::new(&config(listen)).expect_err(listen).to_string();
            assert!(refused.contains("dockledger token new") && refused.contains(listen), "{refused}");
        }
        let guard = Guard::new(&config("[::1]:0")).expect("loopback");
        let none = HeaderMap::new();
        let here = guard.caller(peer("[::ffff:127.0.0.1]:9"), &none).expect("it is loopback");
        assert_eq!((here.access, here.has_token), (Access::Read, false), "it may read and nothing else");
        assert_eq!(guard.caller(peer("10.0.0.7:9"), &none), None, "however it came here");
    }

    #[test]
    fn a_bearer_is_read_whatever_the_case_of_its_scheme() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for wrong in ["abc", "Basic abc", ""] {
            assert_eq!(bearer(wrong), None);
        }
    }
}
