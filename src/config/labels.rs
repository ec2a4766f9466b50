//! The labels that claim an owner, and what those of an image count for.

/// The names of the labels that claim an owner, configurable as a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelNames {
    /// Names the workload.
    pub workload_id: String,
    /// Repeats its kind.
    pub workload_kind: String,
    /// The role within it.
    pub workload_role: String,
    /// Names a static site.
    pub static_site: String,
}

impl Default for LabelNames {
    fn default() -> Self {
        Self {
            workload_id: "tinyforge.workload.id".into(),
            workload_kind: "tinyforge.workload.kind".into(),
            workload_role: "tinyforge.workload.role".into(),
            static_site: "tinyforge.static-site".into(),
        }
    }
}

/// Whether a claim by label is checked against the labels of the container's image, which its author may have baked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageLabels {
    /// Where the image can be read; where it cannot, the claim counts, with a standing warning. The default: socket proxies
    /// deny images unless they are told otherwise, and rows without the check are worth more than none.
    #[default]
    WhenReadable,
    /// Always: without its image a container gets no row by a label.
    Required,
    /// Never: no image is asked for.
    Off,
}

impl ImageLabels {
    /// Every one of them.
    pub const ALL: &[Self] = &[Self::WhenReadable, Self::Required, Self::Off];

    /// The word in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhenReadable => "when_readable",
            Self::Required => "required",
            Self::Off => "off",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == word)
    }
}
