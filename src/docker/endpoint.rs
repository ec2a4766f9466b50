//! Where the daemon is. Pure but for [`Environment::of_process`], [`resolve_endpoint`], and the choice of a usual socket.

mod address;
mod context;
mod environment;
mod error;
mod ssh;
mod tls;
mod usual;

use std::fmt;
use std::path::{Path, PathBuf};

pub use error::EndpointError;
pub use ssh::SshEndpoint;
pub use tls::{TlsEndpoint, TlsFiles};
pub use usual::UsualSockets;

use address::Address;
pub(super) use address::TLS_PORT;
use environment::{Environment, PathKind};

use super::text::escaped;
use super::ways::tls::client_config;
use crate::config::Config;

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
    pub(super) fn authority(&self) -> String {
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
    pub(super) fn remark(&self) -> Option<String> {
        match self {
            Self::Unix(_) | Self::Tcp { .. } => None,
            Self::Usual(usual) => usual.remark(),
            Self::Tls(tls) => Some(tls.files.remark()),
            Self::Ssh(_) => Some("by `ssh` and `docker system dial-stdio`".to_owned()),
        }
    }
}

/// The daemon's address in the environment of this process: `docker_host` of the configuration, else `DOCKER_HOST`, else
/// the Docker context (`DOCKER_CONTEXT`, or `currentContext` of Docker's `config.json`), else the first that can be
/// connected of the sockets of Docker, rootless Docker, its desktops and Podman. What is odd and in nobody's way is
/// logged as a warning.
///
/// # Errors
///
/// What is asked for cannot be used: no address, a path that is no socket, a context or a certificate that cannot be
/// read. That no daemon listens is no error here.
pub fn resolve_endpoint(config: &Config) -> Result<Endpoint, EndpointError> {
    let found = find_endpoint(config)?;
    for warning in &found.warnings {
        tracing::warn!("{warning}");
    }
    Ok(found.endpoint)
}

/// [`resolve_endpoint`], with the warnings for whoever shows them.
pub(crate) fn find_endpoint(config: &Config) -> Result<Found, EndpointError> {
    let found = resolve(&Asked::of(config), &Environment::of_process())?;
    match &found.endpoint {
        Endpoint::Tls(tls) => {
            client_config(&tls.files).map_err(|fault| EndpointError::Tls {
                address: found.endpoint.to_string(),
                cause: fault.cause,
                cure: fault.cure,
            })?;
        }
        Endpoint::Usual(usual) => usual.choose(),
        Endpoint::Unix(_) | Endpoint::Tcp { .. } | Endpoint::Ssh(_) => {}
    }
    Ok(found)
}

/// What of Docker's own settings chooses the daemon, where our configuration does not: a variable, or a context.
#[cfg(feature = "cli")]
pub(crate) fn chosen_by_docker(config: &Config) -> Option<String> {
    let environment = Environment::of_process();
    let is_named = |address: Option<&str>| address.map(address::clean).is_some_and(|address| !address.is_empty());
    if is_named(config.docker_host.as_deref()) {
        return None;
    }
    if is_named(environment.variable("DOCKER_HOST")) {
        return Some("$DOCKER_HOST".to_owned());
    }
    let (context, source_of) = context::current(&environment, &mut Vec::new())?;
    Some(format!("the Docker context {} ({source_of})", escaped(&context, 100)))
}

/// An address, and what is odd about how it was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The address.
    pub(crate) endpoint: Endpoint,
    /// Sentences.
    pub(crate) warnings: Vec<String>,
}

/// What our own configuration says of the daemon.
#[derive(Clone, Copy, Debug, Default)]
struct Asked<'a> {
    docker_host: Option<&'a str>,
    cert_path: Option<&'a Path>,
    ssh_config: Option<&'a Path>,
}

impl<'a> Asked<'a> {
    fn of(config: &'a Config) -> Self {
        Self {
            docker_host: config.docker_host.as_deref(),
            cert_path: config.docker_cert_path.as_deref(),
            ssh_config: config.docker_ssh_config.as_deref(),
        }
    }
}

/// [`find_endpoint`] in any surroundings, without a look at what listens.
fn resolve(asked: &Asked<'_>, environment: &Environment) -> Result<Found, EndpointError> {
    let mut warnings = Vec::new();
    let configured = asked.docker_host.map(address::clean).filter(|address| !address.is_empty());
    let variable = environment.variable("DOCKER_HOST").map(address::clean).filter(|address| !address.is_empty());
    let named = configured.map(|address| (address, "docker_host")).or(variable.map(|address| (address, "DOCKER_HOST")));
    let endpoint = if let Some((address, source_of)) = named {
        if source_of == "DOCKER_HOST" {
            warnings.extend(context::overridden(environment));
        }
        named_endpoint(&Named { address, source_of }, asked, environment)?
    } else if let Some((context, source_of)) = context::current(environment, &mut warnings) {
        context::endpoint(&context, source_of, asked, environment)?
    } else {
        warnings.extend(tls::without_host(environment));
        usual::sockets(environment)?
    };
    Ok(Found { endpoint, warnings })
}

/// An address and where it was said.
struct Named<'a> {
    address: &'a str,
    source_of: &'a str,
}

impl Named<'_> {
    fn wrong(&self, problem: impl Into<String>) -> EndpointError {
        EndpointError::Address { address: self.shown(), source_of: self.source_of.to_owned(), problem: problem.into() }
    }

    /// The address for a message: what stands before an `@` may be a password.
    fn shown(&self) -> String {
        let hidden = match (self.address.split_once("://"), self.address.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
            (None, Some((_, rest))) => format!("***@{rest}"),
            _ => self.address.to_owned(),
        };
        printable(&hidden)
    }

    fn parse(&self) -> Result<Address, EndpointError> {
        address::parse(self.address).map_err(|problem| self.wrong(problem))
    }
}

/// Bounded, and what does not print shown as the sign for it: whoever prints the message escapes it, and an escape of an
/// escape is no use to anybody.
fn printable(text: &str) -> String {
    let sign = |c: char| match u32::from(c) {
        control @ 0..0x20 => char::from_u32(0x2400 + control).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ if c.is_alphanumeric() || c.is_ascii() => c,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().take(200).map(sign).collect()
}

/// The endpoint of an address that the configuration or `DOCKER_HOST` names.
fn named_endpoint(named: &Named<'_>, asked: &Asked<'_>, environment: &Environment) -> Result<Endpoint, EndpointError> {
    match named.parse()? {
        Address::Unix(path) => unix(path, named.source_of, environment),
        Address::Ssh(ssh) => Ok(Endpoint::Ssh(ssh.configured(asked.ssh_config))),
        Address::Tcp { host, port, https } => {
            let files = tls::of_environment(asked, https, environment);
            over_tcp(host, port, files, named.source_of, environment)
        }
    }
}

/// A daemon over TCP, with TLS if there is what it takes.
fn over_tcp(
    host: String,
    port: Option<u16>,
    wanted: Option<tls::Wanted>,
    source_of: &str,
    environment: &Environment,
) -> Result<Endpoint, EndpointError> {
    match wanted {
        None => Ok(Endpoint::Tcp { host, port: port.unwrap_or(address::PLAIN_PORT) }),
        Some(wanted) => {
            let port = port.unwrap_or(TLS_PORT);
            let files = wanted.files(environment).map_err(|(cause, cure)| EndpointError::Tls {
                address: format!("{} ({source_of})", Endpoint::Tcp { host: host.clone(), port }),
                cause,
                cure,
            })?;
            Ok(Endpoint::Tls(TlsEndpoint { host, port, files }))
        }
    }
}

/// A socket that was named, unless something else stands there.
fn unix(path: PathBuf, source_of: &str, environment: &Environment) -> Result<Endpoint, EndpointError> {
    let kind = match environment.files.kind(&path) {
        PathKind::Absent | PathKind::Hidden | PathKind::Socket => return Ok(Endpoint::Unix(path)),
        PathKind::Directory => "a directory",
        PathKind::File => "a plain file",
        PathKind::Other => "no socket",
    };
    Err(EndpointError::NotASocket {
        path: escaped(&path.display().to_string(), 200),
        source_of: source_of.to_owned(),
        kind,
    })
}

#[cfg(test)]
mod tests;
