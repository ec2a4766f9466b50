//! The machine: one event at a time, from *open* to the commit's answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::cache::{CachedPass, PassCache};
use super::protocol::{Ask, AskKind, Effect, Event, Moment, PassSettings};
use super::report::ReportDraft;
use crate::dispatch::PassOrder;
use crate::dispatch::diff::Difference;
use crate::dispatch::directory::directory_keys;
use crate::dispatch::rules::Assignment;
use crate::docker::{DaemonError, Identified, Listed};
use crate::model::{
    ContainerId, Directory, Examined, ExaminedContainer, FailureKind, ImageId, Inspected, News, OpId, PassFailure,
    RowKeys, Scope, Timestamp,
};
use crate::store::{Opened, RowWrite, StoreError};

/// One pass on its way.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(super) settings: PassSettings,
    pub(super) order: PassOrder,
    /// Where it looks: as ordered, or grown to the whole host.
    pub(super) scope: Scope,
    pub(super) began: Moment,
    /// How often a list that hangs may be tried.
    pub(super) list_tries_allowed: u32,
    pub(super) next_op: u64,
    pub(super) awaited: BTreeMap<OpId, AskKind>,
    /// In a scoped pass, the rows beyond the scope that were asked for.
    pub(super) rows_asked: RowKeys,
    /// What is asked again if its actor is replaced.
    pub(super) asked_names: Vec<ContainerId>,
    pub(super) asked_images: Vec<ImageId>,
    pub(super) asked_verify: Vec<ContainerId>,
    pub(super) asked_adoption: BTreeSet<String>,
    pub(super) asked_examine: (Vec<ContainerId>, Duration),
    /// Nothing that is committed from now on can be among the rows: the daemon may be asked.
    pub(super) has_snapshot: bool,
    pub(super) opened: Option<Opened>,
    pub(super) listed: Option<Listed>,
    /// When the daemon answered that; until then the begin of the pass.
    pub(super) listed_at: Timestamp,
    /// What inspects said of containers before they were listed, or in place of a listing.
    pub(super) examined: HashMap<ContainerId, ExaminedContainer>,
    /// Whether the names of images were asked for: once in a pass is enough.
    pub(super) names_are_asked: bool,
    /// Why there is no listing; `listed` then holds what single inspects said in its place, if they said anything.
    pub(super) list_failure: Option<DaemonError>,
    /// Single inspects were tried in place of the listing.
    pub(super) is_examined: bool,
    /// Whether the daemon answered a ping while it did not answer the list; `None` until it was asked.
    pub(super) answers_pings: Option<bool>,
    /// What is known of who answers.
    pub(super) who: Option<Identified>,
    pub(super) has_waited_for_identity: bool,
    /// An operator's word was needed to believe the daemon.
    pub(super) confirmed: bool,
    pub(super) directory: Option<Directory>,
    pub(super) cache: PassCache,
    pub(super) verified: HashMap<ContainerId, Inspected>,
    pub(super) assignment: Option<Assignment>,
    /// Its rows are in `planned`.
    pub(super) difference: Option<Difference>,
    /// The rows of the commit that was sent last.
    pub(super) planned: Arc<Vec<RowWrite>>,
    /// The commit was sent and its answer is not known: the next *open* tells by `last_pass_id`.
    pub(super) commit_unknown: bool,
    /// The error that the commit ended in: it stands unless the next *open* tells that the commit is in all the same.
    pub(super) commit_error: Option<StoreError>,
    pub(super) row_by_row: bool,
    pub(super) draft: ReportDraft,
}

/// In the first pass whose list hangs, so that one lost connection costs no tick.
pub(crate) const LIST_TRIES_AT_FIRST: u32 = 3;

impl Pass {
    /// Begins a pass with what the one before left. `first_op` is the first of the op ids that it may
    /// use; they only grow.
    pub(crate) fn begin(
        settings: PassSettings,
        order: PassOrder,
        now: Moment,
        list_tries_allowed: u32,
        cache: PassCache,
        first_op: u64,
    ) -> (Self, Vec<Effect>) {
        let mut pass = Self {
            scope: cache.fitting(&order.scope),
            settings,
            order,
            began: now,
            list_tries_allowed,
            next_op: first_op,
            awaited: BTreeMap::new(),
            rows_asked: RowKeys::default(),
            asked_names: Vec::new(),
            asked_images: Vec::new(),
            asked_verify: Vec::new(),
            asked_adoption: BTreeSet::new(),
            asked_examine: (Vec::new(), Duration::ZERO),
            has_snapshot: false,
            opened: None,
            listed: None,
            listed_at: now.wall,
            examined: HashMap::new(),
            names_are_asked: false,
            list_failure: None,
            is_examined: false,
            answers_pings: None,
            who: None,
            has_waited_for_identity: false,
            confirmed: false,
            directory: None,
            cache,
            verified: HashMap::new(),
            assignment: None,
            difference: None,
            planned: Arc::default(),
            commit_unknown: false,
            commit_error: None,
            row_by_row: false,
            draft: ReportDraft::default(),
        };
        let mut effects = vec![pass.open()];
        effects.extend(pass.settle());
        (pass, effects)
    }

    /// The first op id that this pass has not used.
    #[must_use]
    pub(crate) const fn next_op(&self) -> u64 {
        self.next_op
    }

    /// Leaves one op id to somebody else.
    pub(crate) const fn skip_op(&mut self) {
        self.next_op += 1;
    }

    /// Takes one event. Answers to requests that are not awaited any more are dropped.
    pub(crate) fn on(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        match event {
            Event::SnapshotBegan(op) => self.on_snapshot(op),
            Event::Opened(op, result) => self.answered(op, |pass| pass.on_opened(result, now)),
            Event::Listed(op, result) => self.answered(op, |pass| pass.on_listed(result, now)),
            Event::Known(who) => {
                self.who = who;
                Vec::new()
            }
            Event::Identified(op, who) => self.answered(op, |pass| {
                pass.who = Some(who);
                pass.go_on(now)
            }),
            Event::Pinged => self.on_pinged(true, now),
            Event::Found(op, result) => self.answered(op, |pass| pass.on_found(result, now)),
            Event::Adopted(op, result) => self.answered(op, |pass| pass.on_adopted(result, now)),
            Event::ImagesRead(op, answers) => self.answered(op, |pass| {
                pass.cache.learn_images(answers);
                pass.decide(now)
            }),
            Event::RowsRead(op, result) => self.answered(op, |pass| pass.on_rows_read(result, now)),
            Event::Examined(op, answers) => match self.awaited.remove(&op) {
                Some(AskKind::Settle) => {
                    self.examined.extend(answers.into_iter().filter_map(|(container, answer)| match answer {
                        Examined::Present(examined) => Some((container, *examined)),
                        Examined::Gone | Examined::Unanswered(_) => None,
                    }));
                    self.list_if_due()
                }
                Some(_) => self.on_examined(answers, now),
                None => Vec::new(),
            },
            Event::Verified(op, answers) => match self.awaited.remove(&op) {
                Some(AskKind::ReadNames) => {
                    self.cache.image_names.note(answers);
                    self.decide(now)
                }
                Some(_) => {
                    self.verified.extend(answers);
                    self.decide(now)
                }
                None => Vec::new(),
            },
            Event::Committed(op, result) => self.answered(op, |pass| pass.on_committed(result, now)),
            Event::Deadline(op, progress) => match self.awaited.remove(&op) {
                Some(kind) => self.on_deadline(op, kind, progress, now),
                None => Vec::new(),
            },
            Event::DockerUp => self.ask_again(AskKind::is_of_the_daemon),
            Event::StoreUp => self.ask_again(AskKind::is_of_the_store),
            Event::StoreTrouble(error) => self.on_store_trouble(&error, now),
            Event::Stop => self.on_stop(now),
            Event::StoreGone => self.on_store_gone(now),
        }
    }

    fn answered(&mut self, op: OpId, then: impl FnOnce(&mut Self) -> Vec<Effect>) -> Vec<Effect> {
        if self.awaited.remove(&op).is_some() { then(self) } else { Vec::new() }
    }

    pub(super) fn ask(&mut self, ask: Ask) -> Effect {
        let op = OpId(self.next_op);
        self.next_op += 1;
        self.awaited.insert(op, ask.kind());
        Effect::Ask(op, ask)
    }

    fn on_snapshot(&mut self, op: OpId) -> Vec<Effect> {
        if !self.awaited.contains_key(&op) {
            return Vec::new();
        }
        self.has_snapshot = true;
        self.list_if_due()
    }

    /// The list comes after the snapshot of the rows, and after what the daemon is not done with.
    pub(super) fn list_if_due(&mut self) -> Vec<Effect> {
        let is_asked = self.listed.is_some() || self.list_failure.is_some() || self.awaits(AskKind::List);
        let may_be_asked = self.has_snapshot && !self.awaits(AskKind::Settle);
        if may_be_asked && !is_asked { vec![self.list()] } else { Vec::new() }
    }

    fn on_opened(&mut self, result: Result<Opened, StoreError>, now: Moment) -> Vec<Effect> {
        match result {
            Ok(opened) => {
                self.cache.count_on(&opened.host.refusals);
                let ours_is_in = opened.host.last_pass_id.as_ref() == Some(&self.order.pass);
                self.opened = Some(opened);
                self.rows_asked = RowKeys::default();
                if self.commit_unknown && ours_is_in {
                    return self.finish_from_plan(now);
                }
                self.commit_unknown = false;
                match self.commit_error.take() {
                    Some(error) => self.fail_by_store(&error, now),
                    None => self.go_on(now),
                }
            }
            Err(error) => self.fail_by_store(&error, now),
        }
    }

    fn on_listed(&mut self, result: Result<Listed, DaemonError>, now: Moment) -> Vec<Effect> {
        self.draft.list_tries += 1;
        match result {
            Ok(listed) => {
                self.listed = Some(listed);
                self.listed_at = now.wall;
                self.go_on(now)
            }
            Err(error) => {
                self.list_failure = Some(error);
                self.go_on(now)
            }
        }
    }

    /// Rows and listing arrive in either order; both are needed.
    pub(super) fn go_on(&mut self, now: Moment) -> Vec<Effect> {
        if self.opened.is_none() {
            return Vec::new();
        }
        if self.listed.is_none() {
            return self.go_on_without_a_listing(now);
        }
        if self.awaits(AskKind::Identify) {
            return Vec::new();
        }
        if self.draft.degraded.is_none()
            && let Some(effects) = self.judge_the_daemon(now)
        {
            return effects;
        }
        let (Some(opened), Some(listed)) = (&self.opened, &self.listed) else { return Vec::new() };
        if self.is_ours()
            && self.scope.is_whole()
            && self.order.news == News::default()
            && let Some(CachedPass { assignment, difference, .. }) = self.cache.recall(opened, listed)
        {
            return self.commit(assignment, difference, now);
        }
        let mut keys = directory_keys(&opened.rows, &listed.listing, &self.settings.rules);
        keys.elsewhere = self.elsewhere();
        vec![self.ask(Ask::LookUp(keys))]
    }

    fn on_found(&mut self, result: Result<Directory, StoreError>, now: Moment) -> Vec<Effect> {
        match result {
            Ok(Directory { kept_by: Some(other), .. }) => {
                let (endpoint, host) = (self.settings.endpoint.clone(), self.settings.config.host.to_string());
                self.fail_by_store(&StoreError::IdentityTaken { endpoint, host, other: other.to_string() }, now)
            }
            Ok(directory) => {
                self.directory = Some(directory);
                self.decide(now)
            }
            Err(error) => self.fail_by_store(&error, now),
        }
    }

    fn on_adopted(&mut self, result: Result<Directory, StoreError>, now: Moment) -> Vec<Effect> {
        match (result, &mut self.directory) {
            (Ok(gained), Some(directory)) => {
                directory.stacks.extend(gained.stacks);
                directory.workloads.extend(gained.workloads);
                self.decide(now)
            }
            (Ok(_), None) => Vec::new(),
            (Err(error), _) => self.fail_by_store(&error, now),
        }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.draft.failure.is_some()
    }

    pub(super) fn awaits(&self, kind: AskKind) -> bool {
        self.awaited.values().any(|awaited| *awaited == kind)
    }

    fn on_store_trouble(&mut self, error: &StoreError, now: Moment) -> Vec<Effect> {
        let waits_for_the_store = self.awaited.values().any(|kind| kind.is_of_the_store());
        // The transaction that did not answer may be what locks the next life of the store out: it ends by itself, and
        // then its callers are told. The bound of the pass is the bound of this.
        let may_still_learn =
            self.commit_unknown && !self.is_failing() && !matches!(error, StoreError::LeaseHeld { .. });
        match (waits_for_the_store && !may_still_learn, self.is_failing()) {
            (false, _) => Vec::new(),
            (true, true) => self.finish(now),
            (true, false) => self.fail_by_store(error, now),
        }
    }

    pub(super) fn on_stop(&mut self, now: Moment) -> Vec<Effect> {
        if self.awaits(AskKind::Commit) {
            // The transaction ends by itself and its report is true; stopping waits for it.
            return Vec::new();
        }
        let wrote = if self.commit_unknown { "" } else { " and wrote nothing" };
        let message = format!("the ledger is stopping; this pass was given up{wrote}");
        self.fail_unrecorded(PassFailure { kind: FailureKind::Stopping, message }, now)
    }
}
