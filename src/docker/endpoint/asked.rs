//! What our own configuration says of the daemon. Pure.

use std::path::Path;

use crate::config::Config;

/// The keys that choose it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked<'a> {
    pub(super) docker_host: Option<&'a str>,
    pub(super) cert_path: Option<&'a Path>,
    pub(super) ssh_config: Option<&'a Path>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(config: &'a Config) -> Self {
        Self {
            docker_host: config.docker_host.as_deref(),
            cert_path: config.docker_cert_path.as_deref(),
            ssh_config: config.docker_ssh_config.as_deref(),
        }
    }
}
