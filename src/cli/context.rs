//! What every command starts from: its flags, the configuration, the ledger, the daemon.

use tokio::runtime::Runtime;

use super::arguments::Common;
use super::command_line::{CommandLine, as_it_was_called, beside_a_service};
use super::exit::{Exit, Failure};
use super::settings::{
    Flags, Settings, SettingsError, Surroundings, check_database_place, default_database, load, sqlite_path,
};
use crate::config::Config;
use crate::docker::{Daemon, resolve_endpoint};
use crate::model::HostName;
use crate::store::{OpenMode, Store};

/// The surroundings of one command.
pub(crate) struct Context {
    flags: Flags,
    surroundings: Surroundings,
    host: Option<HostName>,
}

impl Context {
    /// From the flags that every command takes.
    pub(crate) fn new(common: &Common, surroundings: Surroundings) -> Self {
        let given = [
            ("host", "--host", &common.host),
            ("database", "--database", &common.database),
            ("docker_host", "--docker-host", &common.docker_host),
        ];
        let keys = given.into_iter().filter_map(|(key, flag, value)| Some((key, flag, value.clone()?))).collect();
        let host = common.host.as_deref().map(HostName::new);
        Self { flags: Flags { config: common.config.clone(), keys }, surroundings, host }
    }

    /// Whether a flag or a variable names the configuration file.
    pub(crate) fn names_file(&self) -> bool {
        self.flags.config.is_some() || self.variable("DOCKLEDGER_CONFIG").is_some()
    }

    /// A variable of the environment; an empty one counts as not set.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.surroundings.variable(name)
    }

    /// How this command was called, as far as it chooses configuration, ledger, daemon or host.
    pub(crate) fn command_line(&self) -> CommandLine {
        as_it_was_called(&self.flags)
    }

    /// How a command is called that means the ledger of a service with these settings.
    pub(crate) fn command_line_beside(&self, settings: &Settings) -> CommandLine {
        beside_a_service(&self.flags, settings, self.surroundings.variable("DOCKLEDGER_CONFIG"))
    }

    /// The host that `--host` names: where rows are listed, a filter.
    pub(crate) fn host_filter(&self) -> Option<&HostName> {
        self.host.as_ref()
    }

    /// The effective configuration as it is now.
    pub(crate) fn load(&self) -> Result<Settings, SettingsError> {
        load(&self.flags, &self.surroundings)
    }

    /// The effective configuration; what was clamped is logged.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let settings = self.load()?;
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        Ok(settings)
    }

    /// The values alone.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(self.settings()?.config)
    }

    /// Opens the ledger for reading. It is never made here.
    pub(crate) fn read(&self, config: &Config) -> Result<Store, Failure> {
        self.must_exist(config)?;
        Ok(Store::open(config, OpenMode::Read)?)
    }

    /// Opens the ledger for writing, and makes it if it is not there.
    pub(crate) fn write(&self, config: &Config) -> Result<Store, Failure> {
        self.check_place(config)?;
        Ok(Store::open(config, OpenMode::Write)?)
    }

    /// Opens the ledger for a change to what is in it already.
    pub(crate) fn change(&self, config: &Config) -> Result<Store, Failure> {
        self.must_exist(config)?;
        self.write(config)
    }

    /// Refuses a database where a stranger could have put it.
    pub(crate) fn check_place(&self, config: &Config) -> Result<(), Failure> {
        check_database_place(&config.database, self.surroundings.user_id)?;
        self.check_directory(config)
    }

    /// Refuses a database in a directory that is not there: it is more often misspelt than meant, and what we make as root
    /// nobody misses. Only the usual places are made.
    fn check_directory(&self, config: &Config) -> Result<(), Failure> {
        let Some(path) = sqlite_path(&config.database) else { return Ok(()) };
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        let Some(directory) = directory.filter(|directory| !directory.try_exists().unwrap_or(true)) else {
            return Ok(());
        };
        if default_database(&self.surroundings).is_ok_and(|usual| usual == config.database) {
            return Ok(());
        }
        let directory = directory.display();
        let sentence = format!(
            "the directory {directory} of the database is not there: correct --database (or what else names it), or make it with \
             `mkdir -p {directory}`"
        );
        Err(Failure::new(Exit::Database, sentence))
    }

    /// Refuses if there is no ledger yet, and says how one comes to be. A server is asked by opening it.
    pub(crate) fn must_exist(&self, config: &Config) -> Result<(), Failure> {
        self.check_place(config)?;
        let Some(path) = sqlite_path(&config.database).filter(|path| !path.try_exists().unwrap_or(true)) else {
            return Ok(());
        };
        let sentence = format!(
            "there is no ledger at {} yet; `dockledger once` makes it with one pass, `dockledger run` makes it and \
             keeps it true, `dockledger migrate up` makes it empty; or name another with --database",
            path.display()
        );
        Err(Failure::new(Exit::Database, sentence))
    }

    /// A client of the daemon.
    pub(crate) fn daemon(config: &Config) -> Result<Daemon, Failure> {
        Ok(Daemon::new(resolve_endpoint(config)?, config))
    }
}

/// The runtime of the commands that ask the daemon.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    // Two threads: one that awaits, one for work that takes its time; each more costs memory and saves nothing.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|cause| Failure::new(Exit::Failed, format!("cannot start the runtime: {cause}")))
}
