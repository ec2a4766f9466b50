//! The reasons for which somebody has to look at a row, as words and as a set. Pure.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::word_enum::word_enum;

word_enum! {
    /// Why somebody has to look at a row, the worst first.
    Attention {
        /// Its container is gone, and that was not asked for.
        Missing = "missing",
        /// It ended with a code other than 0, and not by request.
        Crashed = "crashed",
        /// The kernel ended a process of it for want of memory.
        OutOfMemory = "out_of_memory",
        /// Its process could not be started.
        FailedToStart = "failed_to_start",
        /// Its health check fails.
        Unhealthy = "unhealthy",
        /// It starts too often.
        Flapping = "flapping",
    }
}

/// Reasons to look at one row; most rows have none.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AttentionSet(u8);

impl AttentionSet {
    /// No reason.
    pub const NONE: Self = Self(0);

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it holds that reason.
    #[must_use]
    pub const fn contains(self, reason: Attention) -> bool {
        self.0 & (1 << reason as u8) != 0
    }

    /// With that reason too.
    #[must_use]
    pub const fn with(self, reason: Attention) -> Self {
        Self(self.0 | (1 << reason as u8))
    }

    /// Those that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The reasons, the worst first.
    pub fn iter(self) -> impl Iterator<Item = Attention> {
        Attention::ALL.iter().copied().filter(move |reason| self.contains(*reason))
    }

    /// Reads what [`fmt::Display`] writes; a word of a later version is left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split(',').filter_map(Attention::parse).collect()
    }
}

impl FromIterator<Attention> for AttentionSet {
    fn from_iter<I: IntoIterator<Item = Attention>>(reasons: I) -> Self {
        reasons.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The words with commas between them, as the ledger's column holds them.
impl fmt::Display for AttentionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{reason}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for AttentionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// As a list of words.
impl Serialize for AttentionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for AttentionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Attention>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(feature = "http")]
impl utoipa::PartialSchema for AttentionSet {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::schema::ArrayBuilder::new().items(Attention::schema()).build().into()
    }
}

#[cfg(feature = "http")]
impl utoipa::ToSchema for AttentionSet {}

#[cfg(test)]
mod tests {
    use super::*;
    use Attention as A;

    #[test]
    fn the_column_is_read_as_it_is_written_and_words_of_a_later_version_are_left_out() {
        let all: AttentionSet = A::ALL.iter().copied().collect();
        assert_eq!(AttentionSet::parse(&all.to_string()), all);
        assert_eq!(AttentionSet::parse(""), AttentionSet::NONE);
        assert_eq!(AttentionSet::parse("levitating,crashed"), AttentionSet::NONE.with(A::Crashed));
        assert_eq!(
            serde_json::to_string(&AttentionSet::NONE.with(A::Flapping).with(A::Missing)).unwrap(),
            r#"["missing","flapping"]"#
        );
        assert_eq!(all.without(AttentionSet::NONE.with(A::Missing)).iter().next(), Some(A::Crashed));
    }
}
