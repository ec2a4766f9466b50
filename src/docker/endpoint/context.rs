//! Docker's own configuration: the context in use. Pure.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::address::{self, Address};
use super::asked::Asked;
use super::environment::Environment;
use super::kind::Endpoint;
use super::named::Named;
use super::{EndpointError, checked, tls_wanted};
use crate::docker::text::escaped;

/// Where the name of a context was said.
const OF_CONFIG: &str = "currentContext of Docker's config.json";

/// The context in use and where that was said; none for `default`, which stands for the usual sockets.
pub(super) fn current(environment: &Environment, warnings: &mut Vec<String>) -> Option<(String, &'static str)> {
    let named = match environment.variable("DOCKER_CONTEXT") {
        Some(name) => Some((name.to_owned(), "DOCKER_CONTEXT")),
        None => configured(environment, warnings).map(|name| (name, OF_CONFIG)),
    };
    named.filter(|(name, _)| name != "default")
}

/// `DOCKER_HOST` goes before a context, as it does for `docker`; who set both may not know.
pub(super) fn overridden(environment: &Environment) -> Option<String> {
    // What else is odd about the file is in nobody's way here.
    let (context, source_of) = current(environment, &mut Vec::new())?;
    let context = escaped(&context, 100);
    Some(format!("DOCKER_HOST is used, and the Docker context `{context}` ({source_of}) is not"))
}

/// `currentContext`. The file is Docker's and of many programs beside it: one that cannot be read or understood says
/// nothing of a context, and is told of.
fn configured(environment: &Environment, warnings: &mut Vec<String>) -> Option<String> {
    #[derive(Deserialize)]
    struct DockerConfig {
        #[serde(rename = "currentContext", default)]
        current_context: Option<String>,
    }
    let path = environment.docker_directory()?.join("config.json");
    let mut passed_over = |problem: String| {
        warnings.push(format!(
            "Docker's configuration {} is passed over: {problem}; a context that it names is not used, and DOCKER_CONTEXT \
             or DOCKER_HOST can be",
            path.display()
        ));
    };
    let text = match environment.files.read(&path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return None,
        Err(error) => {
            passed_over(error.to_string());
            return None;
        }
    };
    // Made by `touch` or cut short: it names no context, and there is nothing to mend for us.
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        return None;
    }
    match serde_json::from_str::<DockerConfig>(text.trim_start_matches('\u{feff}')) {
        Ok(config) => config.current_context.filter(|name| !name.is_empty()),
        Err(error) => {
            passed_over(format!("it is not what Docker writes ({error})"));
            None
        }
    }
}

/// The endpoint of a context. One that was named and is not there is a fault, as it is for `docker`: another daemon is
/// not what was meant.
pub(super) fn endpoint(
    context: &str,
    source_of: &str,
    asked: &Asked<'_>,
    environment: &Environment,
) -> Result<Endpoint, EndpointError> {
    let wrong = |problem: String| EndpointError::Context {
        context: escaped(context, 100),
        source_of: source_of.to_owned(),
        problem,
    };
    let directory = environment.docker_directory().ok_or_else(|| wrong("there is no home directory".into()))?;
    let contexts = directory.join("contexts");
    let hash = hex(&Sha256::digest(context));
    let meta = read_meta(&contexts.join("meta").join(&hash).join("meta.json"), environment).map_err(wrong)?;
    let docker = meta.endpoints.get("docker").filter(|endpoint| !address::clean(&endpoint.host).is_empty());
    let docker = docker.ok_or_else(|| wrong("it names no Docker endpoint".into()))?;
    let source_of = format!("Docker context `{}`", escaped(context, 100));
    let named = Named { address: address::clean(&docker.host), source_of: &source_of };
    match named.parse()? {
        Address::Unix(path) => checked::unix(path, &source_of, environment),
        Address::Ssh(ssh) => Ok(Endpoint::Ssh(ssh.configured(asked.ssh_config))),
        Address::Tcp { host, port, https } => {
            let files = contexts.join("tls").join(&hash).join("docker");
            let wanted = match asked.cert_path {
                Some(_) => tls_wanted::of_environment(asked, https, environment),
                None => tls_wanted::of_context(context, files, docker.skip_tls_verify, environment)
                    .or_else(|| https.then(|| tls_wanted::of_environment(asked, https, environment)).flatten()),
            };
            checked::over_tcp(host, port, wanted, &source_of, environment)
        }
    }
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints", default)]
    endpoints: BTreeMap<String, MetaEndpoint>,
}

#[derive(Deserialize)]
struct MetaEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

fn read_meta(path: &Path, environment: &Environment) -> Result<Meta, String> {
    let text = match environment.files.read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(format!("there is no such context: {} is not there", path.display()));
        }
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes whatever is written");
        text
    })
}
