//! What the ledger says of itself.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::in_flight::{CallInFlight, InFlight};
use super::live::LiveCounts;
use super::tally::Tally;
use super::{Child, RestartCause, StreamStatus};
use crate::model::{
    ContainerId, FailureKind, HostStatus, PassFailure, PassOutcome, PassReport, Refusal, Timestamp, Unassigned,
};

/// The state of one ledger, as its watchers see it. What depends on the moment (ages, the call in flight, staleness) is
/// computed when it is asked for.
#[derive(Clone)]
pub struct Status {
    /// When the tree was spawned.
    pub started_at: Timestamp,
    /// The report of the last pass, whatever came of it.
    pub last_report: Option<Arc<PassReport>>,
    /// The containers of this host without a row, as the passes so far tell; `None` before the first pass over the whole
    /// host.
    pub unassigned: Option<Arc<BTreeMap<ContainerId, Unassigned>>>,
    /// When the last complete pass of the whole host that this tree committed began, by the wall clock.
    pub last_complete_pass_at: Option<Timestamp>,
    /// Calls that the daemon, or a proxy before it, does not carry out, as the last pass told.
    pub refusals: Vec<Refusal>,
    /// How often each child was replaced, and why.
    pub restarts: BTreeMap<(Child, RestartCause), u64>,
    /// Children that did not die within their time and were left behind.
    pub leaked: u64,
    /// Why the ledger cannot be written now; `None` while it can.
    pub store_trouble: Option<String>,
    /// The daemon's event stream; `None` before the first attempt, and where passes run on request alone.
    pub stream: Option<StreamStatus>,
    /// Where the ledger is served over TCP; `None` while it is not.
    pub listening: Option<SocketAddr>,
    /// What passes came to.
    pub tally: Tally,
    /// How much waits for those who follow the changes.
    pub queues: Queues,
    /// Set once, at the end: `Ok` by a stop, else why the ledger gave up.
    pub ended: Option<Result<(), PassFailure>>,
    /// The last complete pass, or the birth of the tree.
    true_since: Instant,
    /// What the last pass that tells of the whole host said.
    told: Option<HostStatus>,
    /// Without a complete pass for this long the host is stale; `None` where passes run on request alone.
    stale_after: Option<Duration>,
    in_flight: InFlight,
    live: LiveCounts,
}

/// How much waits for those who follow the changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    /// Those who follow.
    pub subscribers: usize,
    /// Deliveries that wait for the one with the most of them.
    pub deepest: usize,
}

impl Status {
    pub(crate) fn new(
        started_at: Timestamp,
        stale_after: Option<Duration>,
        in_flight: InFlight,
        live: LiveCounts,
    ) -> Self {
        Self {
            started_at,
            last_report: None,
            unassigned: None,
            last_complete_pass_at: None,
            refusals: Vec::new(),
            restarts: BTreeMap::new(),
            leaked: 0,
            store_trouble: None,
            stream: None,
            listening: None,
            tally: Tally::default(),
            queues: Queues::default(),
            ended: None,
            true_since: Instant::now(),
            told: None,
            stale_after,
            in_flight,
            live,
        }
    }

    /// What is counted while it happens.
    #[must_use]
    pub const fn live(&self) -> &LiveCounts {
        &self.live
    }

    /// How long ago the last complete pass committed, whatever the wall clock did meanwhile; `None` before the first.
    #[must_use]
    pub fn complete_pass_age(&self) -> Option<Duration> {
        self.last_complete_pass_at.map(|_| self.true_since.elapsed())
    }

    /// The call to the daemon that a pass waits for now.
    #[must_use]
    pub fn call_in_flight(&self) -> Option<CallInFlight> {
        self.in_flight.now()
    }

    /// The pass that runs, for who lets it go first.
    #[cfg(feature = "http")]
    pub(crate) fn in_flight(&self) -> InFlight {
        self.in_flight.clone()
    }

    /// How far the rows can be trusted: what the last pass said, and stale, whatever it said, where no complete one came in
    /// time. `None` before the first pass.
    #[must_use]
    pub fn host_status(&self) -> Option<HostStatus> {
        let is_late = self.stale_after.is_some_and(|bound| self.true_since.elapsed() > bound);
        if is_late { Some(HostStatus::Stale) } else { self.told }
    }

    /// How often a child was replaced, whatever the cause.
    #[must_use]
    pub fn restarts_of(&self, child: Child) -> u64 {
        self.restarts.iter().filter(|((replaced, _), _)| *replaced == child).map(|(_, count)| count).sum()
    }

    pub(crate) fn note_pass(&mut self, report: Arc<PassReport>) {
        if report.outcome == PassOutcome::Committed && report.scope.is_whole() {
            self.last_complete_pass_at = Some(report.started_at);
            self.true_since = Instant::now();
        }
        self.note_unassigned(&report);
        self.tally.note(&report);
        self.told = told_by(&report).or(self.told);
        // A report that no pass left knows of no call.
        let is_of_a_pass = report
            .error
            .as_ref()
            .is_none_or(|error| !matches!(error.kind, FailureKind::Internal | FailureKind::Stopping));
        if is_of_a_pass {
            self.refusals.clone_from(&report.warnings);
        }
        self.last_report = Some(report);
    }
}

impl Status {
    /// A pass that failed says nothing of what has no row; another one what it shows to be settled, and what has none now.
    fn note_unassigned(&mut self, report: &PassReport) {
        if report.error.is_some() || (self.unassigned.is_none() && !report.scope.is_whole()) {
            return;
        }
        let told = report.unassigned_containers.iter().map(|c| (c.container_id.clone(), c.clone()));
        let known = self.unassigned.as_deref().cloned().unwrap_or_default();
        let unassigned: BTreeMap<_, _> =
            known.into_iter().filter(|(container, _)| !report.settles(container)).chain(told).collect();
        if self.unassigned.as_deref() != Some(&unassigned) {
            self.unassigned = Some(Arc::new(unassigned));
        }
    }
}

/// What a report says of the host; `None` if it says nothing: what a scoped pass saw says nothing of the others, and
/// trouble of our own nothing of the daemon, whose rows grow stale by themselves then.
fn told_by(report: &PassReport) -> Option<HostStatus> {
    let kind = report.error.as_ref().map(|error| error.kind);
    match (report.outcome, kind) {
        (PassOutcome::Degraded, _) => Some(HostStatus::Degraded),
        (PassOutcome::WrongDaemon, _) | (_, Some(FailureKind::WrongDaemon)) => Some(HostStatus::WrongDaemon),
        (_, Some(FailureKind::DaemonUnreachable)) => Some(HostStatus::Unreachable),
        (_, Some(FailureKind::DaemonFailed)) => Some(HostStatus::Stale),
        (PassOutcome::Partial, None) if report.scope.is_whole() => Some(HostStatus::Stale),
        (PassOutcome::Committed, None) if report.scope.is_whole() => Some(HostStatus::Fresh),
        _ => None,
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Status")
            .field("host_status", &self.host_status())
            .field("complete_pass_age", &self.complete_pass_age())
            .field("call_in_flight", &self.call_in_flight())
            .field("restarts", &self.restarts)
            .field("leaked", &self.leaked)
            .field("store_trouble", &self.store_trouble)
            .field("stream", &self.stream)
            .field("listening", &self.listening)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Completeness, HostName, Scope};

    fn status() -> Status {
        Status::new(
            Timestamp::from_millis(0),
            Some(Duration::from_secs(90)),
            InFlight::default(),
            LiveCounts::default(),
        )
    }

    fn after(status: &mut Status, outcome: PassOutcome, scope: Scope, error: Option<FailureKind>) {
        let mut report = PassReport::failed(&HostName::new("local"), FailureKind::Internal, "");
        report.outcome = outcome;
        report.scope = scope;
        report.error = error.map(|kind| PassFailure { kind, message: String::new() });
        status.note_pass(Arc::new(report));
    }

    fn some_containers() -> Scope {
        Scope::Containers([ContainerId::new("a")].into())
    }

    #[test]
    fn the_host_is_what_the_last_pass_over_all_of_it_said() {
        use HostStatus as H;
        use PassOutcome as O;
        let mut status = status();
        assert_eq!(status.host_status(), None, "before the first pass");
        for (outcome, scope, error, expected) in [
            (O::Committed, Scope::Host, None, H::Fresh),
            (O::Failed, Scope::Host, Some(FailureKind::DaemonUnreachable), H::Unreachable),
            (O::Committed, some_containers(), None, H::Unreachable),
            (O::Failed, Scope::Host, Some(FailureKind::StoreFailed), H::Unreachable),
            (O::Partial, Scope::Host, None, H::Stale),
            (O::Degraded, some_containers(), Some(FailureKind::DaemonFailed), H::Degraded),
            (O::WrongDaemon, Scope::Host, Some(FailureKind::WrongDaemon), H::WrongDaemon),
            (O::Failed, Scope::Host, Some(FailureKind::DaemonFailed), H::Stale),
            (O::Committed, Scope::Host, None, H::Fresh),
        ] {
            after(&mut status, outcome, scope.clone(), error);
            assert_eq!(status.host_status(), Some(expected), "{outcome} {scope} {error:?}");
        }
    }

    #[test]
    fn what_has_no_row_is_what_the_last_pass_that_looked_at_it_said() {
        let lacking = |id: &str| Unassigned {
            container_id: ContainerId::new(id),
            name: id.into(),
            image_ref: "busybox".into(),
            state: crate::model::ContainerState::Running,
            reason: crate::model::UnassignedReason::NoLabel,
            detail: String::new(),
        };
        let mut status = status();
        let mut look = |scope: Scope, unassigned: &[&str], error: Option<FailureKind>, completeness: Completeness| {
            let mut report = PassReport::failed(&HostName::new("local"), FailureKind::Internal, "");
            report.scope = scope;
            report.error = error.map(|kind| PassFailure { kind, message: String::new() });
            report.completeness = completeness;
            report.unassigned_containers = unassigned.iter().map(|id| lacking(id)).collect();
            status.note_pass(Arc::new(report));
            status.unassigned.as_ref().map(|known| known.keys().map(ToString::to_string).collect::<Vec<_>>().join(","))
        };
        let some = |ids: &[&str]| Scope::Containers(ids.iter().map(|id| ContainerId::new(*id)).collect());
        assert_eq!(look(some(&["a"]), &["a"], None, Completeness::Complete), None, "nothing is known of the others");
        assert_eq!(look(Scope::Host, &["a", "b"], None, Completeness::Complete).as_deref(), Some("a,b"));
        assert_eq!(look(some(&["a", "c"]), &["c"], None, Completeness::Complete).as_deref(), Some("b,c"));
        assert_eq!(
            look(Scope::Host, &[], Some(FailureKind::DaemonFailed), Completeness::Failed).as_deref(),
            Some("b,c")
        );
        assert_eq!(
            look(Scope::Host, &["d"], None, Completeness::Partial).as_deref(),
            Some("b,c,d"),
            "they were not listed"
        );
        assert_eq!(look(Scope::Host, &[], None, Completeness::Complete).as_deref(), Some(""));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_complete_pass_the_host_grows_stale_by_itself() {
        let mut status = status();
        after(&mut status, PassOutcome::Committed, Scope::Host, None);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(status.complete_pass_age(), Some(Duration::from_secs(60)));
        after(&mut status, PassOutcome::Committed, some_containers(), None);
        assert_eq!(status.host_status(), Some(HostStatus::Fresh));
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(status.host_status(), Some(HostStatus::Stale), "a scoped pass does not count");
        after(&mut status, PassOutcome::Failed, Scope::Host, Some(FailureKind::DaemonUnreachable));
        assert_eq!(status.host_status(), Some(HostStatus::Stale), "whatever the last pass said");
        after(&mut status, PassOutcome::Committed, Scope::Host, None);
        assert_eq!(status.host_status(), Some(HostStatus::Fresh));
    }
}
