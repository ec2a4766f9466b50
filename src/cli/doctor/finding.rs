//! What one check found, and how all of it is told. Pure.

use serde::Serialize;

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::wording::escape;

/// What one check found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was checked.
    pub(super) check: &'static str,
    /// Whether it is as it should be, or as far as it has to be.
    pub(super) ok: bool,
    /// Whether something is not done all the same.
    pub(super) warning: bool,
    /// What is there, or the cause and the cure.
    pub(super) detail: String,
    /// The exit code that this fault leads to.
    #[serde(skip)]
    pub(super) exit: Exit,
}

/// The code of the fault that the others may follow from: what is not configured cannot be reached, what is not there
/// cannot be fresh.
pub(super) fn worst(findings: &[Finding]) -> Exit {
    let faults = findings.iter().filter(|finding| !finding.ok).map(|finding| finding.exit);
    faults.min_by_key(|exit| (*exit == Exit::Failed, *exit)).unwrap_or(Exit::Fine)
}

pub(super) fn fine(check: &'static str, detail: String) -> Finding {
    Finding { check, ok: true, warning: false, detail, exit: Exit::Fine }
}

pub(super) fn warning(check: &'static str, detail: String) -> Finding {
    Finding { check, ok: true, warning: true, detail, exit: Exit::Fine }
}

pub(super) fn fault(check: &'static str, exit: Exit, detail: impl Into<String>) -> Finding {
    Finding { check, ok: false, warning: false, detail: detail.into(), exit }
}

pub(super) fn faulty(check: &'static str, failure: &Failure) -> Finding {
    fault(check, failure.exit(), failure.to_string())
}

pub(super) fn text(findings: &[Finding], output: Output) -> String {
    let mut text = String::new();
    for finding in findings {
        let line = format!(
            "{:<15} {:<7} {}",
            finding.check,
            match (finding.ok, finding.warning) {
                (true, false) => "ok",
                (true, true) => "warning",
                (false, _) => "FAILED",
            },
            escape(&finding.detail)
        );
        text.push_str(&if finding.ok { line } else { output.alarm(&line) });
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_that_of_the_cause_and_not_of_what_follows_from_it() {
        let of = |exit| fault("x", exit, "");
        assert_eq!(worst(&[fine("x", String::new())]), Exit::Fine);
        assert_eq!(worst(&[of(Exit::Failed), of(Exit::Database)]), Exit::Database);
        assert_eq!(worst(&[of(Exit::Database), of(Exit::Unreachable), of(Exit::Failed)]), Exit::Unreachable);
        assert_eq!(worst(&[of(Exit::Failed)]), Exit::Failed);
    }
}
