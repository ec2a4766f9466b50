//! What else than the state is different between a row before and after: what the history tells. Pure.

use super::{Binding, Difference, Differences, Observed};

/// The observed columns that people ask about.
pub(crate) fn differences(before: &Observed, after: &Observed) -> Differences {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let code = |observed: &Observed| observed.exit_code.map(|code| code.to_string());
    let attention = |observed: &Observed| text(&observed.attention.to_string());
    changed_columns([
        ("attention", attention(before), attention(after)),
        ("exit_code", code(before), code(after)),
        ("health", before.health.as_deref().map(Into::into), after.health.as_deref().map(Into::into)),
        ("image_ref", text(&before.image_ref), text(&after.image_ref)),
        ("name", text(&before.name), text(&after.name)),
        ("ports", text(&before.ports), text(&after.ports)),
    ])
}

/// Which container a row is of, and as what.
pub(crate) fn binding_differences(before: &Binding, after: &Binding) -> Differences {
    let container = |binding: &Binding| binding.container_id.as_ref().map(ToString::to_string);
    let role = |binding: &Binding| Some(binding.role.to_string()).filter(|role| !role.is_empty());
    changed_columns([("container_id", container(before), container(after)), ("role", role(before), role(after))])
}

/// The columns whose values differ.
pub(crate) fn changed_columns<const N: usize>(columns: [(&str, Option<String>, Option<String>); N]) -> Differences {
    let differing = columns.into_iter().filter(|(_, from, to)| from != to);
    differing.map(|(column, from, to)| (column.to_owned(), Difference::new(from, to))).collect()
}

/// Nobody has to look at a row that goes.
pub(crate) fn without_attention(attention: &str) -> Differences {
    changed_columns([("attention", Some(attention.to_owned()).filter(|words| !words.is_empty()), None)])
}
