//! What a pass leaves to the next one: it saves work and changes no result.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::dispatch::diff::Difference;
use crate::dispatch::rules::{Assignment, ImageNames};
use crate::docker::{Connection, ImageAnswer, Listed};
use crate::model::{
    Completeness, ContainerId, DaemonCall, ImageId, LedgerRow, Listing, Refusal, RowId, Scope, UnassignedReason,
};
use crate::store::Opened;

/// More images than a busy host has; beyond it all are asked again.
const MAX_IMAGES: usize = 4_096;

/// Passes that a container waits for its image. One that is slow for a minute and a half is slow for good.
const MOST_PASSES_UNANSWERED: u32 = 3;

/// Kept from pass to pass.
#[derive(Debug, Default)]
pub(crate) struct PassCache {
    /// The labels of images, which never change under one id.
    pub(super) images: HashMap<ImageId, ImageAnswer>,
    /// What images were called that the list shows by their ids.
    pub(super) image_names: ImageNames,
    /// In how many passes in a row each of these did not answer.
    pub(super) silent: HashMap<ImageId, u32>,
    /// Where the count of an image begins: as the process before left it, since each `once` is a process of its own.
    pub(super) silent_before: Option<u32>,
    /// The last picture, if nothing had to be written for it.
    pub(super) settled: Option<CachedPass>,
    /// Which containers claim a row that they have not got; `None` until a complete listing told.
    pub(super) rivals: Option<BTreeMap<RowId, BTreeSet<ContainerId>>>,
    /// Where the last look at single containers, in place of a listing, stopped; `None` if it came to the end.
    pub(super) examined_until: Option<ContainerId>,
    /// The connection of the last listing that was this host's: as long as it lives, the same peer answers.
    pub(super) proven: Option<Connection>,
    /// Why inspects are refused, if they are: then none is asked to verify what is absent.
    pub(crate) inspects_refused: Option<String>,
}

/// A picture of rows and containers that agree, with its verdicts. Both are known by their allocations: the store gives
/// the same rows only if nobody wrote to the ledger in between, owners included, and the daemon's client gives the same
/// listing only if it says the same. Verdicts follow from them alone, so for the same picture they are the same.
#[derive(Debug)]
pub(super) struct CachedPass {
    rows: Arc<Vec<LedgerRow>>,
    listing: Arc<Listing>,
    pub(super) assignment: Assignment,
    pub(super) difference: Difference,
}

impl PassCache {
    /// The scope that a pass can have: without knowing who else claims the rows in scope, the whole host.
    pub(super) fn fitting(&self, ordered: &Scope) -> Scope {
        if self.rivals.is_some() { ordered.clone() } else { Scope::Host }
    }

    /// Whether a container that is not one of these claims the row as well.
    pub(super) fn has_rival_beyond(&self, row: &RowId, scope: &BTreeSet<ContainerId>) -> bool {
        let rivals = self.rivals.as_ref().and_then(|rivals| rivals.get(row));
        rivals.is_some_and(|rivals| rivals.iter().any(|rival| !scope.contains(rival)))
    }

    /// Learns who claims what. Only a complete listing of the whole host tells that there is nobody else.
    pub(super) fn note_rivals(&mut self, scope: &Scope, completeness: Completeness, found: &[(RowId, ContainerId)]) {
        match (scope, completeness, &mut self.rivals) {
            (Scope::Host, Completeness::Complete, rivals) => *rivals = Some(BTreeMap::new()),
            (Scope::Containers(scope), Completeness::Complete, Some(rivals)) => {
                rivals.values_mut().for_each(|rivals| rivals.retain(|rival| !scope.contains(rival)));
            }
            _ => {}
        }
        if let Some(rivals) = &mut self.rivals {
            for (row, rival) in found {
                rivals.entry(row.clone()).or_default().insert(rival.clone());
            }
            rivals.retain(|_, rivals| !rivals.is_empty());
        }
    }

    /// The verdicts on this picture, if it is the one that was settled last.
    pub(super) fn recall(&mut self, opened: &Opened, listed: &Listed) -> Option<CachedPass> {
        let settled = self.settled.take()?;
        let is_same = Arc::ptr_eq(&settled.rows, &opened.rows) && Arc::ptr_eq(&settled.listing, &listed.listing);
        is_same.then_some(settled)
    }

    /// Keeps a picture for which nothing had to be written, unless something is left to ask, or time will change it.
    pub(super) fn settle(&mut self, opened: &Opened, listed: &Listed, assignment: Assignment, difference: Difference) {
        let waits = difference.unassigned.iter().any(|container| container.reason == UnassignedReason::ImageUnanswered);
        let flaps = opened.rows.iter().any(|row| row.observed.flapping_since.is_some());
        if difference.unverified.is_empty() && !waits && !flaps {
            self.settled = Some(CachedPass {
                rows: Arc::clone(&opened.rows),
                listing: Arc::clone(&listed.listing),
                assignment,
                difference,
            });
        }
    }

    /// An image that is gone may come back, and one that did not answer may answer: labels are kept, and refusals, which
    /// are asked again all together.
    pub(super) fn forget_what_may_change(&mut self) {
        self.images.retain(|_, answer| matches!(answer, ImageAnswer::Labels(_) | ImageAnswer::Refused(_)));
        if self.images.len() > MAX_IMAGES {
            self.images.clear();
        }
        self.image_names.forget_if_many();
        if self.silent.len() > MAX_IMAGES {
            self.silent.clear();
        }
    }

    /// Images can be read again, or a look may tell that they can: those that could not are asked when they are wanted.
    pub(crate) fn forget_unread_images(&mut self) {
        let before = self.images.len();
        self.images.retain(|_, answer| !matches!(answer, ImageAnswer::Refused(_)));
        if self.images.len() < before {
            self.settled = None;
        }
    }

    /// Takes the count of passes without an answer over from the process before.
    pub(super) fn count_on(&mut self, stored: &[Refusal]) {
        let silent = stored.iter().find(|refusal| refusal.call == DaemonCall::Images && refusal.status.is_none());
        self.silent_before.get_or_insert(silent.map_or(0, |refusal| refusal.passes));
    }

    pub(super) fn learn_images(&mut self, answers: HashMap<ImageId, ImageAnswer>) {
        for (image, answer) in &answers {
            if *answer == ImageAnswer::Unanswered {
                *self.silent.entry(image.clone()).or_insert(self.silent_before.unwrap_or(0)) += 1;
            } else {
                self.silent.remove(image);
                // Who answers once is no daemon that never does.
                self.silent_before = Some(0);
            }
        }
        self.images.extend(answers);
    }

    /// Of the images that are wanted, those that are still worth a question; the others are taken for refused.
    pub(super) fn give_up_silent_images(&mut self, wanted: BTreeSet<ImageId>) -> Vec<ImageId> {
        let before = self.silent_before.unwrap_or(0);
        let passes = |image: &ImageId| self.silent.get(image).copied().unwrap_or(before);
        let (silent, asked): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|image| passes(image) >= MOST_PASSES_UNANSWERED);
        let why = format!("{} was not answered in {MOST_PASSES_UNANSWERED} passes", DaemonCall::Images.request());
        self.images.extend(silent.into_iter().map(|image| (image, ImageAnswer::Refused(why.as_str().into()))));
        asked
    }

    /// See [`super::Pass::images_unanswered`].
    pub(super) fn images_unanswered(&self) -> Option<u32> {
        let unanswered = self.images.iter().filter(|(_, answer)| **answer == ImageAnswer::Unanswered);
        unanswered.filter_map(|(image, _)| self.silent.get(image).copied()).max()
    }
}
