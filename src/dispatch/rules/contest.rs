//! Several containers, one row: which has it.
//!
//! A container that loses its row waits a pass before it may take another. So no commit moves a container id from one
//! row to another, which the unique index would refuse in one order and allow in the other.

use std::collections::{HashMap, HashSet};

use super::assignment::{Assignment, Presence, Verdict, unassigned_verdict};
use super::brief::brief;
use super::claim::{ClaimedBy, Label, RowClaim, known_workload};
use super::input::AssignmentInput;
use crate::model::{ListedContainer, RowId, UnassignedReason};

/// Gives each claimant its verdict, and a new one to each container whose row goes to a claimant.
///
/// `presence` tells of each row where its container is. `claims` holds unbound containers, by index in the listing, with
/// the row that each claims.
pub(super) fn settle(
    input: &AssignmentInput<'_>,
    presence: &[Presence],
    claims: &[(usize, RowClaim)],
    assignment: &mut Assignment,
) {
    if claims.is_empty() {
        return;
    }
    let containers = &input.listing.containers;
    let index_of: HashMap<&RowId, usize> = input.rows.iter().enumerate().map(|(index, row)| (&row.id, index)).collect();
    let mut seats: HashMap<&RowId, Seat> = HashMap::new();
    for (container, claim) in claims {
        let known = index_of.get(&claim.row).copied();
        ask_for_rows(input, claim, known.is_some(), assignment);
        if let Some(row) = known.filter(|row| presence[*row] == Presence::Beyond) {
            assignment.wants_seen.extend(input.rows[row].binding.container_id.clone());
        }
        let seat = seats.entry(&claim.row).or_insert_with(|| match index_of.get(&claim.row) {
            Some(&row) => Seat { row: Some(row), holder: holder(input, row, presence[row], claim) },
            None => Seat { row: None, holder: Holder::Nobody },
        });
        seat.consider(containers, *container);
    }
    let mut displaced = HashSet::new();
    for (container, claim) in claims {
        let seat = &seats[&claim.row];
        let verdict = seat.verdict_on(containers, *container, claim);
        if matches!(verdict, Verdict::Unassigned { .. }) {
            assignment.rivals.push((claim.row.clone(), containers[*container].id.clone()));
        }
        if let Verdict::Takes(row) = verdict
            && let Presence::Listed(loser) = presence[row]
        {
            assignment.rivals.push((claim.row.clone(), containers[loser].id.clone()));
            assignment.verdicts[loser] = unassigned_verdict(UnassignedReason::Superseded, seat.told(containers, claim));
            displaced.insert(&containers[loser].id);
        }
        assignment.verdicts[*container] = verdict;
    }
    assignment.disputed.retain(|disputed| !displaced.contains(&disputed.container_id));
}

/// In a scoped pass: the row that is claimed, and where that is a slot, the others of its service, which decide on the slot.
fn ask_for_rows(input: &AssignmentInput<'_>, claim: &RowClaim, is_known: bool, assignment: &mut Assignment) {
    let Some(scoped) = input.scoped else { return };
    let is_slot = claim.claimed_by == ClaimedBy::Label(Label::Compose);
    if !is_known && !scoped.rows_asked.rows.contains(&claim.row) {
        assignment.wants_rows.rows.insert(claim.row.clone());
    }
    if is_slot && !scoped.rows_asked.workloads.contains(&claim.workload) {
        assignment.wants_rows.workloads.insert(claim.workload.clone());
    }
}

/// A row that is claimed.
struct Seat {
    /// Its index, if it exists.
    row: Option<usize>,
    holder: Holder,
}

enum Holder {
    /// It is free.
    Nobody,
    /// Its own container, as listed.
    Bound(usize),
    /// The best claimant so far.
    Claimant(usize),
    /// Its own container may exist and was not seen; what is known of it.
    Unseen(String),
    /// It is another workload's; whose.
    Foreign(String),
}

/// Who has a row before any claim is heard. A row is open only if its container is listed, or known to be gone.
fn holder(input: &AssignmentInput<'_>, index: usize, presence: Presence, claim: &RowClaim) -> Holder {
    let row = &input.rows[index];
    if row.binding.workload_id != claim.workload || !row.binding.workload_kind.binding_is_ours() {
        let owner = &row.binding.workload_id;
        return Holder::Foreign(format!("belongs to {} {owner}", row.binding.workload_kind));
    }
    if known_workload(row.binding.workload_id.as_str(), input.directory).is_none() {
        return Holder::Foreign("belongs to a workload that is going".to_owned());
    }
    let Some(container) = &row.binding.container_id else { return Holder::Nobody };
    match presence {
        Presence::Listed(container) => Holder::Bound(container),
        Presence::Quarantined => {
            Holder::Unseen(format!("is bound to {}, whose entry was not readable", container.short()))
        }
        Presence::Unlisted if input.is_gone(row) => Holder::Nobody,
        Presence::Beyond | Presence::Unlisted => {
            Holder::Unseen(format!("is bound to {}, which may still exist", container.short()))
        }
    }
}

impl Seat {
    /// Hears one claim.
    fn consider(&mut self, containers: &[ListedContainer], claimant: usize) {
        let standing = match self.holder {
            Holder::Nobody => None,
            Holder::Bound(container) => Some(rank(&containers[container], true)),
            Holder::Claimant(container) => Some(rank(&containers[container], false)),
            Holder::Unseen(_) | Holder::Foreign(_) => return,
        };
        if standing < Some(rank(&containers[claimant], false)) {
            self.holder = Holder::Claimant(claimant);
        }
    }

    fn verdict_on(&self, containers: &[ListedContainer], claimant: usize, claim: &RowClaim) -> Verdict {
        let container = &containers[claimant];
        match (&self.holder, self.row) {
            (Holder::Claimant(winner), Some(row)) if *winner == claimant => Verdict::Takes(row),
            (Holder::Claimant(winner), None) if *winner == claimant => Verdict::Makes {
                row: claim.row.clone(),
                workload: claim.workload.clone(),
                kind: claim.kind,
                role: claim.role.clone(),
            },
            (Holder::Foreign(_), _) => unassigned_verdict(UnassignedReason::Contested, self.told(containers, claim)),
            _ if container.state.is_up() => {
                unassigned_verdict(UnassignedReason::Contested, self.told(containers, claim))
            }
            (Holder::Bound(_), _) if container.claims.compose_replace.is_some() => {
                let detail = format!("{}, and compose is about to replace that", self.told(containers, claim));
                unassigned_verdict(UnassignedReason::Superseded, detail)
            }
            _ => unassigned_verdict(UnassignedReason::Superseded, self.told(containers, claim)),
        }
    }

    /// Who has the row, for one that has not.
    fn told(&self, containers: &[ListedContainer], claim: &RowClaim) -> String {
        let row = brief(claim.row.as_str());
        let called = |container: usize| {
            let container: &ListedContainer = &containers[container];
            format!("{} ({})", brief(&container.name), container.id.short())
        };
        match &self.holder {
            Holder::Nobody => unreachable!("a free row goes to the first claimant that is considered"),
            Holder::Bound(container) => format!("row {row} is held by {}", called(*container)),
            Holder::Claimant(container) => format!("row {row} goes to {}", called(*container)),
            Holder::Unseen(why) | Holder::Foreign(why) => format!("row {row} {why}"),
        }
    }
}

/// What the order of those that want one row is made of.
pub(super) type Rank<'a> = (bool, bool, i64, bool, &'a str);

/// The order of those that want one row: greatest wins.
///
/// The bound one while it is up; else up before not up; then the later creation, where the bound one stays unless the
/// other is known to be later; then the greater id. Between two that are not bound the later creation decides too: by
/// the id alone, the one that it chose would lose the row again in the next pass, to the later one, with nothing changed.
pub(super) fn rank(container: &ListedContainer, bound: bool) -> Rank<'_> {
    let up = container.state.is_up();
    let unknown = if bound { i64::MAX } else { i64::MIN };
    let created = container.created_at.map_or(unknown, |created| created.as_millis());
    (bound && up, up, created, bound, container.id.as_str())
}
