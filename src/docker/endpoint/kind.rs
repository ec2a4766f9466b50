//! The address of a daemon, of each kind. Pure.

use std::fmt;
use std::path::PathBuf;

use super::ssh::SshEndpoint;
use super::tls::TlsEndpoint;
use super::usual::UsualSockets;

/// The address of a daemon that we can speak to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A unix socket that was named.
    Unix(PathBuf),
    /// None was named: the first of these that can be connected.
    Usual(UsualSockets),
    /// Plain HTTP over TCP.
    Tcp {
        /// Name or address, version 6 without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// TLS over TCP.
    Tls(TlsEndpoint),
    /// `docker system dial-stdio` on another machine, by way of `ssh`.
    Ssh(SshEndpoint),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Usual(usual) => match usual.chosen() {
                Some(path) => write!(f, "unix://{}", path.display()),
                None => f.write_str("the usual sockets"),
            },
            Self::Tcp { .. } | Self::Tls(_) => write!(f, "tcp://{}", self.authority()),
            Self::Ssh(ssh) => ssh.fmt(f),
        }
    }
}

impl Endpoint {
    /// What a request names as its host.
    pub(in crate::docker) fn authority(&self) -> String {
        let (host, port) = match self {
            Self::Unix(_) | Self::Usual(_) | Self::Ssh(_) => return "localhost".to_owned(),
            Self::Tcp { host, port } => (host, port),
            Self::Tls(tls) => (&tls.host, &tls.port),
        };
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// The keys that say how it is reached, each with what it comes to.
    #[cfg(feature = "http")]
    pub(crate) fn way(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unix(_) | Self::Usual(_) => Vec::new(),
            Self::Tcp { .. } => vec![("docker_cert_path", "no TLS".to_owned())],
            Self::Tls(tls) => vec![("docker_cert_path", tls.files.named())],
            Self::Ssh(ssh) => {
                let usual = || "the usual ones of ssh".to_owned();
                let config = ssh.config.as_ref().map_or_else(usual, |path| path.display().to_string());
                vec![("docker_ssh_config", config)]
            }
        }
    }

    /// How it is reached, where the address alone does not say.
    pub(in crate::docker) fn remark(&self) -> Option<String> {
        match self {
            Self::Unix(_) | Self::Tcp { .. } => None,
            Self::Usual(usual) => usual.remark(),
            Self::Tls(tls) => Some(tls.files.remark()),
            Self::Ssh(_) => Some("by `ssh` and `docker system dial-stdio`".to_owned()),
        }
    }
}
