//! Containers that are none of our business.

use std::fmt;

/// One entry of the ignore list: `name:TEXT`, `image:TEXT`, `label:KEY` or `label:KEY=VALUE`. A `*` at the end of TEXT
/// stands for any ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoreEntry {
    /// The container's name.
    Name(String),
    /// The image as it was named at creation.
    Image(String),
    /// A label, with its value if one is given.
    Label(String, Option<String>),
}

impl IgnoreEntry {
    /// Reads `name:TEXT`, `image:TEXT`, `label:KEY` or `label:KEY=VALUE`; anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (what, pattern) = text.split_once(':')?;
        if pattern.is_empty() || pattern.starts_with('=') {
            return None;
        }
        match what {
            "name" => Some(Self::Name(pattern.into())),
            "image" => Some(Self::Image(pattern.into())),
            "label" => Some(match pattern.split_once('=') {
                Some((key, value)) => Self::Label(key.into(), Some(value.into())),
                None => Self::Label(pattern.into(), None),
            }),
            _ => None,
        }
    }
}

impl fmt::Display for IgnoreEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(text) => write!(f, "name:{text}"),
            Self::Image(text) => write!(f, "image:{text}"),
            Self::Label(key, None) => write!(f, "label:{key}"),
            Self::Label(key, Some(value)) => write!(f, "label:{key}={value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignore_entry_reads_back_as_it_is_shown() {
        for text in ["name:db", "name:tmp-*", "image:busybox:1.36", "label:a.b", "label:a.b=c=d", "label:a.b="] {
            assert_eq!(IgnoreEntry::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_ignore_entry_is_refused() {
        for text in ["", "db", "name:", "label:", "label:=x", "container:x"] {
            assert_eq!(IgnoreEntry::parse(text), None, "{text}");
        }
    }
}
