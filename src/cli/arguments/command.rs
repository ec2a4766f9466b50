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
    /// Log more to stderr; repeat for more detail
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
    /// Show everything about one container, with its recent history
    Show(ShowArguments),
    /// List containers without a row, with the reason and the command that fixes it; changes nothing
    Unassigned(UnassignedArguments),
    /// Register running containers: compose projects become stacks, plain containers join a stack by name
    Adopt(AdoptArguments),
    /// Manage projects, whose containers a deployer creates
    #[command(subcommand)]
    Project(ParentCommand<AddProject>),
    /// Manage the stages of a project
    #[command(subcommand)]
    Stage(StageCommand),
    /// Manage stacks: compose projects, and containers adopted by name
    #[command(subcommand)]
    Stack(ParentCommand<AddStack>),
    /// Manage static sites
    #[command(subcommand)]
    Site(ParentCommand<AddSite>),
    /// Replace the webhook secret of a workload; the new one is shown only once
    RotateSecret(RotateSecretArguments),
    /// Create or bind a row of a project, as a deployer does
    Claim(ClaimArguments),
    /// Remove a row
    Release(ReleaseArguments),
    /// Remove a row that is missing
    Forget(ForgetArguments),
    /// Show the history of rows
    Changes(ChangesArguments),
    /// Manage hosts: freshness, lease, identity of the daemon
    Hosts(HostsArguments),
    /// List recent passes
    Passes(PassesArguments),
    /// List actions on containers: caller, action and outcome
    Audit(AuditArguments),
    /// List proxy routes
    Routes(Printing),
    /// Check configuration, daemon, database, lease and service; print cause and cure of each problem
    Doctor(Printing),
    /// Manage receivers of notifications
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Manage API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage the database schema
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Run the whole program against a simulated daemon; touches nothing on this machine
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
