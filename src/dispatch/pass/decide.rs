//! From rows, listing and directory to the commit: what is still to be asked, and what is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::machine::Pass;
use super::protocol::{Ask, Effect, Moment};
use crate::dispatch::diff::{DiffInput, Difference, diff};
use crate::dispatch::rules::{Assignment, AssignmentInput, Scoped, assign};
use crate::model::{ImageId, Inspected, Scope, UnassignedReason};
use crate::store::{CommitReport, StoreError};

impl Pass {
    /// Assigns again with every answer so far, until nothing more is wanted.
    pub(super) fn decide(&mut self, now: Moment) -> Vec<Effect> {
        let (Some(opened), Some(listed), Some(directory)) = (&self.opened, &self.listed, &self.directory) else {
            return Vec::new();
        };
        let facts = AssignmentInput {
            rows: &opened.rows,
            scoped: match &self.scope {
                Scope::Host => None,
                Scope::Containers(containers) => Some(Scoped { containers, rows_asked: &self.rows_asked }),
            },
            listing: &listed.listing,
            directory,
            images: &self.cache.images,
            verified: &self.verified,
            examined: &self.examined,
            image_names: &self.cache.image_names,
            identity_known: self.is_ours(),
        };
        let assignment = assign(&facts, &self.settings.rules);
        if !assignment.wants_rows.is_empty() {
            self.rows_asked.extend(&assignment.wants_rows);
            return vec![self.ask(Ask::ReadRows(assignment.wants_rows))];
        }
        if self.outgrows_its_scope(&opened.rows, &assignment) {
            return self.grow();
        }
        if !assignment.wants_seen.is_empty() {
            return self.grow_by(assignment.wants_seen);
        }
        if !assignment.wants_names.is_empty() && !self.names_are_asked {
            self.names_are_asked = true;
            self.asked_names = assignment.wants_names.into_iter().collect();
            let containers = self.asked_names.clone();
            return vec![self.ask(Ask::ReadNames(containers))];
        }
        if !assignment.wants_images.is_empty() {
            return self.ask_for_images(assignment.wants_images, now);
        }
        if !assignment.adoptable.is_empty() && self.asked_adoption.is_empty() {
            self.asked_adoption.clone_from(&assignment.adoptable);
            return vec![self.ask(Ask::Adopt(assignment.adoptable))];
        }
        if let Some(why) = self.cache.inspects_refused.as_ref().filter(|_| !assignment.wants_verified.is_empty()) {
            // Each would be refused like the last one; one is asked again from time to time.
            let unanswered = assignment.wants_verified.into_iter().map(|id| (id, Inspected::Unanswered(why.clone())));
            self.verified.extend(unanswered);
            return self.decide(now);
        }
        if !assignment.wants_verified.is_empty() {
            self.asked_verify = assignment.wants_verified.into_iter().collect();
            let containers = self.asked_verify.clone();
            return vec![self.ask(Ask::Verify(containers))];
        }
        if !self.scope.is_whole() && self.may_have_a_successor(&opened.rows, &assignment) {
            return self.grow();
        }
        let mut difference = diff(&DiffInput {
            facts: &facts,
            assignment: &assignment,
            now: self.listed_at,
            last_complete_pass_at: opened.host.last_complete_pass_at,
            news: &self.order.news,
            flapping_window: self.settings.config.flapping.window,
        });
        if let Some(doubt) = &self.draft.doubt {
            let unknown = difference.unassigned.iter_mut().filter(|c| c.reason == UnassignedReason::IdentityUnknown);
            unknown.for_each(|container| container.detail.clone_from(doubt));
        }
        self.commit(assignment, difference, now)
    }

    /// One that did not answer in three passes is taken for refused, without a fourth wait.
    fn ask_for_images(&mut self, wanted: BTreeSet<ImageId>, now: Moment) -> Vec<Effect> {
        self.asked_images = self.cache.give_up_silent_images(wanted);
        if self.asked_images.is_empty() {
            return self.decide(now);
        }
        let images = self.asked_images.clone();
        vec![self.ask(Ask::ReadImages(images))]
    }

    /// In how many passes in a row, this one included, images did not answer in time; `None` if all that were asked did.
    #[must_use]
    pub(crate) fn images_unanswered(&self) -> Option<u32> {
        self.cache.images_unanswered()
    }

    pub(super) fn commit(&mut self, assignment: Assignment, mut difference: Difference, now: Moment) -> Vec<Effect> {
        self.planned = Arc::new(std::mem::take(&mut difference.rows));
        self.assignment = Some(assignment);
        self.difference = Some(difference);
        if !self.scope.is_whole() && self.planned.is_empty() && self.list_failure.is_none() {
            // The host's line tells of whole passes: here is nothing to write.
            return self.finish(now);
        }
        let plan = self.plan(now);
        vec![self.ask(Ask::Commit(Box::new(plan)))]
    }

    pub(super) fn on_committed(&mut self, result: Result<CommitReport, StoreError>, now: Moment) -> Vec<Effect> {
        match result {
            Ok(report) => {
                self.draft.commit = report;
                self.finish(now)
            }
            Err(StoreError::Clash { .. } | StoreError::Refused { .. }) if !self.row_by_row && !self.is_failing() => {
                // Fresh rows tell what the others did; row by row, whatever still clashes costs only itself.
                self.row_by_row = true;
                self.opened = None;
                vec![self.open()]
            }
            Err(error) if self.is_failing() => {
                tracing::warn!(%error, "writing the host's status failed");
                self.finish(now)
            }
            Err(error @ StoreError::Query { .. }) => {
                // The connection may have been cut behind the commit.
                self.commit_error = Some(error);
                vec![self.reopen_to_learn_of_the_commit()]
            }
            Err(error) => self.fail_by_store(&error, now),
        }
    }
}
