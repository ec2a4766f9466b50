//! The grammar of what happened: changes, passes, orders.

use clap::Args;
use clap::builder::TypedValueParser as _;

use super::parse::{parse_action, parse_change_kind, parse_moment, parse_outcome};
use super::printing::Printing;
use super::words::Offered;
use crate::model::{AuditAction, AuditOutcome, ChangeKind, Timestamp};

#[derive(Args, Debug)]
pub(crate) struct ChangesArguments {
    /// Only changes after this revision [default: the latest ones]
    #[arg(long, value_name = "REV", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) since: Option<i64>,
    /// Maximum number
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Only changes of this workload: id, name or KIND/NAME; removed ones too
    #[arg(long)]
    pub(crate) workload: Option<String>,
    /// Only changes of this container: name, id (or prefix), or row id
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// Only changes of these kinds: state, health, image, ports, name, container, attention or one of its reasons (crashed,
    /// out_of_memory, …), a deployer's column, or a cause; comma-separated
    #[arg(long, value_delimiter = ',', value_parser = parse_change_kind)]
    pub(crate) kind: Vec<ChangeKind>,
    /// Only from this time on: an age like 8h, or a timestamp like 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) from: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) to: Option<Timestamp>,
    /// Follow new changes, from now or from --since; with --json one object per line
    #[arg(short, long, conflicts_with = "limit")]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct PassesArguments {
    /// Maximum number, latest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct AuditArguments {
    /// Maximum number, latest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Only actions on rows of this workload: id, name or KIND/NAME; a removed one by id
    #[arg(long)]
    pub(crate) workload: Option<String>,
    /// Only actions on this row (id)
    #[arg(long)]
    pub(crate) row: Option<String>,
    /// Only actions on this container: current name, id (or prefix), or row id
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// Only actions by this caller: the name of a token, or 'control socket'
    #[arg(long)]
    pub(crate) who: Option<String>,
    /// Only these actions: start, stop, restart, remove; comma-separated
    #[arg(long, value_delimiter = ',', value_parser = Offered("start, stop, restart, remove").try_map(|word| parse_action(&word)), hide_possible_values = true)]
    pub(crate) action: Vec<AuditAction>,
    /// Only these outcomes: ok, refused, failed, unknown; comma-separated
    #[arg(long, value_delimiter = ',', value_parser = Offered("ok, refused, failed, unknown").try_map(|word| parse_outcome(&word)), hide_possible_values = true)]
    pub(crate) outcome: Vec<AuditOutcome>,
    /// Only from this time on: an age like 8h, or a timestamp like 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) from: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) to: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}
