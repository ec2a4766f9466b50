//! `host:port`, and the ports of Docker's API. Pure.

/// The port of the API without TLS, as Docker's own client has it.
pub(super) const PLAIN_PORT: u16 = 2375;

/// The port of the API with TLS, as Docker's own client has it.
pub(in crate::docker) const TLS_PORT: u16 = 2376;

/// Splits `host:port`, the host of version 6 in brackets. No host is this machine, as it is for Docker.
pub(super) fn host_and_port(authority: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or("it has no port after the brackets")?)),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        None => None,
        Some(port) => match port.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err("its port is no number from 1 to 65535".into()),
        },
    };
    let in_brackets = authority.starts_with('[');
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') || (in_brackets && c == ':');
    match host {
        "" if port.is_some() && !in_brackets => Ok(("localhost".to_owned(), port)),
        host if !host.is_empty() && !host.starts_with('-') && host.chars().all(allowed) => Ok((host.to_owned(), port)),
        _ => Err("its host is no name and no address".into()),
    }
}
