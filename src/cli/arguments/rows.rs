//! The grammar of rows: which are shown, and what a deployer does with one.

use clap::Args;
use clap::builder::TypedValueParser as _;

use super::parse::{parse_called, parse_health, parse_kind, parse_order};
use super::printing::Printing;
use super::words::Offered;
use crate::model::{CONDITION_WORDS, HealthCondition, RowOrder, WorkloadKind};

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
pub(crate) struct ShowArguments {
    /// The row's id, or its container's: a name, an id, or the begin of one
    #[arg(value_parser = parse_called)]
    pub(crate) row: String,
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
