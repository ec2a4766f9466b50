//! From the grammar to the commands.

use super::arguments::{Arguments, Command};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::settings::Surroundings;
use super::{
    adopt, audit, changes, claim, completions, config, demo, doctor, forget, hosts, migrate, notify, once, passes,
    project, ps, release, rotate_secret, routes, run, show, site, stack, stage, token, unassigned,
};

/// Runs one command to its end.
///
/// # Errors
///
/// The fault that ended it, with its exit code; nothing of it is printed yet.
pub fn execute(arguments: &Arguments) -> Result<Exit, Failure> {
    let context = Context::new(&arguments.common, Surroundings::of_this_process());
    let context = &context;
    match &arguments.command {
        Command::Run(arguments) => run::execute(arguments, context),
        Command::Once(arguments) => once::execute(arguments, context),
        Command::Ps(arguments) => ps::execute(arguments, context),
        Command::Show(arguments) => show::execute(arguments, context),
        Command::Unassigned(arguments) => unassigned::execute(arguments, context),
        Command::Adopt(arguments) => adopt::execute(arguments, context),
        Command::Project(command) => project::execute(command, context),
        Command::Stage(command) => stage::execute(command, context),
        Command::Stack(command) => stack::execute(command, context),
        Command::Site(command) => site::execute(command, context),
        Command::RotateSecret(arguments) => rotate_secret::execute(arguments, context),
        Command::Claim(arguments) => claim::execute(arguments, context),
        Command::Release(arguments) => release::execute(arguments, context),
        Command::Forget(arguments) => forget::execute(arguments, context),
        Command::Changes(arguments) => changes::execute(arguments, context),
        Command::Hosts(arguments) => hosts::execute(arguments, context),
        Command::Passes(arguments) => passes::execute(arguments, context),
        Command::Audit(arguments) => audit::execute(arguments, context),
        Command::Routes(printing) => routes::execute(printing, context),
        Command::Doctor(printing) => doctor::execute(printing, context),
        Command::Notify(command) => notify::execute(command, context),
        Command::Token(command) => token::execute(command, context),
        Command::Migrate(command) => migrate::execute(command, context),
        Command::Demo(arguments) => demo::execute(arguments, context),
        Command::Completions(arguments) => completions::execute(arguments),
        Command::Config(printing) => config::execute(printing, context),
    }
}
