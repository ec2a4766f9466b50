//! Which containers of a service are one after the other: compose makes the new one before it removes the old one.

use std::collections::{HashMap, HashSet};

use super::assignment::Presence;
use super::input::AssignmentInput;
use super::slot::Slot;
use crate::model::ListedContainer;

/// A container of a service: one that a row is bound to, listed or not, or a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Member {
    /// The container of the row of this index.
    Row(usize),
    /// The container of this index in the listing.
    New(usize),
}

/// Containers of a service of which each replaces another one of them, or is replaced by it.
pub(super) struct Family {
    /// Those without a row, by their indices in the listing; one at least.
    pub(super) new: Vec<usize>,
    /// The rows of the others.
    pub(super) rows: Vec<usize>,
}

/// The families of the new containers of a service; most are alone. `new` are indices of the listing.
pub(super) fn families(
    input: &AssignmentInput<'_>,
    presence: &[Presence],
    slots: &[Slot],
    new: &[usize],
) -> Vec<Family> {
    let mut kin = Kin::of(input, presence, slots, new);
    let mut families = Vec::with_capacity(new.len());
    let mut placed = HashSet::new();
    for &container in new {
        let mut members = vec![Member::New(container)];
        if !placed.insert(members[0]) {
            continue;
        }
        let mut at = 0;
        while let Some(member) = members.get(at) {
            let relatives = kin.pairs.remove(member).unwrap_or_default();
            members.extend(relatives.into_iter().filter(|relative| placed.insert(*relative)));
            at += 1;
        }
        let mut family = Family { new: Vec::new(), rows: Vec::new() };
        for member in members {
            match member {
                Member::New(container) => family.new.push(container),
                Member::Row(row) => family.rows.push(row),
            }
        }
        families.push(family);
    }
    families
}

/// Who of a service replaces whom.
struct Kin {
    pairs: HashMap<Member, Vec<Member>>,
}

impl Kin {
    /// Finds the pairs of which at least one is new: two that have a row each do not wait for one another.
    fn of(input: &AssignmentInput<'_>, presence: &[Presence], slots: &[Slot], new: &[usize]) -> Self {
        let containers = &input.listing.containers;
        let mut kin = Self { pairs: HashMap::new() };
        if slots.is_empty() && !new.iter().any(|container| is_marked(&containers[*container])) {
            return kin;
        }
        let names = Names::of(input, presence, slots, new);
        let listed_rows = slots.iter().filter_map(|slot| match presence[slot.row] {
            Presence::Listed(container) => Some((Member::Row(slot.row), &containers[container])),
            _ => None,
        });
        let new_ones = new.iter().map(|container| (Member::New(*container), &containers[*container]));
        let mut first_of_label: HashMap<&str, Member> = HashMap::new();
        for (member, container) in listed_rows.chain(new_ones) {
            for other in names.replaced_by(container).into_iter().chain(names.successor_of(container)) {
                kin.pair(member, other);
            }
            // Two were made to replace one and the same, which may be gone by now.
            if let Some(label) = container.claims.compose_replace.as_deref()
                && let Some(first) = first_of_label.insert(label, member)
            {
                kin.pair(member, first);
                first_of_label.insert(label, first);
            }
        }
        for (name, member) in &names.of_the_new {
            // A name is one container's at a time: who bore it before is gone or on its way.
            if let Some(former) = names.of_the_unlisted.get(name) {
                kin.pair(*member, *former);
            }
        }
        kin
    }

    fn pair(&mut self, one: Member, other: Member) {
        if matches!((one, other), (Member::Row(_), Member::Row(_))) {
            return;
        }
        for (member, relative) in [(one, other), (other, one)] {
            self.pairs.entry(member).or_default().push(relative);
        }
    }
}

/// The members of a service by what others call them.
struct Names<'a> {
    by_id: HashMap<&'a str, Member>,
    by_short_id: HashMap<&'a str, Member>,
    by_name: HashMap<&'a str, Member>,
    by_number: HashMap<u64, Vec<Member>>,
    of_the_unlisted: HashMap<&'a str, Member>,
    of_the_new: HashMap<&'a str, Member>,
    ids: HashMap<Member, &'a str>,
}

impl<'a> Names<'a> {
    fn of(input: &'a AssignmentInput<'_>, presence: &[Presence], slots: &[Slot], new: &[usize]) -> Self {
        let mut names = Self {
            by_id: HashMap::new(),
            by_short_id: HashMap::new(),
            by_name: HashMap::new(),
            by_number: HashMap::new(),
            of_the_unlisted: HashMap::new(),
            of_the_new: HashMap::new(),
            ids: HashMap::new(),
        };
        for slot in slots {
            let (row, member) = (&input.rows[slot.row], Member::Row(slot.row));
            let Some(id) = &row.binding.container_id else { continue };
            if let Presence::Listed(container) = presence[slot.row] {
                names.add(member, &input.listing.containers[container]);
            } else {
                names.add_id(member, id.as_str(), id.short());
                if !row.observed.name.is_empty() {
                    names.by_name.entry(&row.observed.name).or_insert(member);
                    names.of_the_unlisted.insert(&row.observed.name, member);
                }
            }
        }
        let mut new: Vec<usize> = new.to_vec();
        new.sort_unstable_by_key(|container| &input.listing.containers[*container].id);
        for index in new {
            let (container, member) = (&input.listing.containers[index], Member::New(index));
            names.add(member, container);
            names.of_the_new.entry(&container.name).or_insert(member);
        }
        let ids = &names.ids;
        // Of several that bear one number the least id stands for it, in whatever order they are listed.
        names.by_number.values_mut().for_each(|members| members.sort_unstable_by_key(|member| ids.get(member)));
        names
    }

    fn add_id(&mut self, member: Member, id: &'a str, short: &'a str) {
        self.by_id.insert(id, member);
        self.by_short_id.insert(short, member);
        self.ids.insert(member, id);
    }

    fn add(&mut self, member: Member, container: &'a ListedContainer) {
        self.add_id(member, container.id.as_str(), container.id.short());
        // A listed name is the one that counts: an unlisted container's is of before.
        if !container.name.is_empty() {
            self.by_name.insert(&container.name, member);
        }
        if let Some(number) = number(container) {
            self.by_number.entry(number).or_default().push(member);
        }
    }

    /// Whom this container was made to replace: compose's label names it by id (2.26) or by name (2.40, without the
    /// project), and until the old one is gone the new one is called `<short id of the old one>_<name>`.
    fn replaced_by(&self, container: &ListedContainer) -> Option<Member> {
        let is_other = |member: &&Member| self.ids.get(*member).is_none_or(|id| *id != container.id.as_str());
        let by_prefix =
            short_id_before_the_name(container).and_then(|short| self.by_short_id.get(short)).filter(is_other);
        let by_label = || {
            let label = container.claims.compose_replace.as_deref()?;
            let project = container.claims.compose_project.as_deref().unwrap_or_default();
            let named = |name: &str| self.by_name.get(name).filter(is_other);
            let by_name = || {
                named(label)
                    .or_else(|| named(&format!("{project}-{label}")))
                    .or_else(|| named(&format!("{project}_{label}")))
            };
            let by_number = || {
                let service = container.claims.compose_service.as_deref()?;
                let number = label.strip_prefix(service)?.strip_prefix('-')?.parse().ok()?;
                self.by_number.get(&number)?.iter().find(is_other)
            };
            self.by_id.get(label).or_else(by_name).or_else(by_number)
        };
        by_prefix.or_else(by_label).filter(is_other).copied()
    }

    /// Who replaces this container, if compose 1 has moved it out of the way: it renames the old one to `<its own short
    /// id>_<name>`, and gives its name and number to the new one.
    fn successor_of(&self, container: &ListedContainer) -> Option<Member> {
        if short_id_before_the_name(container)? != container.id.short() {
            return None;
        }
        let of_this_number = self.by_number.get(&number(container)?)?;
        of_this_number
            .iter()
            .find(|member| self.ids.get(*member).is_none_or(|id| *id != container.id.as_str()))
            .copied()
    }
}

/// Compose's number of a container.
pub(super) fn number(container: &ListedContainer) -> Option<u64> {
    container.claims.compose_number.as_deref()?.parse().ok()
}

/// Whether compose itself gave the name: `<project>-<service>-<n>`, or with `_`.
pub(super) fn is_own_name(container: &ListedContainer) -> bool {
    let claims = &container.claims;
    let (Some(project), Some(service)) = (claims.compose_project.as_deref(), claims.compose_service.as_deref()) else {
        return false;
    };
    let after = |text: &str, part: &str, separator: char| {
        text.strip_prefix(part).and_then(|rest| rest.strip_prefix(separator)).map(str::to_owned)
    };
    ['-', '_'].into_iter().any(|separator| {
        let rest = after(&container.name, project, separator).and_then(|rest| after(&rest, service, separator));
        rest.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Whether something on it tells of another container.
fn is_marked(container: &ListedContainer) -> bool {
    container.claims.compose_replace.is_some() || short_id_before_the_name(container).is_some()
}

/// The short id that stands before the name while compose recreates.
fn short_id_before_the_name(container: &ListedContainer) -> Option<&str> {
    const SHORT_ID: usize = 12; // As Docker, and with it compose, shortens ids.
    let (short, _) = container.name.split_once('_')?;
    let is_hex = short.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (short.len() == SHORT_ID && is_hex).then_some(short)
}
