//! The command line's grammar.

mod registry;
mod words;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::TypedValueParser as _;
use clap::{Args, Parser, Subcommand};

pub(crate) use registry::{AddProject, AddSite, AddStack, Ids, ParentCommand, StageCommand};

use words::Offered;

use crate::config::parse_duration;
use crate::model::{
    AuditAction, AuditOutcome, CONDITION_WORDS, ChangeKind, ContainerId, HealthCondition, RowOrder, Timestamp,
    WorkloadKind,
};

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

/// How the answer is printed.
#[derive(Args, Debug)]
pub(crate) struct Printing {
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
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

#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// Do not bring the database's schema up to date
    #[arg(long)]
    pub(crate) no_migrate: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// What happens follows from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// End by itself after this time, as in 30s
    #[arg(long = "for", value_name = "TIME", value_parser = parse_length)]
    pub(crate) length: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct OnceArguments {
    /// Do not bring the database's schema up to date
    #[arg(long)]
    pub(crate) no_migrate: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct PsArguments {
    /// Only rows that are so: up, down, attention or one of its reasons (crashed, out_of_memory, failed_to_start, unhealthy,
    /// flapping), or a state (running, stopped, created, restarting, paused, removing, missing, failed); several with commas
    #[arg(long, value_parser = Offered(CONDITION_WORDS), hide_possible_values = true)]
    pub(crate) state: Option<String>,
    /// Only rows whose health is so: starting, healthy, unhealthy, none; several with commas
    #[arg(long, value_delimiter = ',', value_parser = Offered("starting, healthy, unhealthy, none").try_map(|word| parse_health(&word)), hide_possible_values = true)]
    pub(crate) health: Vec<HealthCondition>,
    /// Only rows of this kind of workload: project, stack, site; several with commas
    #[arg(long, value_delimiter = ',', value_parser = Offered("project, stack, site").try_map(|word| parse_kind(&word)), hide_possible_values = true)]
    pub(crate) kind: Vec<WorkloadKind>,
    /// Only rows of this workload: its id, its name, or KIND/NAME
    #[arg(long)]
    pub(crate) workload: Option<String>,
    /// Only rows of this stage: its name, also a former one, or its id
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// Only rows that started too often lately (`flapping` in the configuration)
    #[arg(long)]
    pub(crate) flapping: bool,
    /// In this order: attention (what somebody has to look at first), name, workload, state, since (the last change first),
    /// id
    #[arg(long, default_value = "attention", value_parser = Offered("attention, name, workload, state, since, id").try_map(|word| parse_order(&word)), hide_possible_values = true)]
    pub(crate) sort: RowOrder,
    /// Print how many there are of each condition, and no row
    #[arg(long, conflicts_with_all = ["quiet", "watch"])]
    pub(crate) summary: bool,
    /// Print the ids of the rows alone, one a line
    #[arg(short, long, conflicts_with_all = ["json", "watch"])]
    pub(crate) quiet: bool,
    /// Print again what has changed, until ^C
    #[arg(long, conflicts_with = "json")]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["all", "names"])))]
pub(crate) struct AdoptArguments {
    /// Every compose project that runs and is no stack yet
    #[arg(long, conflicts_with = "stack")]
    pub(crate) all: bool,
    /// Compose projects, or containers; with --undo also stacks
    pub(crate) names: Vec<String>,
    /// The containers named join this stack by name: its name or id
    #[arg(long)]
    pub(crate) stack: Option<String>,
    /// Take an adoption back: a stack goes with its rows, a container leaves its stack; not if a deployer wrote into a row
    #[arg(long, requires = "names", conflicts_with_all = ["all", "stack"])]
    pub(crate) undo: bool,
    /// With --undo: also what was not adopted but added (`stack add`, the API), or of which that is not known
    #[arg(long, requires = "undo")]
    pub(crate) force: bool,
    /// Print the webhook secrets of the stacks made, once; `rotate-secret` gives another at any time
    #[arg(long, conflicts_with = "undo")]
    pub(crate) secrets: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct RotateSecretArguments {
    /// Its id, or KIND/NAME
    pub(crate) workload: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ClaimArguments {
    /// The project: its name or id
    #[arg(long)]
    pub(crate) project: String,
    /// The stage: its name or id; sets role and stage of the row
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// The container to bind: its name, its id, or the begin of it
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// The row to make or to change: its id, or the name of the project's container in it [default: a fresh one]
    #[arg(long, value_parser = parse_called)]
    pub(crate) row: Option<String>,
    /// Say that its container could not be made: its state is failed; for a row that is bound to none
    #[arg(long, conflicts_with = "container")]
    pub(crate) failed: bool,
    /// The name under which a proxy serves it; '' takes it away, as with --proxy-route, --npm-proxy and --image-tag
    #[arg(long)]
    pub(crate) subdomain: Option<String>,
    /// Take the subdomain away from every other row that bears it, in the same step: a route moves whole
    #[arg(long, requires = "subdomain")]
    pub(crate) take_subdomain: bool,
    /// The proxy's own id of the route
    #[arg(long)]
    pub(crate) proxy_route: Option<String>,
    /// The id at Nginx Proxy Manager
    #[arg(long)]
    pub(crate) npm_proxy: Option<String>,
    /// The image tag that was deployed
    #[arg(long)]
    pub(crate) image_tag: Option<String>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ReleaseArguments {
    /// The row's id, or its container's: a name, an id, or the begin of one
    #[arg(value_parser = parse_called)]
    pub(crate) row: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ForgetArguments {
    /// The row's id, or its container's: a name, an id, or the begin of one
    #[arg(value_parser = parse_called)]
    pub(crate) row: String,
    /// Also if a deployer wrote into it: subdomain, routes, image tag, stage
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct UnassignedArguments {
    /// Also one-offs, and what the configuration leaves out (--json always has them)
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    /// The row's id, or its container's: a name, an id, or the begin of one
    #[arg(value_parser = parse_called)]
    pub(crate) row: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ChangesArguments {
    /// Only changes after this revision [default: the latest ones]
    #[arg(long, value_name = "REV", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) since: Option<i64>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Only those of this workload: its id, its name, or KIND/NAME; also of one that was removed
    #[arg(long)]
    pub(crate) workload: Option<String>,
    /// Only those of this container: its name, its id or the start of it, or the id of its row
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// Only those of these kinds: state, health, image, ports, name, container, attention or one of its reasons (crashed,
    /// out_of_memory, …), a deployer's column, or a cause; several with commas
    #[arg(long, value_delimiter = ',', value_parser = parse_change_kind)]
    pub(crate) kind: Vec<ChangeKind>,
    /// Only those from this moment on: an age like 8h, or a moment like 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) from: Option<Timestamp>,
    /// Only those before this moment
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) to: Option<Timestamp>,
    /// Go on with those to come, from now or from --since on; with --json one object a line
    #[arg(short, long, conflicts_with = "limit")]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct HostsArguments {
    #[command(subcommand)]
    pub(crate) command: Option<HostsCommand>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// What can be done with hosts.
#[derive(Debug, Subcommand)]
pub(crate) enum HostsCommand {
    /// List all
    List(Printing),
    /// Accept the daemon that answers now as this host's own
    Confirm(ConfirmHost),
    /// Give a host another name, its rows included
    Rename(RenameHost),
    /// Remove a host and its rows
    Forget(ForgetHost),
}

#[derive(Args, Debug)]
pub(crate) struct ConfirmHost {
    /// The host [default: this one]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct RenameHost {
    /// The name in the ledger
    pub(crate) old: String,
    /// The new name
    pub(crate) new: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ForgetHost {
    /// The host
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct PassesArguments {
    /// At most this many, the latest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct AuditArguments {
    /// At most this many, the latest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Only those about rows of this workload: its id, its name, or KIND/NAME; one that was removed by its id
    #[arg(long)]
    pub(crate) workload: Option<String>,
    /// Only those about this row, by its id
    #[arg(long)]
    pub(crate) row: Option<String>,
    /// Only those about this container: its name now, its id or the start of it, or the id of its row
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// Only those given by this token, by its name, or by the 'control socket'
    #[arg(long)]
    pub(crate) who: Option<String>,
    /// Only those that ordered this: start, stop, restart, remove; several with commas
    #[arg(long, value_delimiter = ',', value_parser = Offered("start, stop, restart, remove").try_map(|word| parse_action(&word)), hide_possible_values = true)]
    pub(crate) action: Vec<AuditAction>,
    /// Only those of which this came: ok, refused, failed, unknown; several with commas
    #[arg(long, value_delimiter = ',', value_parser = Offered("ok, refused, failed, unknown").try_map(|word| parse_outcome(&word)), hide_possible_values = true)]
    pub(crate) outcome: Vec<AuditOutcome>,
    /// Only those from this moment on: an age like 8h, or a moment like 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) from: Option<Timestamp>,
    /// Only those before this moment
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) to: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// What can be done with the receivers of notifications.
#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// Tell each receiver that somebody tries it
    Test(Printing),
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make one: prints it once, and the line to add to the file that http.tokens names; changes nothing
    New(NewToken),
    /// Name those in the file that http.tokens names, with what they may do
    List(Printing),
    /// Take one out of that file
    Revoke(RevokedToken),
}

#[derive(Args, Debug)]
pub(crate) struct RevokedToken {
    /// Whose it is, as the list names it
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct NewToken {
    /// Whose it is, as the log shows it
    pub(crate) name: String,
    /// What it may do: each includes those before it
    #[arg(long, value_parser = ["read", "deploy", "admin"])]
    pub(crate) scope: String,
    /// Bind it to this project, by name or id: it sees, claims and acts on nothing else; may be given several times
    #[arg(long = "project", value_name = "PROJECT")]
    pub(crate) projects: Vec<String>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// What can be done with the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Bring it up to date
    Up(Printing),
    /// Say which migrations are applied
    Status(Printing),
    /// Print the SQL that gives a deployer, and a reader, what they need on PostgreSQL
    Grants(GrantsArguments),
}

#[derive(Args, Debug)]
pub(crate) struct GrantsArguments {
    /// The deployer's role
    pub(crate) role: String,
    /// A role that only reads
    #[arg(long, value_name = "ROLE")]
    pub(crate) reader: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

fn parse_length(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|_| "a whole number and its unit: ms, s, min, h or d, as in 30s or 5min".into())
}

fn parse_kind(text: &str) -> Result<WorkloadKind, String> {
    WorkloadKind::parse(text).ok_or_else(|| "allowed is project, stack or site".into())
}

fn parse_health(text: &str) -> Result<HealthCondition, String> {
    HealthCondition::parse(text).ok_or_else(|| "allowed is starting, healthy, unhealthy or none".into())
}

fn parse_order(text: &str) -> Result<RowOrder, String> {
    RowOrder::parse(text).ok_or_else(|| "allowed is attention, name, workload, state, since or id".into())
}

fn parse_action(text: &str) -> Result<AuditAction, String> {
    AuditAction::parse(text).ok_or_else(|| allowed(AuditAction::ALL))
}

fn parse_outcome(text: &str) -> Result<AuditOutcome, String> {
    AuditOutcome::parse(text).ok_or_else(|| allowed(AuditOutcome::ALL))
}

fn allowed<T: std::fmt::Display>(words: &[T]) -> String {
    format!("allowed is {}", words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

fn parse_change_kind(text: &str) -> Result<ChangeKind, String> {
    ChangeKind::parse(text).ok_or_else(|| format!("allowed is {}", ChangeKind::words().join(", ")))
}

/// A moment, or how long ago it was.
fn parse_moment(text: &str) -> Result<Timestamp, String> {
    let ago = || parse_duration(text).ok().map(|age| Timestamp::now().minus(age));
    Timestamp::parse(text)
        .or_else(ago)
        .ok_or_else(|| "allowed is an age like 8h, or a moment like 2026-01-31T12:00:00Z".into())
}

fn parse_called(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("a row's id, or a container's name, is not empty".into()) } else { Ok(text.to_owned()) }
}

/// A container's id as a flag gave it: whole, or to be resolved by the daemon.
pub(crate) fn full_id(text: &str) -> Option<ContainerId> {
    ContainerId::is_full(text).then(|| ContainerId::new(text))
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
