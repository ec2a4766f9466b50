//! The grammar of what is around the ledger: receivers, tokens, the schema, the shell.

use clap::{Args, Subcommand};

use super::printing::Printing;

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
