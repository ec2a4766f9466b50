//! How long the ledger takes once a daemon is well again.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use dockledger::LedgerHandle;
use dockledger::model::{Completeness, PassOutcome, PassReport, Scope};
use tokio::time::Instant;

use super::case::{RealCase, rounds_asked_for, tell};
use crate::support::engine::Engine;

/// A complete pass ends this long after the daemon itself can list again, at most.
const BAR: Duration = Duration::from_millis(500);

/// What a machine that runs other things, too, may add to it. Measured alone, all rounds are within a fifth of the bar.
const TOLERANCE: Duration = Duration::from_millis(500);

/// Longer than any daemon here takes to start.
const BOUND: Duration = Duration::from_secs(60);

/// From the moment at which the fault was taken away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovery {
    /// Until a bare list, asked at that moment and again whenever it is refused, was answered.
    own_list: Duration,
    /// Until a complete pass over the whole host was committed that had not been before.
    complete_pass: Duration,
}

/// Takes the fault away and follows the ledger until it equals the daemon.
pub(super) async fn recovery<D>(case: &RealCase<D>, ledger: &LedgerHandle, take_away: impl FnOnce()) -> Recovery
where
    D: Deref<Target = Engine> + Send + Sync + 'static,
{
    let known = ledger.watch_status().borrow().last_report.clone();
    take_away();
    let begun = Instant::now();
    let daemon = Arc::clone(&case.daemon);
    let own_list = tokio::task::spawn_blocking(move || {
        while daemon.try_get("/containers/json?all=1").map_or(0, |reply| reply.status) != 200 {
            assert!(begun.elapsed() < BOUND, "the daemon does not answer");
            std::thread::sleep(Duration::from_millis(2));
        }
        begun.elapsed()
    });
    complete_pass(ledger, known.as_deref()).await;
    let complete_pass = begun.elapsed();
    let own_list = own_list.await.expect("the daemon answers");
    case.until_equal(Duration::from_secs(20)).await;
    Recovery { own_list, complete_pass }
}

/// Waits for a complete pass over the whole host other than the known one.
pub(super) async fn complete_pass(ledger: &LedgerHandle, known: Option<&PassReport>) -> Arc<PassReport> {
    let mut status = ledger.watch_status();
    let waiting = status.wait_for(|status| {
        status.last_report.as_ref().is_some_and(|report| {
            matches!(report.scope, Scope::Host)
                && (report.completeness, report.outcome) == (Completeness::Complete, PassOutcome::Committed)
                && known.is_none_or(|known| known.pass_id != report.pass_id)
        })
    });
    let found = tokio::time::timeout(BOUND, waiting).await;
    let status =
        found.unwrap_or_else(|_| panic!("no complete pass within {BOUND:?}")).expect("the ledger lives").clone();
    status.last_report.expect("it was waited for")
}

impl Recovery {
    /// Tells the round's figures; the bar is held against them when real rounds were asked for.
    pub(super) fn tell(self, round: &str) {
        let beyond = self.complete_pass.saturating_sub(self.own_list);
        tell(&format!(
            "{round}: the daemon lists after {:.0} ms, the complete pass ends after {:.0} ms, {:.0} ms beyond",
            ms(self.own_list),
            ms(self.complete_pass),
            ms(beyond)
        ));
        if rounds_asked_for().is_some() {
            assert!(beyond <= BAR + TOLERANCE, "{round}: {beyond:?} beyond the daemon's own list");
        }
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
