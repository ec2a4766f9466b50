//! The whole line: what every command takes, and the commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::administration::{CompletionsArguments, MigrateCommand, NotifyCommand, TokenCommand};
use super::history::{AuditArguments, ChangesArguments, PassesArguments};
use super::hosts::HostsArguments;
use super::printing::Printing;
use super::registry::{
    AddProject, AddSite, AddStack, AdoptArguments, ParentCommand, RotateSecretArguments, StageCommand,
};
use super::rows::{ClaimArguments, ForgetArguments, PsArguments, ReleaseArguments, ShowArguments, UnassignedArguments};
use super::running::{DemoArguments, OnceArguments, RunArguments};

/// Keeps a database table of containers, the ledger, true to the Docker daemon.
#[derive(Debug, Parser)]
#[command(
    name = "dockledger",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 fine, 1 the work failed, 2 usage or configuration, 3 the daemon is unreachable, \
                  4 the database is unusable, 5 another instance holds the host."
)]
pub struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// Whether the command is the long-running service.
    #[must_use]
    pub fn is_service(&self) -> bool {
        matches!(self.command, Command::Run(_))
    }

    /// How often `-v` was given.
    #[must_use]
    pub fn verbose(&self) -> u8 {
        self.common.verbose
    }
}

/// What every command takes.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// The configuration file [default: $DOCKLEDGER_CONFIG, /etc/dockledger/dockledger.toml,
    /// $XDG_CONFIG_HOME/dockledger/dockledger.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub(crate) config: Option<PathBuf>,
    /// The ledger: a file path, sqlite:PATH, or postgres://USER@HOST/NAME
    #[arg(long, global = true, value_name = "URL", help_heading = "Common options")]
    pub(crate) database: Option<String>,
    /// The daemon: unix:///PATH, or tcp://HOST:PORT
    #[arg(long, global = true, value_name = "URL", help_heading = "Common options")]
    pub(crate) docker_host: Option<String>,
    /// The name of this host in the ledger; where rows are listed, only this host's
    #[arg(long, global = true, value_name = "NAME", help_heading = "Common options")]
    pub(crate) host: Option<String>,
    /// Log more to stderr; repeat for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Common options")]
    pub(crate) verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service: keep the ledger true until SIGTERM; SIGUSR1 runs a pass now
    Run(RunArguments),
    /// Run one whole pass and print its report
    Once(OnceArguments),
    /// List the containers in the ledger
    Ps(PsArguments),
    /// Show all that is known of one container, with its recent history
    Show(ShowArguments),
    /// Ask the daemon which containers have no row, why, and what would fix it; changes nothing
    Unassigned(UnassignedArguments),
    /// Register what already runs: compose projects become stacks, plain containers join one by name
    Adopt(AdoptArguments),
    /// Projects: their containers are made by a deployer
    #[command(subcommand)]
    Project(ParentCommand<AddProject>),
    /// Stages of a project
    #[command(subcommand)]
    Stage(StageCommand),
    /// Stacks: compose projects, and containers adopted by name
    #[command(subcommand)]
    Stack(ParentCommand<AddStack>),
    /// Static sites
    #[command(subcommand)]
    Site(ParentCommand<AddSite>),
    /// Give a workload a new webhook secret and print it, once
    RotateSecret(RotateSecretArguments),
    /// Make or bind a row of a project, as a deployer does
    Claim(ClaimArguments),
    /// Remove a row
    Release(ReleaseArguments),
    /// Dismiss a row whose container is gone: a missing one
    Forget(ForgetArguments),
    /// Print the history of the rows
    Changes(ChangesArguments),
    /// The hosts in the ledger: how fresh, who writes them
    Hosts(HostsArguments),
    /// List recent passes
    Passes(PassesArguments),
    /// List what was ordered of containers over HTTP, by whom, and what came of it
    Audit(AuditArguments),
    /// List the rows that a proxy serves
    Routes(Printing),
    /// Check configuration, daemon, database, lease and what a service needs; for each fault its cause and cure
    Doctor(Printing),
    /// The receivers of notifications
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Tokens of those who may use the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// The schema of the database
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Show the whole program against a simulated daemon; nothing of this machine is touched
    Demo(DemoArguments),
    /// Print completions for a shell
    Completions(CompletionsArguments),
    /// Print the effective configuration and where each value came from
    Config(Printing),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn common_flags_are_taken_before_and_after_the_command() {
        for line in ["dockledger --host a ps", "dockledger ps --host a", "dockledger hosts list --host a"] {
            let arguments = Arguments::try_parse_from(line.split(' ')).expect(line);
            assert_eq!(arguments.common.host.as_deref(), Some("a"), "{line}");
        }
    }

    #[test]
    fn impossible_lines_are_refused() {
        for line in [
            "dockledger",
            "dockledger adopt",
            "dockledger adopt --all web",
            "dockledger adopt --all --stack x",
            "dockledger adopt --undo",
            "dockledger adopt --undo --all",
            "dockledger claim --stage prod",
            "dockledger ps --kind container",
            "dockledger changes --since -1",
            "dockledger changes --limit 0",
            "dockledger migrate",
            "dockledger stage add shop prod --max-instances -1",
        ] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
