//! The grammar of what is around the ledger: receivers, tokens, the schema, the shell.

use clap::{Args, Subcommand};

use super::printing::Printing;

/// What can be done with the receivers of notifications.
#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// Send a test notification to each receiver
    Test(Printing),
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token; it is shown only once, with the line to add to the file in http.tokens
    New(NewToken),
    /// List the tokens in the file in http.tokens, with their scopes
    List(Printing),
    /// Revoke a token: remove it from that file
    Revoke(RevokedToken),
}

#[derive(Args, Debug)]
pub(crate) struct RevokedToken {
    /// The token's name, as listed
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct NewToken {
    /// The token's name, shown in logs and the audit
    pub(crate) name: String,
    /// The scope; each includes those before it
    #[arg(long, value_parser = ["read", "deploy", "admin"])]
    pub(crate) scope: String,
    /// Bind the token to this project (name or id); it sees, claims and acts on nothing else; repeatable
    #[arg(long = "project", value_name = "PROJECT")]
    pub(crate) projects: Vec<String>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// What can be done with the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Apply pending migrations
    Up(Printing),
    /// List migrations and whether they are applied
    Status(Printing),
    /// Print the SQL that grants a deployer, and a reader, the privileges they need on PostgreSQL
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
