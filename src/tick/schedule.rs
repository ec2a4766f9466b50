//! When the next pass runs and whom its report answers. Pure: time and ports are given from outside.

use std::time::Duration;

use crate::dispatch::PassOrder;
use crate::model::{News, PassId, Scope, Trigger};

/// Callers that may wait for the next pass. Beyond it they are answered at once that there are too many: mailboxes
/// have no bound of their own.
pub(super) const MAX_WAITING: usize = 10_000;

/// What is wanted and what runs. `P` is whatever answers a caller.
#[derive(Debug)]
pub(super) struct Schedule<P> {
    running: Option<Running<P>>,
    /// They joined while a pass ran that may have listed before they asked: the next one answers them.
    waiting: Vec<P>,
    wanted: Option<Trigger>,
    last_begin: Option<Duration>,
    coalesce: Duration,
}

#[derive(Debug)]
struct Running<P> {
    order: PassOrder,
    callers: Vec<P>,
}

impl<P> Schedule<P> {
    pub(super) const fn new(coalesce: Duration) -> Self {
        Self { running: None, waiting: Vec::new(), wanted: None, last_begin: None, coalesce }
    }

    /// Wants a pass that begins after now. A caller beyond the bound is handed back.
    pub(super) fn want(&mut self, trigger: Trigger, caller: Option<P>) -> Result<(), P> {
        if let Some(caller) = caller {
            if self.waiting.len() >= MAX_WAITING {
                return Err(caller);
            }
            self.waiting.push(caller);
        }
        // A request outranks the others in the log: somebody waits for it.
        if self.wanted.is_none() || trigger == Trigger::Request {
            self.wanted = Some(trigger);
        }
        Ok(())
    }

    /// How long until the next pass may begin; `None` if none is wanted or one runs. A tick, a boot and a request
    /// begin at once; what comes in bursts keeps its distance.
    pub(super) fn due_in(&self, now: Duration) -> Option<Duration> {
        let trigger = self.wanted.filter(|_| self.running.is_none())?;
        let comes_in_bursts = matches!(trigger, Trigger::Binding | Trigger::Moved | Trigger::Recovery);
        let earliest = self.last_begin.filter(|_| comes_in_bursts).map_or(now, |begin| begin + self.coalesce);
        Some(earliest.saturating_sub(now))
    }

    /// Begins the wanted pass with everybody who waits.
    pub(super) fn begin(&mut self, now: Duration) -> Option<PassOrder> {
        let trigger = self.wanted.filter(|_| self.running.is_none())?;
        self.wanted = None;
        self.last_begin = Some(now);
        let order = PassOrder { pass: PassId::fresh(), trigger, scope: Scope::Host, news: News::default() };
        self.running = Some(Running { order: order.clone(), callers: std::mem::take(&mut self.waiting) });
        Some(order)
    }

    /// The pass of that id is over; its callers, or `None` if another runs.
    pub(super) fn ended(&mut self, pass: &PassId) -> Option<Vec<P>> {
        self.running.take_if(|running| running.order.pass == *pass).map(|running| running.callers)
    }

    /// The running pass was lost with its actor: the same callers want it again, under a fresh id.
    pub(super) fn lost(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.callers.append(&mut self.waiting);
            self.waiting = running.callers;
            self.wanted = Some(running.order.trigger);
        }
    }

    /// Whether a pass runs, and which.
    pub(super) fn running(&self) -> Option<&PassOrder> {
        self.running.as_ref().map(|running| &running.order)
    }

    /// Everybody who waits, running pass or not.
    pub(super) fn give_up_waiting(&mut self) -> Vec<P> {
        self.wanted = None;
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn schedule() -> Schedule<u32> {
        Schedule::new(50 * MS)
    }

    #[test]
    fn a_request_during_a_pass_waits_for_the_next_one() {
        let mut schedule = schedule();
        schedule.want(Trigger::Request, Some(1)).expect("room");
        let first = schedule.begin(MS).expect("wanted");
        schedule.want(Trigger::Request, Some(2)).expect("room");
        schedule.want(Trigger::Request, Some(3)).expect("room");
        assert_eq!(schedule.due_in(2 * MS), None, "one at a time");
        assert_eq!(schedule.ended(&first.pass), Some(vec![1]));
        let second = schedule.begin(2 * MS).expect("wanted");
        assert_eq!(schedule.ended(&second.pass), Some(vec![2, 3]));
        assert!(schedule.begin(3 * MS).is_none(), "nothing more is wanted");
    }

    #[test]
    fn bursts_keep_their_distance_and_requests_do_not() {
        let mut schedule = schedule();
        schedule.want(Trigger::Boot, None).expect("room");
        let boot = schedule.begin(100 * MS).expect("wanted");
        schedule.want(Trigger::Moved, None).expect("room");
        schedule.ended(&boot.pass);
        assert_eq!(schedule.due_in(110 * MS), Some(40 * MS));
        schedule.want(Trigger::Request, Some(1)).expect("room");
        assert_eq!(schedule.due_in(110 * MS), Some(Duration::ZERO));
    }

    #[test]
    fn a_lost_pass_keeps_its_callers_and_gets_a_fresh_id() {
        let mut schedule = schedule();
        schedule.want(Trigger::Request, Some(1)).expect("room");
        let lost = schedule.begin(MS).expect("wanted");
        schedule.want(Trigger::Request, Some(2)).expect("room");
        schedule.lost();
        let again = schedule.begin(2 * MS).expect("wanted");
        assert_ne!(again.pass, lost.pass);
        assert_eq!(schedule.ended(&lost.pass), None, "a late report answers nobody");
        assert_eq!(schedule.ended(&again.pass), Some(vec![1, 2]));
    }

    #[test]
    fn waiting_is_bounded() {
        let mut schedule = schedule();
        for caller in 0..MAX_WAITING {
            schedule.want(Trigger::Request, Some(u32::try_from(caller).expect("small"))).expect("room");
        }
        assert_eq!(schedule.want(Trigger::Request, Some(7)), Err(7));
    }
}
