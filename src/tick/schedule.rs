//! When the next pass runs, over what, and whom its report answers. Pure: time and ports are given from outside.

use std::time::Duration;

use super::moved::Moved;
use super::wanted::Wanted;
use crate::dispatch::PassOrder;
use crate::model::{Invalidation, PassId, Trigger};

/// Callers that may wait for the next pass. Beyond it they are answered at once that there are too many: mailboxes
/// have no bound of their own.
pub(super) const MAX_WAITING: usize = 10_000;

/// Between the begins of two whole passes that only events ask for. A list of all containers costs the daemon up to
/// 0.4 s of processor time, and a storm names more of them without end.
pub(super) const WHOLE_DISTANCE: Duration = Duration::from_secs(1);

/// The same after a stream that was lost: a daemon that is killed twice within a second is to be seen each time, and one
/// whose stream is cut again and again keeps its own growing distance.
pub(super) const RECONNECT_DISTANCE: Duration = Duration::from_millis(250);

/// What is wanted and what runs. `P` answers a caller, `B` acknowledges a batch of invalidation.
#[derive(Debug)]
pub(super) struct Schedule<P, B> {
    running: Option<Running<P, B>>,
    /// They joined while a pass ran that may have listed before they asked: the next one answers them.
    waiting: Vec<P>,
    wanted: Option<Wanted<B>>,
    moved: Moved,
    last_begin: Option<Duration>,
    /// The begin of the last whole pass, unless that one failed to look.
    last_whole: Option<Duration>,
    boot_held_until: Duration,
    coalesce: Duration,
    scope_limit: usize,
}

#[derive(Debug)]
struct Running<P, B> {
    order: PassOrder,
    batch: Option<B>,
    callers: Vec<P>,
}

/// What a pass leaves that is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended<P, B> {
    /// What was ordered.
    pub(super) order: PassOrder,
    /// The batch of invalidation that it took along.
    pub(super) batch: Option<B>,
    /// Whom its report answers.
    pub(super) callers: Vec<P>,
}

impl<P, B> Schedule<P, B> {
    pub(super) const fn new(coalesce: Duration, scope_limit: usize) -> Self {
        Self {
            running: None,
            waiting: Vec::new(),
            wanted: None,
            moved: Moved::new(),
            last_begin: None,
            last_whole: None,
            boot_held_until: Duration::ZERO,
            coalesce,
            scope_limit,
        }
    }

    /// A boot pass begins no sooner than then, unless it is released.
    pub(super) const fn hold_boot(&mut self, until: Duration) {
        self.boot_held_until = until;
    }

    /// What a boot pass waited for is there.
    pub(super) const fn release_boot(&mut self) {
        self.boot_held_until = Duration::ZERO;
    }

    /// Wants a whole pass that begins after now. A caller beyond the bound is handed back.
    pub(super) fn want(&mut self, trigger: Trigger, caller: Option<P>) -> Result<(), P> {
        if let Some(caller) = caller {
            if self.waiting.len() >= MAX_WAITING {
                return Err(caller);
            }
            self.waiting.push(caller);
        }
        self.want_also(Wanted::whole(trigger));
        Ok(())
    }

    /// Wants a pass over what events left.
    pub(super) fn want_invalidation(&mut self, batch: B, invalidation: Invalidation) {
        self.want_also(Wanted {
            trigger: invalidation.trigger,
            scope: invalidation.scope,
            news: invalidation.news,
            batch: Some(batch),
        });
    }

    fn want_also(&mut self, later: Wanted<B>) {
        match &mut self.wanted {
            Some(wanted) => wanted.join(later, self.scope_limit),
            nothing => *nothing = Some(later),
        }
    }

    /// The pass that ended, begun as `last_begin`, left out rows that had moved, or left out none.
    pub(super) fn looked_at_moved(&mut self, any_moved: bool) {
        if any_moved {
            self.moved.again(self.last_begin.unwrap_or_default());
        } else {
            self.moved.settled();
        }
    }

    /// How long until the next pass may begin; `None` if none is wanted or one runs.
    pub(super) fn due_in(&self, now: Duration) -> Option<Duration> {
        if self.running.is_some() {
            return None;
        }
        let wanted = self.wanted.as_ref().map(|wanted| self.earliest(wanted));
        let earliest = wanted.into_iter().chain(self.moved.due()).min()?;
        Some(earliest.saturating_sub(now))
    }

    /// A request and a tick begin at once, a boot too once it is released; what comes in bursts keeps its distance.
    fn earliest(&self, wanted: &Wanted<B>) -> Duration {
        let after = |begin: Option<Duration>, distance| begin.map_or(Duration::ZERO, |begin| begin + distance);
        match wanted.trigger {
            Trigger::Request | Trigger::Tick => Duration::ZERO,
            Trigger::Boot => self.boot_held_until,
            Trigger::Event if wanted.scope.is_whole() => {
                after(self.last_whole, WHOLE_DISTANCE).max(after(self.last_begin, self.coalesce))
            }
            Trigger::Reconnect => after(self.last_whole, RECONNECT_DISTANCE).max(after(self.last_begin, self.coalesce)),
            Trigger::Event | Trigger::Recovery | Trigger::Binding | Trigger::Moved => {
                after(self.last_begin, self.coalesce)
            }
        }
    }

    /// Begins the wanted pass with everybody who waits.
    pub(super) fn begin(&mut self, now: Duration) -> Option<PassOrder> {
        if self.running.is_some() {
            return None;
        }
        if self.moved.due().is_some_and(|due| due <= now) {
            self.want_also(Wanted::whole(Trigger::Moved));
        }
        let Wanted { trigger, scope, news, batch } = self.wanted.take()?;
        self.last_begin = Some(now);
        if scope.is_whole() {
            self.last_whole = Some(now);
            self.moved.is_looked_at();
        }
        let order = PassOrder { pass: PassId::fresh(), trigger, scope, news };
        self.running = Some(Running { order: order.clone(), batch, callers: std::mem::take(&mut self.waiting) });
        Some(order)
    }

    /// The pass of that id is over; what it leaves, or `None` if another runs. `has_looked`: it looked at all that it was
    /// to look at, and that is written.
    pub(super) fn ended(&mut self, pass: &PassId, has_looked: bool) -> Option<Ended<P, B>> {
        let Running { order, batch, callers } = self.running.take_if(|running| running.order.pass == *pass)?;
        if order.scope.is_whole() && !has_looked {
            self.last_whole = None;
        }
        Some(Ended { order, batch, callers })
    }

    /// The running pass was lost with its actor: the same callers want the same again, under a fresh id.
    pub(super) fn lost(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.callers.append(&mut self.waiting);
            self.waiting = running.callers;
            let PassOrder { pass: _, trigger, scope, news } = running.order;
            let later = self.wanted.take();
            self.wanted = Some(Wanted { trigger, scope, news, batch: running.batch });
            later.into_iter().for_each(|later| self.want_also(later));
        }
    }

    /// Whether a pass runs, and which.
    pub(super) fn running(&self) -> Option<&PassOrder> {
        self.running.as_ref().map(|running| &running.order)
    }

    /// Everybody who waits, running pass or not.
    pub(super) fn give_up_waiting(&mut self) -> Vec<P> {
        self.wanted = None;
        self.moved = Moved::new();
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests;
