//! Where the daemon is. Pure but for [`Environment::of_process`] and [`resolve_endpoint`].

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::text::escaped;
use crate::config::Config;

/// Where Docker listens unless told otherwise.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// Where Podman's service listens for root.
const PODMAN_SOCKET: &str = "/run/podman/podman.sock";

/// The port of the API without TLS, as Docker's own client has it.
const DEFAULT_PORT: u16 = 2375;

/// The address of a daemon that we can speak to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A unix socket.
    Unix(PathBuf),
    /// Plain HTTP over TCP.
    Tcp {
        /// Name or address, version 6 without brackets.
        host: String,
        /// The port.
        port: u16,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

/// Why no address comes out of the configuration: a fault of the configuration, that no waiting heals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// TLS is asked for.
    #[error(
        "cannot use the Docker daemon at {address} ({source_of}): TLS is not built in and plain HTTP will not do where \
         TLS was asked for; use a local socket, or forward one \
         (`ssh -N -L /tmp/docker.sock:/var/run/docker.sock HOST`) and set DOCKER_HOST=unix:///tmp/docker.sock"
    )]
    Tls {
        /// The address asked for.
        address: String,
        /// Where it was said.
        source_of: String,
    },
    /// SSH is asked for.
    #[error(
        "cannot use the Docker daemon at {address} ({source_of}): ssh is not built in; forward its socket \
         (`ssh -N -L /tmp/docker.sock:/var/run/docker.sock HOST`) and set DOCKER_HOST=unix:///tmp/docker.sock"
    )]
    Ssh {
        /// The address asked for.
        address: String,
        /// Where it was said.
        source_of: String,
    },
    /// Not an address.
    #[error(
        "cannot use {address:?} ({source_of}) as the address of the Docker daemon: {problem}; write \
         unix:///path/to/docker.sock or tcp://host:port"
    )]
    Address {
        /// The address asked for, without what may be a password.
        address: String,
        /// Where it was said.
        source_of: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The path is no socket.
    #[error(
        "cannot use {path} ({source_of}) as the socket of the Docker daemon: it is {kind}; if it was bind-mounted into \
         a container before the daemon made it, remove it, start the daemon, and mount its directory instead"
    )]
    NotASocket {
        /// The path.
        path: String,
        /// Where it was said.
        source_of: String,
        /// What it is.
        kind: &'static str,
    },
    /// A Docker context cannot be read.
    #[error(
        "cannot use the Docker context {context:?} ({source_of}): {problem}; see `docker context ls`, or name the \
         daemon with --docker-host or DOCKER_HOST"
    )]
    Context {
        /// Its name.
        context: String,
        /// Where it was said.
        source_of: String,
        /// What is wrong.
        problem: String,
    },
    /// Docker's own configuration cannot be read.
    #[error("cannot read Docker's configuration {path}: {problem}; mend it, or name the daemon with DOCKER_HOST")]
    DockerConfig {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// What the address depends on beside our own configuration.
pub(super) struct Environment {
    /// The environment variables.
    pub variables: BTreeMap<String, String>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// The file system.
    pub files: Box<dyn Files>,
}

/// The little of a file system that the address depends on.
pub(super) trait Files {
    /// The text of a small file.
    fn read(&self, path: &Path) -> io::Result<String>;
    /// What is at a path, links followed.
    fn kind(&self, path: &Path) -> PathKind;
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathKind {
    /// Nothing that we can see.
    Absent,
    /// A socket.
    Socket,
    /// A directory.
    Directory,
    /// A plain file.
    File,
    /// A pipe, a device.
    Other,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub(super) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { variables, home: std::env::home_dir(), files: Box::new(RealFiles) }
    }

    /// A variable; an empty one counts as not set, as it does for Docker's own client.
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn docker_directory(&self) -> Option<PathBuf> {
        self.variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(self.home.as_ref()?.join(".docker")))
    }
}

struct RealFiles;

impl Files for RealFiles {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn kind(&self, path: &Path) -> PathKind {
        match std::fs::metadata(path) {
            Err(_) => PathKind::Absent,
            Ok(found) if found.file_type().is_socket() => PathKind::Socket,
            Ok(found) if found.is_dir() => PathKind::Directory,
            Ok(found) if found.is_file() => PathKind::File,
            Ok(_) => PathKind::Other,
        }
    }
}

/// The daemon's address in the environment of this process: `docker_host` of the configuration, else `DOCKER_HOST`, else
/// the Docker context (`DOCKER_CONTEXT`, or `currentContext` of Docker's `config.json`), else the first socket that
/// exists of Docker's, rootless Docker's, Docker Desktop's and Podman's; else Docker's, so that an error names it.
///
/// # Errors
///
/// What is asked for cannot be used: TLS or ssh, no address, a path that is no socket, a context that cannot be read.
/// That no daemon listens is no error here.
pub fn resolve_endpoint(config: &Config) -> Result<Endpoint, EndpointError> {
    resolve(config.docker_host.as_deref(), &Environment::of_process())
}

/// [`resolve_endpoint`] in any surroundings; `configured` is the configuration's `docker_host`.
pub(super) fn resolve(configured: Option<&str>, environment: &Environment) -> Result<Endpoint, EndpointError> {
    let tls = environment.variable("DOCKER_TLS_VERIFY").is_some();
    if let Some(address) = configured.filter(|address| !address.is_empty()) {
        return parse(&Named { address, source_of: "docker_host", tls }, environment);
    }
    if let Some(address) = environment.variable("DOCKER_HOST") {
        return parse(&Named { address, source_of: "DOCKER_HOST", tls }, environment);
    }
    match context(environment)? {
        Some((context, source_of)) => from_context(&context, source_of, environment),
        None => first_socket(environment),
    }
}

/// An address and where it was said.
struct Named<'a> {
    address: &'a str,
    source_of: &'a str,
    /// Whether TLS goes with it.
    tls: bool,
}

impl Named<'_> {
    fn wrong(&self, problem: &'static str) -> EndpointError {
        EndpointError::Address { address: self.shown(), source_of: self.source_of.to_owned(), problem }
    }

    /// The address for a message: what stands before an `@` may be a password.
    fn shown(&self) -> String {
        let hidden = match (self.address.split_once("://"), self.address.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
            (None, Some((_, rest))) => format!("***@{rest}"),
            _ => self.address.to_owned(),
        };
        escaped(&hidden, 200)
    }
}

fn parse(named: &Named<'_>, environment: &Environment) -> Result<Endpoint, EndpointError> {
    let Some((scheme, rest)) = named.address.split_once("://") else {
        return Err(named.wrong("it has no scheme"));
    };
    match scheme {
        "unix" => unix(rest, named, environment),
        "tcp" | "http" if named.tls => {
            Err(EndpointError::Tls { address: named.shown(), source_of: named.source_of.to_owned() })
        }
        "tcp" | "http" => tcp(rest, named),
        "https" => Err(EndpointError::Tls { address: named.shown(), source_of: named.source_of.to_owned() }),
        "ssh" => Err(EndpointError::Ssh { address: named.shown(), source_of: named.source_of.to_owned() }),
        _ => Err(named.wrong("its scheme is none of unix, tcp and http")),
    }
}

fn unix(path: &str, named: &Named<'_>, environment: &Environment) -> Result<Endpoint, EndpointError> {
    let path = PathBuf::from(path);
    if !path.is_absolute() {
        return Err(named.wrong("the path of the socket does not begin with /"));
    }
    let kind = match environment.files.kind(&path) {
        PathKind::Absent | PathKind::Socket => return Ok(Endpoint::Unix(path)),
        PathKind::Directory => "a directory",
        PathKind::File => "a plain file",
        PathKind::Other => "no socket",
    };
    Err(EndpointError::NotASocket {
        path: escaped(&path.display().to_string(), 200),
        source_of: named.source_of.to_owned(),
        kind,
    })
}

fn tcp(rest: &str, named: &Named<'_>) -> Result<Endpoint, EndpointError> {
    if rest.contains('@') {
        return Err(named.wrong("it holds a user name or password, which plain HTTP would send in the clear"));
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or_else(|| named.wrong("it has no port"))?)),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let in_brackets = authority.starts_with('[');
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') || (in_brackets && c == ':');
    if host.is_empty() || !host.chars().all(allowed) {
        return Err(named.wrong("its host is no name and no address"));
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) => port.parse().map_err(|_| named.wrong("its port is no number from 1 to 65535"))?,
    };
    if port == 0 {
        return Err(named.wrong("its port is no number from 1 to 65535"));
    }
    Ok(Endpoint::Tcp { host: host.to_owned(), port })
}

/// The context in use and where that was said; none for `default`, which stands for the usual sockets.
fn context(environment: &Environment) -> Result<Option<(String, &'static str)>, EndpointError> {
    let named = match environment.variable("DOCKER_CONTEXT") {
        Some(name) => Some((name.to_owned(), "DOCKER_CONTEXT")),
        None => current_context(environment)?.map(|name| (name, "currentContext of Docker's config.json")),
    };
    Ok(named.filter(|(name, _)| name != "default"))
}

fn current_context(environment: &Environment) -> Result<Option<String>, EndpointError> {
    #[derive(Deserialize)]
    struct DockerConfig {
        #[serde(rename = "currentContext", default)]
        current_context: Option<String>,
    }
    let Some(path) = environment.docker_directory().map(|directory| directory.join("config.json")) else {
        return Ok(None);
    };
    let wrong = |problem: String| EndpointError::DockerConfig { path: path.display().to_string(), problem };
    let text = match environment.files.read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::NotADirectory => {
            return Ok(None);
        }
        Err(error) => return Err(wrong(error.to_string())),
    };
    let config: DockerConfig = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(config.current_context.filter(|name| !name.is_empty()))
}

fn from_context(context: &str, source_of: &str, environment: &Environment) -> Result<Endpoint, EndpointError> {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(rename = "Endpoints")]
        endpoints: BTreeMap<String, MetaEndpoint>,
    }
    #[derive(Deserialize)]
    struct MetaEndpoint {
        #[serde(rename = "Host", default)]
        host: String,
    }
    let wrong = |problem: String| EndpointError::Context {
        context: escaped(context, 100),
        source_of: source_of.to_owned(),
        problem,
    };
    let directory = environment.docker_directory().ok_or_else(|| wrong("there is no home directory".into()))?;
    let contexts = directory.join("contexts");
    let hash = hex(&Sha256::digest(context));
    let meta = contexts.join("meta").join(&hash).join("meta.json");
    let text = environment.files.read(&meta).map_err(|error| wrong(format!("{}: {error}", meta.display())))?;
    let meta: Meta = serde_json::from_str(&text).map_err(|error| wrong(format!("{}: {error}", meta.display())))?;
    let host = meta.endpoints.get("docker").map_or("", |endpoint| endpoint.host.as_str());
    if host.is_empty() {
        return Err(wrong("it names no Docker endpoint".into()));
    }
    // Docker's client speaks TLS where a context holds certificates; they are in a directory of the same name.
    let tls = environment.files.kind(&contexts.join("tls").join(&hash).join("docker")) == PathKind::Directory;
    parse(&Named { address: host, source_of: &format!("Docker context {context}"), tls }, environment)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes whatever is written");
        text
    })
}

fn first_socket(environment: &Environment) -> Result<Endpoint, EndpointError> {
    let runtime = environment.variable("XDG_RUNTIME_DIR").map(PathBuf::from);
    let candidates = [
        Some(PathBuf::from(DEFAULT_SOCKET)),
        runtime.as_ref().map(|directory| directory.join("docker.sock")),
        environment.home.as_ref().map(|home| home.join(".docker/run/docker.sock")),
        Some(PathBuf::from(PODMAN_SOCKET)),
        runtime.as_ref().map(|directory| directory.join("podman/podman.sock")),
    ];
    let found = candidates.into_iter().flatten().find(|path| environment.files.kind(path) == PathKind::Socket);
    match found {
        Some(path) => Ok(Endpoint::Unix(path)),
        // Nothing listens. If the usual path is something else than a socket, that is said.
        None => unix(
            DEFAULT_SOCKET,
            &Named { address: DEFAULT_SOCKET, source_of: "the usual path", tls: false },
            environment,
        ),
    }
}

#[cfg(test)]
mod tests;
