//! The grammar of projects, stages, stacks and sites, and of what becomes one.

use clap::{Args, Subcommand};

use super::printing::Printing;

/// What can be done with projects, stacks and sites alike; adding differs.
#[derive(Debug, Subcommand)]
pub(crate) enum ParentCommand<Add: Args> {
    /// Register one; prints its secret, once
    Add(Add),
    /// List all
    List(Printing),
    /// Show one
    Show(NamedArguments),
    /// Give one another name
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
    /// Forget its rows with it; the containers themselves stay as they are
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
    /// Its id [default: a fresh one]
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// The id of its workload, without a colon [default: a fresh one]
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
    /// Give a stage another name; rows that bear the former one stay its own
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
    /// Its id [default: a fresh one]
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
    /// Also if it still has containers that are not missing
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["all", "names"])))]
pub(crate) struct AdoptArguments {
    /// Every compose project that runs and is no stack yet
    #[arg(long, conflicts_with = "stack")]
    pub(crate) all: bool,
    /// Compose projects, or containers; with --undo also stacks
    pub(crate) names: Vec<String>,
    /// The containers named join this stack by name: its name or id
    #[arg(long)]
    pub(crate) stack: Option<String>,
    /// Take an adoption back: a stack goes with its rows, a container leaves its stack; not if a deployer wrote into a row
    #[arg(long, requires = "names", conflicts_with_all = ["all", "stack"])]
    pub(crate) undo: bool,
    /// With --undo: also what was not adopted but added (`stack add`, the API), or of which that is not known
    #[arg(long, requires = "undo")]
    pub(crate) force: bool,
    /// Print the webhook secrets of the stacks made, once; `rotate-secret` gives another at any time
    #[arg(long, conflicts_with = "undo")]
    pub(crate) secrets: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Args, Debug)]
pub(crate) struct RotateSecretArguments {
    /// Its id, or KIND/NAME
    pub(crate) workload: String,
    #[command(flatten)]
    pub(crate) printing: Printing,
}
