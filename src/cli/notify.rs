//! `notify test`: tells each receiver that somebody tries it.

use serde::Serialize;

use super::arguments::{NotifyCommand, Printing};
use super::context::{Context, runtime};
use super::exit::{Exit, Failure};
use super::output::{Output, Spinner};
use crate::model::ReceiverKind;
use crate::notify::try_receivers;
use crate::wording::escape;

/// What came of one receiver.
#[derive(Serialize)]
struct Told {
    receiver: ReceiverKind,
    ok: bool,
    /// The id of the notification that it took, or why it did not.
    detail: String,
}

pub(super) fn execute(command: &NotifyCommand, context: &Context) -> Result<Exit, Failure> {
    let NotifyCommand::Test(printing) = command;
    test(printing, context)
}

fn test(printing: &Printing, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let runtime = runtime()?;
    let tried = {
        let _spinner = Spinner::start("telling the receivers of notifications");
        runtime.block_on(try_receivers(&config.notify, &config.host))
    };
    runtime.shutdown_background();
    if tried.is_empty() {
        let sentence = "there is nobody to tell: neither `notify.url` nor `notify.command` is configured";
        return Err(Failure::new(Exit::Usage, sentence));
    }
    let told: Vec<Told> = tried
        .into_iter()
        .map(|(receiver, outcome)| Told {
            receiver,
            ok: outcome.is_ok(),
            detail: outcome.unwrap_or_else(|failure| failure),
        })
        .collect();
    Output::of_this_process(printing.json).answer(&told, || told.iter().map(text).collect())?;
    Ok(if told.iter().all(|told| told.ok) { Exit::Fine } else { Exit::Failed })
}

fn text(told: &Told) -> String {
    let detail = escape(&told.detail);
    if told.ok {
        format!("{}: took the test notification {detail}\n", told.receiver)
    } else {
        format!("{}: FAILED: {detail}\n", told.receiver)
    }
}
