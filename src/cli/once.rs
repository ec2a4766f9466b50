//! `once`: one whole pass.

use super::arguments::OnceArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::one_pass::one_pass;
use super::output::Output;
use super::summary::{conclude, report_text};

pub(super) fn execute(arguments: &OnceArguments, context: &Context) -> Result<Exit, Failure> {
    let mut config = context.config()?;
    config.migrate &= !arguments.no_migrate;
    context.check_place(&config)?;
    let report = one_pass(config)?;
    Output::of_this_process(arguments.printing.json).answer(&report, || report_text(&report))?;
    conclude(&report)
}
