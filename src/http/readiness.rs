//! What would keep a service from being served as it is configured; found out without serving anything.

use std::io;

use super::auth::{Guard, GuardError};
use super::listen::is_free;
use crate::config::HttpConfig;

/// Why it would not be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Obstacle {
    /// Tokens, certificate, or the lack of tokens: it does not start.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// It would start, and try again until it has the address.
    #[error("cannot listen on {listen} (http.listen): {cause}; stop whoever has it, or choose another address")]
    Listen {
        /// The address.
        listen: std::net::SocketAddr,
        /// The system's words.
        cause: io::Error,
    },
}

/// Reads tokens and certificate as a service does at its start. What is configured, for people.
///
/// # Errors
/// It would not start.
pub(crate) fn examine_guard(config: &HttpConfig) -> Result<String, Obstacle> {
    Guard::new(config)?;
    let tokens = if config.tokens.is_some() { "tokens are read" } else { "no tokens: loopback may read" };
    let tls = if config.tls_certificate.is_some() { "certificate and key fit" } else { "no TLS" };
    Ok(format!("{tokens}; {tls}"))
}

/// Whether the address is to be had.
///
/// # Errors
/// It is not.
pub(crate) fn examine_listener(config: &HttpConfig) -> Result<(), Obstacle> {
    is_free(config.listen).map_err(|cause| Obstacle::Listen { listen: config.listen, cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_free_until_somebody_listens_and_looking_keeps_nobody_from_it() {
        let config = |listen| HttpConfig { listen, ..HttpConfig::default() };
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("an address");
        let told = examine_listener(&config(address)).expect_err("taken").to_string();
        assert!(told.contains(&address.to_string()) && told.contains("in use"), "{told}");
        drop(taken);
        examine_listener(&config(address)).expect("free");
        examine_listener(&config(address)).expect("still free");
    }

    #[test]
    fn what_keeps_a_service_from_its_start_is_told_and_what_is_configured_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let config = HttpConfig { tokens: Some(directory.path().join("none")), ..HttpConfig::default() };
        assert!(examine_guard(&config).expect_err("no file").to_string().contains("http.tokens"));
        let open = HttpConfig { listen: "0.0.0.0:7878".parse().expect("an address"), ..HttpConfig::default() };
        assert!(examine_guard(&open).expect_err("no tokens").to_string().contains("token new"));
        assert_eq!(examine_guard(&HttpConfig::default()).expect("fine"), "no tokens: loopback may read; no TLS");
    }
}
