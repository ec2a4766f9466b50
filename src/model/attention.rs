//! Whether somebody has to look at a row, and why: one definition for all that show it. Pure.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::pass::word_enum;
use super::{ContainerState, Observed, Timestamp};

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

/// What a health check says that fails.
const UNHEALTHY: &str = "unhealthy";

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

impl Observed {
    /// Why somebody has to look at a container that is so. Of one that is gone: that it is. Whether that was asked for is
    /// known of its whole workload alone.
    #[must_use]
    pub fn reasons(&self) -> AttentionSet {
        let asked = self.ended_by_request == Some(true);
        let has_ended = matches!(self.state, ContainerState::Stopped | ContainerState::Restarting);
        let holds = |reason| match reason {
            Attention::Missing => self.state == ContainerState::Missing,
            Attention::Crashed => has_ended && self.exit_code.is_some_and(|code| code != 0) && !asked,
            Attention::OutOfMemory => self.oom_killed == Some(true) && (has_ended || self.state.is_up()) && !asked,
            Attention::FailedToStart => self.state == ContainerState::Created && self.start_error.is_some(),
            Attention::Unhealthy => self.state.is_up() && self.health.as_deref() == Some(UNHEALTHY),
            Attention::Flapping => self.flapping_since.is_some(),
        };
        Attention::ALL.iter().copied().filter(|reason| holds(*reason)).collect()
    }

    /// Since when the first of these reasons holds, as far as that is known.
    #[must_use]
    pub fn since_of(&self, reasons: AttentionSet) -> Option<Timestamp> {
        let began = |reason| match reason {
            Attention::Flapping => self.flapping_since,
            Attention::Unhealthy => self.health_since.or(self.state_since),
            Attention::Missing | Attention::Crashed | Attention::OutOfMemory | Attention::FailedToStart => {
                self.state_since
            }
        };
        reasons.iter().filter_map(began).min()
    }

    /// The same with what [`Self::reasons`] says.
    #[must_use]
    pub fn attended(self) -> Self {
        let attention = self.reasons();
        self.with_attention(attention)
    }

    /// The same with these reasons, and since when they hold.
    #[must_use]
    pub fn with_attention(self, attention: AttentionSet) -> Self {
        let attention_since = self.since_of(attention);
        Self { attention, attention_since, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Attention as A;

    fn of(state: ContainerState, change: impl FnOnce(&mut Observed)) -> Vec<Attention> {
        let mut observed = Observed::unseen(state);
        change(&mut observed);
        observed.reasons().iter().collect()
    }

    #[test]
    fn what_ended_by_itself_with_a_code_needs_a_look_and_what_was_stopped_does_not() {
        let ended =
            |code, by_request| of(ContainerState::Stopped, |o| (o.exit_code, o.ended_by_request) = (code, by_request));
        assert_eq!(ended(Some(3), None), [A::Crashed], "unknown is not taken for a request");
        assert_eq!(ended(Some(3), Some(false)), [A::Crashed]);
        assert_eq!(ended(Some(137), Some(true)), []);
        assert_eq!(ended(Some(0), Some(false)), []);
        assert_eq!(ended(None, None), [], "what is not understood is no crash");
        let restarting = of(ContainerState::Restarting, |o| o.exit_code = Some(1));
        assert_eq!(restarting, [A::Crashed]);
    }

    #[test]
    fn memory_health_starts_and_errors_each_need_a_look_where_they_can_be() {
        use ContainerState as S;
        let memory = |state, asked| of(state, |o| (o.oom_killed, o.ended_by_request) = (Some(true), asked));
        assert_eq!(memory(S::Stopped, None), [A::OutOfMemory]);
        assert_eq!(memory(S::Running, None), [A::OutOfMemory], "a process of it, not all of it");
        assert_eq!(memory(S::Stopped, Some(true)), []);
        assert_eq!(memory(S::Missing, None), [A::Missing]);
        let health = |state, word: &str| of(state, |o| o.health = Some(word.into()));
        assert_eq!(health(S::Running, "unhealthy"), [A::Unhealthy]);
        assert_eq!(health(S::Paused, "unhealthy"), [A::Unhealthy]);
        assert_eq!(health(S::Running, "starting"), []);
        assert_eq!(health(S::Stopped, "unhealthy"), []);
        let failed = |state| of(state, |o| o.start_error = Some("no such file".into()));
        assert_eq!(failed(S::Created), [A::FailedToStart]);
        assert_eq!(failed(S::Running), []);
        assert_eq!(of(S::Running, |o| o.flapping_since = Some(Timestamp::default())), [A::Flapping]);
        assert_eq!(of(S::Failed, |_| ()), [], "that is a deployer's word");
    }

    #[test]
    fn several_reasons_hold_at_once_since_the_first_of_them() {
        let moment = |second: i64| Some(Timestamp::from_millis(second * 1000));
        let observed = Observed {
            exit_code: Some(137),
            oom_killed: Some(true),
            state_since: moment(50),
            flapping_since: moment(20),
            ..Observed::unseen(ContainerState::Restarting)
        };
        let attended = observed.attended();
        assert_eq!(attended.attention.to_string(), "crashed,out_of_memory,flapping");
        assert_eq!(attended.attention_since, moment(20));
        let calm = Observed { flapping_since: None, ..attended }.attended();
        assert_eq!(calm.attention_since, moment(50));
    }

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
