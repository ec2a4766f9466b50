//! What the pages with filters share: addresses that keep them, and the choice of a kind.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::texts::Texts;
use crate::model::WorkloadKind;

/// One choice of a few, with how much it would show where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chip {
    pub(super) href: String,
    pub(super) text: String,
    /// Shape and tone, of one that is a state.
    pub(super) look: Option<(&'static str, &'static str)>,
    pub(super) count: Option<usize>,
    pub(super) is_chosen: bool,
}

/// A value to choose, its text, and whether it is chosen.
pub(super) type Kind = (&'static str, &'static str, bool);

/// The kinds of workloads to choose from.
pub(super) fn kinds(chosen: &str, t: &Texts) -> [Kind; 3] {
    [WorkloadKind::Project, WorkloadKind::Stack, WorkloadKind::Site]
        .map(|kind| (kind.as_str(), t.kind(kind), chosen == kind.as_str()))
}

/// An address with those parameters that are not empty.
pub(super) fn query(path: &str, parameters: &[(&str, &str)]) -> String {
    let given: Vec<String> = parameters
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    if given.is_empty() { path.to_owned() } else { format!("{path}?{}", given.join("&")) }
}

/// A path of ours, whatever is asked for: no other site is led to.
pub(super) fn within(back: &str) -> &str {
    let is_path = back.starts_with('/') && !back[1..].starts_with(['/', '\\']);
    let is_plain = back.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path && is_plain { back } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_leads_back_to_a_page_of_ours_alone() {
        for (back, leads) in [
            ("/?state=stopped", "/?state=stopped"),
            ("/hosts", "/hosts"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nSet-Cookie: b", "/"),
        ] {
            assert_eq!(within(back), leads, "{back:?}");
        }
    }
}
