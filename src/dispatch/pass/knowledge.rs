//! What a pass leaves to the next one: it saves work and changes no result.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::dispatch::rules::{Assignment, ImageNames};
use crate::docker::{ImageAnswer, Listed};
use crate::model::{Completeness, ContainerId, ImageId, LedgerRow, Listing, RowId, Scope, UnassignedReason};
use crate::store::{Difference, Opened};

/// More images than a busy host has; beyond it all are asked again.
const MAX_IMAGES: usize = 4_096;

/// Kept from pass to pass.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    /// The labels of images, which never change under one id.
    pub(super) images: HashMap<ImageId, ImageAnswer>,
    /// What images were called that the list shows by their ids.
    pub(super) image_names: ImageNames,
    /// The last picture, if nothing had to be written for it.
    pub(super) settled: Option<Settled>,
    /// Which containers claim a row that they have not got; `None` until a complete listing told.
    rivals: Option<BTreeMap<RowId, BTreeSet<ContainerId>>>,
    /// Where the last look at single containers, in place of a listing, stopped; `None` if it came to the end.
    pub(super) examined_until: Option<ContainerId>,
}

/// A picture of rows and containers that agree, with its verdicts. Both are known by their allocations: the store gives
/// the same rows only if nobody wrote to the ledger in between, owners included, and the daemon's client gives the same
/// listing only if it says the same. Verdicts follow from them alone, so for the same picture they are the same.
#[derive(Debug)]
pub(super) struct Settled {
    rows: Arc<Vec<LedgerRow>>,
    listing: Arc<Listing>,
    identity_known: bool,
    pub(super) assignment: Assignment,
    pub(super) difference: Difference,
}

impl Knowledge {
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
    pub(super) fn recall(&mut self, opened: &Opened, listed: &Listed) -> Option<Settled> {
        let settled = self.settled.take()?;
        let is_same = Arc::ptr_eq(&settled.rows, &opened.rows)
            && Arc::ptr_eq(&settled.listing, &listed.listing)
            && settled.identity_known == listed.identity.is_some();
        is_same.then_some(settled)
    }

    /// Keeps a picture for which nothing had to be written, unless something is left to ask, or time will change it.
    pub(super) fn settle(&mut self, opened: &Opened, listed: &Listed, assignment: Assignment, difference: Difference) {
        let waits = difference.unassigned.iter().any(|container| container.reason == UnassignedReason::ImageUnknown);
        let flaps = opened.rows.iter().any(|row| row.observed.flapping_since.is_some());
        if difference.unverified.is_empty() && !waits && !flaps {
            self.settled = Some(Settled {
                rows: Arc::clone(&opened.rows),
                listing: Arc::clone(&listed.listing),
                identity_known: listed.identity.is_some(),
                assignment,
                difference,
            });
        }
    }

    /// An image that is gone may come back, and one that did not answer may answer: only labels are kept.
    pub(super) fn forget_what_may_change(&mut self) {
        self.images.retain(|_, answer| matches!(answer, ImageAnswer::Labels(_)));
        if self.images.len() > MAX_IMAGES {
            self.images.clear();
        }
        self.image_names.forget_if_many();
    }
}
