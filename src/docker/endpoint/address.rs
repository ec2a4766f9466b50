//! The forms in which people write a daemon's address. Pure.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::host_port::host_and_port;
use super::ssh::{self, SshEndpoint};
use super::usual::DEFAULT_SOCKET;

/// An address that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A path that begins with `/`.
    Unix(PathBuf),
    /// A host and perhaps a port.
    Tcp {
        /// Name or address, version 6 without brackets.
        host: String,
        /// The port, if one is named.
        port: Option<u16>,
        /// Whether the scheme asks for TLS.
        https: bool,
    },
    /// Another machine.
    Ssh(SshEndpoint),
}

/// An address without what comes along when it is pasted or read from a file: white space, ends of lines, quotes.
pub(super) fn clean(address: &str) -> &str {
    let mut rest = address;
    loop {
        let before = rest.len();
        rest = rest.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
        for quote in ['"', '\''] {
            if let Some(inner) = rest.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote)) {
                rest = inner;
            }
        }
        if rest.len() == before {
            return rest;
        }
    }
}

/// What a clean address means; else what is wrong with it.
pub(super) fn parse(address: &str) -> Result<Address, String> {
    if address.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err("it holds a space or a control character".into());
    }
    let Some((scheme, rest)) = address.split_once("://") else { return without_scheme(address) };
    match scheme.to_ascii_lowercase().as_str() {
        "unix" => unix(rest),
        "http+unix" => unix(&decoded(rest)?),
        "tcp" | "http" => tcp(rest, false),
        "https" => tcp(rest, true),
        "ssh" => ssh::parse(rest).map(Address::Ssh),
        "npipe" => Err("named pipes are there on Windows alone".into()),
        "fd" => Err("that is how systemd hands a socket to the daemon, and a client names the socket itself".into()),
        _ => Err("its scheme is none of unix, tcp, http, https and ssh".into()),
    }
}

fn without_scheme(address: &str) -> Result<Address, String> {
    if address.starts_with('/') {
        return unix(address);
    }
    if let Some(path) = address.strip_prefix("unix:") {
        return unix(path);
    }
    let bare = address.trim_end_matches('/');
    if bare.contains('@') {
        return Err("it names a user and no scheme; ssh://USER@HOST is by ssh".into());
    }
    if bare.contains('/') {
        return Err("it has no scheme, and is neither the path of a socket from / on nor host:port".into());
    }
    tcp(bare, false)
}

fn unix(path: &str) -> Result<Address, String> {
    match path {
        "" => Ok(Address::Unix(DEFAULT_SOCKET.into())),
        path if path.starts_with('/') && !path.trim_matches('/').is_empty() => {
            Ok(Address::Unix(path.trim_end_matches('/').into()))
        }
        _ => Err("the path of the socket does not begin with /, and so it depends on where it is read".into()),
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| "what it encodes is no text".to_owned())?;
    Ok(if text.starts_with('/') { text.into_owned() } else { format!("/{text}") })
}

fn tcp(rest: &str, https: bool) -> Result<Address, String> {
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("it holds a user name or password, which the API has no use for".into());
    }
    if !path.trim_matches('/').is_empty() {
        return Err(format!("it goes on with `{path}` after the port, and Docker's API is not found under a path"));
    }
    let (host, port) = host_and_port(authority)?;
    Ok(Address::Tcp { host, port, https })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(clean(text)) {
            Ok(Address::Unix(path)) => format!("unix {}", path.display()),
            Ok(Address::Tcp { host, port, https }) => format!("tcp {host} {port:?} {https}"),
            Ok(Address::Ssh(ssh)) => ssh.to_string(),
            Err(problem) => format!("error {problem}"),
        }
    }

    /// F25
    #[test]
    fn f25_a_socket_is_understood_in_each_form() {
        for text in [
            "/var/run/docker.sock",
            "unix:/var/run/docker.sock",
            "unix:///var/run/docker.sock",
            "unix:///var/run/docker.sock/",
            "UNIX:///var/run/docker.sock",
            "unix:///var/run/docker.sock\r",
            "unix:///var/run/docker.sock\r\n",
            " \t/var/run/docker.sock\n",
            "\"unix:///var/run/docker.sock\"",
            "'/var/run/docker.sock' ",
            "\u{feff}/var/run/docker.sock",
            "http+unix://%2Fvar%2Frun%2Fdocker.sock",
            "http+unix://var/run/docker.sock",
            "unix://",
            "unix:",
        ] {
            assert_eq!(shown(text), "unix /var/run/docker.sock", "{text:?}");
        }
    }

    /// F25
    #[test]
    fn f25_a_host_is_understood_in_each_form() {
        for (text, expected) in [
            ("tcp://host:1234", "tcp host Some(1234) false"),
            ("TCP://host:1234/", "tcp host Some(1234) false"),
            ("http://host:1234/", "tcp host Some(1234) false"),
            ("https://host", "tcp host None true"),
            ("tcp://host", "tcp host None false"),
            ("tcp://host/", "tcp host None false"),
            ("host:1234", "tcp host Some(1234) false"),
            ("host:1234/", "tcp host Some(1234) false"),
            ("10.0.0.1:2375\r\n", "tcp 10.0.0.1 Some(2375) false"),
            ("localhost", "tcp localhost None false"),
            ("tcp://:2375", "tcp localhost Some(2375) false"),
            (":2375", "tcp localhost Some(2375) false"),
            ("tcp://[::1]:1234", "tcp ::1 Some(1234) false"),
            ("[::1]:1234", "tcp ::1 Some(1234) false"),
            ("tcp://[::1]", "tcp ::1 None false"),
            ("tcp://my_host.internal:1", "tcp my_host.internal Some(1) false"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    /// F25: what cannot be understood is told by what is wrong with it.
    #[test]
    fn f25_what_is_no_address_is_named() {
        for (text, problem) in [
            ("unix://relative.sock", "does not begin with /"),
            ("unix:relative.sock", "does not begin with /"),
            ("unix:///", "does not begin with /"),
            ("var/run/docker.sock", "no scheme"),
            ("./docker.sock", "no scheme"),
            ("ada@host", "ssh://USER@HOST"),
            ("npipe:////./pipe/docker_engine", "Windows"),
            ("fd://", "systemd"),
            ("ftp://host", "none of unix, tcp, http, https and ssh"),
            ("tcp://", "no name and no address"),
            ("tcp://host:0", "port"),
            ("tcp://host:70000", "port"),
            ("tcp://host:", "port"),
            ("tcp://host:1/path", "`/path` after the port"),
            ("tcp://host/v1.41", "`/v1.41` after the port"),
            ("tcp://host:1?x=y", "`?x=y` after the port"),
            ("tcp://a:b:c", "port"),
            ("tcp://-oProxyCommand=x:1", "no name and no address"),
            ("tcp://host\n:1", "control character"),
            ("tcp://ho st:1", "a space"),
            ("tcp://[::1]1", "no port after the brackets"),
            ("tcp://[]:1", "no name and no address"),
            ("tcp://ada:secret@host:1", "user name or password"),
        ] {
            let shown = shown(text);
            assert!(shown.starts_with("error") && shown.contains(problem), "{text:?}: {shown}");
        }
    }
}
