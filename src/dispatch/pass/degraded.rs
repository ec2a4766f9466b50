//! What stands in for a listing that fails while single inspects answer: the known containers, one by one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::Pass;
use super::endings::kind_of;
use super::protocol::{Ask, AskKind, Effect, Moment};
use crate::docker::{Connection, DaemonError, Listed};
use crate::model::{
    Completeness, ContainerId, ContainerState, Examined, FailureKind, LedgerRow, ListedContainer, Listing, Observed,
    PassFailure, Ports,
};

impl Pass {
    /// Without a listing: asks for the known containers one by one, once, or fails.
    pub(super) fn go_on_without_a_listing(&mut self, now: Moment) -> Vec<Effect> {
        let Some(error) = &self.list_failure else { return Vec::new() };
        if self.awaits(AskKind::Examine) || self.awaits(AskKind::Ping) {
            return Vec::new();
        }
        let failure = PassFailure { kind: kind_of(error), message: error.to_string() };
        let may_answer = may_answer_singly(error);
        let containers = self.opened.as_ref().map(|opened| turn(&opened.rows, self.cache.examined_until.as_ref()));
        let containers = containers.unwrap_or_default();
        let within = self.time_to_examine(now);
        if self.is_examined || !may_answer || containers.is_empty() || within.is_zero() {
            return self.fail_and_record(failure, now);
        }
        self.asked_examine = (containers.clone(), within);
        vec![self.ask(Ask::Examine(containers, within))]
    }

    pub(super) fn on_examined(&mut self, mut answers: HashMap<ContainerId, Examined>, now: Moment) -> Vec<Effect> {
        self.is_examined = true;
        let asked = std::mem::take(&mut self.asked_examine.0);
        self.cache.examined_until = stopped_at(&asked, &answers);
        let mut present = Vec::new();
        for container in asked {
            match answers.remove(&container) {
                Some(Examined::Present(examined)) => {
                    present.push(examined.listed.clone());
                    self.examined.insert(container, *examined);
                }
                Some(Examined::Unanswered(_)) => self.draft.hanging.push(container),
                Some(Examined::Gone) | None => {}
            }
        }
        if present.is_empty() {
            self.draft.hanging.clear();
            return self.go_on(now);
        }
        keep_what_lists_say(self.opened.as_ref().map_or(&[], |opened| &opened.rows), &mut present);
        let error = self.list_failure.as_ref().map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "{error}; single containers answer: {} did and their rows were updated, {} did not, and nothing was made or \
             marked missing",
            present.len(),
            self.draft.hanging.len()
        );
        self.draft.degraded = Some(PassFailure { kind: FailureKind::DaemonFailed, message });
        let listing = Listing {
            completeness: Completeness::Partial,
            containers: present,
            quarantined: Vec::new(),
            unreadable: Vec::new(),
        };
        let connection = Connection::default();
        let listed = Listed { listing: Arc::new(listing), body_bytes: 0, duration: Duration::ZERO, connection };
        self.listed = Some(listed);
        self.listed_at = now.wall;
        self.go_on(now)
    }

    /// One more `list_deadline`, as far as the pass's bound leaves it with a quarter for its end.
    fn time_to_examine(&self, now: Moment) -> Duration {
        let config = &self.settings.config;
        let elapsed = now.monotonic.saturating_sub(self.began.monotonic);
        let left = config.pass_bound().saturating_sub(elapsed).saturating_sub(config.list_deadline / 4);
        left.min(config.list_deadline)
    }
}

/// A listing shows the image's id once its tag has moved on, which an inspect cannot know: the row's own word stays.
fn keep_what_lists_say(rows: &[LedgerRow], present: &mut [ListedContainer]) {
    let described: HashMap<&ContainerId, &LedgerRow> =
        rows.iter().filter_map(|row| Some((row.seen_container_id.as_ref()?, row))).collect();
    for container in present {
        if let Some(row) = described.get(&container.id) {
            container.image_ref.clone_from(&row.observed.image_ref);
            if container.state == row.observed.state {
                leave_additions_out(&row.observed, container);
            }
        }
    }
}

/// Podman's list tells at version 4.3 no port that is exposed and not published; its inspect does. While the state is the
/// same none of them comes to a row by itself.
fn leave_additions_out(observed: &Observed, container: &mut ListedContainer) {
    if published(&observed.ports).eq(published(&container.ports.text)) {
        container.ports = Ports { lowest: observed.port, text: observed.ports.clone() };
    }
}

fn published(ports: &str) -> impl Iterator<Item = &str> {
    ports.split(", ").filter(|port| port.contains("->"))
}

/// Whether the daemon is there at all.
const fn may_answer_singly(error: &DaemonError) -> bool {
    !matches!(
        error,
        DaemonError::SocketMissing { .. }
            | DaemonError::Refused { .. }
            | DaemonError::Forbidden { .. }
            | DaemonError::Unconnected { .. }
    )
}

/// The containers that rows are bound to and that are not missing, in the order of their ids, going on behind the one
/// where the last look stopped.
fn turn(rows: &[LedgerRow], stopped_at: Option<&ContainerId>) -> Vec<ContainerId> {
    let known: BTreeSet<&ContainerId> = rows
        .iter()
        .filter(|row| row.observed.state != ContainerState::Missing)
        .filter_map(|row| row.binding.container_id.as_ref())
        .collect();
    let (before, after): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|container| stopped_at.is_some_and(|stopped| *container <= stopped));
    after.into_iter().chain(before).cloned().collect()
}

/// The last one of those asked whose turn came; `None` if everyone's did.
fn stopped_at(asked: &[ContainerId], answers: &HashMap<ContainerId, Examined>) -> Option<ContainerId> {
    if asked.iter().all(|container| answers.contains_key(container)) {
        return None;
    }
    asked.iter().rev().find(|container| answers.contains_key(*container)).cloned()
}
