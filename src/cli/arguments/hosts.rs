//! The grammar of hosts.

use clap::{Args, Subcommand};

use super::printing::Printing;

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
    /// List hosts
    List(Printing),
    /// Accept the daemon that answers now as this host's own
    Confirm(ConfirmHost),
    /// Rename a host, with its rows
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
