//! How the ledger is served over HTTP, and what may be done that way.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::base_path::BasePath;

/// How `run` serves the ledger over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address. Without tokens loopback may read and nothing else: every local user, and every container on the host's
    /// network, reaches it.
    pub listen: SocketAddr,
    /// The path below which a proxy shows the service; it is served without the path, too.
    pub base_path: BasePath,
    /// Names in the `Host` header that are ours, beside the address itself and `localhost`: those of a proxy.
    pub allowed_hosts: Vec<String>,
    /// The socket by which the commands beside a running service hand their work to it; only its own user can open it.
    /// `None` for none: [`crate::cli`] chooses one for each ledger and host.
    pub control_socket: Option<PathBuf>,
    /// The file of tokens; with one, everybody needs a token but who comes by the control socket. Without, only loopback is
    /// served, and may only read.
    pub tokens: Option<PathBuf>,
    /// Requests a second from one address, four times as many at once; 0 for any number. Loopback is not counted: a
    /// proxy's clients all come from there. 100: a page with its parts, reloaded by hand as fast as one can.
    pub rate: u32,
    /// The certificate chain in PEM, for TLS.
    pub tls_certificate: Option<PathBuf>,
    /// Its private key in PEM.
    pub tls_key: Option<PathBuf>,
    /// How a person calls the program so that it means this ledger: what suggested commands begin with. No key: the program
    /// knows how it was called itself.
    pub command: String,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7878)),
            base_path: BasePath::default(),
            allowed_hosts: Vec::new(),
            control_socket: None,
            tokens: None,
            rate: 100,
            tls_certificate: None,
            tls_key: None,
            command: "dockledger".into(),
        }
    }
}

/// What may be done to containers over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionsConfig {
    /// Whether containers are started, stopped, restarted and removed at all.
    pub enabled: bool,
}

/// What a caller without the scope `admin` may claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsConfig {
    /// Whether also a container whose labels name no owner at all. Off: whoever holds a deployer's token could otherwise take
    /// whatever nobody has registered yet, and stop it.
    pub unlabelled: bool,
}
