//! Beside a running service: what cannot be handed over to it is refused, and not dropped.

use std::collections::BTreeMap;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::service::Service;
use super::settings::{Origin, Settings, sqlite_path};
use crate::docker::{chosen_by_docker, find_endpoint};
use crate::model::{HostRecord, Timestamp};
use crate::store::{OpenMode, Store};
use crate::wording::is_served;

/// Refuses what was asked for and what the service that holds the host would do in another way: it would run the pass over its own
/// daemon, by its own settings.
///
/// # Errors
///
/// A service holds the host, and something that a pass depends on was asked for that it has not.
pub(super) fn refuse_what_a_service_would_drop(context: &Context, settings: &Settings) -> Result<(), Failure> {
    let config = &settings.config;
    // Where there is no ledger yet, or it cannot be read, the command itself finds that out.
    if sqlite_path(&config.database).is_some_and(|path| !path.exists()) {
        return Ok(());
    }
    let Ok(hosts) = Store::open(config, OpenMode::Read).and_then(|mut store| store.hosts()) else { return Ok(()) };
    let Some(served) = hosts.iter().find(|host| host.name == config.host && is_served(host, Timestamp::now())) else {
        return Ok(());
    };
    let daemon = asked_for(context, &settings.origin("docker_host")).or_else(|| chosen_by_docker(config));
    let endpoint = find_endpoint(config)?.endpoint;
    if let Some(source) = &daemon {
        refuse_unlike(served, &endpoint.to_string(), source)?;
    }
    let asked: Vec<Asked> = config
        .of_a_pass()
        .into_iter()
        .chain(endpoint.way())
        .filter_map(|(key, value)| {
            let source =
                asked_for(context, &settings.origin(key)).or_else(|| way_by_docker(context, key, daemon.as_ref()))?;
            Some(Asked { key, value, source })
        })
        .collect();
    let service = Service::of(config).filter(|_| !asked.is_empty());
    let Some(own) = service.map(|service| service.settings()).transpose()?.flatten() else { return Ok(()) };
    refuse_other_settings(served, &asked, &own)
}

/// A setting that somebody asked for.
struct Asked {
    key: &'static str,
    value: String,
    source: String,
}

/// Who asked for a setting, if anybody did. What every command of the machine has by its usual configuration file is the
/// service's too.
fn asked_for(context: &Context, origin: &Origin) -> Option<String> {
    match origin {
        Origin::Default => None,
        Origin::File(_) if !context.names_file() => None,
        other => Some(other.to_string()),
    }
}

/// What of Docker's own settings says how the daemon is reached: TLS by its variables, or with the daemon itself.
fn way_by_docker(context: &Context, key: &str, daemon: Option<&String>) -> Option<String> {
    if key != "docker_cert_path" {
        return None;
    }
    let variables = ["DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_TLS"];
    let variable = variables.into_iter().find(|name| context.variable(name).is_some());
    variable.map(|name| format!("${name}")).or_else(|| daemon.cloned())
}

fn refuse_other_settings(served: &HostRecord, asked: &[Asked], own: &BTreeMap<String, String>) -> Result<(), Failure> {
    let unlike = asked.iter().find_map(|asked| Some((asked, own.get(asked.key).filter(|own| **own != asked.value)?)));
    let Some((Asked { key, value, source }, own)) = unlike else { return Ok(()) };
    let host = &served.name;
    let sentence = format!(
        "a service holds the host {host} and would run the pass with {key} = {own:?}, not with {value:?} ({source}): leave \
         {source} away, or stop the service, or name another host with --host"
    );
    Err(Failure::new(Exit::Usage, sentence))
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
    use crate::cli::settings::KEYS;
    use crate::config::Config;

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

    #[test]
    fn a_setting_that_the_service_has_otherwise_is_refused_by_its_name() {
        let asked = |key, value: &str| Asked { key, value: value.into(), source: "$X".into() };
        let own = BTreeMap::from([("auto_adopt".to_owned(), "false".to_owned()), ("ignore".into(), "name:a".into())]);
        let same = [asked("auto_adopt", "false"), asked("ignore", "name:a"), asked("of_a_later_version", "1")];
        assert!(refuse_other_settings(&host(), &same, &own).is_ok());
        let refused = refuse_other_settings(&host(), &[asked("auto_adopt", "true")], &own).expect_err("another");
        assert_eq!(refused.exit(), Exit::Usage);
        let told = refused.to_string();
        assert!(told.contains("auto_adopt = \"false\", not with \"true\" ($X)"), "{told}");
        assert!(told.contains("leave $X away"), "{told}");
    }

    /// Of these a pass that is handed over depends in no way, or they choose which ledger, host and daemon are meant.
    const NOT_OF_A_PASS: &[&str] = &[
        "host",
        "database",
        "database_schema",
        "docker_host",
        "docker_cert_path",
        "docker_ssh_config",
        "interval",
        "coalesce",
        "scope_limit",
        "retention.",
        "restart_",
        "http.",
        "actions.",
        "claims.",
        "notify.",
    ];

    #[test]
    fn of_each_key_it_is_said_whether_a_pass_depends_on_it() {
        let of_a_pass = Config::new("x").of_a_pass();
        for key in KEYS {
            let is_of_a_pass = of_a_pass.iter().any(|(name, _)| *name == key.name);
            let is_not = NOT_OF_A_PASS
                .iter()
                .any(|name| if name.ends_with(['.', '_']) { key.name.starts_with(name) } else { key.name == *name });
            assert!(is_of_a_pass != is_not, "{}", key.name);
        }
        assert!(of_a_pass.iter().all(|(name, _)| KEYS.iter().any(|key| key.name == *name)));
    }
}
