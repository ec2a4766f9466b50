//! What a pass does when an answer does not come: past a deadline, and when an actor was replaced.

use std::collections::HashMap;
use std::time::Duration;

use super::Pass;
use super::protocol::{Ask, AskKind, Effect, Moment};
use crate::docker::{DaemonError, ImageAnswer};
use crate::model::{FailureKind, Inspected, OpId, PassFailure};

/// For a ping beside a list that is not answered: a daemon that does not hang answers in milliseconds, also over a network.
const TIME_TO_PONG: Duration = Duration::from_secs(1);

impl Pass {
    pub(super) fn on_deadline(
        &mut self,
        op: OpId,
        kind: AskKind,
        progress: Option<DaemonError>,
        now: Moment,
    ) -> Vec<Effect> {
        match kind {
            AskKind::Identify => return self.go_on(now),
            AskKind::Ping => return self.on_pinged(false, now),
            _ => {}
        }
        if !kind.is_of_the_daemon() {
            let mut effects = vec![Effect::StoreStuck(op)];
            effects.extend(self.on_store_deadline(kind, now));
            return effects;
        }
        let mut effects = vec![Effect::DockerStuck(op)];
        match kind {
            AskKind::List => {
                self.draft.list_tries += 1;
                if self.answers_pings.is_none() && !self.awaits(AskKind::Ping) {
                    effects.push(self.ask(Ask::Ping(self.time_to_pong())));
                }
                if self.draft.list_tries < self.list_tries_allowed {
                    // Asked for now and sent to the next life of the worker.
                    effects.push(self.list());
                } else {
                    self.list_failure = Some(progress.unwrap_or_else(|| self.silent()));
                    effects.extend(self.go_on_when_pinged(now));
                }
            }
            AskKind::ReadImages => {
                let unanswered = self.asked_images.drain(..).map(|image| (image, ImageAnswer::Unanswered));
                self.cache.learn_images(unanswered.collect());
                effects.extend(self.decide(now));
            }
            AskKind::ReadNames => {
                let asked = std::mem::take(&mut self.asked_names);
                self.cache.image_names.note_unanswered(asked);
                effects.extend(self.decide(now));
            }
            AskKind::Settle => effects.extend(self.list_if_due()),
            AskKind::Examine => effects.extend(self.on_examined(HashMap::new(), now)),
            _ => {
                let unanswered = Inspected::Unanswered("no answer within the deadline".into());
                let asked = std::mem::take(&mut self.asked_verify);
                self.verified.extend(asked.into_iter().map(|container| (container, unanswered.clone())));
                effects.extend(self.decide(now));
            }
        }
        effects
    }

    /// The daemon answered a ping, or did not in time.
    pub(super) fn on_pinged(&mut self, answers: bool, now: Moment) -> Vec<Effect> {
        self.awaited.retain(|_, kind| *kind != AskKind::Ping);
        self.answers_pings = Some(answers || self.answers_pings == Some(true));
        let waits_for_that = self.list_failure.is_some() && self.listed.is_none() && !self.awaits(AskKind::Examine);
        if waits_for_that && !self.is_failing() { self.go_on_when_pinged(now) } else { Vec::new() }
    }

    /// A list that was not answered in time is slow where the daemon answers at all, else the daemon hangs.
    fn go_on_when_pinged(&mut self, now: Moment) -> Vec<Effect> {
        if self.awaits(AskKind::Ping) {
            return Vec::new();
        }
        if self.answers_pings == Some(true) {
            self.list_failure = self.list_failure.take().map(DaemonError::of_a_daemon_that_answers);
        }
        self.go_on(now)
    }

    /// The bound of the pass has to leave time for its end.
    fn time_to_pong(&self) -> Duration {
        TIME_TO_PONG.min(self.settings.config.list_deadline / 2)
    }

    pub(super) fn silent(&self) -> DaemonError {
        DaemonError::Timeout {
            endpoint: self.settings.endpoint.clone(),
            call: "GET /containers/json",
            deadline: self.settings.config.list_deadline,
        }
    }

    pub(super) fn on_store_deadline(&mut self, kind: AskKind, now: Moment) -> Vec<Effect> {
        if kind == AskKind::Commit && !self.is_failing() {
            return vec![self.reopen_to_learn_of_the_commit()];
        }
        if self.is_failing() {
            return self.finish(now);
        }
        let message = format!(
            "the database did not answer within {:?}; another process may hold a lock on it, or its disk may hang",
            self.settings.config.store_call_deadline()
        );
        self.fail_unrecorded(PassFailure { kind: FailureKind::StoreFailed, message }, now)
    }

    /// The ledger stops and nobody answers for the store any more: whether a transaction that it was in is whole stays
    /// unknown.
    pub(super) fn on_store_gone(&mut self, now: Moment) -> Vec<Effect> {
        if self.is_failing() {
            return self.finish(now);
        }
        self.commit_unknown |= self.awaits(AskKind::Commit);
        self.awaited.clear();
        self.on_stop(now)
    }

    pub(super) fn reopen_to_learn_of_the_commit(&mut self) -> Effect {
        self.commit_unknown = true;
        self.opened = None;
        self.open()
    }

    pub(super) fn ask_again(&mut self, concerns: impl Fn(AskKind) -> bool) -> Vec<Effect> {
        let lost: Vec<(OpId, AskKind)> =
            self.awaited.iter().filter(|(_, kind)| concerns(**kind)).map(|(op, kind)| (*op, *kind)).collect();
        lost.into_iter()
            .map(|(op, kind)| {
                self.awaited.remove(&op);
                self.ask_once_more(kind)
            })
            .collect()
    }

    pub(super) fn ask_once_more(&mut self, kind: AskKind) -> Effect {
        match kind {
            AskKind::Open => self.open(),
            AskKind::List => self.list(),
            AskKind::Settle => self.ask(Ask::Settle(self.scope.containers())),
            AskKind::Examine => {
                let (containers, within) = self.asked_examine.clone();
                self.ask(Ask::Examine(containers, within))
            }
            AskKind::ReadNames => {
                let containers = self.asked_names.clone();
                self.ask(Ask::ReadNames(containers))
            }
            AskKind::Identify => self.ask(Ask::Identify(self.settings.config.inspect_deadline)),
            AskKind::Ping => self.ask(Ask::Ping(self.time_to_pong())),
            AskKind::ReadImages => {
                let images = self.asked_images.clone();
                self.ask(Ask::ReadImages(images))
            }
            AskKind::Verify => {
                let containers = self.asked_verify.clone();
                self.ask(Ask::Verify(containers))
            }
            AskKind::Adopt => {
                let projects = self.asked_adoption.clone();
                self.ask(Ask::Adopt(projects))
            }
            // Rows may have moved while the store was away, and a look-up belongs to its rows: begin from fresh ones.
            AskKind::LookUp | AskKind::ReadRows => {
                self.opened = None;
                self.open()
            }
            AskKind::Commit => self.reopen_to_learn_of_the_commit(),
        }
    }
}
