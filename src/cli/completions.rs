//! `completions SHELL`.

use clap::CommandFactory;

use super::arguments::{Arguments, CompletionsArguments};
use super::exit::{Exit, Failure};
use super::output::Output;

pub(super) fn execute(arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "dockledger", &mut script);
    Output::of_this_process(false).text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
