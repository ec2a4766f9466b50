//! Whether the daemon can be reached, and carries out what is asked of it.

use super::finding::{Finding, fault, faulty, fine, warning};
use crate::cli::context::runtime;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Spinner, list_call};
use crate::config::{Config, ImageLabels};
use crate::docker::{ContainerSource as _, Daemon, DaemonError, Identified, find_endpoint};
use crate::model::{DaemonCall, DaemonIdentity, Refusal};

/// Whether the daemon can be reached, carries out what is asked of it, and says who it is.
pub(super) fn examine(config: &Config, spinner: &Spinner, findings: &mut Vec<Finding>) -> Option<DaemonIdentity> {
    let found = match find_endpoint(config) {
        Ok(found) => found,
        Err(error) => {
            findings.push(faulty("daemon address", &error.into()));
            return None;
        }
    };
    findings.extend(found.warnings.into_iter().map(|warning| fine("daemon address", warning)));
    spinner.waits_for(&list_call(&found.endpoint, config));
    let daemon = Daemon::new(found.endpoint, config);
    let answer = ask(&daemon, config, spinner);
    // Which of the usual sockets it is, is known by now.
    let remark = daemon.remark().map(|remark| format!(" ({remark})")).unwrap_or_default();
    findings.push(fine("daemon address", format!("{}{remark}", daemon.endpoint())));
    match answer {
        Ok(answers) => {
            findings.extend(examine_answers(&answers, config));
            answers.identified.identity
        }
        Err(failure) => {
            findings.push(faulty("daemon", &failure));
            None
        }
    }
}

/// What the daemon said.
#[derive(Debug)]
struct Answers {
    identified: Identified,
    /// The calls that were made.
    asked: Vec<DaemonCall>,
    /// Those of them that are not carried out.
    refused: Vec<Refusal>,
}

/// A list, and the cheapest call of each kind. One that is refused is an answer; no daemon at all is not.
fn ask(daemon: &Daemon, config: &Config, spinner: &Spinner) -> Result<Answers, Failure> {
    let runtime = runtime()?;
    let mut asked = vec![DaemonCall::Events, DaemonCall::Inspect, DaemonCall::Ping];
    asked.extend((config.image_labels != ImageLabels::Off).then_some(DaemonCall::Images));
    asked.extend(config.actions.enabled.then_some(DaemonCall::Actions));
    let answer = runtime.block_on(Box::pin(async {
        daemon.list().await?;
        spinner.waits_for(&format!("one call of each kind, of {}", daemon.endpoint()));
        let (identified, refused) = tokio::join!(daemon.identify(), daemon.refused_among(&asked));
        Ok((identified, refused))
    }));
    runtime.shutdown_background();
    let (identified, mut refused) = answer.map_err(|error: DaemonError| Failure::from(error))?;
    let identity = [DaemonCall::Info, DaemonCall::Version];
    refused.extend(identity.iter().filter_map(|call| daemon.refusals().of(*call)));
    asked.extend(identity);
    Ok(Answers { identified, asked, refused })
}

/// A fault only where rows cannot be made; else what is not checked, or comes late, is a warning.
fn examine_answers(answers: &Answers, config: &Config) -> Vec<Finding> {
    let Answers { identified, asked, refused } = answers;
    let who = match &identified.identity {
        Some(identity) => format!("{} {} answers", identity.engine, identity.version),
        None => "it lists its containers".to_owned(),
    };
    let mut findings = vec![fine("daemon", who)];
    let is_refused = |call: &DaemonCall| refused.iter().any(|refusal| refusal.call == *call);
    let carried_out: Vec<&str> =
        [DaemonCall::List].iter().chain(asked).filter(|call| !is_refused(call)).map(|call| call.as_str()).collect();
    findings.push(fine("calls", format!("{} carried out", carried_out.join(", "))));
    for refusal in refused {
        let check = refusal.call.as_str();
        let is_fault = refusal.call == DaemonCall::Images && config.image_labels == ImageLabels::Required;
        let told = refusal.to_string();
        findings.push(if is_fault { fault(check, Exit::Failed, told) } else { warning(check, told) });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::text;
    use crate::cli::output::Output;

    // F1, F2
    #[test]
    fn a_refused_call_is_a_fault_only_where_no_row_can_be_made_without_it() {
        let refusal = |call| Refusal {
            call,
            request: call.request().into(),
            status: Some(403),
            cause: "denied".into(),
            waiting_helps: false,
            effect: "nothing".into(),
            cure: "allow it".into(),
            subject: None,
            passes: 0,
        };
        let refused = vec![refusal(DaemonCall::Images), refusal(DaemonCall::Info)];
        let identified = Identified { identity: None, without_id: Some("refused".into()) };
        let answers = Answers { identified, asked: vec![DaemonCall::Images, DaemonCall::Events], refused };
        let mut config = Config::new("ledger.db");
        let findings = examine_answers(&answers, &config);
        assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
        let output = Output::of_this_process(true);
        let text = text(&findings, output);
        assert!(
            text.contains("warning") && text.contains("status 403") && text.contains("list, events carried"),
            "{text}"
        );
        config.image_labels = ImageLabels::Required;
        let faults = examine_answers(&answers, &config).into_iter().filter(|finding| !finding.ok).count();
        assert_eq!(faults, 1);
    }
}
