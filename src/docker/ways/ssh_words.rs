//! What `ssh` said when it ended, what that means, and what helps. Pure.

use std::io;
use std::process::ExitStatus;

use super::fault::WayFault;
use crate::docker::endpoint::SshEndpoint;
use crate::docker::text::escaped;

/// How much of its words goes into a message.
const MAX_SHOWN_BYTES: usize = 300;

/// The exit code of `ssh` for faults of its own; others are those of the command over there.
const OF_SSH_ITSELF: i32 = 255;

/// The exit code of a shell that finds no such command, or cannot run it.
const NO_SUCH_COMMAND: [i32; 2] = [126, 127];

/// Why a connection ended.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) fault: WayFault,
    /// Whether somebody has to mend something before the next try can succeed.
    pub(super) is_lasting: bool,
}

/// There is no process.
pub(super) fn not_started(error: &io::Error) -> WayFault {
    if error.kind() == io::ErrorKind::NotFound {
        return WayFault::new(
            "there is no program `ssh` here",
            "install it (package openssh-client), and see that it is in PATH",
        );
    }
    WayFault::new(format!("`ssh` does not start: {error}"), "see that it can be run by this user")
}

/// A process ended; `heard` says whether anything had come through it.
pub(super) fn ended(endpoint: &SshEndpoint, status: Option<ExitStatus>, said: &str, heard: bool) -> Words {
    let code = status.and_then(|status| status.code());
    let (meaning, cure, is_lasting) = meaning(endpoint, code, said, heard);
    let words = shown(said);
    let words = if words.is_empty() { how(status) } else { format!("it said: {words}") };
    let mut fault = WayFault::new(format!("{meaning} ({words})"), cure);
    fault.connected = heard;
    Words { fault, is_lasting }
}

/// What it comes to, what helps, and whether it lasts until somebody mends it.
fn meaning(endpoint: &SshEndpoint, code: Option<i32>, said: &str, heard: bool) -> (String, String, bool) {
    let has = |words: &str| said.contains(words);
    let login = login(endpoint);
    let SshEndpoint { host, .. } = endpoint;
    if code.is_some_and(|code| NO_SUCH_COMMAND.contains(&code)) {
        let cure = format!(
            "install Docker's command there (package docker-cli or docker.io), where `ssh {login} docker version` finds it"
        );
        return (format!("there is no command `docker` on {host}"), cure, true);
    }
    if code.is_some_and(|code| code != OF_SSH_ITSELF) {
        return of_docker(endpoint, said);
    }
    if has("REMOTE HOST IDENTIFICATION HAS CHANGED") || has("Host key for") && has("has changed") {
        let known_as = endpoint.port.map_or_else(|| host.clone(), |port| format!("'[{host}]:{port}'"));
        let cure = format!("if that is known and right, `ssh-keygen -R {known_as}`, then `ssh {login}` once by hand");
        return (format!("the key of {host} is another than the one that is known of it"), cure, true);
    }
    if has("Host key verification failed") || has("host key is known") {
        let cure =
            format!("`ssh {login}` once by hand, as the user that Dockledger runs as, and compare its fingerprint");
        return (format!("the key of {host} is not known"), cure, true);
    }
    if has("Permission denied") || has("Too many authentication failures") {
        let cure = format!(
            "put a key that needs no passphrase, or an agent (SSH_AUTH_SOCK), where `ssh -o BatchMode=yes {login}` finds it \
             as the user that Dockledger runs as, and its public half into the authorized_keys over there"
        );
        return (format!("{host} lets nobody in with what was offered"), cure, true);
    }
    if has("Could not resolve hostname") {
        return (
            format!("the name {host} leads nowhere"),
            "check the address, or the Host entries of the configuration of ssh".into(),
            true,
        );
    }
    if has("Bad configuration option") || has("Can't open user config file") || has("Bad owner or permissions") {
        return ("ssh cannot use its configuration".into(), format!("see `ssh -G {login}`"), true);
    }
    if heard {
        return ("ssh ended".into(), "see that the network and sshd over there last".into(), false);
    }
    (
        format!("ssh does not reach {host}"),
        format!("see that `ssh {login}` works, as the user that Dockledger runs as"),
        false,
    )
}

/// The command over there ran and failed.
fn of_docker(endpoint: &SshEndpoint, said: &str) -> (String, String, bool) {
    let SshEndpoint { host, path, .. } = endpoint;
    let lower = said.to_ascii_lowercase();
    let socket = path.as_deref().unwrap_or("the socket");
    if lower.contains("permission denied") {
        let user = endpoint.user.as_deref().unwrap_or("USER");
        let cure = format!("`usermod -aG docker {user}` there, and log in anew");
        return (format!("who logs in on {host} may not open {socket} of the Docker daemon"), cure, true);
    }
    if lower.contains("is not a docker command") || lower.contains("unknown command") {
        let cure = "update it to 18.09 or later".to_owned();
        return (format!("the command `docker` on {host} has no `system dial-stdio`"), cure, true);
    }
    if said.trim().is_empty() {
        let cure = format!("see its log there; `ssh {} docker version` says more", login(endpoint));
        return (format!("the daemon on {host} ended the connection without an answer"), cure, false);
    }
    let cure = format!("start the daemon there; `ssh {} docker version` says more", login(endpoint));
    (format!("`docker system dial-stdio` failed on {host}"), cure, false)
}

/// How one would log in by hand.
fn login(endpoint: &SshEndpoint) -> String {
    let SshEndpoint { user, host, port, .. } = endpoint;
    let port = port.map(|port| format!("-p {port} ")).unwrap_or_default();
    let user = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    format!("{port}{user}{host}")
}

/// Its last lines as one.
fn shown(said: &str) -> String {
    let lines: Vec<&str> =
        said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains("@@@@")).collect();
    let last = lines[lines.len().saturating_sub(4)..].join(" | ");
    escaped(&last, MAX_SHOWN_BYTES)
}

fn how(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "it closed its output and did not end".into(), |status| format!("it said nothing; {status}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;
    use crate::docker::endpoint::Endpoint;

    fn words(code: i32, said: &str) -> Words {
        let mut config = crate::config::Config::new("unused");
        config.docker_host = Some("ssh://ada@lab:2222/run/d.sock".into());
        let Ok(Endpoint::Ssh(endpoint)) = crate::docker::resolve_endpoint(&config) else { panic!("ssh") };
        ended(&endpoint, Some(ExitStatus::from_raw(code << 8)), said, false)
    }

    #[test]
    fn each_way_to_fail_is_told_with_its_own_cure() {
        for (code, said, cause, cure, lasting) in [
            (255, "Host key verification failed.\r\n", "is not known", "ssh -p 2222 ada@lab", true),
            (
                255,
                "No ED25519 host key is known for [lab]:2222 and you have requested strict checking.\nHost key verification failed.",
                "is not known",
                "fingerprint",
                true,
            ),
            (
                255,
                "@@@@@@@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "is another than",
                "ssh-keygen -R '[lab]:2222'",
                true,
            ),
            (255, "ada@lab: Permission denied (publickey).", "lets nobody in", "authorized_keys", true),
            (255, "ssh: Could not resolve hostname lab: Name or service not known", "leads nowhere", "address", true),
            (255, "ssh: connect to host lab port 2222: Connection refused", "does not reach", "works", false),
            (255, "/x line 1: Bad configuration option: y", "cannot use its configuration", "ssh -G", true),
            (127, "bash: line 1: docker: command not found", "no command `docker` on lab", "docker version", true),
            (1, "docker: 'system dial-stdio' is not a docker command.", "has no `system dial-stdio`", "18.09", true),
            (
                1,
                "Cannot connect to the Docker daemon at unix:///run/d.sock. Is the docker daemon running?",
                "failed on lab",
                "start the daemon there",
                false,
            ),
            (
                1,
                "permission denied while trying to connect to the docker API at unix:///run/d.sock",
                "may not open /run/d.sock",
                "usermod -aG docker ada",
                true,
            ),
            (255, "", "does not reach", "works", false),
        ] {
            let Words { fault, is_lasting } = words(code, said);
            assert!(fault.cause.contains(cause), "{said}: {fault}");
            assert!(fault.cure.contains(cure), "{said}: {fault}");
            assert_eq!(is_lasting, lasting, "{said}");
        }
    }

    #[test]
    fn its_words_are_told_bounded_and_escaped() {
        let said = format!("{}\n\u{1b}[31mmotd\nPermission denied (publickey).", "x".repeat(5000));
        let shown = words(255, &said).fault.to_string();
        assert!(shown.len() < 1000 && !shown.contains(['\u{1b}', '\n']), "{shown}");
        assert!(words(1, "").fault.cause.contains("without an answer (it said nothing"));
    }
}
