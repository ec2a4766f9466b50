//! The report of a pass as people read it.

use std::fmt::Write as _;

use super::exit::{Exit, Failure};
use crate::model::{PassOutcome, PassReport, Refusal};
use crate::wording::{escape, millis_text};

/// The report in a few lines. Why a pass failed is not among them: that is told once, as the command's fault.
pub(crate) fn report_text(report: &PassReport) -> String {
    let mut text = format!(
        "{}: {} in {} (list {}, commit {})\n",
        escape(report.host.as_str()),
        what_came_of_it(report),
        millis_text(report.duration_ms),
        millis_text(report.list_ms),
        millis_text(report.commit_ms),
    );
    if report.error.is_none() {
        line(&mut text, "containers", &containers(report));
        line(&mut text, "rows", &rows(report));
    }
    for warning in Refusal::sentences(&report.warnings) {
        line(&mut text, "warning", &warning);
    }
    for entry in &report.quarantined {
        let container = entry.container_id.short();
        line(&mut text, "unreadable entry", &format!("{container}: {}; its row is left as it is", entry.problem));
    }
    for container in &report.hanging {
        line(
            &mut text,
            "hanging container",
            &format!("{}: its inspect does not answer; its row is left as it is", container.short()),
        );
    }
    for problem in &report.unreadable {
        line(&mut text, "unreadable entry", &format!("{problem}; nothing is marked missing"));
    }
    for dispute in &report.disputed {
        let name = if dispute.name.is_empty() { dispute.container_id.short() } else { &dispute.name };
        line(&mut text, dispute.reason.as_str(), &format!("{name}: {}", dispute.detail));
    }
    text
}

/// The end of a command whose work was this pass.
///
/// # Errors
///
/// The pass failed, or its listing was partial.
pub(crate) fn conclude(report: &PassReport) -> Result<Exit, Failure> {
    if let Some(error) = &report.error {
        return Err(error.clone().into());
    }
    if let Some(doubt) = &report.doubt {
        return Err(Failure::new(Exit::Failed, doubt.clone()));
    }
    if report.could_give_no_row() {
        return Err(Failure::new(Exit::Failed, no_row(report)));
    }
    match report.outcome {
        PassOutcome::Committed => Ok(Exit::Fine),
        PassOutcome::Partial => Err(Failure::new(
            Exit::Failed,
            "the daemon's listing was partial: what it showed is written, and nothing is marked missing; run it again, \
             and if it stays so, look for the entries named above",
        )),
        PassOutcome::Degraded => Err(Failure::new(
            Exit::Failed,
            "the daemon's list call failed and single containers answered: their rows are written, and nothing is made or \
             marked missing; look at the containers named above, then at the daemon's log (`journalctl -u docker`)",
        )),
        PassOutcome::Failed | PassOutcome::WrongDaemon => {
            Err(Failure::new(Exit::Failed, format!("the pass ended as {} and did not say why", report.outcome)))
        }
    }
}

/// Why each container that asked for a row was kept from one.
fn no_row(report: &PassReport) -> String {
    let kept = report.unassigned_containers.iter().map(|container| container.detail.as_str());
    let causes = Refusal::sentences(&report.warnings);
    let cause = if causes.is_empty() { kept.take(1).collect::<String>() } else { causes.join("; ") };
    format!("no container that asked for a row was given one; {cause}; see `dockledger unassigned`")
}

fn what_came_of_it(report: &PassReport) -> String {
    match report.outcome {
        PassOutcome::Committed => format!("{} pass", report.completeness),
        PassOutcome::Partial if report.doubt.is_some() => "pass in doubt".into(),
        PassOutcome::Partial => "partial pass".into(),
        PassOutcome::Degraded => "degraded pass".into(),
        PassOutcome::Failed => "failed pass".into(),
        PassOutcome::WrongDaemon => "not this host's daemon: nothing written".into(),
    }
}

fn containers(report: &PassReport) -> String {
    let mut text = format!("{} listed, {} with a row", report.listed, report.assigned);
    let counted = |needs_owner: bool| {
        let of_kind = report.unassigned.iter().filter(|(reason, _)| reason.needs_owner() == needs_owner);
        of_kind.fold((0, Vec::new()), |(sum, mut reasons), (reason, count)| {
            reasons.push(format!("{count} {reason}"));
            (sum + count, reasons)
        })
    };
    let (left_out, why_left_out) = counted(false);
    if left_out > 0 {
        write!(text, ", {left_out} left out ({})", why_left_out.join(", ")).expect("a String takes every write");
    }
    let (without, reasons) = counted(true);
    if without > 0 {
        write!(text, ", {without} without ({}); see `dockledger unassigned`", reasons.join(", "))
            .expect("a String takes every write");
    }
    text
}

fn rows(report: &PassReport) -> String {
    let counts = [
        (report.inserted, "made"),
        (report.updated, "written"),
        (report.unchanged, "already true"),
        (report.missing, "went missing"),
        (report.returned, "came back"),
        (report.rebound, "went over to another container"),
        (report.scaled, "removed with the containers that scaling took away"),
        (report.moved, "moved by someone else meanwhile"),
        (report.unverified, "could not be verified as gone"),
        (report.refused, "refused by the database"),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if told.is_empty() { "none".into() } else { told.join(", ") }
}

fn line(text: &mut String, what: &str, told: &str) {
    writeln!(text, "  {what}: {}", escape(told)).expect("a String takes every write");
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{
        Completeness, ContainerId, FailureKind, HostName, PassFailure, PassId, Quarantined, Timestamp, UnassignedReason,
    };

    /// A complete pass over nothing.
    pub(crate) fn report() -> PassReport {
        PassReport {
            pass_id: PassId::new("p"),
            completeness: Completeness::Complete,
            outcome: PassOutcome::Committed,
            started_at: Timestamp::from_millis(0),
            duration_ms: 412,
            list_ms: 360,
            list_bytes: 0,
            commit_ms: 9,
            list_tries: 1,
            error: None,
            ..PassReport::failed(&HostName::new("local"), FailureKind::Internal, "")
        }
    }

    #[test]
    fn a_report_tells_what_was_found_and_written() {
        let mut report = report();
        (report.listed, report.assigned, report.inserted, report.unchanged, report.missing) = (8, 4, 1, 3, 2);
        report.unassigned.insert(UnassignedReason::NoLabel, 2);
        report.unassigned.insert(UnassignedReason::UnknownStack, 1);
        report.unassigned.insert(UnassignedReason::OneOff, 1);
        assert_eq!(
            report_text(&report),
            "\
local: complete pass in 412 ms (list 360 ms, commit 9 ms)
  containers: 8 listed, 4 with a row, 1 left out (1 one_off), 3 without (2 no_label, 1 unknown_stack); see `dockledger unassigned`
  rows: 1 made, 3 already true, 2 went missing
"
        );
        assert!(matches!(conclude(&report), Ok(Exit::Fine)));
    }

    #[test]
    fn a_partial_listing_fails_the_command_and_a_quarantined_entry_does_not() {
        let mut report = report();
        report.quarantined.push(Quarantined {
            container_id: ContainerId::new("ab".repeat(32)),
            problem: "State is \u{1b}[31m".into(),
        });
        assert!(report_text(&report).contains("abababababab: State is \\u{1b}[31m; its row"));
        assert!(conclude(&report).is_ok());
        report.outcome = PassOutcome::Partial;
        report.completeness = Completeness::Partial;
        assert_eq!(conclude(&report).expect_err("partial").exit(), Exit::Failed);
    }

    #[test]
    fn a_failed_pass_ends_with_the_code_of_its_fault_and_tells_it_once() {
        for (kind, exit) in [
            (FailureKind::DaemonUnreachable, Exit::Unreachable),
            (FailureKind::DaemonFailed, Exit::Failed),
            (FailureKind::StoreFailed, Exit::Database),
            (FailureKind::LeaseLost, Exit::Held),
            (FailureKind::WrongDaemon, Exit::Failed),
            (FailureKind::Internal, Exit::Failed),
        ] {
            let mut report = report();
            report.outcome = PassOutcome::Failed;
            report.completeness = Completeness::Failed;
            report.error = Some(PassFailure { kind, message: "the reason".into() });
            let failure = conclude(&report).expect_err("failed");
            assert_eq!((failure.exit(), failure.to_string().as_str()), (exit, "the reason"));
            assert!(!report_text(&report).contains("the reason"));
        }
    }
}
