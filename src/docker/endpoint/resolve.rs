//! The choice of the daemon's address among all that may name one. Pure but for what takes a [`Config`]: that looks at this
//! process and at what is around it.

use super::address::{self, Address};
use super::asked::Asked;
use super::environment::Environment;
use super::kind::Endpoint;
use super::named::Named;
use super::{EndpointError, checked, context, tls_wanted, usual_places};
use crate::config::Config;
#[cfg(feature = "cli")]
use crate::docker::text::escaped;
use crate::docker::ways::tls::client_config;

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

/// [`find_endpoint`] in any surroundings, without a look at what listens.
pub(super) fn resolve(asked: &Asked<'_>, environment: &Environment) -> Result<Found, EndpointError> {
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
        warnings.extend(tls_wanted::without_host(environment));
        usual_places::sockets(environment)?
    };
    Ok(Found { endpoint, warnings })
}

/// The endpoint of an address that the configuration or `DOCKER_HOST` names.
fn named_endpoint(named: &Named<'_>, asked: &Asked<'_>, environment: &Environment) -> Result<Endpoint, EndpointError> {
    match named.parse()? {
        Address::Unix(path) => checked::unix(path, named.source_of, environment),
        Address::Ssh(ssh) => Ok(Endpoint::Ssh(ssh.configured(asked.ssh_config))),
        Address::Tcp { host, port, https } => {
            let files = tls_wanted::of_environment(asked, https, environment);
            checked::over_tcp(host, port, files, named.source_of, environment)
        }
    }
}
