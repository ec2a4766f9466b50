//! Whether somebody has to look at a row, and why: one definition for all that show it. Pure.

use super::{Attention, AttentionSet, ContainerState, Observed, Timestamp};

/// What a health check says that fails.
const UNHEALTHY: &str = "unhealthy";

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
}
