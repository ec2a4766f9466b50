//! Beside a running service: what cannot be handed over to it is refused, and not dropped.

use super::context::Context;
use super::exit::{Exit, Failure};
use super::settings::{Origin, Settings, sqlite_path};
use crate::docker::find_endpoint;
use crate::model::{HostRecord, Timestamp};
use crate::store::{OpenMode, Store};
use crate::telling::is_served;

/// Refuses a daemon that was asked for and that is not the one of the service which holds the host: the service would run
/// the pass over its own.
///
/// # Errors
///
/// Another daemon was asked for, and a service holds the host.
pub(super) fn refuse_another_daemon(context: &Context, settings: &Settings) -> Result<(), Failure> {
    let Some(source) = asked_for(context, &settings.origin("docker_host")) else { return Ok(()) };
    let config = &settings.config;
    // Where there is no ledger yet, or it cannot be read, the command itself finds that out.
    if sqlite_path(&config.database).is_some_and(|path| !path.exists()) {
        return Ok(());
    }
    let Ok(hosts) = Store::open(config, OpenMode::Read).and_then(|mut store| store.hosts()) else { return Ok(()) };
    let Some(served) = hosts.iter().find(|host| host.name == config.host && is_served(host, Timestamp::now())) else {
        return Ok(());
    };
    refuse_unlike(served, &find_endpoint(config)?.endpoint.to_string(), &source)
}

/// Who asked for a daemon by its address, if anybody did. What every command of the machine has by its usual configuration
/// file is the service's too.
fn asked_for(context: &Context, origin: &Origin) -> Option<String> {
    match origin {
        Origin::Default => None,
        Origin::File(_) if !context.names_file() => None,
        other => Some(other.to_string()),
    }
}

fn refuse_unlike(served: &HostRecord, asked: &str, source: &str) -> Result<(), Failure> {
    let Some(own) = served.endpoint.as_deref().filter(|own| *own != asked) else { return Ok(()) };
    let host = &served.name;
    let sentence = format!(
        "a service holds the host {host} and would run the pass over its own daemon, {own}, not over {asked} ({source}): leave \
         {source} away, or stop the service, or name another host with --host"
    );
    Err(Failure::new(Exit::Usage, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::freshness::tests::host;

    #[test]
    fn only_another_daemon_than_the_services_is_refused() {
        let own = host().endpoint.expect("an endpoint");
        assert!(refuse_unlike(&host(), &own, "--docker-host").is_ok());
        let refused = refuse_unlike(&host(), "tcp://10.0.0.1:2375", "--docker-host").expect_err("another");
        assert_eq!(refused.exit(), Exit::Usage);
        let told = refused.to_string();
        assert!(
            told.contains(&own) && told.contains("leave --docker-host away") && told.contains("stop the service"),
            "{told}"
        );
        assert!(refuse_unlike(&HostRecord { endpoint: None, ..host() }, "x", "--docker-host").is_ok());
    }
}
