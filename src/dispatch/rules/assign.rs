//! Rule 0, and the order in which everything else is asked.

use std::collections::{BTreeSet, HashMap};

use super::RuleSet;
use super::assignment::{Assignment, Presence, Verdict, unassigned_verdict};
use super::claim::{Claim, ClaimedBy, Label, RowClaim, claim, known_workload};
use super::dispute::dispute;
use super::image::{Origin, origin};
use super::image_name::ImageName;
use super::input::{AssignmentInput, Scoped};
use super::slot::slot_of;
use super::{contest, scaling, slots};
use crate::model::{
    Completeness, ContainerState, ImageId, LedgerRow, ListedContainer, RowId, Unassigned, UnassignedReason,
    is_image_name,
};

/// Decides for each listed container which row is its, if any. The order of the listing does not matter.
#[must_use]
pub(crate) fn assign(input: &AssignmentInput<'_>, rules: &RuleSet) -> Assignment {
    let mut row_of: HashMap<&str, usize> = HashMap::with_capacity(input.rows.len());
    row_of.extend(bound_rows(input.rows));
    let mut presence: Vec<Presence> = input.rows.iter().map(|row| unlisted(input, row)).collect();
    for entry in &input.listing.quarantined {
        if let Some(&row) = row_of.get(entry.container_id.as_str()) {
            presence[row] = Presence::Quarantined;
        }
    }
    let mut assignment = Assignment::default();
    let mut claims = Vec::new();
    for (index, container) in input.listing.containers.iter().enumerate() {
        let verdict = match row_of.get(container.id.as_str()) {
            Some(&row) => {
                presence[row] = Presence::Listed(index);
                keep(input, rules, container, row, &mut assignment.disputed)
            }
            None => match claim_a_row(input, rules, container, &mut assignment) {
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
    find_absent(input, &presence, &mut assignment);
    slots::seat(input, &presence, &mut claims, &mut assignment);
    contest::settle(input, &presence, &claims, &mut assignment);
    scaling::settle(input, &presence, &mut assignment);
    leave_held_back_rows(input, &mut assignment);
    assignment
}

/// A row that is missing has no container that could be seen.
fn unlisted(input: &AssignmentInput<'_>, row: &LedgerRow) -> Presence {
    let is_beyond = input.scoped.is_some_and(|scoped| {
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

/// Rule 0. A row whose workload is gone is left alone, and its container does not fall through to another rule.
fn keep(
    input: &AssignmentInput<'_>,
    rules: &RuleSet,
    container: &ListedContainer,
    index: usize,
    disputed: &mut Vec<Unassigned>,
) -> Verdict {
    let row = &input.rows[index];
    let workload = row.binding.workload_id.as_str();
    let Some(kind) = known_workload(workload, input.directory) else {
        return unassigned_verdict(UnassignedReason::UnknownWorkload, workload);
    };
    if let Some((reason, detail)) = dispute(container, row, kind, input.directory, rules) {
        let mut record = input.unassigned(container, reason, detail);
        if !is_image_name(&record.image_ref) {
            record.image_ref.clone_from(&row.observed.image_ref);
        }
        disputed.push(record);
    }
    Verdict::Keeps(index)
}

/// Rules 1 to 4, with the ignore list before them and the check of the image behind them.
fn claim_a_row(
    input: &AssignmentInput<'_>,
    rules: &RuleSet,
    container: &ListedContainer,
    assignment: &mut Assignment,
) -> Result<RowClaim, Verdict> {
    let name = input.image_name(container);
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
        may_be_bound(input, rules, container, claimed_by, wants_images)
    };
    match claim(container, input.directory, rules) {
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
    input: &AssignmentInput<'_>,
    rules: &RuleSet,
    container: &ListedContainer,
    claimed_by: ClaimedBy,
    wants_images: &mut BTreeSet<ImageId>,
) -> Result<(), Verdict> {
    use UnassignedReason as R;
    if !input.identity_known {
        let why = "whether the daemon is this host's is in doubt, so nothing new is bound";
        return Err(unassigned_verdict(R::IdentityUnknown, why));
    }
    let (reason, detail) = match origin(container, claimed_by, input.images, rules.image_labels) {
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
fn leave_held_back_rows(input: &AssignmentInput<'_>, assignment: &mut Assignment) {
    let Assignment { absent, held_back, .. } = assignment;
    if !held_back.is_empty() {
        let is_decided = |row: &RowId| !held_back.contains(slot_of(row).map_or(row.as_str(), |(first, _)| first));
        absent.retain(|&index| is_decided(&input.rows[index].id));
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
fn find_absent(input: &AssignmentInput<'_>, presence: &[Presence], assignment: &mut Assignment) {
    if input.listing.completeness != Completeness::Complete {
        return;
    }
    for (index, row) in input.rows.iter().enumerate() {
        let (Some(container), Presence::Unlisted) = (&row.binding.container_id, presence[index]) else { continue };
        if known_workload(row.binding.workload_id.as_str(), input.directory).is_none() {
            continue;
        }
        if row.observed.state == ContainerState::Missing {
            ask_for_siblings(input, index, assignment);
            continue;
        }
        assignment.absent.push(index);
        ask_for_siblings(input, index, assignment);
        if input.identity_known && !input.verified.contains_key(container) {
            assignment.wants_verified.insert(container.clone());
        }
    }
}

/// In a scoped pass, of a row within its scope: whether a loss is one that somebody has to look at is decided by the other
/// rows of its workload.
fn ask_for_siblings(input: &AssignmentInput<'_>, index: usize, assignment: &mut Assignment) {
    let workload = &input.rows[index].binding.workload_id;
    let container = input.rows[index].binding.container_id.as_ref();
    let is_wanted = |scoped: Scoped<'_>| {
        container.is_some_and(|container| scoped.containers.contains(container))
            && !scoped.rows_asked.workloads.contains(workload)
    };
    if input.scoped.is_some_and(is_wanted) {
        assignment.wants_rows.workloads.insert(workload.clone());
    }
}
