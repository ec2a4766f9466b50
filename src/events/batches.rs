//! One batch of invalidation on its way at a time, and again what no pass looked at. Pure.

use std::time::Duration;

use crate::model::Invalidation;

/// The wait after a first pass that could not look.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// One tick: while nothing can be looked at or written, the ticks are enough.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What TickActor has and has not acknowledged.
#[derive(Debug, Default)]
pub(super) struct Batches {
    number: u64,
    on_its_way: Option<Invalidation>,
    refusals_in_a_row: u32,
    is_waiting: bool,
}

impl Batches {
    /// Whether nothing is on its way and no wait is to be kept.
    pub(super) const fn may_send(&self) -> bool {
        self.on_its_way.is_none() && !self.is_waiting
    }

    /// That invalidation goes; under which number.
    pub(super) fn sent(&mut self, invalidation: Invalidation) -> u64 {
        self.number += 1;
        self.on_its_way = Some(invalidation);
        self.number
    }

    /// A pass has looked at the batch: it is done with. `false` if another is on its way.
    pub(super) fn looked(&mut self, batch: u64) -> bool {
        let is_mine = self.number == batch && self.on_its_way.take().is_some();
        if is_mine {
            self.refusals_in_a_row = 0;
        }
        is_mine
    }

    /// No pass looked at the batch: it comes back, and nothing goes for so long.
    pub(super) fn refused(&mut self, batch: u64) -> Option<(Invalidation, Duration)> {
        let invalidation = self.on_its_way.take_if(|_| self.number == batch)?;
        let factor = 1_u32.checked_shl(self.refusals_in_a_row).unwrap_or(u32::MAX);
        self.refusals_in_a_row = self.refusals_in_a_row.saturating_add(1);
        self.is_waiting = true;
        Some((invalidation, FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)))
    }

    /// Whoever had the batch is gone: it comes back, and may go to the next at once.
    pub(super) const fn recalled(&mut self) -> Option<Invalidation> {
        self.on_its_way.take()
    }

    /// The wait is over.
    pub(super) const fn waited(&mut self) {
        self.is_waiting = false;
    }

    /// The daemon answers again, or passes look again: there is no reason to wait any more.
    pub(super) const fn passes_look(&mut self) {
        self.is_waiting = false;
        self.refusals_in_a_row = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{News, Scope, Trigger};

    fn invalidation() -> Invalidation {
        Invalidation { scope: Scope::Host, trigger: Trigger::Reconnect, news: News::default() }
    }

    #[test]
    fn one_batch_is_on_its_way_until_its_own_word_comes() {
        let mut batches = Batches::default();
        let first = batches.sent(invalidation());
        assert!(!batches.may_send());
        assert!(!batches.looked(first + 1));
        assert_eq!(batches.refused(first + 1), None);
        assert!(batches.looked(first));
        assert!(batches.may_send());
        assert!(!batches.looked(first), "once");
        assert_ne!(batches.sent(invalidation()), first);
    }

    #[test]
    fn a_refused_batch_waits_longer_each_time_until_one_is_looked_at() {
        let mut batches = Batches::default();
        let refuse = |batches: &mut Batches| {
            batches.waited();
            let batch = batches.sent(invalidation());
            let (_, wait) = batches.refused(batch).expect("on its way");
            assert!(!batches.may_send());
            wait.as_secs()
        };
        let waits: Vec<u64> = (0..7).map(|_| refuse(&mut batches)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        batches.waited();
        let batch = batches.sent(invalidation());
        batches.looked(batch);
        assert_eq!(refuse(&mut batches), 1);
        batches.passes_look();
        assert!(batches.may_send());
    }
}
