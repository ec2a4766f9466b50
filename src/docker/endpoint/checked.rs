//! An endpoint of an address that was understood, once what it takes was looked at.

use std::path::PathBuf;

use super::EndpointError;
use super::environment::{Environment, PathKind};
use super::host_port::{PLAIN_PORT, TLS_PORT};
use super::kind::Endpoint;
use super::tls::TlsEndpoint;
use super::tls_wanted::Wanted;
use crate::docker::text::escaped;

/// A daemon over TCP, with TLS if there is what it takes.
pub(super) fn over_tcp(
    host: String,
    port: Option<u16>,
    wanted: Option<Wanted>,
    source_of: &str,
    environment: &Environment,
) -> Result<Endpoint, EndpointError> {
    match wanted {
        None => Ok(Endpoint::Tcp { host, port: port.unwrap_or(PLAIN_PORT) }),
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
pub(super) fn unix(path: PathBuf, source_of: &str, environment: &Environment) -> Result<Endpoint, EndpointError> {
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
