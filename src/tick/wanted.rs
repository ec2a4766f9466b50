//! What the next pass is wanted for. Pure.

use crate::model::{News, Scope, Trigger};

/// One pass that has not begun. `B` acknowledges a batch of invalidation.
#[derive(Debug)]
pub(super) struct Wanted<B> {
    /// Of all that asked for it, what begins soonest.
    pub(super) trigger: Trigger,
    pub(super) scope: Scope,
    pub(super) news: News,
    /// Acknowledged when the pass is over. Of two the later: one EventsActor has one on its way, and one that died is owed
    /// no word.
    pub(super) batch: Option<B>,
}

impl<B> Wanted<B> {
    pub(super) fn whole(trigger: Trigger) -> Self {
        Self { trigger, scope: Scope::Host, news: News::default(), batch: None }
    }

    /// Wants also what was asked for later.
    pub(super) fn join(&mut self, later: Self, scope_limit: usize) {
        if urgency(later.trigger) > urgency(self.trigger) {
            self.trigger = later.trigger;
        }
        self.scope.join(later.scope, scope_limit);
        self.news.join(later.news);
        self.batch = later.batch.or(self.batch.take());
    }
}

/// A request outranks the others, since somebody waits for it; then what begins at once; a moved row alone waits
/// longest.
const fn urgency(trigger: Trigger) -> u8 {
    match trigger {
        Trigger::Request => 7,
        Trigger::Boot => 6,
        Trigger::Tick => 5,
        Trigger::Recovery => 4,
        Trigger::Binding => 3,
        Trigger::Reconnect => 2,
        Trigger::Event => 1,
        Trigger::Moved => 0,
    }
}
