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
