//! What a row id says of its service.
//!
//! A service's rows are slots: `<workload>:<service>`, `<workload>:<service>:2`, and so on.

use std::collections::HashMap;

use crate::model::{LedgerRow, RowId};

/// A row among those of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// From 1.
    pub(super) number: u64,
    /// The row's index.
    pub(super) row: usize,
}

/// What a row id says: the id of the service's first row, and the slot. Services, names and roles hold no `:` in an id.
pub(super) fn slot_of(id: &RowId) -> Option<(&str, u64)> {
    let id = id.as_str();
    let (workload, rest) = id.split_once(':')?;
    let (service, number) = rest.split_once(':').map_or((rest, None), |(service, number)| (service, Some(number)));
    if workload.is_empty() || service.is_empty() {
        return None;
    }
    let Some(text) = number else { return Some((id, 1)) };
    let number = text.parse::<u64>().ok().filter(|number| *number > 1 && number.to_string() == text)?;
    Some((&id[..id.len() - text.len() - 1], number))
}

/// The row id of a slot.
pub(super) fn slot_id(first: &RowId, number: u64) -> RowId {
    if number == 1 { first.clone() } else { RowId::new(format!("{first}:{number}")) }
}

/// The slots of the services whose first row is asked for, each service's in their order.
pub(super) fn slots_of(rows: &[LedgerRow], is_asked: impl Fn(&str) -> bool) -> HashMap<&str, Vec<Slot>> {
    let mut services: HashMap<&str, Vec<Slot>> = HashMap::new();
    for (row, known) in rows.iter().enumerate() {
        if let Some((first, number)) = slot_of(&known.id)
            && is_asked(first)
        {
            services.entry(first).or_default().push(Slot { number, row });
        }
    }
    services.values_mut().for_each(|slots| slots.sort_unstable());
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_id_tells_its_service_and_its_slot() {
        for (id, expected) in [
            ("w:web", Some(("w:web", 1))),
            ("w:web:2", Some(("w:web", 2))),
            ("w:web:18446744073709551615", Some(("w:web", u64::MAX))),
            ("w:web%3A2", Some(("w:web%3A2", 1))),
            ("w:web:1", None),
            ("w:web:02", None),
            ("w:web:+2", None),
            ("w:web:2:3", None),
            ("w:web:", None),
            ("w:", None),
            (":web", None),
            ("app-1", None),
        ] {
            assert_eq!(slot_of(&RowId::new(id)), expected, "{id}");
        }
    }
}
