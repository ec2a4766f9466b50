//! Rule 0, and the order in which everything else is asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::RuleSet;
use super::claim::{Claim, ClaimedBy, Label, RowClaim, claim, known_workload};
use super::dispute::dispute;
use super::image::{Origin, origin};
use super::image_name::{ImageName, ImageNames, image_name};
use super::scaling::SlotEnd;
use super::slots::slot_of;
use super::{contest, scaling, slots};
use crate::docker::ImageAnswer;
use crate::model::{
    Completeness, ContainerId, ContainerState, ExaminedContainer, ImageId, Inspected, LedgerRow, ListedContainer,
    Listing, RowId, Unassigned, UnassignedReason, WorkloadId, WorkloadKind, is_image_name,
};
use crate::model::{Directory, RowKeys};

/// What is known when the owners are decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Picture<'a> {
    /// The rows of the host, from a snapshot that began before the listing; in a scoped pass those that are bound within
    /// the scope, and those of `rows_asked` that exist.
    pub rows: &'a [LedgerRow],
    /// `None` if rows and listing are all of the host.
    pub scoped: Option<Scoped<'a>>,
    /// What the daemon listed.
    pub listing: &'a Listing,
    /// The owners that rows and listing name; a key that is not in it is unknown.
    pub directory: &'a Directory,
    /// The labels of the images that were asked for so far.
    pub images: &'a HashMap<ImageId, ImageAnswer>,
    /// The inspects that were asked for so far.
    pub verified: &'a HashMap<ContainerId, Inspected>,
    /// In a scoped pass, what inspects said before the list was asked.
    pub examined: &'a HashMap<ContainerId, ExaminedContainer>,
    /// What inspects said of images that the list shows by their ids.
    pub image_names: &'a ImageNames,
    /// Whether the daemon said who it is. Without it rows are updated, and nothing is made, taken or swept.
    pub identity_known: bool,
}

/// What a scoped pass looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scoped<'a> {
    /// The containers that the daemon was asked for.
    pub containers: &'a BTreeSet<ContainerId>,
    /// The rows beyond the scope that were asked for.
    pub rows_asked: &'a RowKeys,
}

impl Picture<'_> {
    /// What the image of this container was called, as far as anybody tells.
    pub(crate) fn image_ref<'s>(&'s self, container: &'s ListedContainer) -> &'s str {
        match image_name(self, container) {
            ImageName::Known(name) => name,
            ImageName::ToBeAsked | ImageName::Unknown => &container.image_ref,
        }
    }

    /// The record of a container without a row, or of one whose row is disputed.
    pub(crate) fn unassigned(
        &self,
        container: &ListedContainer,
        reason: UnassignedReason,
        detail: String,
    ) -> Unassigned {
        Unassigned {
            container_id: container.id.clone(),
            name: container.name.clone(),
            image_ref: self.image_ref(container).into(),
            state: container.state.clone(),
            reason,
            detail,
        }
    }
}

/// Whose the listed containers are.
///
/// It is whole once `wants_rows`, `wants_seen`, `wants_images`, `adoptable` and `wants_verified` are empty, and `wants_names`
/// was asked for once in the pass. Until then the caller asks for what is
/// wanted, in this order, and assigns again; what has an answer, of whatever kind, is not wanted again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// One for each of the listing's containers, in the same order.
    pub verdicts: Vec<Verdict>,
    /// Bound containers that keep their row although their labels name another owner.
    pub disputed: Vec<Unassigned>,
    /// In a scoped pass, rows that are claimed, or decide on the loss of another one, and were not read.
    pub wants_rows: RowKeys,
    /// In a scoped pass, containers beyond the scope that decide on one within it.
    pub wants_seen: BTreeSet<ContainerId>,
    /// Containers without a row whose image the list shows by its id: their inspects say what it was called.
    pub wants_names: BTreeSet<ContainerId>,
    /// Images whose labels decide a claim.
    pub wants_images: BTreeSet<ImageId>,
    /// Containers that a complete listing lacked: bound, their row not missing.
    pub wants_verified: BTreeSet<ContainerId>,
    /// With `auto_adopt`, compose projects that are no stacks yet. The caller registers them once in a pass and then
    /// assigns with `auto_adopt` off: one that cannot be registered stays `unknown_stack`.
    pub adoptable: BTreeSet<String>,
    /// Indices of the rows whose container a complete listing lacked: candidates to be swept, or taken by a claimant.
    pub absent: Vec<usize>,
    /// What becomes of slots whose container is gone, by the row's index. A row of `absent` that is not here goes missing.
    pub slot_ends: BTreeMap<usize, SlotEnd>,
    /// Of the rows that are taken, those whose container went missing without an alarm.
    pub returned_quietly: BTreeSet<usize>,
    /// Containers that claim a row and have not got it, or not yet.
    pub rivals: Vec<(RowId, ContainerId)>,
    /// Rows that may turn out to be those of containers whose images were not read in time; of a service, its first row.
    pub held_back: BTreeSet<RowId>,
}

/// What becomes of one listed container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It keeps the row of this index.
    Keeps(usize),
    /// The row of this index goes over to it, or was not bound: always a row of a stack or a site.
    Takes(usize),
    /// It leaves the row of one index for that of another, whose container is gone; the row that it leaves goes.
    Moves {
        /// The row that it leaves.
        from: usize,
        /// The row that it has from now on, of a lower slot of the same service.
        to: usize,
    },
    /// A row is made for it.
    Makes {
        /// The row's id.
        row: RowId,
        /// The owner.
        workload: WorkloadId,
        /// Its kind, never `project`.
        kind: WorkloadKind,
        /// The role within it.
        role: Box<str>,
    },
    /// It has no row.
    Unassigned {
        /// Why.
        reason: UnassignedReason,
        /// The particulars. For `unknown_workload`, `unclaimed_project`, `unknown_site`, `unknown_stack`, `other_prefix`
        /// and `one_off` it is the bare id or compose project that the container names, for `ignored` the entry of the
        /// ignore list, for `no_label` nothing, unless another orchestrator made it; else a short sentence. Not escaped.
        detail: String,
    },
}

impl Verdict {
    /// The row that goes over to the container.
    pub(super) const fn taken(&self) -> Option<usize> {
        match self {
            Self::Takes(row) => Some(*row),
            _ => None,
        }
    }
}

/// Where the listing has the container of a row; a row that is not bound is `Unlisted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// At this index.
    Listed(usize),
    /// Among those of which only the id was read: it exists, its state is unknown.
    Quarantined,
    /// Nowhere, and a scoped pass did not ask for it.
    Beyond,
    /// Nowhere.
    Unlisted,
}

/// Decides for each listed container which row is its, if any. The order of the listing does not matter.
#[must_use]
pub(crate) fn assign(picture: &Picture<'_>, rules: &RuleSet) -> Assignment {
    let mut row_of: HashMap<&str, usize> = HashMap::with_capacity(picture.rows.len());
    row_of.extend(bound_rows(picture.rows));
    let mut presence: Vec<Presence> = picture.rows.iter().map(|row| unlisted(picture, row)).collect();
    for entry in &picture.listing.quarantined {
        if let Some(&row) = row_of.get(entry.container_id.as_str()) {
            presence[row] = Presence::Quarantined;
        }
    }
    let mut assignment = Assignment::default();
    let mut claims = Vec::new();
    for (index, container) in picture.listing.containers.iter().enumerate() {
        let verdict = match row_of.get(container.id.as_str()) {
            Some(&row) => {
                presence[row] = Presence::Listed(index);
                keep(picture, rules, container, row, &mut assignment.disputed)
            }
            None => match claim_a_row(picture, rules, container, &mut assignment) {
                Ok(claim) => {
                    claims.push((index, claim));
                    // Stands in until the contest, which gives each claimant a verdict.
                    unassigned_verdict(UnassignedReason::Contested, String::new())
                }
                Err(verdict) => verdict,
            },
        };
        assignment.verdicts.push(verdict);
    }
    find_absent(picture, &presence, &mut assignment);
    slots::seat(picture, &presence, &mut claims, &mut assignment);
    contest::settle(picture, &presence, &claims, &mut assignment);
    scaling::settle(picture, &presence, &mut assignment);
    leave_held_back_rows(picture, &mut assignment);
    assignment
}

/// A row that is missing has no container that could be seen.
fn unlisted(picture: &Picture<'_>, row: &LedgerRow) -> Presence {
    let is_beyond = picture.scoped.is_some_and(|scoped| {
        let bound = row.binding.container_id.as_ref();
        row.observed.state != ContainerState::Missing
            && bound.is_some_and(|container| !scoped.containers.contains(container))
    });
    if is_beyond { Presence::Beyond } else { Presence::Unlisted }
}

fn bound_rows(rows: &[LedgerRow]) -> impl Iterator<Item = (&str, usize)> {
    let indexed = rows.iter().enumerate();
    indexed.filter_map(|(index, row)| Some((row.binding.container_id.as_ref()?.as_str(), index)))
}

/// The verdict on a container without a row.
pub(super) fn unassigned_verdict(reason: UnassignedReason, detail: impl Into<String>) -> Verdict {
    Verdict::Unassigned { reason, detail: detail.into() }
}

/// Rule 0. A row whose workload is gone is left alone, and its container does not fall through to another rule.
fn keep(
    picture: &Picture<'_>,
    rules: &RuleSet,
    container: &ListedContainer,
    index: usize,
    disputed: &mut Vec<Unassigned>,
) -> Verdict {
    let row = &picture.rows[index];
    let workload = row.binding.workload_id.as_str();
    let Some(kind) = known_workload(workload, picture.directory) else {
        return unassigned_verdict(UnassignedReason::UnknownWorkload, workload);
    };
    if let Some((reason, detail)) = dispute(container, row, kind, picture.directory, rules) {
        let mut record = picture.unassigned(container, reason, detail);
        if !is_image_name(&record.image_ref) {
            record.image_ref.clone_from(&row.observed.image_ref);
        }
        disputed.push(record);
    }
    Verdict::Keeps(index)
}

/// Rules 1 to 4, with the ignore list before them and the check of the image behind them.
fn claim_a_row(
    picture: &Picture<'_>,
    rules: &RuleSet,
    container: &ListedContainer,
    assignment: &mut Assignment,
) -> Result<RowClaim, Verdict> {
    let name = image_name(picture, container);
    if name == ImageName::ToBeAsked {
        assignment.wants_names.insert(container.id.clone());
    }
    let image = if let ImageName::Known(name) = name { name } else { &*container.image_ref };
    if let Some(entry) = rules.ignored_by(container, image) {
        return Err(unassigned_verdict(UnassignedReason::Ignored, entry));
    }
    let may_be_taken = |claimed_by, wants_images: &mut BTreeSet<ImageId>| {
        if name == ImageName::ToBeAsked && rules.asks_for_images() {
            let detail = "its inspect, which says what its image was called, did not answer yet";
            return Err(unassigned_verdict(UnassignedReason::ImageUnanswered, detail));
        }
        may_be_bound(picture, rules, container, claimed_by, wants_images)
    };
    match claim(container, picture.directory, rules) {
        Claim::Row(row) => match may_be_taken(row.claimed_by, &mut assignment.wants_images) {
            Ok(()) => Ok(row),
            Err(verdict) => {
                if is_not_told_yet(&verdict) {
                    // It may turn out to be the row's.
                    if is_decided_later(&verdict) {
                        assignment.held_back.insert(row.row.clone());
                    }
                    assignment.rivals.push((row.row, container.id.clone()));
                }
                Err(verdict)
            }
        },
        Claim::Unregistered(project) => {
            if rules.auto_adopt && is_adoptable(project) {
                may_be_taken(ClaimedBy::Label(Label::Compose), &mut assignment.wants_images)?;
                assignment.adoptable.insert(project.to_owned());
            }
            Err(unassigned_verdict(UnassignedReason::UnknownStack, project))
        }
        Claim::Nothing(reason, detail) => Err(unassigned_verdict(reason, detail)),
    }
}

/// Whether the claim counts and the daemon is this host's: else the verdict that says why not, or not yet.
fn may_be_bound(
    picture: &Picture<'_>,
    rules: &RuleSet,
    container: &ListedContainer,
    claimed_by: ClaimedBy,
    wants_images: &mut BTreeSet<ImageId>,
) -> Result<(), Verdict> {
    use UnassignedReason as R;
    if !picture.identity_known {
        let why = "whether the daemon is this host's is in doubt, so nothing new is bound";
        return Err(unassigned_verdict(R::IdentityUnknown, why));
    }
    let (reason, detail) = match origin(container, claimed_by, picture.images, rules.image_labels) {
        Origin::Creator => return Ok(()),
        Origin::Image => (R::LabelFromImage, "the image carries the same label".to_owned()),
        Origin::Unanswered => (R::ImageUnanswered, "the labels of its image were not read in time".to_owned()),
        Origin::Unreadable(why) => (R::ImageUnreadable, why.to_owned()),
        Origin::Unasked(image) => {
            wants_images.insert(image.clone());
            (R::ImageUnanswered, "the labels of its image are being read".to_owned())
        }
    };
    Err(unassigned_verdict(reason, detail))
}

/// Whether what the container claims may turn out to be its.
const fn is_not_told_yet(verdict: &Verdict) -> bool {
    use UnassignedReason as R;
    matches!(verdict, Verdict::Unassigned { reason: R::ImageUnanswered | R::ImageUnreadable | R::IdentityUnknown, .. })
}

/// Whether a pass soon knows: three passes are the most that a container waits for its image.
const fn is_decided_later(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unassigned { reason: UnassignedReason::ImageUnanswered, .. })
}

/// A row whose container is gone is not missing while a present container may be about to take it: it is left as it is until
/// that is decided.
fn leave_held_back_rows(picture: &Picture<'_>, assignment: &mut Assignment) {
    let Assignment { absent, held_back, .. } = assignment;
    if !held_back.is_empty() {
        let is_decided = |row: &RowId| !held_back.contains(slot_of(row).map_or(row.as_str(), |(first, _)| first));
        absent.retain(|&index| is_decided(&picture.rows[index].id));
    }
}

/// Whether a compose project's name is one that a tool would give: a label can say anything, and adopting makes a stack of
/// that name. Compose gives lower-case names today; older ones, and podman-compose, take what they are told.
pub(crate) fn is_adoptable(project: &str) -> bool {
    let mut bytes = project.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// A row whose workload is gone is left alone, by the sweep too.
fn find_absent(picture: &Picture<'_>, presence: &[Presence], assignment: &mut Assignment) {
    if picture.listing.completeness != Completeness::Complete {
        return;
    }
    for (index, row) in picture.rows.iter().enumerate() {
        let (Some(container), Presence::Unlisted) = (&row.binding.container_id, presence[index]) else { continue };
        if known_workload(row.binding.workload_id.as_str(), picture.directory).is_none() {
            continue;
        }
        if row.observed.state == ContainerState::Missing {
            ask_for_siblings(picture, index, assignment);
            continue;
        }
        assignment.absent.push(index);
        ask_for_siblings(picture, index, assignment);
        if picture.identity_known && !picture.verified.contains_key(container) {
            assignment.wants_verified.insert(container.clone());
        }
    }
}

/// In a scoped pass, of a row within its scope: whether a loss is one that somebody has to look at is decided by the other
/// rows of its workload.
fn ask_for_siblings(picture: &Picture<'_>, index: usize, assignment: &mut Assignment) {
    let workload = &picture.rows[index].binding.workload_id;
    let container = picture.rows[index].binding.container_id.as_ref();
    let is_wanted = |scoped: Scoped<'_>| {
        container.is_some_and(|container| scoped.containers.contains(container))
            && !scoped.rows_asked.workloads.contains(workload)
    };
    if picture.scoped.is_some_and(is_wanted) {
        assignment.wants_rows.workloads.insert(workload.clone());
    }
}
