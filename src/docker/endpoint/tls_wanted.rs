//! Whether TLS goes with an address, and which files. Pure.

use std::path::PathBuf;

use super::asked::Asked;
use super::environment::{Environment, PathKind};
use super::tls::TlsFiles;
use crate::docker::text::escaped;

/// TLS that was asked for, before a look at its files.
#[derive(Debug)]
pub(super) struct Wanted {
    directory: PathBuf,
    /// Whether `ca.pem` has to be there. Without it the machine's authorities count.
    ca_required: bool,
    verify: bool,
    asked_by: String,
}

impl Wanted {
    /// The files that are there. Half a pair is a fault: its cause, and the cure.
    pub(super) fn files(self, environment: &Environment) -> Result<TlsFiles, (String, String)> {
        let Self { directory, ca_required, verify, asked_by } = self;
        let there = |name: &str| {
            let path = directory.join(name);
            (environment.files.kind(&path) != PathKind::Absent).then_some(path)
        };
        let ca = there("ca.pem").or_else(|| ca_required.then(|| directory.join("ca.pem")));
        let client = match (there("cert.pem"), there("key.pem")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(there), None) | (None, Some(there)) => {
                let cause = format!("{} is there without the other of cert.pem and key.pem", there.display());
                return Err((cause, "put both there, or neither".into()));
            }
        };
        Ok(TlsFiles { directory, ca, client, verify, asked_by })
    }
}

/// TLS for an address that was named, as Docker's client decides it: any value of `DOCKER_TLS_VERIFY` or `DOCKER_TLS`
/// but an empty one asks for it, and only the first has the daemon's certificate checked.
pub(super) fn of_environment(asked: &Asked<'_>, https: bool, environment: &Environment) -> Option<Wanted> {
    let directory = asked
        .cert_path
        .map(PathBuf::from)
        .or_else(|| environment.variable("DOCKER_CERT_PATH").map(PathBuf::from))
        .or_else(|| environment.docker_directory())
        .unwrap_or_default();
    let wanted = |asked_by: String, verify, ca_required| Some(Wanted { directory, ca_required, verify, asked_by });
    if asked.cert_path.is_some() {
        wanted("docker_cert_path".into(), true, true)
    } else if let Some(value) = environment.variable("DOCKER_TLS_VERIFY") {
        wanted(meaning("DOCKER_TLS_VERIFY", value), true, true)
    } else if https {
        wanted("https://".into(), true, false)
    } else if let Some(value) = environment.variable("DOCKER_TLS") {
        wanted(meaning("DOCKER_TLS", value), false, false)
    } else {
        None
    }
}

/// TLS for the address of a context: with certificates, or without a check, if the context says so.
pub(super) fn of_context(context: &str, directory: PathBuf, skip: bool, environment: &Environment) -> Option<Wanted> {
    let there = |name: &str| environment.files.kind(&directory.join(name)) != PathKind::Absent;
    let any = ["ca.pem", "cert.pem", "key.pem"].into_iter().any(there);
    let asked_by = format!("the Docker context `{}`", escaped(context, 100));
    (any || skip).then_some(Wanted { directory, ca_required: false, verify: !skip, asked_by })
}

/// A variable by which TLS was asked for. A value that means no elsewhere is told what it means here.
fn meaning(name: &str, value: &str) -> String {
    let no = ["0", "false", "no", "off", "n", "f"].iter().any(|no| value.eq_ignore_ascii_case(no));
    if no {
        format!("{name}={value}, which Docker takes for yes, like any value that is not empty: unset it for plain HTTP")
    } else {
        name.to_owned()
    }
}

/// `docker` itself looks for a daemon over TCP where TLS is asked for and no address is named.
pub(super) fn without_host(environment: &Environment) -> Option<String> {
    let name = ["DOCKER_TLS_VERIFY", "DOCKER_TLS"].into_iter().find(|name| environment.variable(name).is_some())?;
    Some(format!(
        "{name} is set and no address is named: the daemon is looked for on the usual sockets, which need no TLS; for one \
         over TCP set DOCKER_HOST (tcp://localhost:2376 is what `docker` takes)"
    ))
}
