//! The program: arguments, logs, one command, its exit code.

use std::process::ExitCode;

use clap::Parser;
use dockledger::cli::{Arguments, execute, logging};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    logging::start(arguments.is_service(), arguments.verbose());
    match execute(&arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.report();
            failure.exit().into()
        }
    }
}
