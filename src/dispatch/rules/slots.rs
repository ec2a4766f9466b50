//! Rule 3: which of its service's rows a new container gets.
//!
//! A service's rows are slots: `<workload>:<service>`, `<workload>:<service>:2`, and so on. Compose's own number orders
//! containers that arrive together; it is no slot, since it grows with each rolling deploy.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::assignment::{Assignment, Presence};
use super::claim::{ClaimedBy, Label, RowClaim};
use super::contest::{Rank, rank};
use super::input::AssignmentInput;
use super::kin::{Family, families, is_own_name, number};
use super::slot::{Slot, slot_id, slots_of};
use crate::model::{ListedContainer, RowId};

/// Gives each container that claims a service the row that it is to contend for: that of the container whose place it
/// takes, or the lowest that no present container holds.
pub(super) fn seat(
    input: &AssignmentInput<'_>,
    presence: &[Presence],
    claims: &mut [(usize, RowClaim)],
    assignment: &mut Assignment,
) {
    let mut services: BTreeMap<RowId, Vec<usize>> = BTreeMap::new();
    let mut taken = HashSet::new();
    for (at, (_, claim)) in claims.iter().enumerate() {
        if claim.claimed_by == ClaimedBy::Label(Label::Compose) {
            services.entry(claim.row.clone()).or_default().push(at);
        } else {
            taken.insert(claim.row.clone());
        }
    }
    if services.is_empty() {
        return;
    }
    let slots = slots_of(input.rows, |first| services.contains_key(first));
    for (first, claimants) in services {
        let slots = slots.get(first.as_str()).map_or(&[][..], Vec::as_slice);
        let service = Service { input, presence, slots, first, taken: &taken };
        service.seat(&claimants, claims, assignment);
    }
}

/// One service, while its new containers are seated.
struct Service<'a> {
    input: &'a AssignmentInput<'a>,
    presence: &'a [Presence],
    slots: &'a [Slot],
    first: RowId,
    /// Rows that other rules claim.
    taken: &'a HashSet<RowId>,
}

impl Service<'_> {
    /// `claimants` are indices of `claims`.
    fn seat(&self, claimants: &[usize], claims: &mut [(usize, RowClaim)], assignment: &mut Assignment) {
        let containers = &self.input.listing.containers;
        let listed: Vec<usize> = claimants.iter().map(|at| claims[*at].0).collect();
        let mut seating = Seating::default();
        for family in families(self.input, self.presence, self.slots, &listed) {
            self.place(family, &mut seating, assignment);
        }
        seating.seekers.sort_by_cached_key(|container| order(&containers[*container]));
        let seated: HashSet<RowId> = seating.seats.values().cloned().collect();
        let mut free = self.free_slots().filter(|slot| !seated.contains(slot));
        for container in seating.seekers {
            seating.seats.insert(container, free.next().expect("there are more numbers than containers"));
        }
        for (container, leader) in seating.followers {
            let seat = seating.seats[&leader].clone();
            seating.seats.insert(container, seat);
        }
        for (at, container) in claimants.iter().zip(listed) {
            claims[*at].1.row = seating.seats.remove(&container).expect("each is placed");
        }
    }

    /// Of a family one has a row: the others wait for it. But whoever is up needs one, beside another that is up too.
    fn place(&self, family: Family, seating: &mut Seating, assignment: &mut Assignment) {
        let containers = &self.input.listing.containers;
        let Family { mut new, mut rows } = family;
        new.sort_unstable_by(|a, b| rank(&containers[*b], false).cmp(&rank(&containers[*a], false)));
        let beyond = rows.iter().filter(|row| self.presence[**row] == Presence::Beyond);
        assignment.wants_seen.extend(beyond.filter_map(|row| self.input.rows[*row].binding.container_id.clone()));
        // What another rule claims may be another's in a moment, and what is another workload's is nobody's here.
        rows.retain(|row| self.is_own(*row) && !self.taken.contains(&self.input.rows[*row].id));
        let shared = rows.into_iter().min_by_key(|row| self.preference(*row));
        let mut is_open = shared.is_none_or(|row| self.is_open(row));
        let leader = new[0];
        for container in new {
            let is_up = containers[container].state.is_up();
            match shared {
                Some(row) if is_open || !is_up => {
                    seating.seats.insert(container, self.input.rows[row].id.clone());
                }
                None if container != leader && !is_up => seating.followers.push((container, leader)),
                _ => seating.seekers.push(container),
            }
            // Those that are up come first.
            is_open = is_open && !is_up;
        }
    }

    fn is_own(&self, row: usize) -> bool {
        let binding = &self.input.rows[row].binding;
        let workload = self.first.as_str().split(':').next();
        binding.workload_kind.binding_is_ours() && Some(binding.workload_id.as_str()) == workload
    }

    /// Which row of a family is shared, the least: one whose container is gone, then that of the container that replaced the
    /// others, so that who lost his row to it does not take another one's.
    fn preference(&self, row: usize) -> (u8, Reverse<Option<Rank<'_>>>, &RowId) {
        let container = match self.presence[row] {
            Presence::Listed(container) => Some(rank(&self.input.listing.containers[container], true)),
            Presence::Quarantined | Presence::Beyond | Presence::Unlisted => None,
        };
        let class = match (self.is_open(row), container) {
            (true, None) => 0,
            (true, Some(_)) => 1,
            (false, _) => 2,
        };
        (class, Reverse(container), &self.input.rows[row].id)
    }

    /// Whether no container that is up, or may be, has the row.
    fn is_open(&self, row: usize) -> bool {
        match self.presence[row] {
            Presence::Listed(container) => !self.input.listing.containers[container].state.is_up(),
            Presence::Beyond => true,
            Presence::Quarantined => false,
            Presence::Unlisted => self.input.is_gone(&self.input.rows[row]),
        }
    }

    /// The slots that no present container holds, from the lowest. One whose row is another workload's is among them: who
    /// meets it is contested.
    fn free_slots(&self) -> impl Iterator<Item = RowId> {
        let mut held = self.slots.iter().filter(|slot| self.is_held(slot.row)).map(|slot| slot.number).peekable();
        let numbers = (1..).filter(move |number| {
            let is_held = held.peek() == Some(number);
            if is_held {
                held.next();
            }
            !is_held
        });
        numbers.map(|number| slot_id(&self.first, number)).filter(|id| !self.taken.contains(id))
    }

    fn is_held(&self, row: usize) -> bool {
        match self.presence[row] {
            Presence::Listed(_) | Presence::Quarantined | Presence::Beyond => true,
            Presence::Unlisted => {
                let row = &self.input.rows[row];
                row.binding.container_id.is_some() && !self.input.is_gone(row)
            }
        }
    }
}

/// Where the new containers of a service go, by their indices in the listing.
#[derive(Default)]
struct Seating {
    seats: HashMap<usize, RowId>,
    /// Each gets a free slot.
    seekers: Vec<usize>,
    /// Each contends for the seat of the other.
    followers: Vec<(usize, usize)>,
}

/// Who of those that arrive together is first: by compose's number, then compose's own name before any other, then who is
/// up, then who was made earlier.
fn order(container: &ListedContainer) -> (u64, bool, bool, i64, Box<str>) {
    (
        number(container).unwrap_or(u64::MAX),
        !is_own_name(container),
        !container.state.is_up(),
        container.created_at.map_or(i64::MAX, |created| created.as_millis()),
        container.id.as_str().into(),
    )
}
