//! What the configuration says about owners.

use crate::config::{Config, IgnoreEntry, ImageLabels};
use crate::model::ListedContainer;

/// The part of the configuration that the rules ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleSet {
    /// Narrows which compose projects are looked at; empty for all.
    pub compose_prefix: String,
    /// Containers that are none of our business. Entries by label are matched where the listing is decoded.
    pub ignore: Vec<IgnoreEntry>,
    /// Whether an unregistered compose project is named in [`super::Assignment::adoptable`].
    pub auto_adopt: bool,
    /// What a claim by label counts whose image cannot be read.
    pub image_labels: ImageLabels,
}

impl From<&Config> for RuleSet {
    fn from(config: &Config) -> Self {
        Self {
            compose_prefix: config.compose_prefix.clone(),
            ignore: config.ignore.clone(),
            auto_adopt: config.auto_adopt,
            image_labels: config.image_labels,
        }
    }
}

impl RuleSet {
    /// The entry of the ignore list that names this container of that image, as the configuration writes it.
    pub(super) fn ignored_by(&self, container: &ListedContainer, image: &str) -> Option<String> {
        if let Some(entry) = &container.ignored_by_label {
            return Some(entry.to_string());
        }
        self.ignore.iter().find_map(|entry| match entry {
            IgnoreEntry::Name(pattern) => matches(pattern, &container.name).then(|| format!("name:{pattern}")),
            IgnoreEntry::Image(pattern) => matches(pattern, image).then(|| format!("image:{pattern}")),
            IgnoreEntry::Label(..) => None,
        })
    }

    /// Whether an image's name may say that a container is ignored.
    pub(super) fn asks_for_images(&self) -> bool {
        self.ignore.iter().any(|entry| matches!(entry, IgnoreEntry::Image(_)))
    }

    /// Whether the configured prefix lets this compose project through.
    pub(crate) fn looks_at(&self, compose_project: &str) -> bool {
        compose_project.starts_with(&self.compose_prefix)
    }
}

/// A `*` at the end stands for any ending, and nowhere else for anything but itself.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => text.starts_with(begin),
        None => text == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_star_at_the_end_is_a_wildcard() {
        for (pattern, text, expected) in [
            ("web", "web", true),
            ("web", "web1", false),
            ("web*", "web1", true),
            ("web*", "web", true),
            ("*", "", true),
            ("w*b", "web", false),
            ("w*b", "w*b", true),
            ("", "", true),
            ("", "web", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
