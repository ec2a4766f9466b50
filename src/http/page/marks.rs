//! How a state looks: a shape and a tone beside its word, so that no meaning rests on colour alone.

use super::texts::Texts;
use crate::model::{ContainerState, Observed};

/// A state as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The class of the shape.
    pub(super) shape: &'static str,
    /// The class of the tone: `good`, `busy`, `calm`, `bad`.
    pub(super) tone: &'static str,
    /// In the language.
    pub(super) word: String,
}

impl Mark {
    pub(super) fn of(state: &ContainerState, t: &Texts) -> Self {
        let (shape, tone) = look(state);
        Self { shape, tone, word: t.state(state).to_owned() }
    }
}

impl Mark {
    /// Of a row: what is gone as was asked for alarms nobody.
    pub(super) fn of_row(observed: &Observed, t: &Texts) -> Self {
        let mark = Self::of(&observed.state, t);
        let is_calm = observed.state == ContainerState::Missing && observed.attention.is_empty();
        if is_calm { Self { tone: "calm", ..mark } } else { mark }
    }
}

/// Shape and tone of a state.
pub(super) const fn look(state: &ContainerState) -> (&'static str, &'static str) {
    match state {
        ContainerState::Running => ("disc", "good"),
        ContainerState::Paused => ("bars", "busy"),
        ContainerState::Restarting => ("half", "busy"),
        ContainerState::Created => ("ring", "calm"),
        ContainerState::Removing => ("ring", "busy"),
        ContainerState::Stopped => ("square", "calm"),
        ContainerState::Missing => ("cross", "bad"),
        ContainerState::Failed => ("triangle", "bad"),
        ContainerState::Forgotten => ("dash", "calm"),
        ContainerState::Other(_) => ("diamond", "busy"),
    }
}
