//! The grammar of what keeps the ledger true.

use std::time::Duration;

use clap::Args;

use super::parse::parse_length;
use super::printing::Printing;

#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// Do not migrate the database
    #[arg(long)]
    pub(crate) no_migrate: bool,
}

#[derive(Args, Debug)]
pub(crate) struct OnceArguments {
    /// Do not migrate the database
    #[arg(long)]
    pub(crate) no_migrate: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// Seed of the simulation
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Stop after this duration, as in 30s
    #[arg(long = "for", value_name = "TIME", value_parser = parse_length)]
    pub(crate) length: Option<Duration>,
}
