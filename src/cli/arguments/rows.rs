//! The grammar of rows: which are shown, and what a deployer does with one.

use clap::Args;
use clap::builder::TypedValueParser as _;

use super::parse::{parse_called, parse_health, parse_kind, parse_order};
use super::printing::Printing;
use super::words::Offered;
use crate::model::{CONDITION_WORDS, HealthCondition, RowOrder, WorkloadKind};

#[derive(Args, Debug)]
pub(crate) struct PsArguments {
    /// Only rows in this condition: up, down, attention or one of its reasons (crashed, out_of_memory, failed_to_start, unhealthy,
    /// flapping), or a state (running, stopped, created, restarting, paused, removing, missing, failed); comma-separated
    #[arg(long, value_parser = Offered(CONDITION_WORDS), hide_possible_values = true)]
    pub(crate) state: Option<String>,
    /// Only rows with this health: starting, healthy, unhealthy, none; comma-separated
    #[arg(long, value_delimiter = ',', value_parser = Offered("starting, healthy, unhealthy, none").try_map(|word| parse_health(&word)), hide_possible_values = true)]
    pub(crate) health: Vec<HealthCondition>,
    /// Only rows of this kind of workload: project, stack, site; comma-separated
    #[arg(long, value_delimiter = ',', value_parser = Offered("project, stack, site").try_map(|word| parse_kind(&word)), hide_possible_values = true)]
    pub(crate) kind: Vec<WorkloadKind>,
    /// Only rows of this workload: id, name or KIND/NAME
    #[arg(long)]
    pub(crate) workload: Option<String>,
    /// Only rows of this stage: current or former name, or id
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// Only rows that are flapping (see `flapping` in the configuration)
    #[arg(long)]
    pub(crate) flapping: bool,
    /// Sort by attention (trouble first), name, workload, state, since (latest change first) or
    /// id
    #[arg(long, default_value = "attention", value_parser = Offered("attention, name, workload, state, since, id").try_map(|word| parse_order(&word)), hide_possible_values = true)]
    pub(crate) sort: RowOrder,
    /// Print counts by condition instead of rows
    #[arg(long, conflicts_with_all = ["quiet", "watch"])]
    pub(crate) summary: bool,
    /// Print row ids only, one per line
    #[arg(short, long, conflicts_with_all = ["json", "watch"])]
    pub(crate) quiet: bool,
    /// Keep running and print changes until ^C
    #[arg(long, conflicts_with = "json")]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    /// Row id, or the container's name or id (or prefix)
    #[arg(value_parser = parse_called)]
    pub(crate) row: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct UnassignedArguments {
    /// Include one-off and ignored containers (--json always does)
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ClaimArguments {
    /// The project (name or id)
    #[arg(long)]
    pub(crate) project: String,
    /// The stage (name or id); sets role and stage of the row
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// The container to bind: name, or id (or prefix)
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// The row to create or change: id, or the name of its container [default: a new row]
    #[arg(long, value_parser = parse_called)]
    pub(crate) row: Option<String>,
    /// Report that creating the container failed: sets the state of an unbound row to failed
    #[arg(long, conflicts_with = "container")]
    pub(crate) failed: bool,
    /// Subdomain under which a proxy serves it; '' clears it, as with --proxy-route, --npm-proxy and --image-tag
    #[arg(long)]
    pub(crate) subdomain: Option<String>,
    /// Remove the subdomain from every other row that has it, in the same transaction
    #[arg(long, requires = "subdomain")]
    pub(crate) take_subdomain: bool,
    /// Id of the route at the proxy
    #[arg(long)]
    pub(crate) proxy_route: Option<String>,
    /// Id at Nginx Proxy Manager
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
    /// Row id, or the container's name or id (or prefix)
    #[arg(value_parser = parse_called)]
    pub(crate) row: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ForgetArguments {
    /// Row id, or the container's name or id (or prefix)
    #[arg(value_parser = parse_called)]
    pub(crate) row: String,
    /// Even if a deployer wrote into it: subdomain, routes, image tag, stage
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}
