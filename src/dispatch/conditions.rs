//! Standing conditions: logged when they begin and when they end, not in every pass. Pure.

use std::collections::BTreeMap;

use super::pass::AttentionChange;
use crate::model::{ContainerId, DaemonCall, FailureKind, PassReport, Refusal, Unassigned, UnassignedReason};

/// What stood after the last pass.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    unassigned: BTreeMap<ContainerId, UnassignedReason>,
    /// Whether a pass over the whole host has told of them. What is there at the start is told in one line.
    is_begun: bool,
    /// What fails, without the figures in it: how far an answer came differs from pass to pass.
    failure: Option<String>,
    refusals: BTreeMap<DaemonCall, Refusal>,
    is_in_doubt: bool,
}

/// One line for the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A container has no row from now on, or for another reason than before.
    Unassigned { container: ContainerId, name: Box<str>, reason: UnassignedReason, detail: String },
    /// These have no row as the first pass over the whole host finds them.
    FirstUnassigned { reasons: BTreeMap<UnassignedReason, usize>, containers: Vec<Unassigned> },
    /// A container that had no row has one, or is gone.
    Resolved { container: ContainerId, reason: UnassignedReason },
    /// Passes fail from now on, or for another reason than before.
    Failing { message: String },
    /// Passes succeed again.
    Recovered,
    /// Calls are refused from now on, or in another way than before.
    Refused { calls: Vec<DaemonCall>, words: String },
    /// A call that was refused is carried out.
    Allowed { call: DaemonCall },
    /// Whether the daemon is this host's is not known from now on.
    Doubted { doubt: String },
    /// It is.
    Known,
}

impl Conditions {
    /// What began and what ended with this pass. A failed pass says nothing of containers.
    pub(super) fn after(&mut self, report: &PassReport) -> Vec<Line> {
        // That a stop was asked for is known to whoever asked, and is no trouble.
        if report.error.as_ref().is_some_and(|error| error.kind == FailureKind::Stopping) {
            return Vec::new();
        }
        let mut lines = self.refusal_lines(report);
        lines.extend(self.failure_lines(report));
        if report.error.is_none() {
            lines.extend(self.doubt_line(report));
            lines.extend(self.unassigned_lines(report));
        }
        lines
    }

    /// The list's own refusal fails the pass, and is told with that.
    fn refusal_lines(&mut self, report: &PassReport) -> Vec<Line> {
        let told = report.warnings.iter().filter(|refusal| refusal.call != DaemonCall::List);
        let now: BTreeMap<DaemonCall, Refusal> = told.map(|refusal| (refusal.call, refusal.clone())).collect();
        let is_news = |refusal: &&Refusal| self.refusals.get(&refusal.call).is_none_or(|told| !told.is_like(refusal));
        let began: Vec<Refusal> = now.values().filter(is_news).cloned().collect();
        let ended =
            self.refusals.keys().filter(|call| !now.contains_key(call)).map(|call| Line::Allowed { call: *call });
        let lines = refused_line(&began).into_iter().chain(ended).collect();
        self.refusals = now;
        lines
    }

    fn doubt_line(&mut self, report: &PassReport) -> Option<Line> {
        let was_in_doubt = std::mem::replace(&mut self.is_in_doubt, report.doubt.is_some());
        match (&report.doubt, was_in_doubt) {
            (Some(doubt), false) => Some(Line::Doubted { doubt: doubt.clone() }),
            (None, true) => Some(Line::Known),
            _ => None,
        }
    }

    fn failure_lines(&mut self, report: &PassReport) -> Vec<Line> {
        let message = report.error.as_ref().map(|error| error.message.clone());
        let failure = message.as_deref().map(without_figures);
        if failure == self.failure {
            return Vec::new();
        }
        self.failure = failure;
        vec![message.map_or(Line::Recovered, |message| Line::Failing { message })]
    }

    fn unassigned_lines(&mut self, report: &PassReport) -> Vec<Line> {
        let now: BTreeMap<_, _> =
            report.unassigned_containers.iter().map(|c| (c.container_id.clone(), c.reason)).collect();
        let is_first = report.scope.is_whole() && !std::mem::replace(&mut self.is_begun, true);
        let news = report
            .unassigned_containers
            .iter()
            .filter(|c| self.unassigned.get(&c.container_id) != Some(&c.reason))
            .collect::<Vec<_>>();
        let began = if is_first { first_line(&news) } else { news.into_iter().map(line_of).collect() };
        let ended = self
            .unassigned
            .iter()
            .filter(|(container, _)| report.settles(container) && !now.contains_key(*container))
            .map(|(container, reason)| Line::Resolved { container: container.clone(), reason: *reason });
        let lines = began.into_iter().chain(ended).collect();
        self.unassigned.retain(|container, _| !report.settles(container));
        self.unassigned.extend(now);
        lines
    }
}

/// However many there are, what was there before us is one line; one alone is told by its name.
fn first_line(news: &[&Unassigned]) -> Vec<Line> {
    match news {
        [] => Vec::new(),
        [one] => vec![line_of(one)],
        several => {
            let mut reasons = BTreeMap::new();
            for container in several {
                *reasons.entry(container.reason).or_default() += 1;
            }
            vec![Line::FirstUnassigned { reasons, containers: several.iter().map(|found| (*found).clone()).collect() }]
        }
    }
}

fn line_of(container: &Unassigned) -> Line {
    Line::Unassigned {
        container: container.container_id.clone(),
        name: container.name.clone(),
        reason: container.reason,
        detail: container.detail.clone(),
    }
}

/// What one proxy denies is one line, however many calls it is.
fn refused_line(began: &[Refusal]) -> Option<Line> {
    let calls = began.iter().map(|refusal| refusal.call).collect();
    (!began.is_empty()).then(|| Line::Refused { calls, words: Refusal::sentences(began).join("; ") })
}

fn without_figures(message: &str) -> String {
    message.chars().filter(|character| !character.is_ascii_digit()).collect()
}

impl Line {
    /// Writes the line; texts from the daemon are escaped.
    pub(super) fn log(&self) {
        match self {
            Self::Unassigned { container, name, reason, detail } => {
                let container_id = container.short();
                tracing::info!(container_id, ?name, %reason, ?detail, "container has no row");
            }
            Self::FirstUnassigned { reasons, containers } => {
                let count: usize = reasons.values().sum();
                let reasons: Vec<_> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
                let reasons = reasons.join(", ");
                tracing::info!(count, %reasons, "containers have no row: `dockledger unassigned` lists them");
                for Unassigned { container_id, name, reason, detail, .. } in containers {
                    let container_id = container_id.short();
                    tracing::debug!(container_id, ?name, %reason, ?detail, "container has no row");
                }
            }
            Self::Resolved { container, reason } => {
                tracing::info!(container_id = container.short(), %reason, "container has a row now, or is gone");
            }
            Self::Failing { message } => tracing::warn!(error = %message, "passes fail"),
            Self::Recovered => tracing::info!("passes succeed again"),
            Self::Refused { calls, words } => {
                let calls = calls.iter().map(|call| call.as_str()).collect::<Vec<_>>().join(",");
                tracing::warn!(%calls, refusal = %words, "the daemon, or a proxy before it, does not carry out all calls");
            }
            Self::Doubted { doubt } => tracing::warn!(%doubt, "the daemon may be another"),
            Self::Known => tracing::info!("the daemon is this host's"),
            Self::Allowed { call } => tracing::info!(%call, "a call that was refused is carried out again"),
        }
    }
}

/// One line for a pass that changed something; one that did not is for those who debug.
pub(super) fn log_pass(report: &PassReport) {
    let PassReport { pass_id, trigger, outcome, listed, duration_ms, inserted, updated, missing, returned, .. } =
        report;
    if inserted + updated > 0 {
        tracing::info!(
            %pass_id, %trigger, %outcome, listed, duration_ms, inserted, updated, missing, returned, "the ledger changed"
        );
    } else {
        tracing::debug!(%pass_id, %trigger, %outcome, listed, duration_ms, "pass ended");
    }
}

/// Containers of one pass that are named in the log: the first look at a host in trouble fills no log.
const MOST_NAMED: usize = 20;

/// A line for each container that somebody has to look at, or has not any more.
pub(super) fn log_attention(attention_changes: &[AttentionChange]) {
    for AttentionChange { row, role, name, begun, ended } in attention_changes.iter().take(MOST_NAMED) {
        if begun.is_empty() {
            tracing::info!(%row, ?role, ?name, ended = %ended, "a container needs no attention any more");
        } else {
            tracing::warn!(%row, ?role, ?name, attention = %begun, "a container needs attention");
        }
    }
    if let Some(more) = attention_changes.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        tracing::warn!(more, "further containers need attention, or do no more; `dockledger ps` shows them");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Completeness, ContainerState, HostName, PassFailure, Scope};

    fn report(unassigned: &[(&str, UnassignedReason)], failure: Option<&str>) -> PassReport {
        let mut report = PassReport::failed(&HostName::new("local"), FailureKind::Internal, "");
        report.error = failure.map(|m| PassFailure { kind: FailureKind::DaemonFailed, message: m.into() });
        report.completeness = failure.map_or(Completeness::Complete, |_| Completeness::Failed);
        report.unassigned_containers = unassigned
            .iter()
            .map(|(id, reason)| Unassigned {
                container_id: ContainerId::new(*id),
                name: "n".into(),
                image_ref: "i".into(),
                state: ContainerState::Running,
                reason: *reason,
                detail: String::new(),
            })
            .collect();
        report
    }

    #[test]
    fn a_standing_condition_is_told_when_it_begins_changes_and_ends() {
        let mut conditions = Conditions::default();
        let (foreign, contested) = (UnassignedReason::NoLabel, UnassignedReason::Contested);
        assert_eq!(conditions.after(&report(&[("a", foreign)], None)).len(), 1);
        assert_eq!(conditions.after(&report(&[("a", foreign)], None)), [], "it stands");
        assert_eq!(conditions.after(&report(&[("a", contested)], None)).len(), 1, "for another reason");
        let ended = conditions.after(&report(&[], None));
        assert_eq!(ended, [Line::Resolved { container: ContainerId::new("a"), reason: contested }]);
    }

    #[test]
    fn what_has_no_row_at_the_start_is_one_line_and_what_comes_later_one_each() {
        let mut conditions = Conditions::default();
        let (foreign, unknown) = (UnassignedReason::NoLabel, UnassignedReason::UnknownStack);
        conditions.after(&report(&[], Some("no daemon")));
        let first = conditions.after(&report(&[("a", foreign), ("b", unknown), ("c", unknown)], None));
        let [Line::Recovered, Line::FirstUnassigned { reasons, containers }] = &first[..] else { panic!("{first:?}") };
        assert_eq!((reasons, containers.len()), (&[(foreign, 1), (unknown, 2)].into(), 3));
        let all = [("a", foreign), ("b", unknown), ("c", unknown), ("d", foreign), ("e", foreign)];
        assert_eq!(conditions.after(&report(&all, None)).len(), 2, "d and e");
    }

    #[test]
    fn a_failed_pass_ends_no_condition_of_containers() {
        let mut conditions = Conditions::default();
        conditions.after(&report(&[("a", UnassignedReason::NoLabel)], None));
        let lines = conditions.after(&report(&[], Some("no daemon")));
        assert_eq!(lines, [Line::Failing { message: "no daemon".into() }]);
        assert_eq!(conditions.after(&report(&[], Some("no daemon"))), [], "it stands");
        assert_eq!(conditions.after(&report(&[("a", UnassignedReason::NoLabel)], None)), [Line::Recovered]);
    }

    #[test]
    fn a_scoped_pass_says_nothing_of_the_others() {
        let mut conditions = Conditions::default();
        let foreign = UnassignedReason::NoLabel;
        conditions.after(&report(&[("a", foreign), ("b", foreign)], None));
        let mut scoped = report(&[], None);
        scoped.scope = Scope::Containers([ContainerId::new("a")].into());
        let ended = conditions.after(&scoped);
        assert_eq!(ended, [Line::Resolved { container: ContainerId::new("a"), reason: foreign }]);
        assert_eq!(conditions.after(&report(&[("b", foreign)], None)), [], "b stood all the while");
    }

    // F1, F2
    #[test]
    fn a_refusal_is_told_when_it_begins_changes_and_ends() {
        let mut conditions = Conditions::default();
        let images = |status| {
            let error = crate::docker::DaemonError::Status {
                endpoint: "unix:///x".into(),
                call: "GET /images/{id}/json",
                status,
                body: String::new(),
            };
            crate::docker::refusal(DaemonCall::Images, &error, None, crate::config::ImageLabels::WhenReadable)
                .expect("a refusal")
        };
        let of = |warnings| PassReport { warnings, ..report(&[], None) };
        let refused = |status| of(vec![images(status)]);
        let begun = conditions.after(&refused(403));
        let is_told =
            |lines: &[Line], status: &str| matches!(lines, [Line::Refused { words, .. }] if words.contains(status));
        assert!(is_told(&begun, "403"), "{begun:?}");
        assert_eq!(conditions.after(&refused(403)), [], "it stands");
        assert_eq!(conditions.after(&refused(405)).len(), 1, "in another way");
        assert_eq!(conditions.after(&report(&[], None)), [Line::Allowed { call: DaemonCall::Images }]);
        assert_eq!(conditions.after(&report(&[], None)), []);
        let info = Refusal { call: DaemonCall::Info, ..images(403) };
        let both = conditions.after(&of(vec![images(403), info]));
        assert!(
            matches!(&both[..], [Line::Refused { calls, .. }] if *calls == [DaemonCall::Images, DaemonCall::Info]),
            "one line for what one proxy denies: {both:?}"
        );
    }

    #[test]
    fn a_partial_listing_ends_the_conditions_alone_that_it_shows_to_be_over() {
        let mut conditions = Conditions::default();
        let foreign = UnassignedReason::NoLabel;
        conditions.after(&report(&[("a", foreign), ("b", foreign), ("c", foreign)], None));
        let mut partial = report(&[("c", foreign)], None);
        partial.completeness = Completeness::Partial;
        partial.seen_assigned = [ContainerId::new("a")].into();
        let ended = conditions.after(&partial);
        assert_eq!(ended, [Line::Resolved { container: ContainerId::new("a"), reason: foreign }]);
        let lines = conditions.after(&report(&[("b", foreign), ("c", foreign)], None));
        assert_eq!(lines, [], "b was only not listed");
    }

    #[test]
    fn an_entry_of_which_only_the_id_was_read_ends_no_condition() {
        let mut conditions = Conditions::default();
        let foreign = UnassignedReason::NoLabel;
        conditions.after(&report(&[("a", foreign)], None));
        let mut spoilt = report(&[], None);
        spoilt
            .quarantined
            .push(crate::model::Quarantined { container_id: ContainerId::new("a"), problem: "no name".into() });
        assert_eq!(conditions.after(&spoilt), [], "it is there and has no row");
        assert_eq!(conditions.after(&report(&[("a", foreign)], None)), []);
    }

    #[test]
    fn a_stop_in_the_middle_of_a_pass_is_no_failing_pass() {
        let mut conditions = Conditions::default();
        let mut stopped = report(&[], Some("the ledger is stopping"));
        stopped.error.as_mut().expect("it failed").kind = FailureKind::Stopping;
        assert_eq!(conditions.after(&stopped), []);
    }

    #[test]
    fn a_failure_whose_figures_alone_differ_stands() {
        let mut conditions = Conditions::default();
        assert_eq!(conditions.after(&report(&[], Some("cut after 17 bytes"))).len(), 1);
        assert_eq!(conditions.after(&report(&[], Some("cut after 4711 bytes"))), []);
        assert_eq!(conditions.after(&report(&[], Some("refused"))).len(), 1, "for another reason");
    }
}
