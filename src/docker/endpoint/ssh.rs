//! `ssh://[user@]host[:port][/path]`, as Docker reads it. Pure.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::host_port::host_and_port;
use crate::docker::ways::shared::Shared;
use crate::docker::ways::ssh_state::SshState;

/// A daemon on another machine, by way of the system's `ssh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshEndpoint {
    /// Who logs in there; else `ssh` decides.
    pub(in crate::docker) user: Option<String>,
    /// A name, an address, or an alias of the configuration of `ssh`.
    pub(in crate::docker) host: String,
    /// The port; else `ssh` decides.
    pub(in crate::docker) port: Option<u16>,
    /// The daemon's socket over there; else the docker command there decides.
    pub(in crate::docker) path: Option<String>,
    /// The configuration that `ssh` is to read in place of its usual ones.
    pub(in crate::docker) config: Option<PathBuf>,
    /// What its connections have in common.
    pub(in crate::docker) state: Shared<SshState>,
}

impl SshEndpoint {
    /// The same, with a configuration of `ssh`.
    pub(super) fn configured(self, config: Option<&Path>) -> Self {
        Self { config: config.map(PathBuf::from), ..self }
    }

    /// The arguments of `ssh`.
    ///
    /// It must never ask for anything, never act on what else its configuration may say of this host (forward ports, run
    /// another command), and never become the master of other connections, which would end with it or outlive it. A
    /// peer that vanished is noticed within half a minute. `--` ends the options, and the command is read by a shell
    /// over there.
    pub(in crate::docker) fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = ["-T", "-a", "-x"].map(String::from).into();
        if let Some(config) = &self.config {
            arguments.extend(["-F".to_owned(), config.display().to_string()]);
        }
        for option in OPTIONS {
            arguments.extend(["-o".to_owned(), (*option).to_owned()]);
        }
        if let Some(user) = &self.user {
            arguments.extend(["-l".to_owned(), user.clone()]);
        }
        if let Some(port) = self.port {
            arguments.extend(["-p".to_owned(), port.to_string()]);
        }
        arguments.extend(["--", &self.host, "docker"].map(String::from));
        if let Some(path) = &self.path {
            arguments.push(quoted(&format!("--host=unix://{path}")));
        }
        arguments.extend(["system", "dial-stdio"].map(String::from));
        arguments
    }
}

/// The connect timeout is below the list's usual deadline, so that it is `ssh` that says why.
const OPTIONS: &[&str] = &[
    "BatchMode=yes",
    "ConnectTimeout=8",
    "ServerAliveInterval=10",
    "ServerAliveCountMax=2",
    "ControlMaster=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "LogLevel=ERROR",
];

/// One word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl fmt::Display for SshEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.path.as_deref().unwrap_or_default())
    }
}

/// What stands after `ssh://`; else what is wrong with it.
pub(super) fn parse(rest: &str) -> Result<SshEndpoint, String> {
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if path.contains(['?', '#']) {
        return Err("it has a query or a fragment after the path".into());
    }
    let (user, authority) = match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => {
            return Err(
                "it holds a password, and ssh takes none from an address: it asks an agent or reads a key".into()
            );
        }
        Some((user, authority)) => (Some(user_name(user)?), authority),
        None => (None, authority),
    };
    let (host, port) = host_and_port(authority)?;
    if authority.starts_with(':') {
        return Err("its host is no name and no address".into());
    }
    let path = decoded(path.trim_end_matches('/'))?;
    let path = (!path.is_empty()).then_some(path);
    Ok(SshEndpoint { user, host, port, path, config: None, state: Shared::default() })
}

/// A name that `ssh` itself takes, and that is no option: it may end up in commands of its configuration.
fn user_name(encoded: &str) -> Result<String, String> {
    let user = decoded(encoded)?;
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "'`\";&<>|(){}$".contains(c);
    if user.is_empty() || user.starts_with('-') || user.ends_with('\\') || user.contains(forbidden) {
        return Err("its user is no name that ssh takes".into());
    }
    Ok(user)
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| "what it encodes is no text".to_owned())?;
    if text.contains(char::is_control) {
        return Err("it holds a control character".into());
    }
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_host_port_and_path_are_read_as_docker_reads_them() {
        for (text, shown) in [
            ("host", "ssh://host"),
            ("host/", "ssh://host"),
            ("ada@host", "ssh://ada@host"),
            ("ada@host:2222", "ssh://ada@host:2222"),
            ("ada@[::1]:22", "ssh://ada@[::1]:22"),
            ("ada@host/run/user/1000/docker.sock", "ssh://ada@host/run/user/1000/docker.sock"),
            ("LAB%5Cada@host", "ssh://LAB\\ada@host"),
            ("ada@example.org@host", "ssh://ada@example.org@host"),
        ] {
            assert_eq!(parse(text).map(|ssh| ssh.to_string()), Ok(shown.to_owned()), "{text}");
        }
    }

    /// B42: a host or user may be given by somebody else.
    #[test]
    fn nothing_in_an_address_becomes_an_option_or_a_command() {
        for text in [
            "-oProxyCommand=touch%20x",
            "-oProxyCommand=x@host",
            "ada@-oProxyCommand=x",
            "$(id)@host",
            "a;b@host",
            "a%0ab@host",
            "a`b@host",
            "ada@host;id",
            "@host",
            "",
            ":22",
            "ada:secret@host",
            "host?x",
            "host#x",
            "host/a%0ab",
            "host:0",
            "host:x",
        ] {
            let problem = parse(text).expect_err(text);
            assert!(!problem.contains("secret"), "{problem}");
        }
        let odd = parse("ada@host/tmp/it's $(id).sock").unwrap().arguments();
        let command = odd.iter().skip_while(|word| *word != "--").cloned().collect::<Vec<_>>();
        let quoted = r"'--host=unix:///tmp/it'\''s $(id).sock'";
        assert_eq!(command, ["--", "host", "docker", quoted, "system", "dial-stdio"]);
    }

    #[test]
    fn the_arguments_are_dockers_and_never_ask() {
        let arguments = parse("ada@host:2222").unwrap().configured(Some(Path::new("/etc/x"))).arguments().join(" ");
        assert!(arguments.ends_with("-l ada -p 2222 -- host docker system dial-stdio"), "{arguments}");
        assert!(arguments.starts_with("-T -a -x -F /etc/x -o BatchMode=yes"), "{arguments}");
    }
}
