//! Which words on a container's health are news. Pure.
//!
//! Docker tells a health that changed; Podman tells each run of each check, every few seconds for each container that has
//! one, and before version 6 its list shows nothing of it. So a word that was told already costs no look. Whatever else
//! happens to a container may change its health without a word: the next one is news again.

use std::collections::BTreeMap;

use crate::model::{ContainerId, DaemonEvent, EventAction, HealthWord};

/// The most containers whose word is remembered: a bound for our memory. Of the others each word is news.
const MOST_CONTAINERS: usize = 10_000;

/// The last word on each container.
#[derive(Debug, Default)]
pub(super) struct Healths {
    last: BTreeMap<ContainerId, HealthWord>,
}

impl Healths {
    /// Whether the event tells anything new; it is remembered.
    pub(super) fn is_news(&mut self, event: &DaemonEvent) -> bool {
        let EventAction::Health(said) = event.action else {
            self.last.remove(&event.container);
            return true;
        };
        // One that does not say what may be anything.
        let Some(word) = said else { return true };
        if let Some(last) = self.last.get_mut(&event.container) {
            return std::mem::replace(last, word) != word;
        }
        if self.last.len() < MOST_CONTAINERS {
            self.last.insert(event.container.clone(), word);
        }
        true
    }

    /// Events may have been lost.
    pub(super) fn forget(&mut self) {
        self.last.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(container: usize, action: EventAction) -> DaemonEvent {
        DaemonEvent { container: ContainerId::new(container.to_string()), action, number: None, at_nanos: 1 }
    }

    // F12
    #[test]
    fn a_word_is_news_once_and_again_after_anything_else() {
        use HealthWord::{Healthy, Unhealthy};
        let mut healths = Healths::default();
        let said = |word| EventAction::Health(Some(word));
        for (action, is_news) in [
            (said(Healthy), true),
            (said(Healthy), false),
            (said(Unhealthy), true),
            (said(Healthy), true),
            (EventAction::Health(None), true),
            (said(Healthy), false),
            (EventAction::Started, true),
            (said(Healthy), true),
            (EventAction::Unpaused, true),
            (said(Healthy), true),
        ] {
            assert_eq!(healths.is_news(&event(1, action)), is_news, "{action:?}");
        }
        assert!(healths.is_news(&event(2, said(Healthy))), "each container for itself");
        healths.forget();
        assert!(healths.is_news(&event(1, said(Healthy))));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut healths = Healths::default();
        for n in 0..MOST_CONTAINERS + 5 {
            assert!(healths.is_news(&event(n, EventAction::Health(Some(HealthWord::Healthy)))));
        }
        assert_eq!(healths.last.len(), MOST_CONTAINERS);
    }
}
