//! A configuration as it may stand in a log: without passwords.

use std::fmt;

use super::{Config, database_without_password, without_password};

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart by name, so that a new key is not left out.
        let Self {
            host,
            database,
            database_schema,
            docker_host,
            docker_cert_path,
            docker_ssh_config,
            interval,
            list_deadline,
            inspect_deadline,
            identity_deadline,
            store_deadline,
            coalesce,
            scope_limit,
            labels,
            image_labels,
            compose_prefix,
            auto_adopt,
            ignore,
            retention,
            restart_intensity,
            restart_window,
            flapping,
            http,
            notify,
            actions,
            claims,
        } = self;
        f.debug_struct("Config")
            .field("host", host)
            .field("database", &database_without_password(database))
            .field("database_schema", database_schema)
            .field("docker_host", &docker_host.as_deref().map(without_password))
            .field("docker_cert_path", docker_cert_path)
            .field("docker_ssh_config", docker_ssh_config)
            .field("interval", interval)
            .field("list_deadline", list_deadline)
            .field("inspect_deadline", inspect_deadline)
            .field("identity_deadline", identity_deadline)
            .field("store_deadline", store_deadline)
            .field("coalesce", coalesce)
            .field("scope_limit", scope_limit)
            .field("labels", labels)
            .field("image_labels", image_labels)
            .field("compose_prefix", compose_prefix)
            .field("auto_adopt", auto_adopt)
            .field("ignore", ignore)
            .field("retention", retention)
            .field("restart_intensity", restart_intensity)
            .field("restart_window", restart_window)
            .field("flapping", flapping)
            .field("http", http)
            .field("notify", notify)
            .field("actions", actions)
            .field("claims", claims)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// F13
    #[test]
    fn f13_a_configuration_in_a_log_shows_no_password() {
        let mut config = Config::new("postgres://u:hunter2@h/d?sslpassword=hunter3");
        config.docker_host = Some("tcp://u:hunter4@h:2375".into());
        let shown = format!("{config:?} {config:#?}");
        assert!(!shown.contains("hunter") && shown.contains("postgres://u:***@h/d"), "{shown}");
    }
}
