//! `doctor`: each part that must work, and for each fault its cause and cure.

mod daemon;
mod finding;
mod ledger;
mod service;

use self::finding::{Finding, faulty, fine, text, worst};
use super::arguments::Printing;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::{Output, Spinner};

pub(super) fn execute(printing: &Printing, context: &Context) -> Result<Exit, Failure> {
    let output = Output::of_this_process(printing.json);
    let findings = {
        let spinner = Spinner::start("checking");
        examine(context, &spinner)
    };
    output.answer(&findings, || text(&findings, output))?;
    Ok(worst(&findings))
}

fn examine(context: &Context, spinner: &Spinner) -> Vec<Finding> {
    let settings = match context.load() {
        Ok(settings) => settings,
        Err(error) => return vec![faulty("configuration", &error.into())],
    };
    let file = settings.file.as_ref().map_or_else(|| "no file".into(), |path| path.display().to_string());
    let mut findings = vec![fine("configuration", format!("{file}; host {}", settings.config.host))];
    findings.extend(settings.warnings.iter().map(|warning| fine("configuration", warning.clone())));
    let identity = daemon::examine(&settings.config, spinner, &mut findings);
    spinner.waits_for("reading the ledger");
    ledger::examine(context, &settings.config, identity.as_ref(), &mut findings);
    spinner.waits_for("looking at what a service needs");
    findings.extend(service::examine(&settings.config));
    findings
}
