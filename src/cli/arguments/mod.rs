//! The command line's grammar.
//!
//! ```text
//! command         the whole line: what every command takes, and the commands
//! running         run, once, demo                  rows      ps, show, unassigned, claim, release, forget
//! history         changes, passes, audit           hosts     the hosts in the ledger
//! registry        projects, stages, stacks, sites  administration    receivers, tokens, schema, completions
//! printing        how an answer is printed
//! parse, words    values as they are typed, and as a shell offers them
//! ```
//!
//! Comes in: words. Goes out: [`Arguments`], or clap's own refusal. Never: a file, a default of the configuration.

mod administration;
mod command;
mod history;
mod hosts;
mod parse;
mod printing;
mod registry;
mod rows;
mod running;
mod words;

pub(crate) use administration::{
    CompletionsArguments, GrantsArguments, MigrateCommand, NewToken, NotifyCommand, RevokedToken, TokenCommand,
};
pub use command::Arguments;
pub(crate) use command::{Command, Common};
pub(crate) use history::{AuditArguments, ChangesArguments, PassesArguments};
pub(crate) use hosts::{HostsArguments, HostsCommand};
pub(crate) use parse::full_id;
pub(crate) use printing::Printing;
pub(crate) use registry::{
    AddProject, AddSite, AddStack, AdoptArguments, Ids, ParentCommand, RotateSecretArguments, StageCommand,
};
pub(crate) use rows::{
    ClaimArguments, ForgetArguments, PsArguments, ReleaseArguments, ShowArguments, UnassignedArguments,
};
pub(crate) use running::{DemoArguments, OnceArguments, RunArguments};
