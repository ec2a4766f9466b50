//! `once`: one whole pass, ours or that of a running service.

use super::arguments::OnceArguments;
use super::beside::refuse_what_a_service_would_drop;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::one_pass::one_pass_by_whoever_holds;
use super::output::Output;
use super::summary::{conclude, report_text};

pub(super) fn execute(arguments: &OnceArguments, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    refuse_what_a_service_would_drop(context, &settings)?;
    let config = settings.config;
    context.check_place(&config)?;
    let report = one_pass_by_whoever_holds(&config, !arguments.no_migrate)?;
    Output::of_this_process(arguments.printing.json).answer(&report, || report_text(&report))?;
    conclude(&report)
}
