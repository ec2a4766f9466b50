//! The grammar of projects, stages, stacks and sites, and of what becomes one.

use clap::{Args, Subcommand};

use super::printing::Printing;

/// What can be done with projects, stacks and sites alike; adding differs.
#[derive(Debug, Subcommand)]
pub(crate) enum ParentCommand<Add: Args> {
    /// Register one; its webhook secret is shown only once
    Add(Add),
    /// List them
    List(Printing),
    /// Show one
    Show(NamedArguments),
    /// Rename one
    Rename(RenameArguments),
    /// Remove one; refused while it owns containers that are not missing
    Rm(RemoveArguments),
}

#[derive(Args, Debug)]
pub(crate) struct NamedArguments {
    /// Its name or id
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct RenameArguments {
    /// Its name or id
    pub(crate) name: String,
    /// The new name
    pub(crate) new_name: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct RemoveArguments {
    /// Its name or id
    pub(crate) name: String,
    /// Remove its rows too; the containers are not touched
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct AddProject {
    /// Its unique name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) ids: Ids,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct AddSite {
    /// Its unique name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) ids: Ids,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct AddStack {
    /// Its unique name
    pub(crate) name: String,
    /// The compose project that it stands for [default: NAME]
    #[arg(long, value_name = "P")]
    pub(crate) compose_project: Option<String>,
    #[command(flatten)]
    pub(crate) ids: Ids,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// Ids of the registrant's own choice.
#[derive(Args, Debug)]
pub(crate) struct Ids {
    /// Id [default: generated]
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Id of its workload, without a colon [default: generated]
    #[arg(long, value_name = "ID")]
    pub(crate) workload_id: Option<String>,
}

/// What can be done with stages.
#[derive(Debug, Subcommand)]
pub(crate) enum StageCommand {
    /// Add a stage
    Add(AddStage),
    /// List the stages of a project
    List(NamedArguments),
    /// Show a stage
    Show(ShowStage),
    /// Rename a stage; rows that carry the former name remain with it
    Rename(RenameStage),
    /// Remove a stage
    Rm(RemoveStage),
}

#[derive(Args, Debug)]
pub(crate) struct AddStage {
    /// The project: its name or id
    pub(crate) project: String,
    /// The stage's name
    pub(crate) name: String,
    /// Id [default: generated]
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Stored for the deployer, not enforced
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub(crate) max_instances: Option<i32>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct ShowStage {
    /// The project: its name or id
    pub(crate) project: String,
    /// The stage: its name or id
    pub(crate) stage: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct RenameStage {
    /// The project: its name or id
    pub(crate) project: String,
    /// The stage: its name or id
    pub(crate) stage: String,
    /// The new name
    pub(crate) new_name: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct RemoveStage {
    /// The project: its name or id
    pub(crate) project: String,
    /// The stage: its name or id
    pub(crate) stage: String,
    /// Even if it still has containers that are not missing
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["all", "names"])))]
pub(crate) struct AdoptArguments {
    /// All running compose projects that are not stacks yet
    #[arg(long, conflicts_with = "stack")]
    pub(crate) all: bool,
    /// Compose projects, or containers; with --undo also stacks
    pub(crate) names: Vec<String>,
    /// Add the named containers to this stack (name or id)
    #[arg(long)]
    pub(crate) stack: Option<String>,
    /// Undo an adoption: remove the stack with its rows, or the container from its stack; refused if a deployer wrote into a row
    #[arg(long, requires = "names", conflicts_with_all = ["all", "stack"])]
    pub(crate) undo: bool,
    /// With --undo: also stacks that were added rather than adopted, or whose origin is unknown
    #[arg(long, requires = "undo")]
    pub(crate) force: bool,
    /// Print the webhook secrets of the new stacks; they are shown only once (see `rotate-secret`)
    #[arg(long, conflicts_with = "undo")]
    pub(crate) secrets: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct RotateSecretArguments {
    /// Id or KIND/NAME
    pub(crate) workload: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}
