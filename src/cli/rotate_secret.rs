//! `rotate-secret WORKLOAD`.

use serde::Serialize;

use super::arguments::RotateSecretArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::object_text;
use crate::model::Workload;

/// The workload with its new secret.
#[derive(Serialize)]
struct Rotated {
    #[serde(flatten)]
    workload: Workload,
    webhook_secret: String,
}

pub(super) fn execute(arguments: &RotateSecretArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let (workload, webhook_secret) = context.change(&config)?.rotate_secret(&arguments.workload)?;
    let rotated = Rotated { workload, webhook_secret };
    Output::of_this_process(arguments.printing.json).answer(&rotated, || text(&rotated))?;
    Ok(Exit::Fine)
}

fn text(rotated: &Rotated) -> String {
    object_text(&[
        ("workload", format!("{}/{}", rotated.workload.kind, rotated.workload.name)),
        ("workload id", rotated.workload.id.to_string()),
        ("webhook secret", format!("{} (shown only now; the former one counts no more)", rotated.webhook_secret)),
    ])
}
